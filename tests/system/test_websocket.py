# SPDX-License-Identifier: Apache-2.0
"""attach/ws, and what web pages in a browser on the machine can reach over TCP."""
import base64
import hashlib
import os
import socket
import struct

import pytest

from harness import Daemon, free_port, wait_for

KEY = base64.b64encode(b"0123456789abcdef").decode()
HELLO = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}


class Socket:
    """A client of RFC 6455, as far as is needed."""

    def __init__(self, engine, path, **headers):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(60)
        self.s.connect(engine.sock)
        lines = [f"GET {path} HTTP/1.1", "Host: docker"] + [f"{k}: {v}" for k, v in {**HELLO, **headers}.items()]
        self.s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.buf, self.head = b"", b""
        while b"\r\n\r\n" not in self.buf:
            piece = self.s.recv(4096)
            assert piece, self.buf
            self.buf += piece
        self.head, self.buf = self.buf.split(b"\r\n\r\n", 1)

    def take(self, n):
        while len(self.buf) < n:
            piece = self.s.recv(65536)
            if not piece:
                raise EOFError
            self.buf += piece
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def frame(self):
        first, length = self.take(2)
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        return first & 15, self.take(length)

    def send(self, data, opcode=2):
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0xfe]) + struct.pack(">H", len(data))
        self.s.sendall(bytes([0x80 | opcode]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def rest(self):
        """Everything until the close frame."""
        out = b""
        while True:
            opcode, data = self.frame()
            if opcode == 8:
                return out
            out += data


@pytest.mark.parametrize("tty", [False, True])
def test_input_and_output_travel_in_frames(engine, name, tty):
    body = {"Image": "bb", "Cmd": ["sh", "-c", "stty -echo 2>/dev/null; read x; echo got $x; echo error >&2; head -c 100000 /dev/zero | tr '\\0' z"],
            "OpenStdin": True, "Tty": tty}
    engine.post(f"/containers/create?name={name}", body)
    ws = Socket(engine, f"/v1.51/containers/{name}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1")
    assert ws.head.startswith(b"HTTP/1.1 101 ")
    accept = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
    assert b"Sec-WebSocket-Accept: " + accept in ws.head and b"Upgrade: websocket" in ws.head
    engine.post(f"/containers/{name}/start")
    ws.send(b"", opcode=9)
    ws.send(b"hel")
    ws.send(b"lo\n", opcode=1)
    out = ws.rest()
    assert b"got hello" in out and b"error" in out and out.count(b"z") == 100000


def test_no_handshake_is_an_error(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    assert engine.get(f"/containers/{name}/attach/ws?stream=1").status == 400
    assert b"400" in Socket(engine, f"/containers/{name}/attach/ws?stream=1", **{"Sec-WebSocket-Version": "8"}).head.split(b"\r\n")[0]
    assert b"404" in Socket(engine, "/containers/nosuch/attach/ws?stream=1").head.split(b"\r\n")[0]


def test_frames_that_are_none_end_the_stream_and_not_the_container(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    ws = Socket(engine, f"/containers/{name}/attach/ws?stream=1&stdout=1&stdin=1")
    ws.s.sendall(b"\xff\xff\xff\xff garbage")
    with pytest.raises((EOFError, ConnectionError)):
        while True:
            ws.frame()
    assert engine.inspect(name)["State"]["Running"]


@pytest.fixture(scope="module")
def port():
    n = free_port()
    with Daemon(flags=["-H", f"tcp://127.0.0.1:{n}"]):
        yield n


def ask(port, method, path, **headers):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        lines = [f"{method} {path} HTTP/1.1"] + [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()] + ["Content-Length: 0", "Connection: close"]
        s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        return int(wait_for(lambda: s.recv(65536), "an answer").split()[1])


def test_p04_web_pages_change_nothing_over_tcp(port):
    here = f"127.0.0.1:{port}"
    assert ask(port, "GET", "/_ping", Host=here) == 200
    assert ask(port, "POST", "/containers/create", Host=here) == 400
    # A form that another page posts; a sandboxed page; a page of another port of this machine.
    for origin in ("http://evil.example", "null", "http://127.0.0.1:80"):
        assert ask(port, "POST", "/containers/prune", Host=here, Origin=origin) == 403
        assert ask(port, "DELETE", "/containers/x", Host=here, Origin=origin) == 403
        assert ask(port, "GET", "/containers/x/attach/ws", Host=here, Origin=origin, Upgrade="websocket") == 403
    assert ask(port, "POST", "/containers/prune", Host=here, Origin="http://" + here) == 200
    # A name that its owner lets point to this machine.
    assert ask(port, "GET", "/containers/json", Host="evil.example:%d" % port) == 403
    assert ask(port, "POST", "/containers/prune", Host="127.0.0.1.evil.example") == 403
    assert ask(port, "GET", "/_ping", Host="localhost:%d" % port) == 200


def test_p04_the_socket_is_for_root_and_its_group(engine):
    st = os.stat(engine.sock)
    assert st.st_mode & 0o777 == 0o660 and st.st_uid == 0
