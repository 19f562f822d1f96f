# SPDX-License-Identifier: Apache-2.0
"""Lists that are written as text: each entry says what inspect says, and the order is docker's."""
import json
import uuid
from urllib.parse import quote

import pytest

from harness import BERTH, CLIENTS, busybox_tar

NEWEST = CLIENTS[-1]


@pytest.fixture(scope="module")
def own(engine):
    """Volumes, networks and images with names that begin alike."""
    own = "q" + uuid.uuid4().hex[:8]
    volumes = [own + n for n in ("v2", "v10", "v1", "v01", "w")]
    for i, name in enumerate(volumes):
        options = {"DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}} if i == 0 else {}
        assert engine.post("/volumes/create", {"Name": name, "Labels": {"own": own, "quote": 'a"\\b\n'}, **options}).status == 201
    anonymous = engine.post("/volumes/create", {"Labels": {"own": own}}).json["Name"]
    networks = [own + n for n in ("n2", "n10", "n1")]
    for name in networks:
        assert engine.post("/networks/create", {"Name": name, "Internal": True, "Labels": {"own": own}}).status == 201
    # Of long ago, so that how old they are is told in the same words for as long as the tests run.
    with open(busybox_tar(), "rb") as f:
        archive = f.read()
    for tag, year in (("t2", 2001), ("t10", 2002)):
        changes = "".join("&changes=" + quote(c) for c in (f"LABEL own={own} quote='a\"b'", f"ENV TAG={tag}"))
        assert engine.request("POST", f"/images/create?fromSrc=-&repo={own}&tag={tag}&created={year}-02-03T04:05:06Z{changes}", archive).status == 200
    yield own
    for name in [*volumes, anonymous]:
        engine.request("DELETE", "/volumes/" + name)
    for name in networks:
        engine.request("DELETE", "/networks/" + name)
    for tag in ("t2", "t10"):
        engine.request("DELETE", f"/images/{own}:{tag}?force=1")


def listed(engine, path, own, **filters):
    return engine.get(f"{path}?filters=" + quote(json.dumps({"label": ["own=" + own], **filters}))).json


def test_a_volume_is_listed_as_it_is_inspected(engine, own):
    volumes = listed(engine, "/volumes", own)["Volumes"]
    assert len(volumes) == 6
    assert volumes == [engine.get("/volumes/" + v["Name"]).json for v in volumes]
    assert sum("com.docker.volume.anonymous" in v["Labels"] for v in volumes) == 1


def test_a_network_is_listed_as_it_is_inspected_without_containers(engine, own):
    networks = listed(engine, "/networks", own)
    assert len(networks) == 3
    assert networks == [engine.get("/networks/" + n["Name"]).json for n in networks]


def test_an_image_is_listed_with_what_inspect_says(engine, own):
    images = listed(engine, "/images/json", own)
    assert [i["RepoTags"] for i in images] == [[own + ":t10"], [own + ":t2"]]
    for i in images:
        whole = engine.get(f"/images/{i['Id']}/json").json
        assert {k: i[k] for k in ("Id", "RepoTags", "RepoDigests", "Size")} == {k: whole[k] for k in ("Id", "RepoTags", "RepoDigests", "Size")}
        assert i["Labels"] == whole["Config"]["Labels"] == {"own": own, "quote": 'a"b'}
        assert (i["ParentId"], i["SharedSize"], i["Containers"]) == ("", -1, 0)


def test_a_label_filter_of_an_anonymous_volume_sees_the_label_it_is_shown_with(engine, own):
    found = listed(engine, "/volumes", own, label=["com.docker.volume.anonymous", "own=" + own])["Volumes"]
    assert len(found) == 1 and found[0]["Labels"]["own"] == own


def test_a_container_is_counted_once_for_each_image_that_it_has(engine, own, name):
    mounts = [{"Type": "image", "Source": f"{own}:t2", "Target": "/other"}, {"Type": "image", "Source": f"{own}:t10", "Target": "/same"}]
    assert engine.post(f"/containers/create?name={name}", {"Image": f"{own}:t10", "Cmd": ["true"], "HostConfig": {"Mounts": mounts}}).status == 201
    counts = {i["RepoTags"][0]: i["Containers"] for i in listed(engine, "/images/json", own)}
    assert counts == {own + ":t10": 1, own + ":t2": 1}


@pytest.mark.parametrize("version,has", [("1.43", True), ("1.44", False)])
def test_virtual_size_goes_by_the_version(engine, own, version, has):
    for i in engine.get(f"/v{version}/images/json").json:
        assert ("VirtualSize" in i) == has and i.get("VirtualSize", i["Size"]) == i["Size"]


def test_shared_sizes_are_those_of_layers_that_another_image_has(engine, own):
    ours = [i for i in engine.get("/images/json?shared-size=1").json if any(tag.startswith(own) for tag in i["RepoTags"] or [])]
    assert ours and all(i["SharedSize"] == i["Size"] > 0 for i in ours)


@pytest.mark.parametrize("line", ["volume ls -q", "volume ls", "network ls --format {{.Name}}", "network ls --format json", "volume ls --format {{.Name}}{{.Label_\"quote\"}}",
                                  "images --format {{.Tag}}", "images --no-trunc", "images --format {{.ID}}{{.Repository}}{{.Digest}}"])
def test_the_order_and_the_columns_are_dockers(engine, own, line):
    # Of several labels docker prints any first.
    words = [w.replace("_", " ") for w in line.split()] + ["--filter", "label=own=" + own]
    assert engine.docker(*words, client=BERTH).stdout == engine.docker(*words, client=NEWEST).stdout


def test_names_are_listed_by_their_numbers(engine, own):
    names = engine.docker("volume", "ls", "-q", "--filter", "name=" + own, client=BERTH).stdout.split()
    assert names == [own + n for n in ("v1", "v01", "v2", "v10", "w")]
    names = engine.docker("network", "ls", "--format", "{{.Name}}", "--filter", "name=" + own, client=BERTH).stdout.split()
    assert names == [own + n for n in ("n1", "n2", "n10")]


def test_used_and_unused_volumes(engine, own, name):
    assert engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Binds": [own + "v10:/data"]}}).status == 201
    used = [v["Name"] for v in listed(engine, "/volumes", own, dangling=["false"])["Volumes"]]
    free = [v["Name"] for v in listed(engine, "/volumes", own, dangling=["true"])["Volumes"]]
    assert used == [own + "v10"] and len(free) == 5 and not set(used) & set(free)
