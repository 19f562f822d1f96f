# SPDX-License-Identifier: Apache-2.0
"""The API on the wire: versions, bad input, streams, python3-docker."""
import socket
import struct

import docker
import pytest

from harness import PATIENCE, BERTHD, run


def raw(engine, data, half_close=False, limit=1 << 20):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(data)
    if half_close:
        s.shutdown(socket.SHUT_WR)
    out = b""
    while len(out) < limit:
        chunk = s.recv(65536)
        if not chunk:
            break
        out += chunk
    s.close()
    return out


@pytest.mark.parametrize("prefix", ["", "/v1.12", "/v1.24", "/v1.41", "/v1.51"])
def test_every_version_prefix_is_served(engine, prefix):
    a = engine.get(prefix + "/version")
    assert a.status == 200 and a.json["ApiVersion"] == "1.51"
    assert a.headers["Api-Version"] and a.headers["Server"]


@pytest.mark.parametrize("prefix,words", [("/v1.99", "too new"), ("/v1.5", "too old")])
def test_an_unknown_version_is_refused_in_dockers_words(engine, prefix, words):
    a = engine.get(prefix + "/version")
    assert a.status == 400 and words in a.message


def test_ping_by_get_and_head(engine):
    a = engine.get("/_ping")
    assert a.status == 200 and a.body == b"OK" and a.headers["Builder-Version"] and a.headers["Ostype"] == "linux"
    h = engine.request("HEAD", "/_ping")
    assert h.status == 200 and h.headers["Api-Version"] == "1.51" and h.headers["Swarm"] == "inactive"


def test_unknown_pages_and_swarm(engine):
    assert engine.get("/nosuch").status == 404 and engine.get("/nosuch").message == "page not found"
    a = engine.get("/services")
    assert a.status == 503 and "This node is not a swarm manager" in a.message


@pytest.mark.parametrize("body", ["{", "[]", "\x00", '{"Image": 5}', '{"Image":"bb","Cmd":{"a":1}}', '"x"', "nonsense"])
def test_malformed_bodies_are_400(engine, body):
    a = engine.post("/containers/create", body, headers={"Content-Type": "application/json"})
    assert a.status == 400 and a.message


def test_deep_json_is_refused_and_the_daemon_lives(engine):
    try:
        a = engine.post("/containers/create", "[" * 1000000, headers={"Content-Type": "application/json"})
        assert a.status in (400, 413)
    except OSError:
        pass  # answered and closed before the whole of it was sent
    assert engine.get("/_ping").status == 200


def test_a_body_that_never_ends_is_cut_off(engine):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = 0
    try:
        while sent < 200 << 20:
            s.sendall(chunk)
            sent += 0x10000
    except OSError:
        pass
    assert sent < 200 << 20
    s.close()
    assert engine.get("/_ping").status == 200


def test_traps_of_other_clients_in_the_request_line(engine, name):
    engine.docker("create", "--name", name, "bb", "true")
    for path in ("/containers/json?", "/containers/json?&all=1", '/containers/json?all=1&filters={"name":["%s"]}' % name,
                 '/containers/json?all=True&filters=%7B%22name%22%3A+%5B%22' + name + "%22%5D%7D", "/containers/json?all=1&limit=-1"):
        out = raw(engine, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert out.startswith(b"HTTP/1.1 200"), (path, out[:300])
    out = raw(engine, b"GET /_ping HTTP/1.0\r\n\r\n")
    assert b" 200 " in out.split(b"\r\n")[0] and out.endswith(b"OK")
    out = raw(engine, f"POST /containers/{name}/start HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b" 204 " in out.split(b"\r\n")[0]


def test_wait_sends_its_header_at_once(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(f"POST /v1.41/containers/{name}/wait HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert s.recv(4096).startswith(b"HTTP/1.1 200")
    engine.docker("kill", name)
    out = b""
    while b"}" not in out:
        more = s.recv(4096)
        assert more, out
        out += more
    assert b'"StatusCode":137' in out.replace(b" ", b"")
    s.close()


def test_attach_is_a_101_and_frames_both_streams(engine, name):
    engine.docker("create", "--name", name, "bb", "sh", "-c", "echo o; echo e >&2")
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(f"POST /v1.43/containers/{name}/attach?stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
              "Upgrade: tcp\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += s.recv(1)
    assert head.startswith(b"HTTP/1.1 101") and b"application/vnd.docker.multiplexed-stream" in head
    engine.docker("start", name)
    out = b""
    while True:
        chunk = s.recv(65536)
        if not chunk:
            break
        out += chunk
    frames = {}
    while out:
        kind, size = struct.unpack(">BxxxI", out[:8])
        frames[kind] = frames.get(kind, b"") + out[8:8 + size]
        out = out[8 + size:]
    assert frames == {1: b"o\n", 2: b"e\n"}


def test_a_second_daemon_on_the_same_roots_is_refused(engine):
    p = run([BERTHD, "--data-root", engine.data, "--exec-root", engine.exec + "2", "-H", f"unix://{engine.top}/second",
             "--pidfile", engine.top + "/pid2", "--bridge", "none"], check=False)
    assert p.returncode != 0 and engine.data in p.stderr
    assert engine.get("/_ping").status == 200


def test_unknown_flags_and_config_keys_are_named(tmp_path):
    p = run([BERTHD, "--no-such-flag"], check=False)
    assert p.returncode != 0 and "no-such-flag" in p.stderr
    (tmp_path / "daemon.json").write_text('{"nosuchkey": 1}')
    p = run([BERTHD, "--config-file", str(tmp_path / "daemon.json"), "--data-root", str(tmp_path / "d"), "--exec-root",
             str(tmp_path / "e"), "-H", f"unix://{tmp_path}/s"], check=False)
    assert p.returncode != 0 and "nosuchkey" in p.stderr


def test_many_idle_connections_disturb_nobody(engine):
    socks = []
    try:
        for _ in range(500):
            s = socket.socket(socket.AF_UNIX)
            s.connect(engine.sock)
            socks.append(s)
        assert engine.get("/_ping").status == 200
        assert engine.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"
    finally:
        for s in socks:
            s.close()


@pytest.fixture
def py(engine):
    c = docker.DockerClient(base_url="unix://" + engine.sock, version="auto", timeout=int(PATIENCE))
    yield c
    c.close()


def test_python_docker_runs_and_reads(py, engine):
    assert py.containers.run("bb", ["echo", "from python"], remove=True) == b"from python\n"
    with pytest.raises(docker.errors.ContainerError) as e:
        py.containers.run("bb", ["sh", "-c", "exit 3"], remove=True)
    assert e.value.exit_status == 3
    with pytest.raises(docker.errors.NotFound):
        py.containers.get("nosuch")


def test_python_docker_life(py, engine, name):
    c = py.containers.run("bb", "sleep 600", name=name, detach=True, labels={"a": "b"}, environment=["X=1"])
    assert c.status in ("created", "running")
    c.reload()
    assert c.status == "running" and c.labels["a"] == "b"
    assert c.name in [x.name for x in py.containers.list(filters={"label": "a=b"})]
    r = c.exec_run(["sh", "-c", "echo $X; exit 2"])
    assert (r.exit_code, r.output) == (2, b"1\n")
    c.pause()
    c.unpause()
    assert "sleep" in str(c.top())
    c.rename(name + "q")
    c.rename(name)
    c.kill("KILL")
    assert c.wait()["StatusCode"] == 137
    assert c.logs() == b""
    c.remove()


def test_python_docker_exec_socket_and_stream(py, engine, name):
    c = py.containers.run("bb", ["sh", "-c", "for i in 1 2 3; do echo $i; done"], name=name, detach=True)
    c.wait()
    assert b"".join(c.logs(stream=True)) == b"1\n2\n3\n"
    assert c.logs(tail=1) == b"3\n"
