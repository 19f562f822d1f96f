# SPDX-License-Identifier: Apache-2.0
"""What a start may cost, counted rather than timed: transactions of the database, system calls, memory."""
import json
import os
import shutil
import struct
import subprocess
import tempfile
import time

import pytest

from harness import RUNTIME, WHEN_TOLD, run, tell, wait_for

FRAME = struct.Struct(">II8sII")  # sqlite.org/fileformat2.html, "WAL frames": page, size after commit, salts, checksums


def commits(daemon):
    """Transactions in the write-ahead log since it was begun anew."""
    path = os.path.join(daemon.data, "berth.db-wal")
    with open(path, "rb") as f:
        head = f.read(32)
        page, salts = struct.unpack(">I", head[8:12])[0], head[16:24]
        n = 0
        while True:
            frame = f.read(FRAME.size)
            if len(frame) < FRAME.size:
                return n
            _, size, own, _, _ = FRAME.unpack(frame)
            if own != salts:
                return n
            n += size > 0
            f.seek(page, os.SEEK_CUR)


@pytest.mark.parametrize("network", ["none", "bridge"])
def test_a_run_takes_at_most_four_transactions(fresh, network):
    before = commits(fresh)
    fresh.berth("run", "--rm", "--network", network, "bb", "true")
    # creation, endpoints taken, endpoints given back, removal
    assert 1 <= commits(fresh) - before <= 4


def test_each_step_takes_one_transaction(fresh):
    before = commits(fresh)
    fresh.berth("create", "--name", "step", "--network", "none", "bb", "sleep", "1000")
    assert commits(fresh) - before == 1
    before = commits(fresh)
    fresh.berth("start", "step")
    assert commits(fresh) - before == 1  # the endpoints; that it runs stands in the journal
    before = commits(fresh)
    fresh.berth("kill", "step")
    # Its state comes first, and then what it had while it ran is given back: who waits is answered after both.
    assert fresh.post("/containers/step/wait").json == {"StatusCode": 137}
    assert fresh.inspect("step")["NetworkSettings"]["Networks"]["none"]["EndpointID"] == ""
    assert commits(fresh) - before <= 2
    before = commits(fresh)
    fresh.berth("rm", "step")
    assert commits(fresh) - before == 1


def test_what_was_not_stored_is_known_after_a_crash(fresh):
    fresh.berth("run", "-d", "--name", "on", "bb", "sleep", "1000")
    before = fresh.inspect("on")
    fresh.kill()
    fresh.start()
    after = fresh.inspect("on")
    assert after["State"] == before["State"]
    assert after["NetworkSettings"]["Networks"] == before["NetworkSettings"]["Networks"]
    assert after["NetworkSettings"]["IPAddress"] != ""


def test_a_container_removed_at_its_end_is_removed_when_it_ends_without_a_daemon(fresh):
    fresh.berth("run", "-d", "--rm", "--name", "gone", "bb", "sh", "-c", WHEN_TOLD)
    pid = fresh.inspect("gone")["State"]["Pid"]
    fresh.kill()
    tell(pid)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "it ends")
    fresh.start()
    wait_for(lambda: fresh.get("/containers/gone/json").status == 404, "it is removed")
    wait_for(lambda: os.listdir(os.path.join(fresh.data, "containers")) == [], "its files are gone")
    wait_for(lambda: not [n for n in os.listdir(os.path.join(fresh.data, "overlay2")) if n.endswith("-removing")], "its layer is gone")


def test_a_creation_that_was_cut_short_is_swept(fresh):
    fresh.berth("create", "--name", "half", "bb", "true")
    container = fresh.inspect("half")["Id"]
    fresh.kill()
    os.unlink(os.path.join(fresh.data, "image/overlay2/layerdb/mounts", container, "mount-id"))
    fresh.start()
    assert fresh.get("/containers/half/json").status == 404
    assert not os.path.exists(os.path.join(fresh.data, "containers", container))


def system_calls(pids, work):
    """{name: how often} of the processes and all that they start, while work() runs."""
    with tempfile.NamedTemporaryFile("r") as f:
        tracer = subprocess.Popen(["strace", "-f", "-o", f.name, *[a for p in pids for a in ("-p", str(p))]], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: all(f"TracerPid:\t{tracer.pid}\n" in open(f"/proc/{p}/status").read() for p in pids), "strace is attached")
            work()
            time.sleep(0.5)  # what is done behind
        finally:
            tracer.terminate()
            tracer.wait()
        calls = {}
        for line in f:
            name = line.split(None, 1)[1].split("(")[0]
            if name.isidentifier():
                calls[name] = calls.get(name, 0) + 1
        return calls


@pytest.mark.skipif(subprocess.run(["which", "strace"], capture_output=True).returncode != 0, reason="strace is not installed")
def test_a_run_in_monitor_and_init_takes_few_system_calls(fresh):
    fresh.berth("run", "--rm", "--network", "none", "bb", "true")
    spawner = [int(p) for p in run(["pgrep", "-P", str(fresh.proc.pid)]).stdout.split()]
    calls = system_calls(spawner, lambda: fresh.berth("run", "--rm", "--network", "none", "bb", "true"))
    assert calls["execve"] == 1, "the container's program alone is run"
    assert calls.get("fsync", 0) + calls.get("fdatasync", 0) == 0
    assert calls["clone3"] + calls.get("clone", 0) + calls.get("vfork", 0) + calls.get("fork", 0) == 2, "a monitor and an init"
    assert sum(calls.values()) <= 950, calls


@pytest.fixture
def megabyte(tmp_path):
    """megabyte(verb, *args, program=…): the runtime on a container of busybox whose limit is one megabyte."""
    root, name, group = tmp_path / "root", f"megabyte{os.getpid()}", f"berth-test-{os.getpid()}"
    for d in ("bin", "proc", "sys", "dev"):
        (root / d).mkdir(parents=True)
    for applet in ("sh", "sleep"):
        shutil.copy("/bin/busybox", root / "bin" / applet)
    run([RUNTIME, "spec", "--bundle", str(tmp_path)])
    config = json.loads((tmp_path / "config.json").read_text())
    config["root"] = {"path": str(root), "readonly": True}
    config["linux"]["resources"] = {"memory": {"limit": 1 << 20}}
    config["linux"]["cgroupsPath"] = f"/{group}/megabyte"

    def call(verb, *options, program):
        if verb == "run":
            config["process"].update(terminal=False, args=["/bin/sh", "-c", program])
            (tmp_path / "config.json").write_text(json.dumps(config))
            options, after = (*options, "--bundle", str(tmp_path)), ()
        else:
            after = ("/bin/sh", "-c", program)
        return run([RUNTIME, "--root", str(tmp_path / "state"), verb, *options, name, *after], check=False)
    yield call
    run([RUNTIME, "--root", str(tmp_path / "state"), "delete", "--force", name], check=False)
    for path in [f"/sys/fs/cgroup/{group}", *(f"/sys/fs/cgroup/{top}/{group}" for top in os.listdir("/sys/fs/cgroup"))]:
        if os.path.isdir(path):
            os.rmdir(path)


def test_a_container_starts_and_runs_in_one_megabyte(megabyte):
    p = megabyte("run", program="echo within; exit 9")
    assert (p.stdout, p.returncode) == ("within\n", 9), p.stderr


def test_a_container_of_one_megabyte_is_entered(megabyte):
    p = megabyte("run", "--detach", program="exec sleep 600 >/dev/null 2>&1")
    assert p.returncode == 0, p.stderr
    p = megabyte("exec", program="echo entered; exit 7")
    assert (p.stdout, p.returncode) == ("entered\n", 7), p.stderr
