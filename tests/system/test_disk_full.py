# SPDX-License-Identifier: Apache-2.0
"""P05: a disk that is full under a daemon that runs: a clear error at each step, nothing is lost, and all works again once there is room."""
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import time

import pytest

from harness import Daemon, busybox_tar, run, wait_for
from registries import Registry

SIZE = 64 << 20
FULL = "no space left on device"
LOG = 2 << 20  # what the database's log keeps
LARGE = 3 << 20  # more than the database's log has room for without growing


def places(inspected):
    """The directories of layers that an image or a container has."""
    return set(re.findall(r"/overlay2/([^/:]+)", " ".join((inspected["GraphDriver"]["Data"] or {}).values())))


class Small(Daemon):
    """A daemon whose data root is a small file system of its own."""

    def __init__(self):
        super().__init__()
        os.makedirs(self.data)
        run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "tmpfs", self.data])

    def stop(self):
        try:
            super().stop()
        finally:
            run(["umount", "-l", self.data], check=False)
            shutil.rmtree(self.top, ignore_errors=True)

    @property
    def filler(self):
        return os.path.join(self.data, "filler")

    def settled(self):
        """Nothing that was removed is being taken from the disk still, for its room would come back while there shall be none."""
        named = set()
        for c in self.get("/containers/json?all=1").json:
            named |= places(self.get(f"/containers/{c['Id']}/json").json)
        for i in self.get("/images/json?all=1").json:
            named |= places(self.get(f"/images/{i['Id']}/json").json)
        return set(os.listdir(os.path.join(self.data, "overlay2"))) <= named

    def log_is_small(self):
        """What was large has gone back into the file, so that nothing as large finds room in the log: when the database was quiet, and with the next write."""
        if os.path.getsize(os.path.join(self.data, "berth.db-wal")) <= LOG:
            return True
        time.sleep(0.7)
        self.post("/images/bb/tag?repo=again&tag=0")
        return False

    def fill(self):
        """Take all room, to the last byte."""
        if self.proc.poll() is None:
            wait_for(self.settled, "what was removed is gone")
        with open(self.filler, "wb", buffering=0) as f, contextlib.suppress(OSError):
            while True:
                f.write(b"\0" * 65536)
        with open(self.filler, "ab", buffering=0) as f, contextlib.suppress(OSError):
            while True:
                f.write(b"\0" * 512)

    def leave(self, room):
        """Take all but so many bytes."""
        self.fill()
        with open(self.filler, "r+b") as f:
            f.truncate(max(os.path.getsize(self.filler) - room, 0))

    def free(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)

    @contextlib.contextmanager
    def full(self):
        if self.proc.poll() is None:
            wait_for(self.log_is_small, "the database's log has its usual room only")
        self.fill()
        try:
            yield
        finally:
            self.free()


@pytest.fixture(scope="module")
def small():
    d = Small()
    d.own_top = False
    with d:
        d.import_image(busybox_tar(), "bb:latest")
        # It has a megabyte of its own, which a commit has to copy.
        d.docker("run", "-d", "--name", "box", "bb", "sh", "-c", "head -c 1000000 /dev/urandom >/mine; echo begins; exec sleep 6000")
        wait_for(lambda: d.docker("logs", "box").stdout == "begins\n", "it has begun")
        yield d


@pytest.fixture(autouse=True)
def clean(small):
    """What a test that failed left is not the next one's."""
    yield
    small.free()
    for path in ("/containers/cc?force=1", "/volumes/vv", "/images/loaded:1", *(f"/images/again:{i}" for i in range(3))):
        small.request("DELETE", path)


def archive(size):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        member = tarfile.TarInfo("large")
        member.size = size
        t.addfile(member, io.BytesIO(os.urandom(size)))
    return out.getvalue()


def image_archive(size=1 << 20):
    """An image of one layer, as `docker load` takes it."""
    layer = archive(size)
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["loaded:1"], "Layers": ["layer.tar"]}]).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for member, data in (("manifest.json", manifest), (name, config), ("layer.tar", layer)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def intact(d):
    """Nothing that was there is lost, and a container runs from its image to its end."""
    assert d.inspect("box")["State"]["Running"]
    assert d.docker("exec", "box", "cat", "/etc/hello").stdout == "hello from the image\n"
    assert d.docker("run", "--rm", "bb", "echo", "works").stdout == "works\n"
    assert d.docker("logs", "box").stdout.startswith("begins\n")
    assert sorted(c["Names"][0] for c in d.get("/containers/json?all=1").json) == ["/box"]


def answers(d):
    """Who asks only is answered."""
    assert d.get("/containers/json?all=1").status == 200 and d.inspect("box")["State"]["Running"]
    assert d.get("/images/json").status == 200 and d.get("/info").status == 200 and d.get("/volumes").status == 200


def create(d):
    return d.post("/containers/create?name=cc", {"Image": "bb", "Cmd": ["true"], "Labels": {"l": "x" * LARGE}})


def volume(d):
    return d.post("/volumes/create", {"Name": "vv", "Labels": {"l": "x" * LARGE}})


def commit(d):
    return d.post("/commit?container=box&repo=made", {})


def load(d):
    return d.post("/images/load", image_archive(), headers={"Content-Type": "application/x-tar"})


def fetch(d):
    return d.post("/images/create?fromSrc=-&repo=imported", archive(1 << 20), headers={"Content-Type": "application/x-tar"})


def copy(d):
    return d.request("PUT", "/containers/box/archive?path=/tmp", archive(1 << 20), headers={"Content-Type": "application/x-tar"})


UNDO = {create: ("/containers/cc?force=1",), volume: ("/volumes/vv",), commit: ("/images/made",), load: ("/images/loaded:1",), fetch: ("/images/imported",), copy: ()}


def says(answer):
    """An error of its own status, or in the stream of an answer that had begun."""
    text = answer.body.decode().lower()
    assert (answer.status == 500 or '"errordetail"' in text) and FULL in text, (answer.status, text[:1000])


def test_p05_removal_makes_room_on_a_full_disk(small):
    """Who has no room must be able to make some: the database keeps a reserve."""
    small.docker("run", "--name", "cc", "bb", "sh", "-c", "head -c 4000000 /dev/zero >/large")
    with small.full():
        a = small.request("DELETE", "/containers/cc")
        assert a.status == 204, a.body
        wait_for(lambda: os.statvfs(small.data).f_bavail * 4096 > 3000000, "the room is back")
    intact(small)


@pytest.mark.parametrize("deed", list(UNDO), ids=lambda f: f.__name__)
def test_p05_a_full_disk_is_an_error_of_its_own_and_passes(small, deed):
    with small.full():
        says(deed(small))
        answers(small)
    intact(small)
    assert small.get("/volumes").json["Volumes"] in ([], None)
    a = deed(small)
    assert a.status in (200, 201) and b'"errorDetail"' not in a.body, a.body
    for path in UNDO[deed]:
        assert small.request("DELETE", path).status in (200, 204)


def test_p05_a_start_succeeds_or_names_the_reason_and_the_next_one_works(small):
    assert small.post("/containers/create?name=cc", {"Image": "bb", "Cmd": ["sh", "-c", "exit 7"]}).status == 201
    with small.full():
        a = small.post("/containers/cc/start")
        if a.status != 204:
            assert a.status == 500 and FULL in a.message.lower(), a.body
        answers(small)
    if a.status == 204:
        wait_for(lambda: small.inspect("cc")["State"]["Status"] == "exited", "it ends")
    assert small.post("/containers/cc/start").status == 204
    wait_for(lambda: small.inspect("cc")["State"]["Status"] == "exited", "it ends")
    assert small.inspect("cc")["State"]["ExitCode"] == 7
    assert small.request("DELETE", "/containers/cc").status == 204
    intact(small)


def test_p05_an_end_on_a_full_disk_is_known_with_its_code(small):
    """The program ends while nothing can be written: what ended how is not lost."""
    assert small.post("/containers/create?name=cc", {"Image": "bb", "Cmd": ["sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"]}).status == 201
    assert small.post("/containers/cc/start").status == 204
    wait_for(lambda: b"ready" in small.get("/containers/cc/logs?stdout=1").body, "it listens")
    with small.full():
        assert small.post("/containers/cc/kill?signal=TERM").status == 204
        assert small.post("/containers/cc/wait").json["StatusCode"] == 9
        assert small.inspect("cc")["State"]["Status"] == "exited"
    assert small.inspect("cc")["State"]["ExitCode"] == 9
    assert small.request("DELETE", "/containers/cc").status == 204
    intact(small)


def test_p05_an_exec_needs_no_room(small):
    with small.full():
        assert small.docker("exec", "box", "echo", "works").stdout == "works\n"
        out = small.docker("exec", "box", "sh", "-c", "echo 12345 >/tmp/new", check=False)
        assert out.returncode != 0
    small.docker("exec", "box", "sh", "-c", "echo 12345 >/tmp/new && rm /tmp/new")
    intact(small)


def test_p05_a_container_goes_on_while_its_log_has_no_room(small):
    """Output that cannot be written is lost to the log, not to who is attached, and later output is there."""
    small.docker("run", "-d", "-i", "--name", "cc", "bb", "sh", "-c", "while read x; do echo $x; done")
    pid = small.inspect("cc")["State"]["Pid"]

    def say(text):
        small.docker("exec", "-i", "cc", "sh", "-c", "cat >/proc/1/fd/1", input=text)

    say("before\n")
    wait_for(lambda: small.docker("logs", "cc").stdout == "before\n", "it is in the log")
    with small.full():
        say("x" * 300000 + "\n")
        assert small.inspect("cc")["State"]["Pid"] == pid
    say("after\n")
    wait_for(lambda: small.docker("logs", "cc").stdout.endswith("after\n"), "later output is there")
    assert small.docker("logs", "cc").stdout.startswith("before\n")
    assert small.request("DELETE", "/containers/cc?force=1").status == 204
    intact(small)


def test_p05_a_daemon_that_is_killed_on_a_full_disk_comes_back(small):
    with small.full():
        small.kill()
    small.start()
    intact(small)


def use_up_the_reserve(d):
    """Write what needs no room but the database's, until even that has none, or for long."""
    for i in range(3000):
        if d.post(f"/images/bb/tag?repo=again&tag={i % 3}").status != 201:
            break


def has_room(d, least):
    return os.statvfs(d.data).f_bavail * 4096 > least


def test_p05_thousands_of_writes_on_a_full_disk_leave_removal_its_room(small):
    """What they wrote goes back into the database's file, where it has its place."""
    small.docker("run", "--name", "cc", "bb", "sh", "-c", "head -c 9000000 /dev/zero >/large")
    assert small.post("/volumes/create", {"Name": "vv"}).status == 201
    with open(small.get("/volumes/vv").json["Mountpoint"] + "/large", "wb") as f:
        f.write(b"x" * 9000000)
    with small.full():
        use_up_the_reserve(small)
        assert small.request("DELETE", "/containers/cc").status == 204
        wait_for(lambda: has_room(small, 3000000), "the room is back")
        small.fill()
        use_up_the_reserve(small)
        assert small.request("DELETE", "/volumes/vv").status == 204
        wait_for(lambda: has_room(small, 3000000), "the room is back")
    intact(small)


@pytest.mark.parametrize("large", ["layer", "log"])
def test_p05_a_daemon_that_began_on_a_full_disk_has_no_reserve_and_removes_all_the_same(small, large):
    """Then what is removed gives up its own room before its rows."""
    where = ">/large" if large == "layer" else ""
    small.docker("run", "--name", "cc", "bb", "sh", "-c", "head -c 9000000 /dev/zero | tr '\\0' x | fold -w 80 " + where)
    small.terminate()
    with small.full():
        small.start()
        small.fill()
        use_up_the_reserve(small)
        a = small.request("DELETE", "/containers/cc")
        assert a.status == 204, a.body
        wait_for(lambda: has_room(small, 3000000), "the room is back")
    assert small.get("/containers/cc/json").status == 404
    intact(small)


def test_p05_an_image_can_be_removed_from_a_full_disk(small):
    assert small.post("/images/load", image_archive(5 << 20), headers={"Content-Type": "application/x-tar"}).status == 200
    with small.full():
        use_up_the_reserve(small)
        a = small.request("DELETE", "/images/loaded:1")
        assert a.status == 200, a.body
        wait_for(lambda: has_room(small, 1500000), "the room is back")
    assert small.get("/images/loaded:1/json").status == 404
    intact(small)


def files(d):
    """What the engine has on the disk, but for its database, which keeps what it once took."""
    return {os.path.join(top, f) for top, _, names in os.walk(d.data) for f in names if not f.startswith("berth.db") and f != "filler"}


@pytest.fixture(scope="module")
def pulled(small):
    """An image in a registry, and no longer here: two layers that do not compress, of a megabyte, and of two in a thousand files."""
    with Registry() as r:
        name = f"{r.name}/full/image:1"
        many = io.BytesIO()
        with tarfile.open(fileobj=many, mode="w") as t:
            for i in range(1000):
                member = tarfile.TarInfo(f"many/{i}")
                member.size = 2000
                t.addfile(member, io.BytesIO(os.urandom(2000)))
        small.docker("run", "--name", "cc", "bb", "sh", "-c", "head -c 1000000 /dev/urandom >/large")
        small.docker("commit", "cc", "half")
        small.docker("rm", "cc")
        small.docker("create", "--name", "cc", "half", "true")
        assert small.request("PUT", "/containers/cc/archive?path=/", many.getvalue(), headers={"Content-Type": "application/x-tar"}).status == 200
        small.docker("commit", "cc", name)
        small.docker("push", name)
        small.docker("rm", "cc")
        small.docker("rmi", name, "half")
        yield name


# With the layers' bytes for the moment, it takes some seven megabytes; some of the steps between are of each kind: blobs, files, rows.
@pytest.mark.parametrize("room", [0, 4096, 65536, 300000, 900000, 1500000, 2500000, 3200000, 4000000, 5000000, 6000000])
def test_p05_a_pull_without_room_is_an_error_and_leaves_nothing_behind(small, pulled, room):
    before = files(small)
    small.leave(room)
    try:
        a = small.post(f"/images/create?fromImage={pulled}")
        failed = a.status != 200 or b'"errorDetail"' in a.body
        if failed:
            says(a)
            assert small.get(f"/images/{pulled}/json").status == 404
            answers(small)
    finally:
        small.free()
    if not failed:
        assert small.docker("run", "--rm", pulled, "sh", "-c", "ls /many | wc -l; wc -c </large").stdout.split() == ["1000", "1000000"]
        small.docker("rmi", pulled)
    # A repeat takes up what it can of what came before, and is whole.
    small.docker("pull", pulled)
    assert small.docker("run", "--rm", pulled, "sh", "-c", "ls /many | wc -l; wc -c </large").stdout.split() == ["1000", "1000000"]
    small.docker("rmi", pulled)
    with contextlib.suppress(AssertionError):
        wait_for(lambda: files(small) <= before, "all it took is free again")
    assert files(small) - before == set()
    intact(small)
