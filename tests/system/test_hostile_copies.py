# SPDX-License-Identifier: Apache-2.0
"""Copies in and out of containers that do what they can against it, row by row of the security checks."""
import io
import os
import shutil
import subprocess
import tarfile
import threading

import pytest

from harness import make_prowl, wait_for

# What a decompressor, or a library for names, in the image would leave behind were it ever run.
MARKER = "#!/bin/sh\necho run >/marker\ntouch /tmp/berth-marker\nexec cat\n"


def archive(name, content=b"x", **attributes):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        m = tarfile.TarInfo(name)
        m.size, m.mode = len(content), 0o644
        for k, v in attributes.items():
            setattr(m, k, v)
        t.addfile(m, io.BytesIO(content if m.isreg() else b""))
    return out.getvalue()


def put(engine, box, path, body, **query):
    q = "&".join(f"{k}={v}" for k, v in {"path": path, **query}.items())
    return engine.request("PUT", f"/containers/{box}/archive?{q}", body)


@pytest.fixture
def canary():
    """A directory at a path that the container has, too: what is resolved on the host's side would hit it."""
    top = "/tmp/berth-canary"
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(top)
    with open(top + "/secret", "w") as f:
        f.write("of the host")
    os.chmod(top + "/secret", 0o640)
    yield top
    with open(top + "/secret") as f:
        assert f.read() == "of the host"
    assert os.listdir(top) == ["secret"] and os.stat(top + "/secret").st_mode & 0o7777 == 0o640
    shutil.rmtree(top)


def names_in(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as t:
        return {m.name: t.extractfile(m).read() if m.isreg() else None for m in t.getmembers()}


SWAP = ("mkdir -p /play/real/berth-canary /d; echo of the container >/play/real/berth-canary/secret; ln -s /tmp /play/link; mkdir -p /tmp; "
        "touch /ready; while :; do mv -T /play/real /play/x 2>/dev/null; mv -T /play/link /play/real 2>/dev/null; "
        "mv -T /play/real /play/link 2>/dev/null; mv -T /play/x /play/real 2>/dev/null; done")


def test_a01_a_directory_swapped_with_a_symlink_never_leads_to_the_host(engine, name, canary):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", SWAP)
    wait_for(lambda: engine.docker("exec", name, "test", "-e", "/ready", check=False).returncode == 0, "the container plays")
    out = {"read": 0, "missed": 0}
    for i in range(500):
        a = engine.get(f"/containers/{name}/archive?path=/play/real/berth-canary/secret")
        assert a.status in (200, 404), a.body
        if a.status == 200:
            assert names_in(a.body) == {"secret": b"of the container\n"}
            out["read"] += 1
        a = put(engine, name, "/play/real/berth-canary", archive("secret", b"of the container\n"))
        assert a.status in (200, 404, 400), a.body
        out["missed"] += a.status != 200
    assert out["read"] > 0


EXCHANGE = ("mkdir -p /a/b/c /e/b/c /vol/a/b /vol/e/b; for f in /a/b/c/f /e/b/c/f /vol/a/b/f /vol/e/b/f; do echo inside >$f; done; "
            "/p/prowl flip /a /l /e & /p/prowl flip /a/b /a/lb ../../e/b & /p/prowl flip /vol/a /vol/l /tmp/berth-canary & /p/prowl flip /vol/e /vol/l2 ../../../../../.. & "
            "touch /ready; while :; do mv /e /e2; mv /e2 /e; done")


def test_a01_parents_that_are_exchanged_at_each_level_all_the_time(engine, name, canary, tmp_path):
    """Found, not found or an error of the path itself: never the host's file, and never an error of the engine's."""
    make_prowl(str(tmp_path / "prowl"))
    engine.docker("run", "-d", "--name", name, "-v", f"{tmp_path}:/p", "-v", "/vol", "bb", "sh", "-c", EXCHANGE)
    wait_for(lambda: engine.docker("exec", name, "test", "-e", "/ready", check=False).returncode == 0, "the container plays")
    read = 0
    for _ in range(40):
        for path in ("/a/b/c/f", "/a/../a/b/../b/c/f", "/e/b/c/f", "/vol/a/b/f", "/vol/e/b/f", "/vol/a/../a/b/../../e/b/f", "/vol/a/secret", "/vol/e/tmp/berth-canary/secret"):
            a = engine.get(f"/containers/{name}/archive?path={path}")
            assert a.status in (200, 404, 400), (path, a.body)
            if a.status == 200:
                assert set(names_in(a.body).values()) <= {b"inside\n", None}, path
                read += 1
            a = put(engine, name, os.path.dirname(path), archive("f", b"inside\n"))
            assert a.status in (200, 404, 400), (path, a.body)
            # By a hard link and a symlink of the archive's own, too.
            a = put(engine, name, os.path.dirname(path), archive("g", b"", type=tarfile.LNKTYPE, linkname="f"))
            assert a.status in (200, 404, 400), (path, a.body)
    assert read > 0
    assert engine.get(f"/containers/{name}/changes").status == 200
    for _ in range(3):
        a = engine.post(f"/commit?container={name}&repo=exchanged&pause=0")
        assert a.status == 201, a.body
    engine.request("DELETE", "/images/exchanged?force=1")


def test_a02_a03_nothing_of_the_image_is_run(engine, name, tmp_path):
    """Decompressors and name services in the container are files like any others, whatever is copied, exported and committed."""
    marker = "/tmp/berth-marker"
    programs = "xz unxz gzip unpigz pigz zstd bzip2 tar sh getent"
    engine.docker("create", "--name", name, "--user", "user", "bb", "sleep", "600")
    for p in programs.split():
        for at in ("/bin", "/usr/bin"):
            assert put(engine, name, at, archive(p, MARKER.encode(), mode=0o755)).status == 200
    for lib in ("libnss_files.so.2", "libnss_compat.so.2", "liblzma.so.5"):
        assert put(engine, name, "/home", archive(lib, MARKER.encode(), mode=0o755)).status == 200
    raw = archive("packed", b"content")
    for tool in ("gzip", "xz", "bzip2", "zstd -q"):
        body = subprocess.run(f"{tool} -c", shell=True, input=raw, capture_output=True, check=True).stdout
        assert put(engine, name, "/home", body, copyUIDGID=1).status == 200
        assert names_in(engine.get(f"/containers/{name}/archive?path=/home/packed").body) == {"packed": b"content"}
    assert engine.get(f"/containers/{name}/export").status == 200
    assert engine.post(f"/commit?container={name}&repo=marked").status == 201
    try:
        assert not os.path.exists(marker)
        assert engine.get(f"/containers/{name}/archive?path=/marker").status == 404
    finally:
        engine.request("DELETE", "/images/marked?force=1")


def test_a04_no_mount_of_the_host_changes_while_a_volumes_place_is_swapped(engine, name, canary):
    engine.docker("run", "-d", "--name", name, "-v", f"{name}:/vol", "-v", "/at/deep/vol", "bb", "sh", "-c",
                  "touch /ready; while :; do mv /at /x 2>/dev/null; ln -s /tmp /at; rm /at; mv /x /at 2>/dev/null; done")
    wait_for(lambda: engine.docker("exec", name, "test", "-e", "/ready", check=False).returncode == 0, "the container plays")

    def mounts():
        """What of the engine's own is mounted, and where: others mount, too."""
        with open(f"/proc/{engine.proc.pid}/mountinfo") as f:
            return {line.split()[4] for line in f if os.path.basename(engine.top) in line}
    before, seen, stop = mounts(), set(), threading.Event()

    def watch():
        while not stop.is_set():
            seen.update(mounts() - before)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for i in range(60):
            for path in ("/at/deep/vol", "/vol", "/at/deep/vol/berth-canary"):
                assert engine.request("HEAD", f"/containers/{name}/archive?path={path}").status in (200, 404)
                assert put(engine, name, path, archive("f")).status in (200, 404, 400)
        engine.docker("stop", "-t", "0", name)
        for path in ("/at/deep/vol", "/vol"):
            engine.get(f"/containers/{name}/archive?path={path}")
    finally:
        stop.set()
        watcher.join()
        engine.request("DELETE", f"/containers/{name}?force=1&v=1")
        engine.request("DELETE", f"/volumes/{name}?force=1")
    assert not {m for m in seen if not m.startswith(engine.top)}


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a05_a_volume_below_an_absolute_symlink_of_the_image(engine, name, running, tmp_path):
    """/var/run -> /run in the image, and a volume at /var/run/x: copies see the volume by either name."""
    engine.docker("run", "--name", name + "base", "bb", "sh", "-c", "mkdir -p /run /var; ln -s /run /var/run; ln -s /run/x/sub /to-sub; ln -s loop /loop")
    engine.docker("commit", name + "base", "a05:latest")
    try:
        engine.docker("run", "-d", "--name", name, "-v", f"{name}:/var/run/x", "-v", "/etc:/ro:ro", "a05", "sh", "-c",
                      "mkdir /var/run/x/sub; echo in the volume >/var/run/x/sub/f; touch /ready; sleep 600")
        wait_for(lambda: engine.docker("exec", name, "test", "-e", "/ready", check=False).returncode == 0, "the container is ready")
        if not running:
            engine.docker("stop", "-t", "0", name)
        for path in ("/var/run/x/sub/f", "/run/x/sub/f", "/to-sub/f", "/run/../run/./x/sub/f"):
            a = engine.get(f"/containers/{name}/archive?path={path}")
            assert a.status == 200 and names_in(a.body) == {"f": b"in the volume\n"}, path
        for i, path in enumerate(("/var/run/x/sub", "/run/x", "/to-sub")):
            assert put(engine, name, path, archive(f"new{i}")).status == 200
        where = engine.get(f"/volumes/{name}").json["Mountpoint"]
        assert set(os.listdir(where)) == {"sub", "new1"} and set(os.listdir(where + "/sub")) == {"f", "new0", "new2"}
        a = put(engine, name, "/ro", archive("new"))
        assert a.status == 403 and a.message == "mounted volume is marked read-only"
        assert not os.path.exists("/etc/new")
        assert engine.get(f"/containers/{name}/archive?path=/loop/x").status == 400
        assert engine.request("HEAD", f"/containers/{name}/archive?path=/to-sub").status == 200
    finally:
        engine.request("DELETE", f"/containers/{name}base?force=1")
        engine.request("DELETE", f"/containers/{name}?force=1&v=1")
        engine.request("DELETE", "/images/a05?force=1")
        engine.request("DELETE", f"/volumes/{name}?force=1")


def test_a10_no_mode_on_the_host_changes_through_a_symlink(engine, name, canary):
    engine.docker("create", "--name", name, "bb", "sleep", "600")
    for kind, attributes in ((tarfile.SYMTYPE, {"linkname": canary + "/secret"}), (tarfile.SYMTYPE, {"linkname": "../../../../.." + canary})):
        assert put(engine, name, "/home", archive("way", b"", type=kind, **attributes)).status == 200
        for body in (archive("way", b"", type=tarfile.DIRTYPE, mode=0o777), archive("way/secret", b"overwritten", mode=0o4777),
                     archive("way", b"", type=tarfile.LNKTYPE, linkname="way", mode=0o777)):
            assert put(engine, name, "/home", body).status in (200, 400)
        assert put(engine, name, "/home/way", archive("secret", b"overwritten", mode=0o777)).status in (404, 400, 200)


def test_a_read_only_container_stays_so_when_stopped(engine, name):
    engine.docker("create", "--name", name, "--read-only", "-v", "/vol", "bb", "sleep", "600")
    a = put(engine, name, "/etc", archive("x"))
    assert a.status == 403 and a.message == "container rootfs is marked read-only"
    assert put(engine, name, "/vol", archive("x")).status == 200


def test_copies_become_the_containers_user_where_that_is_asked_for(engine, name):
    engine.docker("create", "--name", name, "--user", "user:extra", "bb", "sleep", "600")
    assert put(engine, name, "/home", archive("mine", uid=7, gid=8), copyUIDGID=1).body == b""
    assert put(engine, name, "/home", archive("theirs", uid=7, gid=8)).status == 200
    owners = {}
    for n in ("mine", "theirs"):
        with tarfile.open(fileobj=io.BytesIO(engine.get(f"/containers/{name}/archive?path=/home/{n}").body)) as t:
            owners[n] = (t.getmembers()[0].uid, t.getmembers()[0].gid)
    assert owners == {"mine": (1000, 2000), "theirs": (7, 8)}


def nest(top, depth):
    """Directories in directories, as mkdir and chdir make them, below `top`/deep."""
    os.mkdir(os.path.join(top, "deep"))
    at = os.open(os.path.join(top, "deep"), os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


@pytest.mark.parametrize("depth", [100, 1000, 5000])
def test_a_tree_as_deep_as_a_program_can_make_it(engine, name, depth):
    """With mkdir and chdir there is no limit; whoever walks it has one, says so, and removes it all the same."""
    engine.docker("create", "--name", name, "bb", "true")
    nest(engine.inspect(name)["GraphDriver"]["Data"]["UpperDir"], depth)
    box = engine.inspect(name)["Id"]
    for method, path in (("GET", f"/containers/{name}/archive?path=/deep"), ("GET", f"/containers/{name}/export"), ("POST", f"/commit?container={name}&repo=deep")):
        try:
            a = engine.request(method, path)
            if depth > 128:
                assert a.status >= 400 and "too deep" in a.message
            else:
                assert a.status in (200, 201)
        except OSError:
            assert depth > 128  # a stream that had begun is broken off
        except Exception as e:
            assert depth > 128 and "IncompleteRead" in repr(e)
    assert engine.get(f"/containers/{name}/changes").status == 200
    assert engine.get(f"/containers/{name}/json?size=1").status == 200
    assert engine.get("/system/df").status == 200
    assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204
    engine.request("DELETE", "/images/deep?force=1")
    wait_for(lambda: not [n for n in os.listdir(os.path.join(engine.data, "overlay2")) if n.startswith(box)], "the tree is gone")
    assert engine.proc.poll() is None
