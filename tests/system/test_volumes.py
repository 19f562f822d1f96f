# SPDX-License-Identifier: Apache-2.0
"""Volumes over the API."""
import os
import re
import uuid

import pytest


@pytest.fixture
def volume(engine):
    n = "v" + uuid.uuid4().hex[:10]
    yield n
    engine.request("DELETE", f"/volumes/{n}?force=1")


def names(engine, query=""):
    return [v["Name"] for v in engine.get("/volumes" + query).json["Volumes"]]


def test_a_volume_is_made_once_and_keeps_its_labels(engine, volume):
    a = engine.post("/volumes/create", {"Name": volume, "Labels": {"a": "b"}})
    assert a.status == 201 and a.json["Labels"] == {"a": "b"} and os.path.isdir(a.json["Mountpoint"])
    again = engine.post("/volumes/create", {"Name": volume, "Labels": {"other": "label"}})
    assert again.status == 201 and again.json == a.json
    assert engine.get(f"/volumes/{volume}").json == a.json
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204
    assert not os.path.exists(a.json["Mountpoint"]) and engine.get(f"/volumes/{volume}").status == 404


def test_filters(engine, volume, name):
    engine.post("/volumes/create", {"Name": volume, "Labels": {"who": volume}})
    assert names(engine, '?filters={"label":["who=%s"]}' % volume) == [volume]
    assert volume in names(engine, '?filters={"dangling":["true"]}')
    engine.docker("create", "--name", name, "-v", volume + ":/data", "bb", "true")
    assert volume not in names(engine, '?filters={"dangling":["true"]}')
    assert names(engine, '?filters={"name":["%s"]}' % volume[:8]) == [volume]
    assert engine.get('/volumes?filters={"nosuch":["x"]}').status == 400


def test_a_used_volume_is_not_removed(engine, volume, name):
    engine.docker("create", "--name", name, "-v", volume + ":/data", "bb", "true")
    a = engine.request("DELETE", f"/volumes/{volume}?force=1")
    assert a.status == 409 and "volume is in use - [" in a.message
    engine.docker("rm", name)
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204


@pytest.mark.parametrize("body", [{"Driver": "nosuch"}, {"DriverOpts": {"type": "nfs"}}])
def test_an_error_about_a_volume_without_a_name_has_the_one_it_would_have_got(engine, body):
    message = engine.post("/volumes/create", body).message
    assert re.match("create [0-9a-f]{64}: .", message), message
    assert message.split()[1][:-1] not in names(engine, "")


def test_prune_takes_anonymous_ones_and_others_when_told(engine, volume):
    anonymous = engine.post("/volumes/create", {}).json["Name"]
    engine.post("/volumes/create", {"Name": volume, "Labels": {"prune": volume}})
    deleted = engine.post("/volumes/prune").json["VolumesDeleted"]
    assert anonymous in deleted and volume not in deleted
    assert engine.post('/volumes/prune?filters={"all":["1"],"label":["prune=%s"]}' % volume).json["VolumesDeleted"] == [volume]


@pytest.mark.parametrize("body,status,words", [
    ({"Name": "a/b"}, 400, "includes invalid characters"),
    ({"Name": "x"}, 400, "too short"),
    ({"Name": "fine", "Driver": "nosuch"}, 404, 'plugin "nosuch" not found'),
    ({"Name": "fine", "DriverOpts": {"type": "nfs"}}, 400, 'missing required option: "device"'),
    ({"Name": 5}, 400, "Name"),
])
def test_what_cannot_be_made_is_named(engine, body, status, words):
    a = engine.post("/volumes/create", body)
    assert a.status == status and words in a.message
