# SPDX-License-Identifier: Apache-2.0
"""cp, over the API and by the clients: in and out, running and stopped, and what a hostile container tries."""
import io
import tarfile

import pytest

from harness import CLIENTS


@pytest.fixture
def box(engine, name):
    engine.docker("run", "-d", "--name", name, "-v", "/vol", "bb", "sh", "-c",
                  "mkdir -p /d/sub; echo hi >/d/f; ln -s f /d/l; ln /d/f /d/hard; chmod 4755 /d/f; ln -s /etc /d/abs; ln -s / /d/root; echo v >/vol/x;"
                  "mkfifo /d/fifo; touch /ready; sleep 600")
    engine.docker("exec", name, "sh", "-c", "while [ ! -e /ready ]; do sleep 0.02; done")
    return name


def tar_of(engine, box, path):
    a = engine.get(f"/containers/{box}/archive?path={path}")
    assert a.status == 200, a.body
    with tarfile.open(fileobj=io.BytesIO(a.body)) as t:
        return {m.name: (m, t.extractfile(m).read() if m.isreg() else None) for m in t.getmembers()}


def put(engine, box, path, name, content=b"x", kind=tarfile.REGTYPE, options="noOverwriteDirNonDir=true"):
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as t:
        m = tarfile.TarInfo(name)
        m.type, m.size, m.mode = kind, len(content) if kind == tarfile.REGTYPE else 0, 0o644
        t.addfile(m, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    return engine.request("PUT", f"/containers/{box}/archive?path={path}&{options}", buf.getvalue(), headers={"Content-Type": "application/x-tar"})


def test_a_tree_comes_out_whole(engine, box):
    got = tar_of(engine, box, "/d")
    assert set(got) == {"d", "d/f", "d/l", "d/hard", "d/abs", "d/root", "d/sub", "d/fifo"}
    first, second = sorted(("d/f", "d/hard"), key=lambda n: got[n][0].islnk())
    assert got[first][1] == b"hi\n" and got[first][0].mode == 0o4755 and got[second][0].linkname == first
    assert got["d/l"][0].issym() and got["d/l"][0].linkname == "f"
    assert set(tar_of(engine, box, "/d/.")) >= {".", "./f"}
    assert set(tar_of(engine, box, "/d/f")) == {"f"}


def test_the_description_is_dockers(engine, box):
    import base64
    import json
    a = engine.request("HEAD", f"/containers/{box}/archive?path=/d/l")
    stat = json.loads(base64.b64decode(a.headers["X-Docker-Container-Path-Stat"]))
    assert a.status == 200 and stat["name"] == "l" and stat["linkTarget"] == "/d/f" and stat["mode"] & 1 << 27
    stat = json.loads(base64.b64decode(engine.request("HEAD", f"/containers/{box}/archive?path=/d").headers["X-Docker-Container-Path-Stat"]))
    assert stat["mode"] >> 31 == 1 and stat["mode"] & 0o777 == 0o755


def test_links_lead_nowhere_outside(engine, box):
    got = tar_of(engine, box, "/d/root/etc/hello")
    assert got["hello"][1] == b"hello from the image\n"
    assert put(engine, box, "/d/abs", "into-etc").status == 200
    assert engine.docker("exec", box, "cat", "/etc/into-etc").stdout == "x"
    assert put(engine, box, "/d", "../../../escaped").status == 400
    assert engine.get(f"/containers/{box}/archive?path=/../../../etc/hello").status == 200


def test_kinds_are_kept_and_errors_are_named(engine, box):
    assert put(engine, box, "/d", "sub").status == 400
    assert put(engine, box, "/d", "f", kind=tarfile.DIRTYPE).status == 400
    assert put(engine, box, "/d/f", "x").message == "extraction point is not a directory"
    for path in ("/nosuch", "/d/f/below"):
        a = engine.get(f"/containers/{box}/archive?path={path}")
        assert a.status == 404 and a.message == f"Could not find the file {path} in container {box}"
    assert engine.get(f"/containers/{box}/archive").status == 400
    assert put(engine, "nosuch", "/", "x").status == 404


def test_a_stopped_container_with_its_volume(engine, box):
    engine.docker("stop", "-t", "0", box)
    assert tar_of(engine, box, "/vol/x")["x"][1] == b"v\n"
    assert put(engine, box, "/vol", "new").status == 200
    assert put(engine, box, "/d", "while-stopped").status == 200
    engine.docker("start", box)
    assert engine.docker("exec", box, "sh", "-c", "cat /vol/new /d/while-stopped").stdout == "xx"


def test_what_is_read_only_stays_so(engine, name):
    engine.docker("run", "-d", "--name", name, "--read-only", "-v", "/tmp:/host:ro", "bb", "sleep", "600")
    a = put(engine, name, "/etc", "x")
    assert a.status == 403 and a.message == "container rootfs is marked read-only"
    a = put(engine, name, "/host", "x")
    assert a.status == 403 and a.message == "mounted volume is marked read-only"


@pytest.mark.parametrize("client", CLIENTS)
def test_the_clients_copy_both_ways(engine, box, client, tmp_path):
    (tmp_path / "file").write_text("from the host\n")
    engine.docker("cp", str(tmp_path / "file"), f"{box}:/d/sub/renamed", client=client)
    assert engine.docker("exec", box, "cat", "/d/sub/renamed").stdout == "from the host\n"
    engine.docker("cp", f"{box}:/d/f", str(tmp_path / "out"), client=client)
    assert (tmp_path / "out").read_text() == "hi\n"


def test_a_broken_upload_is_an_error(engine, box):
    a = engine.request("PUT", f"/containers/{box}/archive?path=/d", b"this is no archive" * 100)
    assert a.status == 400
