# SPDX-License-Identifier: Apache-2.0
"""The daemon dies; nothing is lost."""
import os
import subprocess
import threading
import time

from harness import PATIENCE, WHEN_TOLD, Daemon, busybox_tar, run, tell, wait_for

COUNT = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo line $i; [ $((i % 200)) = 0 ] && sleep 0.02; done; exit 17"


def test_a_container_outlives_its_daemon_and_its_exit_is_known(fresh):
    fresh.docker("run", "-d", "--name", "cc", "bb", "sh", "-c", WHEN_TOLD + "echo done; exit 23")
    pid = fresh.inspect("cc")["State"]["Pid"]
    fresh.kill()
    assert os.path.exists(f"/proc/{pid}")
    tell(pid)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "it ends while no daemon runs")
    fresh.start()
    wait_for(lambda: fresh.inspect("cc")["State"]["Status"] == "exited", "its monitor has told of it")
    assert fresh.inspect("cc")["State"]["ExitCode"] == 23
    assert fresh.docker("logs", "cc").stdout == "done\n"


def test_a_container_that_runs_on_is_found_again(fresh):
    fresh.docker("run", "-d", "-i", "--name", "cc", "bb", "sh", "-c", "while read x; do echo got $x; done; exit 6")
    before = fresh.inspect("cc")
    fresh.kill()
    fresh.start()
    after = fresh.inspect("cc")
    for key in ("Pid", "StartedAt", "Status"):
        assert after["State"][key] == before["State"][key]
    assert fresh.docker("exec", "cc", "echo", "inside").stdout == "inside\n"
    p = subprocess.Popen(fresh.client_argv("/usr/bin/docker", "attach", "--sig-proxy=false", "cc"), stdin=subprocess.PIPE)
    p.stdin.write(b"after\n")
    p.stdin.flush()
    wait_for(lambda: fresh.docker("logs", "cc").stdout == "got after\n", "what was typed after the restart arrives")
    p.kill()
    p.wait()
    fresh.docker("stop", "-t", "1", "cc")


def test_attached_clients_stay_attached_while_the_daemon_is_replaced(fresh):
    # not `run -i`: what it typed can come back before the answer to its start, and a daemon killed between the two makes it give up
    fresh.docker("run", "-d", "-i", "--name", "cc", "bb", "cat")
    p = subprocess.Popen(fresh.client_argv("/usr/bin/docker", "attach", "cc"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    p.stdin.write(b"one\n")
    p.stdin.flush()
    assert p.stdout.readline() == b"one\n"
    fresh.kill()
    fresh.start()
    p.stdin.write(b"two\n")
    p.stdin.flush()
    assert p.stdout.readline() == b"two\n"
    p.stdin.close()
    p.wait(timeout=PATIENCE)
    assert fresh.docker("logs", "cc").stdout == "one\ntwo\n"


def test_ten_sigkills_under_load_lose_nothing(fresh):
    for i in range(3):
        fresh.docker("run", "-d", "--name", f"count{i}", "bb", "sh", "-c", COUNT)
    fresh.docker("run", "-d", "--name", "steady", "bb", "sleep", "600")
    started = []
    stop = threading.Event()

    def load():
        n = 0
        while not stop.is_set():
            n += 1
            p = subprocess.run(fresh.client_argv("/usr/bin/docker", "run", "-d", "--name", f"load{n}", "bb", "sh", "-c",
                                                 f"echo out {n}; exit {n % 100}"), capture_output=True, timeout=PATIENCE)
            if p.returncode == 0:
                started.append(n)

    t = threading.Thread(target=load)
    t.start()
    try:
        for _ in range(10):
            time.sleep(0.4)
            fresh.kill()
            fresh.start()
        wait_for(lambda: started or not t.is_alive(), "one of them was started, however slow the machine is")
    finally:
        stop.set()
        t.join()
    for i in range(3):
        assert fresh.docker("wait", f"count{i}", timeout=5 * PATIENCE).stdout == "17\n"
        assert fresh.docker("logs", f"count{i}").stdout == "".join(f"line {k}\n" for k in range(1, 100001))
    assert fresh.inspect("steady")["State"]["Running"] is True
    assert started
    for n in started:
        assert fresh.docker("wait", f"load{n}").stdout == f"{n % 100}\n"
        assert fresh.docker("logs", f"load{n}").stdout == f"out {n}\n"
    # What was cut in the middle is whole or absent, and can be removed.
    for c in fresh.get("/containers/json?all=1").json:
        assert fresh.request("DELETE", f"/containers/{c['Id']}?force=1").status == 204
    for kind in ("containers", "overlay2"):
        left = [x for x in os.listdir(os.path.join(fresh.data, kind)) if len(x) == 64] if os.path.isdir(
            os.path.join(fresh.data, kind)) else []
        images = fresh.get("/images/json").json
        assert len(left) <= (len(images) if kind == "overlay2" else 0), (kind, left)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)])
    try:
        d = Daemon(top=str(disk))
        d.start()
        try:
            d.import_image(busybox_tar(), "bb")
            p = d.docker("run", "--name", "fill", "bb", "sh", "-c", "dd if=/dev/zero of=/fill bs=64k 2>/dev/null; exit 4", check=False)
            assert p.returncode == 4
            p = d.docker("import", busybox_tar(), "twin", check=False)
            assert p.returncode != 0 and "o space left" in p.stderr + p.stdout
            assert "twin" not in d.docker("images").stdout
            d.docker("rm", "fill")
            assert d.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"
        finally:
            d.stop()
    finally:
        run(["umount", "-l", str(disk)])
