# SPDX-License-Identifier: Apache-2.0
"""What dockerode and testcontainers for Node send, as they send it: options as a JSON body beside the query, streams by upgrade, files before the start, the engine's socket in a container."""
import io
import json
import os
import re
import socket
import tarfile
import urllib.request

import pytest

from harness import PATIENCE, UnixConnection, wait_for


def stream(engine, path, body, send=b"", upgrade=True):
    """A raw stream as dockerode opens it: the call's options once more as its body. Returns (status line, [(stream, bytes)])."""
    text = json.dumps(body).encode()
    asks = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else "Connection: close\r\n"
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        # Head and body come apart, as Node writes them.
        s.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n{asks}\r\n".encode())
        s.sendall(text)
        got = b""
        while b"\r\n\r\n" not in got:
            more = s.recv(65536)
            assert more, got
            got += more
        head, _, got = got.partition(b"\r\n\r\n")
        yield head.split(b"\r\n")[0].decode()
        # Nobody reads from who has nothing to say: the exec may be over, and the other side closed.
        if send:
            s.sendall(send)
        s.shutdown(socket.SHUT_WR)
        while more := s.recv(65536):
            got += more
    out = {}
    while got:
        size = int.from_bytes(got[4:8], "big")
        out[got[0]] = out.get(got[0], b"") + got[8:8 + size]
        got = got[8 + size:]
    yield out


@pytest.mark.parametrize("upgrade, status", [(True, "HTTP/1.1 101 "), (False, "HTTP/1.1 200 ")])
def test_dockerode_attaches_before_it_starts(engine, name, upgrade, status):
    options = {"stream": True, "stdin": True, "stdout": True, "stderr": True, "hijack": upgrade}
    config = {"Image": "bb", "Cmd": ["sh", "-c", "cat; echo done >&2"], "OpenStdin": True, "StdinOnce": True, "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": False}
    ref = engine.post(f"/containers/create?name={name}", config).json["Id"]
    text = b"line one\n" + b"x" * 100000 + b"\n"
    attached = stream(engine, f"/containers/{ref}/attach?stream=true&stdin=true&stdout=true&stderr=true&hijack={str(upgrade).lower()}", options, text, upgrade)
    assert next(attached).startswith(status)
    assert engine.post(f"/containers/{ref}/start").status == 204
    assert next(attached) == {1: text, 2: b"done\n"}
    assert engine.post(f"/containers/{ref}/wait").json["StatusCode"] == 0


def test_dockerode_pipes_into_an_exec(engine, name):
    engine.docker("run", "-d", "--network", "none", "--name", name, "bb", "sleep", "1000")
    ref = engine.post(f"/containers/{name}/exec", {"Cmd": ["sh", "-c", "cat; exit 9"], "AttachStdin": True, "AttachStdout": True, "AttachStderr": True}).json["Id"]
    running = stream(engine, f"/exec/{ref}/start", {"hijack": True, "stdin": True}, b"piped")
    assert next(running).startswith("HTTP/1.1 101 ")
    assert next(running) == {1: b"piped"}
    wait_for(lambda: not engine.get(f"/exec/{ref}/json").json["Running"], "the exec has ended")
    assert engine.get(f"/exec/{ref}/json").json["ExitCode"] == 9


def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (text, mode) in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(text), mode
            tar.addfile(info, io.BytesIO(text))
    return out.getvalue()


def said_by(engine, ref, *cmd):
    """An exec of testcontainers: (exit code, stdout)."""
    made = engine.post(f"/containers/{ref}/exec", {"Cmd": list(cmd), "AttachStdout": True, "AttachStderr": True, "Env": None, "WorkingDir": None, "User": None}).json["Id"]
    running = stream(engine, f"/exec/{made}/start", {"stdin": False, "Detach": False, "Tty": False})
    next(running)
    out = next(running).get(1, b"").decode()
    wait_for(lambda: not engine.get(f"/exec/{made}/json").json["Running"], "the exec has ended")
    return engine.get(f"/exec/{made}/json").json["ExitCode"], out


def followed_until(engine, ref, word):
    """The log, followed until a word is in it, which is how a start is waited for."""
    c = UnixConnection(engine.sock)
    c.request("GET", f"/containers/{ref}/logs?follow=true&stdout=true&stderr=true&since=0")
    r, got = c.getresponse(), b""
    while word not in got:
        chunk = r.read1(65536)
        assert chunk, got
        got += chunk
    c.close()
    return got


@pytest.fixture
def session(engine, name):
    """What testcontainers makes of GenericContainer('bb') with a port, a file and a health check; removed by its session's label, as its reaper does."""
    labels = {"org.testcontainers": "true", "org.testcontainers.lang": "node", "org.testcontainers.session-id": name}
    config = {"Image": "bb", "name": name, "Env": ["A=b"], "Labels": labels, "ExposedPorts": {"80/tcp": {}},
              "Cmd": ["sh", "-c", "echo Started!; exec httpd -f -p 80 -h /www"],
              "Healthcheck": {"Test": ["CMD-SHELL", "test -s /www/index.html"], "Interval": 200000000, "Timeout": 5000000000, "Retries": 100, "StartPeriod": 0},
              "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "0"}]}, "Binds": [f"{engine.sock}:/var/run/docker.sock:rw"], "ExtraHosts": [], "AutoRemove": False, "Ulimits": [],
                             "Privileged": False, "PublishAllPorts": False, "NetworkMode": None, "Tmpfs": {}, "CapAdd": [], "CapDrop": []}}
    made = engine.post(f"/containers/create?name={name}", config)
    assert made.status == 201, made.body
    yield made.json["Id"]
    label = json.dumps({"label": ["org.testcontainers.session-id=" + name]})
    for c in engine.get("/containers/json?all=true&filters=" + label.replace(" ", "%20")).json:
        assert engine.request("DELETE", f"/containers/{c['Id']}?force=true&v=true").status == 204
    assert engine.get(f"/containers/{made.json['Id']}/json").status == 404


def test_testcontainers_starts_waits_and_is_reaped(engine, session):
    files = archive({"www/index.html": (b"early\n", 0o640), "etc/deep/down/conf": (b"set\n", 0o644)})
    assert engine.request("PUT", f"/containers/{session}/archive?path=%2F", files, {"Content-Type": "application/x-tar"}).status == 200
    assert engine.post(f"/containers/{session}/start").status == 204
    assert b"Started!" in followed_until(engine, session, b"Started!")
    ports = engine.inspect(session)["NetworkSettings"]["Ports"]["80/tcp"]
    mapped = [p["HostPort"] for p in ports if ":" not in p["HostIp"]][0]
    # Inside: somebody listens at 0050, by what /proc/net/tcp says.
    wait_for(lambda: said_by(engine, session, "/bin/sh", "-c", "cat /proc/net/tcp* | awk '{print $2}' | grep -i :0050")[0] == 0, "the port is listened at")
    with urllib.request.urlopen(f"http://127.0.0.1:{mapped}/index.html", timeout=PATIENCE) as answer:
        assert answer.read() == b"early\n"
    assert said_by(engine, session, "sh", "-c", "stat -c %a /www/index.html; cat /etc/deep/down/conf") == (0, "640\nset\n")
    wait_for(lambda: engine.inspect(session)["State"]["Health"]["Status"] == "healthy", "the check succeeds")
    # A restart keeps what was copied, and the port is the mapped one of then.
    assert engine.post(f"/containers/{session}/restart", {"t": 0}).status == 204
    wait_for(lambda: said_by(engine, session, "cat", "/etc/deep/down/conf") == (0, "set\n"), "it runs again")


def test_the_reaper_reaches_the_engine_by_the_socket_in_its_container(engine, session):
    engine.post(f"/containers/{session}/start")
    pid = engine.inspect(session)["State"]["Pid"]
    path = f"/proc/{pid}/root/var/run/docker.sock"
    assert re.fullmatch(r"0o14\d{4}", oct(os.stat(path).st_mode))
    c = UnixConnection(path)
    c.request("GET", "/_ping")
    assert c.getresponse().read() == b"OK"
    c.close()
