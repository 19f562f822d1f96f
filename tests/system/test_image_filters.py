# SPDX-License-Identifier: Apache-2.0
"""Filters of `images` and `image prune`: each by itself, several together, and wrong ones."""
import json
import os
import sys
import urllib.parse

import pytest

from harness import TOP, Daemon

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import images  # noqa: E402

# Name, year, labels; the last has no name.
MADE = [("team/old:1", 2015, {"tier": "web", "old": ""}), ("team/mid:1", 2018, {"tier": "db"}), ("reg.example:5000/team/new:2", 2021, {"tier": "web"}),
        (None, 2016, {"tier": "web"})]


@pytest.fixture(scope="module")
def daemon():
    with Daemon() as d:
        yield d


@pytest.fixture(autouse=True)
def four(daemon):
    """The four images; {what a test calls it: id}."""
    ids = {}
    for name, year, labels in MADE:
        image = images.Image([name] if name else [], [images.tar([(f"of-{year}", str(year).encode())])], {"Labels": labels},
                             created=f"{year}-01-01T00:00:00Z")
        assert daemon.request("POST", "/images/load", images.docker_archive(image)).status == 200
        ids[name.split("/")[-1].split(":")[0] if name else "nameless"] = image.id
    yield ids
    for i in daemon.get("/images/json?all=1").json:
        daemon.request("DELETE", f"/images/{i['Id']}?force=1")


def encoded(filters):
    return urllib.parse.quote(json.dumps(filters))


@pytest.mark.parametrize("filters, found", [
    ({}, {"old", "mid", "new", "nameless"}),
    ({"dangling": ["true"]}, {"nameless"}),
    ({"dangling": ["0"]}, {"old", "mid", "new"}),
    ({"label": ["tier"]}, {"old", "mid", "new", "nameless"}),
    ({"label": ["tier=web"]}, {"old", "new", "nameless"}),
    ({"label": ["tier=web", "old"]}, {"old"}),
    ({"label": ["old="]}, {"old"}),
    ({"label": ["none"]}, set()),
    ({"before": ["team/mid:1"]}, {"old", "nameless"}),
    ({"since": ["team/mid:1"]}, {"new"}),
    ({"since": ["team/old:1"], "before": ["reg.example:5000/team/new:2"]}, {"mid", "nameless"}),
    ({"until": ["2017-01-01"]}, {"old", "nameless"}),
    ({"until": ["1500000000"]}, {"old", "nameless"}),
    ({"reference": ["team/*"]}, {"old", "mid"}),
    ({"reference": ["team/old", "*/*/new:2"]}, {"old", "new"}),
    ({"reference": ["team/*:2"]}, set()),
    ({"reference": ["team/o?d:*"], "label": ["tier=web"]}, {"old"}),
    ({"label": ["tier=web"], "dangling": ["true"], "until": ["2017-01-01"]}, {"nameless"}),
])
def test_a_list_has_what_all_its_filters_let_through(daemon, four, filters, found):
    names = {i: n for n, i in four.items()}
    assert {names[i["Id"]] for i in daemon.get("/images/json?filters=" + encoded(filters)).json} == found


def test_each_client_filters_alike(daemon, four, client):
    def ids(*flags):
        return set(daemon.docker("images", "-q", "--no-trunc", *flags, client=client).stdout.split())
    assert ids("-f", "label=tier=web", "-f", "dangling=true") == {four["nameless"]}
    assert ids("-f", "reference=team/*") == ids("team/*") == {four["old"], four["mid"]}
    assert ids("-f", "before=team/mid:1") == {four["old"], four["nameless"]}
    p = daemon.docker("images", "-f", "nosuch=1", client=client, check=False)
    assert p.returncode == 1 and "nosuch" in p.stderr


@pytest.mark.parametrize("filters, status", [({"nosuch": ["x"]}, 400), ({"dangling": ["perhaps"]}, 400), ({"until": ["some day"]}, 400),
                                             ({"before": ["no/such:1"]}, 404), ({"reference": ["a["]}, 400)])
@pytest.mark.parametrize("verb", ["list", "prune"])
def test_a_wrong_filter_is_refused_and_nothing_happens(daemon, four, verb, filters, status):
    a = daemon.get("/images/json?filters=" + encoded(filters)) if verb == "list" else daemon.post("/images/prune?filters=" + encoded(filters))
    # Prune knows fewer.
    assert a.status == (400 if verb == "prune" else status), a.body
    assert {i["Id"] for i in daemon.get("/images/json").json} == set(four.values())


@pytest.mark.parametrize("filters, gone", [
    ({}, {"nameless"}),
    ({"dangling": ["false"]}, {"old", "mid", "new", "nameless"}),
    ({"dangling": ["false"], "label": ["tier=db"]}, {"mid"}),
    ({"dangling": ["false"], "label!": ["tier=web"]}, {"mid"}),
    ({"dangling": ["false"], "label": ["tier=web"], "label!": ["old"]}, {"new", "nameless"}),
    ({"dangling": ["false"], "until": ["2017-01-01T00:00:00"]}, {"old", "nameless"}),
    ({"until": ["2016-01-01"]}, set()),
    ({"label": ["none"]}, set()),
])
def test_prune_removes_what_all_its_filters_let_through_and_says_so(daemon, four, filters, gone):
    size = {i["Id"]: i["Size"] for i in daemon.get("/images/json").json}
    a = daemon.post("/images/prune?filters=" + encoded(filters)).json
    assert {e["Deleted"] for e in a["ImagesDeleted"] or [] if e.get("Deleted") in size} == {four[n] for n in gone}
    assert a["SpaceReclaimed"] == sum(size[four[n]] for n in gone)
    assert {i["Id"] for i in daemon.get("/images/json").json} == {i for n, i in four.items() if n not in gone}


def test_prune_leaves_what_a_container_is_of(daemon, four):
    daemon.docker("create", "--name", "keeper", four["nameless"], "x")
    try:
        assert daemon.post("/images/prune").json["ImagesDeleted"] is None
        assert daemon.post("/images/prune?filters=" + encoded({"dangling": ["false"]})).status == 200
        assert {i["Id"] for i in daemon.get("/images/json").json} == {four["nameless"]}
    finally:
        daemon.docker("rm", "keeper")
