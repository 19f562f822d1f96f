# SPDX-License-Identifier: Apache-2.0
"""What a container started from the OCI command line hears of its caller's service manager, and that of it: sockets handed on, and readiness."""
import array
import json
import os
import socket
import subprocess

import pytest

from harness import PATIENCE, RUNTIME, make_prowl
from test_oci_runtime import Bundle

READY = ["/bin/prowl", "notify", "STATUS=up\nMAINPID=1", "X_READY=1\nREADY=1x", "WATCHDOG=1\nREADY=1"]


@pytest.fixture
def oci():
    with Bundle() as b:
        make_prowl(b.bundle + "/rootfs/bin/prowl")
        b.args(*READY)
        b("list")  # writes config.json
        yield b


class Manager:
    """The socket of a service manager: what comes there, descriptors closed as soon as their message is read."""

    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        self.sock.settimeout(PATIENCE)

    def read(self):
        text, ancillary, _, _ = self.sock.recvmsg(4096, 256)
        for _, _, data in ancillary:
            for fd in array.array("i", data):
                os.close(fd)
        return text.decode()

    def nothing_more(self):
        self.sock.settimeout(0)
        with pytest.raises(BlockingIOError):
            self.sock.recv(4096)


@pytest.fixture
def manager(oci):
    m = Manager(oci.top + "/manager")
    yield m
    m.sock.close()


def begin(oci, *argv, **variables):
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return subprocess.Popen([RUNTIME, "--root", oci.state, *argv], env=dict(os.environ, **variables), **quiet)


def pid_of(oci):
    return json.loads(oci("state", oci.id).stdout)["pid"]


def test_a_detached_run_returns_when_the_program_is_ready_and_says_which_process_it_is(oci, manager):
    with begin(oci, "run", "--detach", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert manager.read() == f"READY=1\nMAINPID={pid_of(oci)}\n"
        assert manager.read() == "BARRIER=1"
        assert p.wait(PATIENCE) == 0
    manager.nothing_more()
    assert oci.status() == "running"


def test_start_returns_when_the_program_is_ready(oci, manager):
    with begin(oci, "create", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert p.wait(PATIENCE) == 0
    manager.sock.settimeout(PATIENCE)
    with begin(oci, "start", oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert manager.read() == f"READY=1\nMAINPID={pid_of(oci)}\n"
        # The manager is slow to read on: a process that has gone by then would not be believed.
        assert p.poll() is None
        assert manager.read() == "BARRIER=1"
        assert p.wait(PATIENCE) == 0
    manager.nothing_more()


def test_a_run_in_the_foreground_is_the_main_process_itself(oci, manager):
    with begin(oci, "run", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert manager.read() == f"READY=1\nMAINPID={p.pid}\n"
        oci("kill", oci.id, "KILL")
        assert p.wait(PATIENCE) == 137
    manager.nothing_more()


def test_a_program_that_ends_without_a_word_ends_the_waiting(oci, manager):
    oci.args("true")
    oci("list")
    with begin(oci, "run", "--detach", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert p.wait(PATIENCE) == 0
    manager.nothing_more()


def test_any_user_of_the_container_reaches_the_socket_and_cannot_replace_it(oci, manager):
    oci.config["process"]["user"] = {"uid": 1234, "gid": 1234}
    oci("list")
    with begin(oci, "run", "--detach", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=manager.path) as p:
        assert manager.read().startswith("READY=1\n")
        assert manager.read() == "BARRIER=1"
        assert p.wait(PATIENCE) == 0
    assert "/run/notify ro,nosuid,nodev,noexec" in oci("exec", oci.id, "sh", "-c", "while read a b c d e f g; do echo $e $f; done </proc/self/mountinfo").stdout
    p = oci("exec", oci.id, "touch", "/run/notify/other", check=False)
    assert p.returncode == 1 and "Read-only file system" in p.stderr


def test_a_manager_that_is_not_there_hinders_nothing(oci):
    with begin(oci, "run", "--detach", "--bundle", oci.bundle, oci.id, NOTIFY_SOCKET=oci.top + "/nobody") as p:
        assert p.wait(PATIENCE) == 0
    assert oci.status() == "running"


def test_without_a_manager_there_is_no_socket(oci):
    oci.args("sh", "-c", "env; test ! -e /run/notify")
    with Bundle() as other:
        other.config = oci.config
        out = other("run", "--bundle", other.bundle, other.id, env={k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}).stdout
    assert "NOTIFY" not in out and "LISTEN" not in out


def listening(oci, pid):
    """Run with one descriptor of socket activation, meant for process `pid` ("$$" is the runtime's own)."""
    oci.args("sh", "-c", "env; cat <&3")
    oci("list")
    with open(oci.top + "/given", "w") as f:
        f.write("handed on\n")
    command = f'LISTEN_FDS=1 LISTEN_PID={pid} exec "$@" 3<{oci.top}/given'
    argv = ["sh", "-c", command, "sh", RUNTIME, "--root", oci.state, "run", "--bundle", oci.bundle, oci.id]
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)


def test_descriptors_of_socket_activation_are_handed_on_with_their_variables(oci):
    out = listening(oci, "$$").stdout.splitlines()
    assert "LISTEN_FDS=1" in out and "LISTEN_PID=1" in out and out[-1] == "handed on"


def test_descriptors_meant_for_another_process_are_not_handed_on(oci):
    p = listening(oci, 1)
    assert "LISTEN" not in p.stdout and "handed on" not in p.stdout and "Bad file descriptor" in p.stderr
