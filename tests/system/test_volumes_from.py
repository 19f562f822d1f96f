# SPDX-License-Identifier: Apache-2.0
"""--volumes-from in chains, over removals, and with modes. (What it shares: test_run_options.py.)"""
import pytest


@pytest.fixture
def first(engine, name):
    """A container with a volume without a name at /anon and one with a name at /named."""
    make(engine, name, Volumes={"/anon": {}}, HostConfig={"Binds": [f"{name}v:/named"]})
    yield name
    for each in "bcd":
        engine.request("DELETE", f"/containers/{name}{each}?force=1&v=1")
    engine.request("DELETE", f"/containers/{name}?force=1&v=1")
    engine.request("DELETE", f"/volumes/{name}v")


def make(engine, name, **body):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "600"], **body})
    assert a.status == 201, a.body


def share(engine, name, *others, **host):
    make(engine, name, HostConfig={"VolumesFrom": list(others), **host})


def mounts(engine, name):
    return {m["Destination"]: m for m in engine.inspect(name)["Mounts"]}


def is_there(engine, volume):
    return engine.get(f"/volumes/{volume}").status == 200


def remove(engine, name, query="?v=1"):
    assert engine.request("DELETE", f"/containers/{name}{query}").status == 204


def test_a_volume_without_a_name_goes_with_the_last_that_has_it(engine, first):
    share(engine, first + "b", first)
    share(engine, first + "c", first + "b:ro")
    volume = mounts(engine, first)["/anon"]["Name"]
    assert volume == mounts(engine, first + "c")["/anon"]["Name"]
    for each in (first, first + "c"):
        remove(engine, each)
        assert is_there(engine, volume)
    remove(engine, first + "b")
    assert not is_there(engine, volume) and is_there(engine, first + "v")


def test_it_stays_where_the_last_one_goes_without_its_volumes(engine, first):
    share(engine, first + "b", first)
    volume = mounts(engine, first)["/anon"]["Name"]
    remove(engine, first)
    remove(engine, first + "b", "")
    assert is_there(engine, volume)
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204


def test_a_chain_hands_read_only_on(engine, first):
    share(engine, first + "b", first + ":ro")
    share(engine, first + "c", first + "b")
    share(engine, first + "d", first + "b:rw")
    for each in "bcd":
        assert [(m["RW"], m["Mode"]) for m in mounts(engine, first + each).values()] == [(False, "")] * 2
    out = engine.docker("run", "--rm", "--volumes-from", first + "d", "bb", "touch", "/named/x", check=False)
    assert out.returncode == 1 and "Read-only file system" in out.stderr


def test_the_later_container_counts_and_its_own_mounts_before_all(engine, first):
    share(engine, first + "b", first + ":ro")
    share(engine, first + "c", first, first + "b", Tmpfs={"/tmp": ""})
    assert {m["RW"] for m in mounts(engine, first + "c").values()} == {False}
    share(engine, first + "d", first + "b", first, Binds=["/etc:/named"])
    got = mounts(engine, first + "d")
    assert got["/named"]["Type"] == "bind" and got["/anon"]["RW"]


@pytest.mark.parametrize("mode, good", [("z", True), ("ro,Z", True), ("cached", True), ("", True), ("foo", False), ("nocopy", False), ("rslave", False), ("ro,rw", False)])
def test_modes_are_those_that_every_mount_may_have(engine, first, mode, good):
    a = engine.post(f"/containers/create?name={first}b", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"VolumesFrom": [f"{first}:{mode}"]}})
    assert a.status == (201 if good else 400), a.body
    assert good or a.message == f"invalid mode: {mode}"


@pytest.mark.parametrize("spec, text", [("", "volumes-from specification cannot be an empty string"), ("nosuch-at-all", "No such container: nosuch-at-all")])
def test_what_is_no_container_is_refused(engine, spec, text):
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"VolumesFrom": [spec]}})
    assert (a.status, a.message) == (400, text)


def test_the_image_of_a_later_user_fills_nothing(engine, name):
    """Docker copies an image's content into a volume for the container that makes it, and for no other."""
    a = engine.post(f"/containers/create?name={name}i", {"Image": "bb", "Cmd": ["sh", "-c", "mkdir /anon; echo own > /anon/own"]})
    try:
        engine.post(f"/containers/{name}i/start")
        engine.post(f"/containers/{name}i/wait")
        image = engine.post(f"/commit?container={name}i", {}).json["Id"]
        make(engine, name, Volumes={"/anon": {}})
        a = engine.post(f"/containers/create?name={name}j", {"Image": image, "Cmd": ["ls", "/anon"], "HostConfig": {"VolumesFrom": [name]}})
        assert a.status == 201, a.body
        engine.post(f"/containers/{name}j/start")
        engine.post(f"/containers/{name}j/wait")
        assert engine.docker("logs", name + "j").stdout == ""
    finally:
        for each in "ij":
            engine.request("DELETE", f"/containers/{name}{each}?force=1&v=1")
        engine.request("DELETE", f"/images/{image}")
