# SPDX-License-Identifier: Apache-2.0
"""Each system call of create, start, exec and delete fails once, and each is the last one that its process makes.

failing.c counts the calls of the command and of all processes that it makes, and has the n-th fail or kill its caller. Whatever happens, the
error says what was attempted, and after a deletion nothing is left. By habit each STRIDE-th call is tried, always the same ones;
BERTH_FAULTS=all tries every one.
"""
import glob
import json
import os
import re
import subprocess

import pytest

from harness import HERE, PATIENCE, RUNTIME, run, wait_for
from test_oci_runtime import Bundle

STRIDE = 1 if os.environ.get("BERTH_FAULTS") == "all" else 11
ENOMEM = 12
# What the kernel says to ENOMEM is no word about what was attempted.
BARE = re.compile(r'msg="(Cannot allocate memory)?"')

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="failing.c knows the registers of x86_64 only")


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    program = str(tmp_path_factory.mktemp("failing") / "failing")
    run(["cc", "-O1", "-D_GNU_SOURCE", "-o", program, os.path.join(HERE, "failing.c"), "-lseccomp"])
    return program


class Attempt:
    """One command of the runtime, of which one call fails."""

    def __init__(self, program, b, mode, nth, *argv):
        report, out = os.path.join(b.top, "report"), os.path.join(b.top, "stderr")
        with open(out, "w") as stderr:
            self.code = subprocess.run([program, mode, str(nth), str(ENOMEM), report, RUNTIME, "--root", b.state, *argv], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=stderr, timeout=PATIENCE).returncode
        self.said = open(out).read()
        seen, self.call = open(report).read().split()
        self.seen = int(seen)
        self.what = f"{mode} {argv[0]}: call {nth}, {self.call}: exit {self.code}: {self.said}"

    def check_words(self):
        assert self.code == 0 or (re.search(r'level=error msg="[^"]*\w+', self.said) and not BARE.search(self.said)), self.what


def enrich(b):
    """A configuration that passes most steps of the runtime."""
    c = b.config
    c["mounts"] += [{"destination": "/bound/new", "type": "bind", "source": b.bundle, "options": ["rbind", "ro"]},
                    {"destination": "/copied", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "mode=0700"]}]
    c["hooks"] = {k: [{"path": "/bin/true"}] for k in ("createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
    c["hooks"]["startContainer"] = [{"path": "/bin/true", "args": ["true"]}]
    c["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 512, "soft": 512}]
    c["process"]["oomScoreAdj"] = 10
    c["linux"]["sysctl"] = {"net.ipv4.ip_forward": "0"}
    c["linux"]["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]
    c["linux"]["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 100}}
    c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}


def write_config(b):
    with open(os.path.join(b.bundle, "config.json"), "w") as f:
        json.dump(b.config, f)


def our_processes(b):
    """Creators, and inits that have not yet executed their program."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if b.state.encode() in open(path, "rb").read():
                found.append(path)
        except OSError:
            pass
    return found


def left_over(b):
    found = [os.path.join(b.state, d) for d in os.listdir(b.state)] if os.path.isdir(b.state) else []
    found += glob.glob(f"/sys/fs/cgroup/berth-{b.id}") + glob.glob(f"/sys/fs/cgroup/*/berth-{b.id}")
    return found + [line for line in open("/proc/self/mountinfo") if b.top in line]


def assert_nothing_left(b, what):
    assert left_over(b) == [], what
    wait_for(lambda: not our_processes(b), f"nobody is left after {what}")


def points(program, b, mode, argv, before=None):
    """The attempts at each point, with `before` run ahead of each, and of the first that only counts."""
    total = None
    nth = 0
    while total is None or nth <= total:
        if before:
            before()
        attempt = Attempt(program, b, mode, nth, *argv)
        if total is None:
            assert attempt.code == 0, attempt.what
            total = attempt.seen
            # Not the same ones where the call fails and where its caller dies.
            nth = STRIDE // 2 + 1 if mode == "kill" else 1
        else:
            nth += STRIDE
        yield attempt


def delete(b):
    """What a caller does that found a container half made. It may be gone already."""
    b("delete", "--force", b.id)


def bundle(*argv):
    b = Bundle().__enter__()
    b.args(*argv)
    enrich(b)
    write_config(b)
    return b


@pytest.mark.parametrize("mode", ("error", "kill"))
def test_each_call_of_create_can_fail(failing, mode):
    b = bundle("true")
    try:
        for a in points(failing, b, mode, ["create", "--bundle", b.bundle, b.id]):
            if mode == "error":
                a.check_words()
            # What it could not remove it says, and a deletion removes it.
            if a.code == 0 or mode == "kill" or "remove" in a.said:
                delete(b)
            assert_nothing_left(b, a.what)
    finally:
        b.__exit__()


@pytest.mark.parametrize("mode", ("error", "kill"))
def test_each_call_of_start_can_fail(failing, mode):
    b = bundle("true")
    create = [RUNTIME, "--root", b.state, "create", "--bundle", b.bundle, b.id]
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    try:
        for a in points(failing, b, mode, ["start", b.id], before=lambda: subprocess.run(create, check=True, **quiet)):
            if mode == "error":
                a.check_words()
            assert b.status() in ("created", "running", "stopped"), a.what
            delete(b)
            assert_nothing_left(b, a.what)
    finally:
        b.__exit__()


@pytest.mark.parametrize("mode", ("error", "kill"))
def test_each_call_of_delete_can_fail(failing, mode):
    b = bundle("true")
    create = [RUNTIME, "--root", b.state, "create", "--bundle", b.bundle, b.id]
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    try:
        for a in points(failing, b, mode, ["delete", "--force", b.id], before=lambda: subprocess.run(create, check=True, **quiet)):
            if mode == "error":
                a.check_words()
            if a.code != 0 or mode == "kill":
                delete(b)
            assert_nothing_left(b, a.what)
    finally:
        b.__exit__()


@pytest.mark.parametrize("mode", ("error", "kill"))
def test_each_call_of_exec_can_fail(failing, mode):
    """The container itself never notices, and the next exec works."""
    b = bundle("sleep", "1000")
    try:
        b.start("sleep", "1000")
        pid = json.loads(b("state", b.id).stdout)["pid"]
        for a in points(failing, b, mode, ["exec", "--cwd", "/tmp", "--env", "A=b", b.id, "true"]):
            if mode == "error":
                a.check_words()
            state = json.loads(b("state", b.id).stdout)
            assert (state["status"], state["pid"]) == ("running", pid), a.what
            wait_for(lambda: json.loads(b("ps", "--format", "json", b.id).stdout) == [pid], f"nobody is left after {a.what}")
            wait_for(lambda: not our_processes(b), f"nobody is left after {a.what}")
        assert b("exec", b.id, "echo", "still here").stdout == "still here\n"
        delete(b)
        assert_nothing_left(b, "deletion")
    finally:
        b.__exit__()


def test_poststop_hook_that_fails_is_a_warning_and_the_others_run():
    b = bundle("true")
    marker = os.path.join(b.top, "second-ran")
    try:
        b.config["hooks"] = {"poststop": [{"path": "/bin/false"}, {"path": "/bin/touch", "args": ["touch", marker]}]}
        b.start("true")
        wait_for(lambda: b.status() == "stopped", "the end")
        p = b("delete", b.id)
        assert "level=warning" in p.stderr and "hooks.poststop: /bin/false: exit status 1" in p.stderr
        assert os.path.exists(marker)
        assert_nothing_left(b, "deletion")
    finally:
        b.__exit__()
