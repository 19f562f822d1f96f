# SPDX-License-Identifier: Apache-2.0
"""P05 and P06: clients that mean harm, or are broken. Others are answered all the while, and memory stays bounded."""
import contextlib
import json
import os
import resource
import socket
import time
import urllib.parse

import pytest

from harness import PATIENCE, Daemon, busybox_tar, free_port, wait_for


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def target(descriptors):
    port = free_port()
    with Daemon(["-H", f"tcp://127.0.0.1:{port}"]) as d:
        d.port = port
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "box", "bb", "sleep", "6000")
        yield d


def rss(d):
    """Resident memory in MiB; nothing to be compared under a sanitizer, which has its own share of it."""
    if "BERTH_SANITIZED" in os.environ:
        return 0
    with open(f"/proc/{d.proc.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def others_are_answered(d):
    """How soon is the bench's to say (its part "floods")."""
    for _ in range(5):
        for path in ("/_ping", "/containers/json?all=1", "/containers/box/json"):
            assert d.get(path).status == 200


def reach_tcp(d):
    """A window of a few kilobytes, which is never opened again."""
    s = socket.socket(socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", d.port))
    return s


def reach(d):
    s = socket.socket(socket.AF_UNIX)
    # A queue that is full for a moment makes a socket wait that may.
    s.connect(d.sock)
    return s


@contextlib.contextmanager
def connections(d, n, first=b"", how=reach):
    socks = []
    try:
        for _ in range(n):
            s = how(d)
            s.settimeout(PATIENCE)
            if first:
                s.sendall(first)
            socks.append(s)
        yield socks
    finally:
        for s in socks:
            s.close()


def test_p05_ten_thousand_idle_connections(target):
    before = rss(target)
    with connections(target, 10000):
        others_are_answered(target)
        assert rss(target) - before < 8
    others_are_answered(target)


def test_p05_headers_that_come_a_byte_at_a_time(target):
    before = rss(target)
    with connections(target, 1000, b"GET /info HTTP/1.1\r\nX-Slow: ") as socks:
        for _ in range(3):
            for s in socks:
                s.sendall(b"a")
            others_are_answered(target)
        assert rss(target) - before < 100
    others_are_answered(target)


def push(d, head, piece, count):
    """Send much; returns what is answered, also when the connection is cut on the way."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(d.sock)
        sent = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(head)
            for _ in range(count):
                s.sendall(piece)
                sent += len(piece)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = s.recv(4096)
        return sent, answer


CREATE = b"POST /containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"


def test_p05_a_hundred_megabytes_of_json(target):
    before = rss(target)
    sent, answer = push(target, CREATE + b"Content-Length: 104857600\r\n\r\n{\"Image\": \"", b"x" * 65536, 1600)
    assert answer.split()[1] == b"400" and sent < 40 << 20
    chunk = b"10000\r\n" + b"y" * 65536 + b"\r\n"
    sent, answer = push(target, CREATE + b"Transfer-Encoding: chunked\r\n\r\n", chunk, 1600)
    assert answer.split()[1] == b"400" and sent < 40 << 20
    assert rss(target) - before < 40
    others_are_answered(target)


@pytest.mark.parametrize("text", ["[" * 10 ** 6, '{"":' * 10 ** 6, "[" * 10 ** 6 + "]" * 10 ** 6, '{"Labels":' + "[" * 900000 + "]" * 900000 + "}"], ids=["arrays", "objects", "closed", "inside"])
def test_p05_json_a_million_levels_deep(target, text):
    a = target.post("/containers/create", text, headers={"Content-Type": "application/json"})
    assert a.status == 400 and "JSON" in a.message
    others_are_answered(target)


@pytest.mark.parametrize("head", [b"GET /info?x=", b"GET /", b"GET /info HTTP/1.1\r\nX-Long: "])
def test_p05_a_query_of_a_gigabyte(target, head):
    before = rss(target)
    sent, answer = push(target, head, b"q" * 65536, 16384)
    assert sent < 1 << 20 and (not answer or 400 <= int(answer.split()[1]) < 500)
    assert rss(target) - before < 20
    others_are_answered(target)


def grows(d):
    path = d.inspect("talk")["LogPath"]
    size = os.stat(path).st_size
    wait_for(lambda: os.stat(path).st_size > size, "the log grows")


READERS = {
    "events": b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
    "logs": b"GET /containers/talk/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "stats": b"GET /containers/box/stats HTTP/1.1\r\nHost: x\r\n\r\n",
    "attach": b"POST /containers/talk/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
}


@pytest.mark.parametrize("how", [reach, reach_tcp], ids=["unix", "tcp"])
@pytest.mark.parametrize("kind", sorted(READERS))
def test_p05_readers_that_never_read(target, kind, how):
    """A thousand of each, while a container says megabytes and events come by the hundred."""
    target.docker("run", "-d", "--name", "talk", "bb", "sh", "-c", "while :; do head -c 65536 /dev/zero | tr '\\0' x; echo; sleep 0.01; done")
    try:
        before = rss(target)
        with connections(target, 1000, READERS[kind], how):
            for _ in range(100):
                target.post("/containers/box/rename?name=box2")
                target.post("/containers/box2/rename?name=box")
            time.sleep(1)
            others_are_answered(target)
            # A line and what is on its way to whoever reads: 140 KB for each follower of a log, less for others.
            assert rss(target) - before < 150
            if kind != "attach":
                grows(target)
        # Who is attached holds output up, so that none of it is lost, and no longer than it is there.
        grows(target)
    finally:
        target.request("DELETE", "/containers/talk?force=1")
    others_are_answered(target)


EXECS = int(os.environ.get("BERTH_EXECS", "600"))


def exec_unread(d):
    """A command in the container that says more than any buffer holds; its output is asked for and never read."""
    made = d.post("/containers/box/exec", {"Cmd": ["head", "-c", "2000000", "/dev/zero"], "AttachStdout": True, "AttachStderr": True})
    assert made.status == 201, made.body
    body = b'{"Detach": false}'
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(d.sock)
    s.sendall(b"POST /exec/%s/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: %d\r\n\r\n%s"
              % (made.json["Id"].encode(), len(body), body))
    return s


def processes(d):
    return {p[1] for p in d.get("/containers/box/top").json["Processes"]}


def test_p05_execs_whose_output_nobody_reads(target):
    """Two hundred at a time (600 in all by habit, BERTH_EXECS of them if set): memory is bounded, and who leaves leaves no process behind."""
    before, waiting = rss(target), []
    try:
        for _ in range(EXECS):
            waiting.append(exec_unread(target))
            if len(waiting) == 200:
                waiting.pop(0).close()
        others_are_answered(target)
        assert rss(target) - before < 60
    finally:
        for s in waiting:
            s.close()
    left = processes(target)
    # How soon all of them end is the machine's matter, but they go on ending.
    while len(left) > 1:
        left = wait_for(lambda before=left: (now := processes(target)) != before and now, "more of them end")
    others_are_answered(target)


EVIL = ["new\nline", "\x1b[2J\x1b]0;title\x07", "%n%s%x", "\u202ereversed", "tab\tand\rreturn", "é" * 300, "x" * 10 ** 6]


@pytest.mark.parametrize("text", EVIL, ids=["newline", "terminal", "percent", "reversed", "tab", "long", "megabyte"])
def test_p06_strings_come_back_as_they_were_or_are_refused(target, text):
    body = {"Image": "bb", "Cmd": ["sh", "-c", 'printf %s "$X" | wc -c', text[:1000]], "Labels": {"l": text, text[:1000]: "v"}, "Env": ["X=" + text[:100000]]}
    a = target.post("/containers/create?name=strings", json.dumps(body), headers={"Content-Type": "application/json"})
    assert a.status == 201, a.body
    try:
        c = target.inspect("strings")["Config"]
        assert c["Labels"]["l"] == text and c["Env"][0] == "X=" + text[:100000] and c["Cmd"] == body["Cmd"]
        target.post("/containers/strings/start")
        target.post("/containers/strings/wait")
        said = target.get("/containers/strings/logs?stdout=1").body[8:].strip()
        assert int(said) == len(text[:100000].encode())
        # Tables of clients stay tables: one line each, nothing that a terminal acts on.
        for out in (target.berth("ps", "-a", "--format", "table {{.Names}}\t{{.Command}}").stdout,):
            assert "\x1b" not in out and len([x for x in out.splitlines() if "strings" in x]) == 1
    finally:
        target.request("DELETE", "/containers/strings?force=1")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[0m", "%n", "a b", "a/b", "é", "x" * 5000, "-dash", ".dot"])
def test_p06_names_are_names(target, name):
    a = target.post("/containers/create?name=" + urllib.parse.quote(name), {"Image": "bb", "Cmd": ["true"]})
    assert a.status == 400 and "Invalid container name" in a.message
    a = target.post("/volumes/create", {"Name": name})
    assert a.status == 400


def test_p06_nothing_is_cut_at_a_nul(target):
    for body in ('{"Image":"bb","Cmd":["a\\u0000b"]}', '{"Image":"bb\\u0000x","Cmd":["a"]}', '{"Image":"bb","Cmd":["a"],"Labels":{"a\\u0000":"b"}}'):
        a = target.post("/containers/create", body, headers={"Content-Type": "application/json"})
        assert a.status == 400, a.body
    assert target.post("/containers/create?name=a%00b", {"Image": "bb", "Cmd": ["a"]}).status == 400
    assert target.get("/containers/box%00x/json").status in (400, 404)
