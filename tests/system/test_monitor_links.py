# SPDX-License-Identifier: Apache-2.0
"""The connection between the daemon and a container's monitor: it is full, or it ends, and nobody dies of it."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import stat
import time

import pytest

from harness import PATIENCE, WHEN_TOLD, tell, wait_for

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
LIBC = ctypes.CDLL(None, use_errno=True)


def monitor_of(daemon, name):
    with open(f"/proc/{daemon.inspect(name)['State']['Pid']}/stat", encoding="ascii") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


def borrowed(pidfd, fd):
    """The socket that is another process's descriptor `fd`; None where that is none, or was closed a moment ago."""
    got = LIBC.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
    if got < 0:
        return None
    if not stat.S_ISSOCK(os.fstat(got).st_mode):
        os.close(got)
        return None
    return socket.socket(fileno=got)


@contextlib.contextmanager
def connections(monitor):
    """The monitor's own ends of its control connections."""
    pidfd, found = LIBC.syscall(SYS_PIDFD_OPEN, monitor, 0), []
    assert pidfd >= 0
    try:
        for fd in os.listdir(f"/proc/{monitor}/fd"):
            s = borrowed(pidfd, int(fd))
            if s and s.type == socket.SOCK_SEQPACKET and not s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.append(s)
        yield found
    finally:
        for s in found:
            s.close()
        os.close(pidfd)


def hang_up(monitor):
    with connections(monitor) as found:
        assert len(found) == 1
        found[0].shutdown(socket.SHUT_RDWR)


def begin_exec(daemon, name, *cmd):
    exec_id = daemon.post(f"/containers/{name}/exec", {"Cmd": cmd}).json["Id"]
    assert daemon.post(f"/exec/{exec_id}/start", {"Detach": True}).status == 200
    return exec_id


def ended(daemon, exec_id):
    e = daemon.get(f"/exec/{exec_id}/json").json
    return e["ExitCode"] if not e["Running"] else None


def has_ended(daemon, exec_id):
    """As its monitor wrote it down."""
    (container,) = os.listdir(daemon.exec + "/containers")
    with open(f"{daemon.exec}/containers/{container}/execs/{exec_id}", encoding="utf-8") as f:
        return "\nended " in f.read()


def told(daemon, since, *actions):
    """The events since then: (action, exit code)."""
    filters = json.dumps({"event": list(actions)})
    a = daemon.get(f"/events?since={since:.9f}&until={time.time():.9f}&filters={filters}".replace(" ", ""))
    events = [json.loads(line) for line in a.body.splitlines()]
    return [(e["Action"], e["Actor"]["Attributes"].get("exitCode")) for e in events]


@pytest.fixture
def box(fresh):
    fresh.docker("run", "-d", "--name", "box", "bb", "sh", "-c", "mkfifo /go; while :; do sleep 600; done")
    wait_for(lambda: fresh.docker("exec", "box", "test", "-p", "/go", check=False).returncode == 0, "the pipe is there")
    return fresh


def test_a_container_lives_on_when_its_monitor_hangs_up(box):
    pid, monitor, since = box.inspect("box")["State"]["Pid"], monitor_of(box, "box"), time.time()
    running = begin_exec(box, "box", "sh", "-c", "read x < /go; exit 7")
    for _ in range(10):
        hang_up(monitor)
        assert box.docker("exec", "box", "echo", "inside").stdout == "inside\n"
    state = box.inspect("box")["State"]
    assert (state["Running"], state["Pid"]) == (True, pid)
    assert ended(box, running) is None
    box.docker("exec", "box", "sh", "-c", "echo > /go")
    wait_for(lambda: ended(box, running) == 7, "the exec's end is known")
    assert box.docker("stop", "-t", "0", "box").returncode == 0
    assert told(box, since, "die") == [("die", "137")]
    # That it has ended is known a moment before it is told.
    wait_for(lambda: ("exec_die", "7") in told(box, since, "exec_die"), "it is told")
    assert told(box, since, "exec_die").count(("exec_die", "7")) == 1


def test_what_ended_while_nobody_was_connected_is_told_once_and_in_order(box):
    box.docker("run", "-d", "--name", "again", "--restart", "on-failure:1", "bb", "sh", "-c", WHEN_TOLD + "exit 9")
    pid, monitor, since = box.inspect("again")["State"]["Pid"], monitor_of(box, "again"), time.time()
    box.proc.send_signal(signal.SIGSTOP)
    try:
        hang_up(monitor)
        tell(pid)
        wait_for(lambda: not os.path.exists(f"/proc/{monitor}"), "it fails twice, and its monitor goes")
    finally:
        box.proc.send_signal(signal.SIGCONT)
    assert box.docker("wait", "again").stdout == "9\n"
    assert box.inspect("again")["RestartCount"] == 1
    assert told(box, since, "die", "start") == [("die", "9"), ("start", None), ("die", "9")]


def test_a_stop_whose_monitor_hangs_up_stops(box):
    monitor = monitor_of(box, "box")
    box.proc.send_signal(signal.SIGSTOP)
    hang_up(monitor)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(box.sock)
        s.sendall(b"POST /containers/box/stop?t=0 HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n")
        box.proc.send_signal(signal.SIGCONT)
        s.settimeout(PATIENCE)
        assert s.recv(4096).startswith(b"HTTP/1.1 204")
    assert box.inspect("box")["State"]["ExitCode"] == 137


def test_a_killed_monitor_is_still_taken_for_dead(box):
    os.kill(monitor_of(box, "box"), signal.SIGKILL)
    assert box.docker("wait", "box").stdout == "137\n"
    assert box.inspect("box")["State"]["Status"] == "exited"


def test_a_daemon_too_slow_for_the_ends_of_execs_hears_of_each(box):
    monitor, since, pid = monitor_of(box, "box"), time.time(), box.inspect("box")["State"]["Pid"]
    execs = [begin_exec(box, "box", "sh", "-c", f"read x < /go; exit {n}") for n in range(40)]
    with connections(monitor) as found:
        assert len(found) == 1
        found[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        box.proc.send_signal(signal.SIGSTOP)
        try:
            # A line for each, in a pipe that stays open until the last of them has come to read it.
            with open(f"/proc/{pid}/root/go", "w", encoding="ascii") as go:
                go.write("\n" * len(execs))
                go.flush()
                wait_for(lambda: all(has_ended(box, e) for e in execs), "all end")
        finally:
            box.proc.send_signal(signal.SIGCONT)
        wait_for(lambda: [ended(box, e) for e in execs] == list(range(40)), "the daemon knows how each ended")
    def codes():
        return sorted(int(code) for _, code in told(box, since, "exec_die") if int(code) > 0)
    wait_for(lambda: len(codes()) >= 39, "the last of them is told")
    assert codes() == list(range(1, 40))
    state = box.inspect("box")["State"]
    assert (state["Running"], state["Pid"]) == (True, pid)
    assert box.docker("exec", "box", "echo", "inside").stdout == "inside\n"


def test_requests_made_while_the_connection_is_full_are_all_answered(box):
    monitor = monitor_of(box, "box")
    with connections(monitor) as found:
        found[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        for n in range(50):
            assert box.docker("exec", "box", "sh", "-c", f"exit {n % 3}", check=False).returncode == n % 3


def unread(daemon, name):
    """A client that is attached to the container's output and reads none of it."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(daemon.sock)
    s.sendall(f"POST /containers/{name}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += s.recv(1)
    return s


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_container_runs_again_while_a_client_has_not_read_the_last_run(fresh, verb):
    """Its monitor serves that client as long as it takes, beside that of the next run, and its end is not the container's."""
    assert fresh.post("/containers/create?name=box", {"Image": "bb", "Cmd": ["sh", "-c", "test -e /ran && exec sleep 600; touch /ran; exec yes"]}).status == 201
    with unread(fresh, "box") as client:
        assert fresh.post("/containers/box/start").status == 204
        wait_for(lambda: len(client.recv(1 << 20, socket.MSG_PEEK)) > 100000, "the client is behind")
        first = monitor_of(fresh, "box")
        if verb == "start":
            assert fresh.post("/containers/box/kill").status == 204
            a = fresh.post("/containers/box/start")
        else:
            a = fresh.post("/containers/box/restart?t=0")
        assert a.status == 204, a.body
        again = fresh.inspect("box")["State"]
        if verb == "start":
            assert monitor_of(fresh, "box") != first and os.path.exists(f"/proc/{first}")
    wait_for(lambda: verb == "restart" or not os.path.exists(f"/proc/{first}"), "the first monitor has gone with its client")
    # A daemon that is asked has heard of that; and the next one finds the right monitor.
    assert fresh.docker("exec", "box", "echo", "inside").stdout == "inside\n"
    fresh.kill()
    fresh.start()
    state = fresh.inspect("box")["State"]
    assert (state["Running"], state["Pid"]) == (True, again["Pid"])
    assert fresh.docker("exec", "box", "echo", "inside").stdout == "inside\n"
