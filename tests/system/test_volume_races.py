# SPDX-License-Identifier: Apache-2.0
"""Volumes that are removed while a container that will have them is being made: one side waits at a step of its own (docs/decisions/0006) until the other has had its way."""
import json
import os
import threading
import time

import pytest

from harness import PATIENCE
from held import Held, faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


def body(*binds, **host):
    return {"Image": "bb", "Cmd": ["sh", "-c", "cat /data/x; echo more >> /data/x"], "HostConfig": {"Binds": list(binds), **host}}


def mount_of(d, container):
    mounts = d.inspect(container)["Mounts"]
    assert len(mounts) == 1
    return mounts[0]


def works(d, container):
    """It starts, and what it writes is there afterwards."""
    assert d.post(f"/containers/{container}/start").status == 204
    assert d.post(f"/containers/{container}/wait").status == 200
    with open(os.path.join(mount_of(d, container)["Source"], "x")) as f:
        assert f.read().endswith("more\n")


def remove_all(d):
    for c in d.get("/containers/json?all=1").json:
        d.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
    assert d.post('/volumes/prune?filters={"all":["1"]}').status == 200
    assert d.get("/volumes").json["Volumes"] == []


@pytest.mark.parametrize("point", ["create/row", "create/volumes", "create/layer", "create/filled"])
def test_no_removal_takes_a_volume_of_a_container_that_is_being_made(d, point):
    assert d.post("/volumes/create", {"Name": "named"}).status == 201
    with Held(d, point, "POST", "/containers/create?name=made", body("named:/data")) as held:
        made = held.answer
        assert made is None
        a = d.request("DELETE", "/volumes/named")
        assert a.status == 409 and "volume is in use - [" in a.message
        assert d.request("DELETE", "/volumes/named?force=1").status == 409
        assert d.post("/volumes/named/rename?name=other").status == 409
        assert d.post("/volumes/other/rename?name=named").status == 409
        assert d.post('/volumes/prune?filters={"all":["1"]}').json["VolumesDeleted"] == []
        assert d.get('/volumes?filters={"dangling":["true"]}').json["Volumes"] == []
        assert [v["Name"] for v in d.get('/volumes?filters={"dangling":["false"]}').json["Volumes"]] == ["named"]
        held.go()
        assert held.answer.status == 201
        assert held.answer.json["Id"] in a.message
    works(d, "made")
    remove_all(d)


@pytest.mark.parametrize("point", ["create/volumes", "create/filled"])
def test_no_prune_takes_a_volume_that_nobody_named_from_a_container_that_is_being_made(d, point):
    with Held(d, point, "POST", "/containers/create?name=made", {"Image": "bb", "Cmd": ["sh", "-c", "echo more >> /data/x"], "Volumes": {"/data": {}}}) as held:
        assert d.post("/volumes/prune").json["VolumesDeleted"] == []
        held.go()
        assert held.answer.status == 201
    works(d, "made")
    remove_all(d)


def test_a_volume_that_nobody_named_stays_for_one_that_takes_it_over_while_the_other_is_removed(d):
    assert d.post("/containers/create?name=first", {"Image": "bb", "Cmd": ["sh", "-c", "echo first > /data/x"], "Volumes": {"/data": {}}}).status == 201
    works_on = mount_of(d, "first")["Name"]
    assert d.post("/containers/first/start").status == 204
    assert d.post("/containers/first/wait").status == 200
    with Held(d, "create/volumes", "POST", "/containers/create?name=second", body(VolumesFrom=["first"])) as held:
        assert d.request("DELETE", "/containers/first?v=1").status == 204
        held.go()
        assert held.answer.status == 201
    assert mount_of(d, "second")["Name"] == works_on
    works(d, "second")
    assert d.docker("logs", "second").stdout == "first\n"
    # And goes with the last.
    assert d.request("DELETE", "/containers/second?v=1").status == 204
    assert d.get("/volumes").json["Volumes"] == []
    remove_all(d)


def test_the_volumes_of_one_that_is_being_removed_are_not_taken_over(d):
    assert d.post("/containers/create?name=first", {"Image": "bb", "Cmd": ["true"], "Volumes": {"/data": {}}}).status == 201
    with Held(d, "rm/volumes", "DELETE", "/containers/first?v=1") as held:
        a = d.post("/containers/create?name=second", body(VolumesFrom=["first"]))
        assert a.status == 400 and "is being removed" in a.message, a.body
        held.go()
        assert held.answer.status == 204
    assert d.get("/containers/json?all=1").json == []
    remove_all(d)


def shared_by_two(d):
    """The volume that nobody named and that `first` and `second` have."""
    assert d.post("/containers/create?name=first", {"Image": "bb", "Cmd": ["true"], "Volumes": {"/data": {}}}).status == 201
    assert d.post("/containers/create?name=second", body(VolumesFrom=["first"])).status == 201
    return mount_of(d, "first")["Name"]


@pytest.mark.parametrize("point", ["rm/marked", "rm/volumes"])
def test_of_two_that_are_removed_at_once_none_leaves_their_volume_to_the_other(d, point):
    volume, since = shared_by_two(d), time.time()
    with Held(d, point, "DELETE", "/containers/first?v=1") as held:
        assert d.request("DELETE", "/containers/second?v=1").status == 204
        held.go()
        assert held.answer.status == 204
    assert d.get("/volumes").json["Volumes"] == []
    told = d.get('/events?since=%f&until=%f&filters={"type":["volume"],"event":["destroy"]}' % (since, time.time())).body.splitlines()
    assert [json.loads(line)["Actor"]["ID"] for line in told] == [volume], "it is told once"
    remove_all(d)


def test_of_two_that_are_removed_at_once_one_without_its_volumes_keeps_them(d):
    volume = shared_by_two(d)
    with Held(d, "rm/volumes", "DELETE", "/containers/first") as held:
        assert d.request("DELETE", "/containers/second?v=1").status == 204
        held.go()
        assert held.answer.status == 204
    assert [v["Name"] for v in d.get("/volumes").json["Volumes"]] == [volume]
    remove_all(d)


@pytest.mark.parametrize("query, left", [("?v=1", False), ("", True)])
def test_a_volume_that_waits_for_one_that_is_not_made_after_all_goes_as_was_asked(d, query, left):
    assert d.post("/containers/create?name=first", {"Image": "bb", "Cmd": ["true"], "Volumes": {"/data": {}}}).status == 201
    volume = mount_of(d, "first")["Name"]
    with Held(d, "create/claimed", "POST", "/containers/create?name=second", body(VolumesFrom=["first"])) as held:
        assert d.request("DELETE", "/containers/first" + query).status == 204
        assert d.get(f"/volumes/{volume}").status == 200, "another one is to have it"
        held.go()
        assert held.answer.status == 400 and held.answer.message == "No such container: first"
    assert d.get(f"/volumes/{volume}").status == (200 if left else 404)
    remove_all(d)


@pytest.mark.parametrize("second", [("/containers/create?name=made", body("named:/data")), ("/volumes/create", {"Name": "named"})])
def test_what_wants_a_volume_that_is_being_removed_gets_one_made_anew(d, second):
    assert d.post("/volumes/create", {"Name": "named", "Labels": {"which": "first"}}).status == 201
    with Held(d, "volume-rm/data", "DELETE", "/volumes/named") as held:
        answers = []
        other = threading.Thread(target=lambda: answers.append(d.post(*second)))
        other.start()
        # It waits, or is on its way: in no case it is answered from what is being removed.
        other.join(timeout=0.2)
        assert answers == []
        held.go()
        assert held.answer.status == 204
        other.join(timeout=PATIENCE)
    assert [a.status for a in answers] == [201]
    v = d.get("/volumes/named").json
    assert v["Labels"] is None and os.path.isdir(v["Mountpoint"])
    if "containers" in second[0]:
        works(d, "made")
    remove_all(d)


def test_a_create_that_fails_leaves_no_claim_on_its_volumes(d):
    assert d.post("/containers/create?name=made", body("elsewhere:/o")).status == 201
    with Held(d, "create/row", "POST", "/containers/create?name=late", body("named:/data")) as held:
        # Its name is taken by now.
        assert d.post("/containers/create?name=late", body("named:/data")).status == 409
        held.go()
        assert held.answer.status == 201
    assert d.request("DELETE", "/volumes/named").status == 409
    assert d.request("DELETE", "/containers/late").status == 204
    assert d.request("DELETE", "/volumes/named").status == 204
    remove_all(d)
