# SPDX-License-Identifier: Apache-2.0
"""System calls of a container's creation fail, one at a time: the error says what was attempted, and nothing is left.

strace(1) makes the n-th call of a name fail in each process that it follows.
"""
import glob
import os
import re
import subprocess

import pytest

from harness import PATIENCE, RUNTIME
from test_oci_runtime import Bundle

CALLS = """bind capset chdir clone3 close_range dup2 execve fchdir fcntl fsconfig fsmount fsopen getcwd ioctl keyctl listen
mkdir mkdirat mknodat mmap mount_setattr move_mount openat openat2 open_tree pivot_root prctl prlimit64 recvmsg rename sendmsg
sethostname setgroups setresgid setresuid setsid socket socketpair symlinkat umount2 write""".split()
NTH = (1, 2, 3, 5, 8, 13, 21)


def left_over(b):
    found = [os.path.join(b.state, d) for d in os.listdir(b.state)] if os.path.isdir(b.state) else []
    return found + glob.glob(f"/sys/fs/cgroup/berth-{b.id}") + glob.glob(f"/sys/fs/cgroup/*/berth-{b.id}")


@pytest.mark.parametrize("call", CALLS)
def test_call_that_fails_leaves_nothing_and_is_reported(call):
    with Bundle() as b:
        b.args("true")
        b("list")
        trace = os.path.join(b.top, "trace")
        for nth in NTH:
            p = subprocess.run(
                ["strace", "-f", "-qq", "-e", f"trace={call}", "-e", f"inject={call}:error=ENOMEM:when={nth}", "-o", trace, RUNTIME, "--root", b.state,
                 "run", "--bundle", b.bundle, b.id], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
            if "INJECTED" not in open(trace).read():
                break
            # What could not be removed is said, and the next deletion removes it.
            if "failed: remove " in p.stderr:
                b("delete", "--force", b.id)
            assert left_over(b) == [], f"{call} number {nth}: {p.stderr}"
            if p.returncode != 0:
                assert re.search(r"level=error msg=\"[^\"]*\w+", p.stderr), f"{call} number {nth} failed without a word: {p.stderr!r}"


def test_creation_that_is_killed_at_any_call_can_be_deleted():
    """SIGKILL to the creating process and its init, instead of an error."""
    for call in ("clone3", "move_mount", "pivot_root", "sendmsg", "mknodat", "mkdirat"):
        for nth in (1, 2, 5):
            with Bundle() as b:
                b.args("true")
                b("list")
                subprocess.run(["strace", "-f", "-qq", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}", "-o", "/dev/null", RUNTIME,
                                "--root", b.state, "run", "--bundle", b.bundle, b.id], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
                b("delete", "--force", b.id)
                assert left_over(b) == [], f"{call} number {nth}"
                mounts = open("/proc/self/mountinfo").read()
                assert b.top not in mounts
