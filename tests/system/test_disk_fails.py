# SPDX-License-Identifier: Apache-2.0
"""A data root whose file system fails under a daemon that runs, and is read-only from then on: what runs goes on, every answer is true, and nothing is lost.

The file system is an ext4 in a file, which has a switch for such errors. (A remount read-only the kernel refuses while the database is open.)
"""
import contextlib
import os
import shutil
import socket

import pytest

from harness import PATIENCE, Daemon, busybox_tar, run, wait_for
from test_disk_full import archive

READ_ONLY = "read-only file system"


def ext4_with_switch():
    """None where an ext4 in a file, or its switch, cannot be had."""
    return shutil.which("mkfs.ext4") and os.path.isdir("/sys/fs/ext4/features") and os.path.exists("/dev/loop-control")


pytestmark = pytest.mark.skipif(not ext4_with_switch(), reason="no ext4 in a file here")


class Failing(Daemon):
    """A daemon whose data root is an ext4 of its own, which can be made to fail and mended again."""

    def __init__(self):
        super().__init__()
        self.own_top = False
        self.image = self.top + "/image"
        os.makedirs(self.data)
        run(["truncate", "-s", "256M", self.image])
        run(["mkfs.ext4", "-q", "-F", self.image])
        self.mount()

    def mount(self):
        run(["mount", "-o", "loop,errors=remount-ro", self.image, self.data])

    def fail(self):
        """What was written before is on the disk: what a crash loses is no matter of this."""
        os.sync()
        device = os.path.basename(run(["findmnt", "-no", "SOURCE", self.data]).stdout.strip())
        with open(f"/sys/fs/ext4/{device}/trigger_fs_error", "w") as f:
            f.write("test")
        with contextlib.suppress(OSError), open(self.data + "/probe", "w"):
            raise AssertionError("it does not fail")

    def mend(self):
        """As an operator does: unmount, check, mount."""
        def unmounted():
            return run(["umount", self.data], check=False).returncode == 0
        wait_for(unmounted, "nobody uses it")
        run(["e2fsck", "-fy", self.image], check=False)
        self.mount()

    def stop(self):
        try:
            super().stop()
        finally:
            run(["umount", "-l", self.data], check=False)
            shutil.rmtree(self.top, ignore_errors=True)


def ticks(d, name):
    """Who says a number again and again, to whom is attached as well."""
    d.docker("run", "-d", "--name", name, "bb", "sh", "-c", "i=0; while :; do echo tick $i; i=$((i+1)); sleep 0.05; done")
    wait_for(lambda: "tick 3\n" in d.docker("logs", name).stdout, "it ticks")


def tell_end(d, name):
    """Who waits for it ends. Not by an exec: its process may be ended by the end that it brings about."""
    with open(f"/proc/{d.inspect(name)['State']['Pid']}/root/dev/shm/end", "w"):
        pass


@pytest.fixture(scope="module")
def failed():
    """The engine after the failure: containers that run, one that was made only, one that was stopped before."""
    with Failing() as d:
        d.import_image(busybox_tar(), "bb:latest")
        ticks(d, "box")
        d.docker("run", "-d", "--name", "ends", "bb", "sh", "-c", "while [ ! -e /dev/shm/end ]; do sleep 0.05; done; exit 9")
        d.docker("run", "-d", "--restart", "always", "--name", "again", "bb", "sh", "-c", "while [ ! -e /dev/shm/end ]; do sleep 0.05; done; exit 3")
        d.docker("run", "-d", "--name", "victim", "bb", "sleep", "6000")
        d.docker("create", "--name", "made", "bb", "true")
        d.docker("run", "--name", "over", "bb", "sh", "-c", "echo said; exit 7", check=False)
        d.docker("volume", "create", "vol")
        d.fail()
        yield d


def test_who_asks_is_answered(failed):
    for path in ("/containers/json?all=1", "/images/json", "/volumes", "/networks", "/info", "/system/df", "/containers/box/json", "/containers/box/stats?stream=0", "/containers/box/top"):
        assert failed.get(path).status == 200, path
    states = {c["Names"][0]: c["State"] for c in failed.get("/containers/json?all=1").json}
    assert states["/made"] == "created" and states["/over"] == "exited" and states["/box"] == "running"


CHANGES = {
    "create": lambda d: d.post("/containers/create?name=new", {"Image": "bb", "Cmd": ["true"]}),
    "start": lambda d: d.post("/containers/made/start"),
    "start again": lambda d: d.post("/containers/over/start"),
    "rename": lambda d: d.post("/containers/box/rename?name=other"),
    "update": lambda d: d.post("/containers/box/update", {"Memory": 64 << 20}),
    "pause": lambda d: d.post("/containers/box/pause"),
    "remove": lambda d: d.request("DELETE", "/containers/over"),
    "remove by force": lambda d: d.request("DELETE", "/containers/victim?force=1"),
    "volume": lambda d: d.post("/volumes/create", {"Name": "new"}),
    "volume rm": lambda d: d.request("DELETE", "/volumes/vol"),
    "network": lambda d: d.post("/networks/create", {"Name": "new"}),
    "tag": lambda d: d.post("/images/bb/tag?repo=new"),
    "commit": lambda d: d.post("/commit?container=box&repo=new", {}),
    "import": lambda d: d.post("/images/create?fromSrc=-&repo=new", archive(1 << 16), headers={"Content-Type": "application/x-tar"}),
    "copy": lambda d: d.request("PUT", "/containers/box/archive?path=/", archive(1 << 16)),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_cannot_be_written_is_an_error_that_says_so_and_no_change(failed, change):
    def state():
        return sorted((c["Names"][0], c["State"]) for c in failed.get("/containers/json?all=1").json if c["Names"][0] != "/victim")
    before = state()
    a = CHANGES[change](failed)
    text = a.body.decode().lower()
    assert a.status in (403, 500) or '"errordetail"' in text, (a.status, text)
    assert READ_ONLY in text, text
    assert state() == before
    assert failed.inspect("box")["State"]["Running"] and not failed.inspect("box")["State"]["Paused"]
    assert {v["Name"] for v in failed.get("/volumes").json["Volumes"]} == {"vol"}
    assert "new" not in {n["Name"] for n in failed.get("/networks").json} and failed.get("/images/new/json").status == 404


def test_one_whose_removal_failed_is_what_it_was_and_not_dead(failed):
    failed.request("DELETE", "/containers/made")
    failed.request("DELETE", "/containers/victim?force=1")
    failed.post("/containers/prune")
    assert failed.inspect("made")["State"]["Status"] == "created"
    assert (failed.inspect("over")["State"]["Status"], failed.inspect("over")["State"]["ExitCode"]) == ("exited", 7)
    assert failed.inspect("victim")["State"]["Status"] == "exited"


def test_an_exec_and_the_logs_so_far_and_copies_out_are_had(failed):
    assert failed.docker("exec", "box", "echo", "works").stdout == "works\n"
    out = failed.docker("exec", "box", "sh", "-c", "echo x >/file", check=False)
    assert out.returncode != 0 and "Read-only file system" in out.stderr
    assert failed.docker("logs", "--tail", "1", "box").stdout.startswith("tick ")
    assert failed.docker("logs", "over").stdout == "said\n"
    assert failed.get("/containers/box/archive?path=/etc/hello").status == 200
    assert failed.get("/containers/over/export").status == 200


def test_who_is_attached_sees_what_the_log_cannot_keep(failed):
    def last(text):
        return int(text.split()[-1])
    kept = last(failed.docker("logs", "--tail", "1", "box").stdout)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(failed.sock)
        s.sendall(b"POST /containers/box/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n")
        seen = b""
        while seen.count(b"tick ") < 3:
            more = s.recv(4096)
            assert more, seen
            seen += more
    assert int(seen.split(b"tick ")[2].split()[0]) > kept


def test_ends_are_known_with_their_codes_and_policies_are_carried_out(failed):
    tell_end(failed, "ends")
    assert failed.post("/containers/ends/wait").json["StatusCode"] == 9
    assert failed.inspect("ends")["State"]["ExitCode"] == 9
    tell_end(failed, "again")
    wait_for(lambda: failed.inspect("again")["RestartCount"] > 0, "it is started again")
    assert failed.post("/containers/again/stop?t=0").status in (204, 304)
    assert failed.inspect("again")["State"]["Status"] == "exited"


def test_zz_nothing_is_lost_once_it_is_mended(failed):
    """The last test here. Stopping needs no disk; then the file system is checked, and the engine goes on with what it had."""
    for name in ("box", "victim", "ends", "again"):
        assert failed.post(f"/containers/{name}/stop?t=0").status in (204, 304)
        assert not failed.inspect(name)["State"]["Running"]
    failed.terminate()
    assert failed.proc.returncode == 0
    with pytest.raises(AssertionError, match="(?i)read-only file system"):
        failed.start()
    failed.mend()
    failed.start()
    states = {c["Names"][0]: c["State"] for c in failed.get("/containers/json?all=1").json}
    assert set(states) == {"/box", "/ends", "/again", "/victim", "/made", "/over"} and "running" not in {states[n] for n in ("/box", "/victim", "/ends")}
    assert states["/made"] == "created" and failed.inspect("over")["State"]["ExitCode"] == 7
    assert failed.docker("logs", "over").stdout == "said\n" and failed.docker("logs", "box").stdout.startswith("tick 0\n")
    assert failed.docker("start", "-a", "made").returncode == 0
    for name in ("box", "victim"):
        assert failed.post(f"/containers/{name}/start").status == 204
        assert failed.docker("exec", name, "sh", "-c", "echo x >/file && cat /file").stdout == "x\n"
    assert [v["Name"] for v in failed.get("/volumes").json["Volumes"]] == ["vol"]
    ids = [c["Id"] for c in failed.get("/containers/json?all=1").json]
    for name in states:
        assert failed.request("DELETE", f"/containers{name}?force=1").status == 204
    wait_for(lambda: not [n for n in os.listdir(failed.data + "/overlay2") if n.split("-")[0] in ids], "no layer of a container is left")
    assert os.listdir(failed.data + "/containers") == []
