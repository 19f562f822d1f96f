# SPDX-License-Identifier: Apache-2.0
"""Answers to others during floods: the slowest of 60"""
import contextlib
import resource
import socket
import threading
import time

from harness import UnixConnection

ORDER, OPTIONAL = 55, False

TALK = "while :; do busybox head -c 65536 /dev/zero | busybox tr '\\0' x; echo; sleep 0.01; done"
FLOODS = [
    ("10,000 connections that say nothing", 10000, b""),
    ("1,000 half requests", 1000, b"GET /info HTTP/1.1\r\nX-Slow: "),
    ("200 readers of events that never read", 200, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("200 followers of a log that never read", 200, b"GET /containers/talk/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("200 readers of statistics that never read", 200, b"GET /containers/talk/stats HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("200 attached clients that never read", 200,
     b"POST /containers/talk/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"),
]
CREATE = b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n{\"Image\": \""


def others(sock):
    """Milliseconds of each of 60 answers."""
    times = []
    for path in ("/_ping", "/containers/json?all=1", "/containers/talk/json") * 20:
        c = UnixConnection(sock)
        start = time.perf_counter()
        c.request("GET", path)
        answer = c.getresponse()
        answer.read()
        times.append((time.perf_counter() - start) * 1000)
        c.close()
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status}")
    return max(times)


@contextlib.contextmanager
def flood(sock, n, first):
    with contextlib.ExitStack() as stack:
        for _ in range(n):
            s = stack.enter_context(socket.socket(socket.AF_UNIX))
            s.connect(sock)
            if first:
                s.sendall(first)
        time.sleep(0.5)
        yield


@contextlib.contextmanager
def bodies(sock):
    """A hundred megabytes of JSON, one after the other."""
    done = threading.Event()

    def send():
        while not done.is_set():
            with socket.socket(socket.AF_UNIX) as s, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.connect(sock)
                s.sendall(CREATE)
                for _ in range(1600):
                    s.sendall(b"x" * 65536)
    t = threading.Thread(target=send)
    t.start()
    try:
        yield
    finally:
        done.set()
        t.join()


def measure(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    bench.berth.run("run", "-d", "--name", "talk", "bench:1", "/bin/sh", "-c", TALK)
    try:
        bench.row("nobody else", {"berth": [others(bench.berth.sock) for _ in range(3)]}, "ms")
        for what, n, first in FLOODS:
            with flood(bench.berth.sock, n, first):
                bench.row(what, {"berth": [others(bench.berth.sock) for _ in range(3)]}, "ms", target=100)
        with bodies(bench.berth.sock):
            bench.row("100 MB of JSON, again and again", {"berth": [others(bench.berth.sock) for _ in range(3)]}, "ms", target=100)
    finally:
        bench.berth.run("rm", "-f", "talk")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
