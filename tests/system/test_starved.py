# SPDX-License-Identifier: Apache-2.0
"""P05: a daemon that runs out of what it needs: descriptors, memory, room, a disk that can be written. It says so, others are served, nothing is lost."""
import contextlib
import errno
import os
import shutil
import socket
import time

import pytest

from harness import PATIENCE, Daemon, busybox_tar, run, wait_for
from test_floods import CREATE, READERS, connections, others_are_answered, push


class Starved(Daemon):
    """A daemon begun by another program, which sets a limit."""

    def __init__(self, *before, **kw):
        super().__init__(**kw)
        self.before = list(before)

    def argv(self):
        return [*self.before, *super().argv()]


@pytest.fixture(scope="module")
def few():
    """A daemon of 256 descriptors."""
    with Starved("prlimit", "--nofile=256:256") as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "box", "bb", "sleep", "6000")
        yield d


def gone(group):
    """A control group is removed, once nobody is in it."""
    try:
        os.rmdir(group)
    except OSError as e:
        assert e.errno == errno.EBUSY, e
        return False
    return True


def open_files(d):
    return len(os.listdir(f"/proc/{d.proc.pid}/fd"))


@contextlib.contextmanager
def flood(d, n, first):
    """Connections that speak at once, and may be cut at any time."""
    with contextlib.ExitStack() as stack:
        for _ in range(n):
            s = stack.enter_context(socket.socket(socket.AF_UNIX))
            s.connect(d.sock)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(first)
        yield
    wait_for(lambda: open_files(d) < 100, "the descriptors are back")
    assert d.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"


def answer_to(s):
    """All that is answered on a connection which is closed after it."""
    answer = b""
    while piece := s.recv(4096):
        answer += piece
    return answer


def refused_at_last(d, request, most):
    """The answer to the first of such requests that may not stay, at most after `most` that may: those stay meanwhile."""
    with contextlib.ExitStack() as stack:
        for _ in range(most + 1):
            s = stack.enter_context(socket.socket(socket.AF_UNIX))
            s.settimeout(PATIENCE)
            s.connect(d.sock)
            s.sendall(request)
            head = s.recv(4096)
            if not head.startswith(b"HTTP/1.1 200"):
                return head + answer_to(s)
    raise AssertionError(f"{most + 1} requests that stay were let in")


def works(d):
    """A container runs from create to its end, without a request that stays."""
    made = d.post("/containers/create?name=works", {"Image": "bb", "Cmd": ["sh", "-c", "exit 7"]})
    assert made.status == 201, made.body
    assert d.post("/containers/works/start").status == 204
    wait_for(lambda: d.inspect("works")["State"]["Status"] == "exited", "it ends")
    assert d.inspect("works")["State"]["ExitCode"] == 7
    assert d.request("DELETE", "/containers/works").status == 204


def test_p05_more_silent_connections_than_descriptors(few):
    """Who never says a word makes room for who does, the oldest first."""
    with connections(few, 600) as socks:
        time.sleep(0.2)
        others_are_answered(few)
        works(few)
        assert few.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"
        # The youngest of them may still begin to speak.
        socks[-1].sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert socks[-1].recv(4096).startswith(b"HTTP/1.1 200")
        assert socks[0].recv(1) == b""
    wait_for(lambda: open_files(few) < 100, "the descriptors are back")


def test_p05_more_half_requests_than_descriptors(few):
    with flood(few, 400, b"GET /info HTTP/1.1\r\nX-Slow: "):
        others_are_answered(few)
        works(few)
        assert few.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"


@pytest.mark.parametrize("kind", sorted(READERS))
def test_p05_more_readers_than_descriptors(few, kind):
    """What stays is refused in words before the last descriptors are gone; what asks and leaves is answered."""
    with flood(few, 300, READERS[kind].replace(b"talk", b"box")):
        others_are_answered(few)
        works(few)
        # One of the flood may have found no descriptor at its turn, so there may be room for a few; for no more than a sixteenth of the limit.
        if kind != "attach":
            answer = refused_at_last(few, READERS["events"], 256 // 16)
            assert answer.startswith(b"HTTP/1.1 503") and b"too many requests are open" in answer


@pytest.mark.skipif("BERTH_SANITIZED" in os.environ, reason="a sanitizer takes more by itself")
def test_p05_little_memory_bounds_the_daemon_and_not_its_containers():
    """In a control group of 64 MB the daemon serves floods of JSON, and containers run beside it."""
    group = next((g for g in (f"/sys/fs/cgroup/memory/berth-starved-{os.getpid()}", f"/sys/fs/cgroup/berth-starved-{os.getpid()}")
                  if os.path.exists(os.path.dirname(g) + "/cgroup.procs")), None)
    if not group:
        pytest.skip("no tree of control groups with memory")
    os.mkdir(group)
    try:
        limit = group + ("/memory.limit_in_bytes" if os.path.exists(group + "/memory.limit_in_bytes") else "/memory.max")
        if not os.path.exists(limit):
            pytest.skip("no controller of memory")
        with open(limit, "w") as f:
            f.write(str(64 << 20))
        with Starved("sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh") as d:
            d.import_image(busybox_tar(), "bb:latest")
            d.docker("run", "-d", "--name", "box", "bb", "sleep", "6000")
            for _ in range(3):
                sent, answer = push(d, CREATE + b"Content-Length: 104857600\r\n\r\n{\"Image\": \"", b"x" * 65536, 1600)
                assert answer.split()[1] == b"400"
                with flood(d, 200, READERS["events"]):
                    others_are_answered(d)
            works(d)
            assert d.proc.poll() is None and d.inspect("box")["State"]["Running"]
    finally:
        # Some of its processes end when they see that it has.
        wait_for(lambda: gone(group), "nobody is left in the group")


def test_p05_a_data_root_that_cannot_be_written_ends_the_daemon_with_its_name(tmp_path):
    run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(tmp_path)])
    try:
        d = Daemon()
        own = d.argv()
        own[own.index(d.data)] = str(tmp_path / "data")
        p = run(own, check=False)
        assert p.returncode != 0 and str(tmp_path / "data") in p.stderr and "ead-only file system" in p.stderr, p.stderr
    finally:
        run(["umount", str(tmp_path)])
        shutil.rmtree(d.top, ignore_errors=True)
