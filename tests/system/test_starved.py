# SPDX-License-Identifier: Apache-2.0
"""P05: a daemon that runs out of what it needs: descriptors, memory, room, a disk that can be written. It says so, others are served, nothing is lost."""
import contextlib
import os
import socket
import time

import pytest

from harness import PATIENCE, Daemon, busybox_tar, wait_for
from test_floods import READERS, connections, others_are_answered


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


def answer_to(d, request):
    """What is answered at first."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(d.sock)
        s.sendall(request)
        return s.recv(4096) + s.recv(4096)


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
        if kind != "attach":
            assert b"too many requests are open" in answer_to(few, READERS["events"])
