# SPDX-License-Identifier: Apache-2.0
"""Links of old (--link on the default bridge) over restarts, renames and removals of their targets. (What a link brings: test_names.py.)"""
import os
import signal

import pytest

from harness import BERTH, wait_for


@pytest.fixture
def pair(engine, name):
    """A target that runs, and a container that links to it as "db"."""
    target = name + "t"
    make(engine, target, ["sleep", "600"])
    make(engine, name, ["sleep", "600"], Links=[f"{target}:db"])
    yield name, target
    for each in (name + "2", target, target + "2", target + "between"):
        engine.request("DELETE", f"/containers/{each}?force=1")


def make(engine, name, cmd, start=True, **host):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": cmd, "StopTimeout": 0, "HostConfig": host})
    assert a.status == 201, a.body
    if start:
        begin(engine, name)


def begin(engine, name):
    a = engine.post(f"/containers/{name}/start")
    assert a.status == 204, a.body


def stop(engine, name):
    assert engine.post(f"/containers/{name}/stop?t=0").status == 204


def links(engine, name):
    return engine.inspect(name)["HostConfig"]["Links"]


def address(engine, name):
    return engine.inspect(name)["NetworkSettings"]["IPAddress"]


def line(engine, name, alias="db"):
    """[address] or [] of an alias in a container's hosts file."""
    return [text.split("\t")[0] for text in engine.docker("exec", name, "cat", "/etc/hosts").stdout.splitlines() if text.split("\t")[1].split()[0] == alias]


def test_a_link_follows_its_target_to_another_name(engine, pair):
    name, target = pair
    assert engine.post(f"/containers/{target}/rename?name={target}2").status == 204
    assert links(engine, name) == [f"/{target}2:/{name}/db"]
    stop(engine, name)
    begin(engine, name)
    assert line(engine, name) == [address(engine, target + "2")]
    assert engine.post(f"/containers/{name}/rename?name={name}2").status == 204
    assert links(engine, name + "2") == [f"/{target}2:/{name}2/db"]


def test_who_takes_the_name_of_a_target_is_not_linked_to(engine, pair):
    name, target = pair
    assert engine.post(f"/containers/{target}/rename?name={target}2").status == 204
    make(engine, target, ["sleep", "600"])
    stop(engine, name)
    begin(engine, name)
    assert line(engine, name) == [address(engine, target + "2")] != [address(engine, target)]


def test_a_target_that_was_made_anew_under_its_name_is_linked_to_again(engine, pair):
    name, target = pair
    assert engine.request("DELETE", f"/containers/{target}?force=1").status == 204
    stop(engine, name)
    assert engine.post(f"/containers/{name}/start").status == 404
    assert links(engine, name) == [f"/{target}:/{name}/db"]
    make(engine, target, ["sleep", "600"])
    begin(engine, name)
    assert line(engine, name) == [address(engine, target)]


def test_a_target_that_comes_back_with_another_address_is_found_there(engine, pair):
    name, target = pair
    before = address(engine, target)
    assert line(engine, name) == [before]
    engine.docker("exec", name, "sh", "-c", "echo '10.1.2.3\tmine db' >> /etc/hosts")
    stop(engine, target)
    # The address that it had is somebody else's meanwhile.
    make(engine, target + "between", ["sleep", "600"])
    begin(engine, target)
    now = address(engine, target)
    assert now != before and line(engine, name) == [now]
    assert line(engine, name, "mine") == ["10.1.2.3"], "what the container wrote stays"
    # And so it is after a restart by its policy or by hand, which keep the address.
    assert engine.post(f"/containers/{target}/restart?t=0").status == 204
    assert [address(engine, target)] == line(engine, name) == [now]


def test_a_daemon_that_comes_after_knows_the_links(fresh):
    d = fresh
    make(d, "target", ["sleep", "600"])
    make(d, "linker", ["sleep", "600"], Links=["target:db"])
    d.post("/containers/target/rename?name=other")
    d.kill()
    d.start()
    assert links(d, "linker") == ["/other:/linker/db"]
    stop(d, "other")
    make(d, "between", ["sleep", "600"])
    begin(d, "other")
    assert line(d, "linker") == [address(d, "other")]


def test_both_come_back_after_a_reboot_the_target_first(fresh):
    d = fresh
    policy = {"RestartPolicy": {"Name": "always"}}
    make(d, "target", ["sleep", "600"], **policy)
    make(d, "linker", ["sleep", "600"], Links=["target:db"], **policy)
    d.post("/containers/target/rename?name=zzz")
    pids = [d.inspect(n)["State"]["Pid"] for n in ("zzz", "linker")]
    d.kill()
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            os.kill(int(f.read().rsplit(")", 1)[1].split()[1]), signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids), "nothing of them runs")
    d.start()
    wait_for(lambda: all(d.inspect(n)["State"]["Running"] for n in ("zzz", "linker")), "both run again")
    assert line(d, "linker") == [address(d, "zzz")]


def test_a_link_is_a_name_of_what_it_leads_to(engine, name):
    """In lists, and to filters by name; a list of names shows it only in full, as docker's does."""
    db, web = name + "db", name + "web"
    engine.docker("run", "-d", "--name", db, "bb", "sleep", "600")
    engine.docker("create", "--name", web, "--link", f"{db}:store", "bb", "true")
    try:
        def names(pattern):
            return sorted(c["Names"] for c in engine.get('/containers/json?all=1&filters={"name":["%s"]}' % pattern).json)

        assert names(name) == [["/" + db, f"/{web}/store"], ["/" + web]]
        assert names(f"^/{web}/store$") == names(f"{web}/store") == [["/" + db, f"/{web}/store"]]
        assert names(f"^{web}$") == [["/" + web]]
        for client in (None, BERTH):
            listed = engine.docker("ps", "-a", "--filter", f"name={web}/store", "--format", "{{.Names}}", client=client).stdout
            assert listed == db + "\n"
            assert engine.docker("ps", "-a", "--no-trunc", "--filter", f"name={web}/store", "--format", "{{.Names}}", client=client).stdout == f"{db},{web}/store\n"
        # It follows the name of the one that links, and goes with the link.
        engine.docker("rename", web, web + "2")
        assert names(f"/{web}2/store") == [["/" + db, f"/{web}2/store"]]
        assert engine.request("DELETE", f"/containers/{web}2/store?link=1").status == 204
        assert names(name) == [["/" + db], [f"/{web}2"]]
    finally:
        for c in (db, web, web + "2"):
            engine.request("DELETE", f"/containers/{c}?force=1")
