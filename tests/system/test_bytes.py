# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no UTF-8: programs may say, be called, and call their files what they like; answers are JSON all the same."""
import io
import json
import tarfile

import pytest

from harness import wait_for

BAD = "a\\377b"
RAW = b"a\xffb"
SHOWN = "a\ufffdb"


@pytest.fixture
def box(engine, name):
    script = f"touch /$(printf '{BAD}'); ln -s $(printf '/to/{BAD}') /link; printf '{BAD}\\n'; sh -c 'sleep 6000; :' $(printf '{BAD}')"
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", script)
    wait_for(lambda: any(r[-1] == "sleep 6000" for r in engine.get(f"/containers/{name}/top").json["Processes"]), "it has done all that")
    return name


def test_changes_are_told(engine, box):
    a = engine.get(f"/containers/{box}/changes")
    assert a.status == 200 and {"Path": "/" + SHOWN, "Kind": 1} in a.json


def test_top_shows_the_process(engine, box):
    rows = engine.get(f"/containers/{box}/top").json["Processes"]
    assert all(len(r) == 8 for r in rows) and any(r[-1].endswith((SHOWN, "a?b")) for r in rows), rows


def test_logs_have_gos_replacement(engine, box):
    # What a program has written is in its log a moment later.
    shown = wait_for(lambda: engine.get(f"/containers/{box}/logs?stdout=1").body, "it is in the log")
    assert shown[8:] == SHOWN.encode() + b"\n"


def test_files_are_described_and_copied_by_their_bytes(engine, box):
    a = engine.request("HEAD", f"/containers/{box}/archive?path=/a%FFb")
    assert a.status == 200
    a = engine.request("HEAD", f"/containers/{box}/archive?path=/link")
    assert a.status == 200
    a = engine.get(f"/containers/{box}/archive?path=/a%FFb")
    with tarfile.open(fileobj=io.BytesIO(a.body), encoding="utf-8", errors="surrogateescape") as t:
        assert [m.name.encode("utf-8", "surrogateescape") for m in t] == [RAW]
        t.fileobj.seek(0)
    assert engine.request("PUT", f"/containers/{box}/archive?path=/tmp", a.body, headers={"Content-Type": "application/x-tar"}).status == 200
    assert engine.docker("exec", box, "sh", "-c", f"ls /tmp/$(printf '{BAD}') >/dev/null && echo there").stdout == "there\n"


@pytest.mark.parametrize("how", ["running", "stopped", "export"])
def test_a_whole_root_is_copied(engine, box, how):
    """/proc and /sys, which have no end, are directories and no more."""
    if how == "stopped":
        engine.docker("stop", "-t", "0", box)
    a = engine.get(f"/containers/{box}/export" if how == "export" else f"/containers/{box}/archive?path=/")
    assert a.status == 200
    with tarfile.open(fileobj=io.BytesIO(a.body), encoding="utf-8", errors="surrogateescape") as t:
        names = [m.name.strip("/").encode("utf-8", "surrogateescape") for m in t]
    assert RAW in names and b"etc/hello" in names and b"proc" in names and b"sys" in names
    assert not [n for n in names if n.startswith((b"proc/", b"sys/"))]


def test_a_health_check_may_say_anything(engine, name):
    check = {"Test": ["CMD-SHELL", f"printf '{BAD}'"], "Interval": 10 ** 8}
    engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "6000"], "Healthcheck": check})
    engine.post(f"/containers/{name}/start")
    log = wait_for(lambda: engine.inspect(name)["State"]["Health"]["Log"], "it was checked")
    assert log[0]["Output"] == SHOWN and log[0]["ExitCode"] == 0


def test_events_of_an_exec_are_json(engine, box):
    """The command is text of a client, and so UTF-8; what is not, is refused."""
    a = engine.post(f"/containers/{box}/exec", b'{"Cmd":["a\xffb"]}', headers={"Content-Type": "application/json"})
    assert a.status == 400 and json.loads(a.body)["message"]
