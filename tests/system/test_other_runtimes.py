# SPDX-License-Identifier: Apache-2.0
"""Containers that runc and crun run, by way of berthd and the same monitor."""
import json
import os
import re
import shutil

import pytest

from harness import Daemon, RUNTIME, busybox_tar, wait_for
from test_oci_callers import memory_of, processes_of

THERE = [name for name in ("runc", "crun") if shutil.which(name)]
pytestmark = pytest.mark.skipif(not THERE, reason="neither runc nor crun here")


@pytest.fixture(scope="module", params=THERE)
def other(request):
    """A daemon whose containers are run by another runtime unless they say otherwise."""
    with Daemon(["--add-runtime", f"{request.param}={shutil.which(request.param)}", "--default-runtime", request.param]) as d:
        d.runtime = request.param
        d.import_image(busybox_tar(), "bb:latest")
        said = d.docker("run", "--rm", "bb", "true", check=False).stderr
        if "cgroups in hybrid mode not supported" in said:
            pytest.skip(f"{request.param} cannot run on this machine at all; it does in tests/vm")
        yield d


@pytest.fixture
def box(other):
    """A running container."""
    other.docker("run", "-d", "--name", "box", "-m", "64m", "--pids-limit", "50", "bb", "sleep", "600")
    yield other.inspect("box")["State"]["Pid"]
    other.request("DELETE", "/containers/box?force=1")


def test_output_and_codes_come_as_from_our_own(other):
    p = other.docker("run", "--rm", "bb", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
    assert (p.returncode, p.stdout, p.stderr) == (7, "out\n", "err\n")
    assert other.docker("run", "--rm", "-i", "bb", "cat", input="text\n").stdout == "text\n"


@pytest.mark.parametrize("argv,code", [(["nosuch"], 127), (["/bin/notexec"], 126)])
def test_a_program_that_cannot_run_is_told_by_its_code(other, argv, code):
    assert other.docker("run", "--rm", "bb", *argv, check=False).returncode == code


def test_inspect_and_info_name_the_runtime(other, box):
    assert other.inspect("box")["HostConfig"]["Runtime"] == other.runtime
    info = other.get("/info").json
    assert info["DefaultRuntime"] == other.runtime and other.runtime in info["Runtimes"]


def test_the_filter_is_in_force(other, box):
    """Handed over as text: the other runtime compiles it."""
    assert re.search(r"Seccomp:\s*2", open(f"/proc/{box}/status").read())
    p = other.docker("exec", "box", "unshare", "-U", "true", check=False)
    assert p.returncode != 0 and "not permitted" in p.stderr
    p = other.docker("run", "--rm", "--security-opt", "seccomp=unconfined", "bb", "grep", "Seccomp:", "/proc/self/status")
    assert p.stdout.split() == ["Seccomp:", "0"]


def test_a_profile_of_the_users_own_is_handed_over(other, tmp_path):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))
    p = other.docker("run", "--rm", "--security-opt", f"seccomp={path}", "bb", "mkdir", "/tmp/x", check=False)
    assert p.returncode == 1 and "Function not implemented" in p.stderr


def test_exec_joins_and_brings_its_code(other, box):
    assert other.docker("exec", "box", "cat", "/etc/hello").stdout == "hello from the image\n"
    assert other.docker("exec", "box", "sh", "-c", "exit 5", check=False).returncode == 5
    assert other.docker("exec", "-i", "box", "cat", input="x" * 100000).stdout == "x" * 100000
    assert other.docker("exec", "-u", "1000", "-w", "/tmp", "-e", "A=b", "box", "sh", "-c", "id -u; pwd; echo $A").stdout == "1000\n/tmp\nb\n"


def test_limits_are_the_kernels(other, box):
    assert (memory_of(box), processes_of(box)) == (64 << 20, 50)
    other.docker("update", "-m", "96m", "--memory-swap", "96m", "box")
    assert memory_of(box) == 96 << 20
    assert other.get("/containers/box/stats?stream=0").json["memory_stats"]["limit"] == 96 << 20


def test_stop_kill_pause_and_restart(other, box):
    other.docker("pause", "box")
    assert other.inspect("box")["State"]["Status"] == "paused"
    other.docker("unpause", "box")
    other.docker("restart", "-t", "0", "box")
    assert other.inspect("box")["State"]["Pid"] not in (0, box)
    other.docker("stop", "-t", "0", "box")
    assert other.inspect("box")["State"]["ExitCode"] == 137
    other.docker("start", "box")
    other.docker("kill", "box")
    assert other.docker("wait", "box").stdout == "137\n"


def test_events_are_told(other):
    before = other.get("/info").json["SystemTime"]
    other.docker("run", "--name", "told", "bb", "sh", "-c", "exit 3", check=False)
    other.docker("rm", "told")
    out = other.docker("events", "--since", before, "--until", other.get("/info").json["SystemTime"], "--filter", "container=told", "--format", "{{.Action}} {{.Actor.Attributes.exitCode}}").stdout
    actions = [line.split()[0] for line in out.splitlines()]
    assert [a for a in actions if a in ("create", "start", "die", "destroy")] == ["create", "start", "die", "destroy"]
    assert "die 3" in out


def test_out_of_memory_is_told(other):
    other.docker("run", "--name", "hungry", "-m", "16m", "--memory-swap", "16m", "bb", "sh", "-c", "head -c 64m /dev/zero | tail -c 64m", check=False)
    state = other.inspect("hungry")["State"]
    other.docker("rm", "hungry")
    assert state["ExitCode"] != 0 and state["OOMKilled"] is True


def test_a_terminal_and_an_init(other):
    assert other.docker("run", "--rm", "-t", "bb", "tty").stdout.strip() == "/dev/pts/0"
    assert other.docker("run", "--rm", "--init", "bb", "readlink", "/proc/1/exe").stdout == "/sbin/docker-init\n"


def test_containers_go_on_without_the_daemon(other, box):
    other.kill()
    assert os.path.exists(f"/proc/{box}")
    other.start()
    assert other.inspect("box")["State"]["Pid"] == box
    assert other.docker("exec", "box", "echo", "again").stdout == "again\n"


def test_our_own_can_be_had_beside_it(other):
    p = other.docker("run", "--rm", "--runtime", "berth-runtime", "bb", "echo", "own")
    assert p.stdout == "own\n"


def test_nothing_of_the_bundles_stays(other):
    other.docker("run", "--rm", "bb", "true")
    wait_for(lambda: not other.get("/containers/json?all=1").json, "no container")
    assert not [m for m in open("/proc/self/mountinfo") if other.top in m and "/bundle" in m]
    assert not os.listdir(other.exec + "/containers")


def test_our_runtime_under_another_name_is_driven_like_any(tmp_path):
    with Daemon(["--add-runtime", f"again={RUNTIME}"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--runtime", "again", "--name", "cc", "bb", "sleep", "600")
        assert d.docker("exec", "cc", "cat", "/etc/hello").stdout == "hello from the image\n"
        pid = d.inspect("cc")["State"]["Pid"]
        assert re.search(r"Seccomp:\s*2", open(f"/proc/{pid}/status").read())
        d.docker("stop", "-t", "0", "cc")
        assert d.inspect("cc")["State"]["ExitCode"] == 137
