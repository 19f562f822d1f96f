# SPDX-License-Identifier: Apache-2.0
"""The API over TCP: TLS with client certificates, and no root for everybody without it."""
import socket
import ssl

import pytest

from harness import BERTHD, CLIENTS, PATIENCE, Daemon, busybox_tar, free_port, run, wait_for


def make_authority(d, name):
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", d / f"{name}-key.pem", "-out", d / f"{name}.pem", "-subj", f"/CN={name}",
         "-days", "2"])


def make_certificate(d, name, authority):
    ext = d / "ext"
    ext.write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", d / f"{name}-key.pem", "-out", d / f"{name}.csr", "-subj", f"/CN={name}"])
    run(["openssl", "x509", "-req", "-in", d / f"{name}.csr", "-CA", d / f"{authority}.pem", "-CAkey", d / f"{authority}-key.pem", "-CAcreateserial",
         "-out", d / f"{name}.pem", "-days", "2", "-extfile", ext])


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A daemon that wants client certificates; (daemon, port, directory of the certificates)."""
    d = tmp_path_factory.mktemp("tls")
    make_authority(d, "ca")
    make_authority(d, "other-ca")
    make_certificate(d, "server", "ca")
    make_certificate(d, "client", "ca")
    make_certificate(d, "stranger", "other-ca")
    port = free_port()
    flags = ["-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", str(d / "ca.pem"), "--tlscert", str(d / "server.pem"), "--tlskey",
             str(d / "server-key.pem")]
    with Daemon(flags) as daemon:
        daemon.import_image(busybox_tar(), "bb:latest")
        yield daemon, port, d


def ask(port, directory, name=None):
    """GET /_ping with the certificate `name`; the whole answer."""
    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    if name:
        context.load_cert_chain(directory / f"{name}.pem", directory / f"{name}-key.pem")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE), server_hostname="127.0.0.1") as s:
        s.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        out = b""
        while chunk := s.recv(4096):
            out += chunk
        return out


def docker(tls, *args, **kw):
    _, port, d = tls
    return run([CLIENTS[0], "-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", str(d / "ca.pem"), "--tlscert", str(d / "client.pem"),
                "--tlskey", str(d / "client-key.pem"), *args], **kw)


def test_only_certificates_of_the_authority_are_let_in(tls):
    _, port, d = tls
    assert b" 200 " in ask(port, d, "client").split(b"\r\n")[0]
    for name in (None, "stranger"):
        answer = ask(port, d, name)
        assert b" 401 " in answer.split(b"\r\n")[0] and b"client certificate" in answer


def test_streams_go_both_ways_over_tls(tls):
    assert docker(tls, "run", "--rm", "bb", "echo", "over tls").stdout == "over tls\n"
    p = docker(tls, "run", "-i", "--rm", "bb", "sh", "-c", "cat; echo err >&2; exit 5", input="word\n" * 20000, check=False)
    assert (p.returncode, p.stdout, p.stderr) == (5, "word\n" * 20000, "err\n")


def test_exec_and_logs_over_tls(tls):
    docker(tls, "run", "-d", "--name", "overtls", "bb", "sh", "-c", "echo logged; sleep 600")
    try:
        assert docker(tls, "exec", "overtls", "echo", "inside").stdout == "inside\n"
        wait_for(lambda: docker(tls, "logs", "overtls").stdout == "logged\n", "it is in the log")
    finally:
        docker(tls, "rm", "-f", "overtls")


def test_plain_tcp_beyond_loopback_needs_to_be_meant(tmp_path):
    flags = ["--data-root", str(tmp_path / "d"), "--exec-root", str(tmp_path / "e"), "--bridge", "none", "--config-file", str(tmp_path / "none.json")]
    p = run([BERTHD, *flags, "-H", f"tcp://0.0.0.0:{free_port()}"], check=False)
    assert p.returncode != 0 and "without TLS" in p.stderr


def test_a_raw_stream_without_upgrade_passes_both_ways(tls):
    daemon, port, directory = tls
    daemon.docker("run", "-d", "--name", "raw", "bb", "sleep", "1000")
    x = daemon.post("/containers/raw/exec", {"Cmd": ["sh", "-c", "read x; echo got $x"], "AttachStdin": True, "AttachStdout": True, "Tty": True}).json["Id"]
    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    context.load_cert_chain(directory / "client.pem", directory / "client-key.pem")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE), server_hostname="127.0.0.1") as s:
        s.sendall(f"POST /exec/{x}/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{{\"Tty\":true}}".encode())
        out = b""
        while b"\r\n\r\n" not in out:
            more = s.recv(4096)
            assert more, out
            out += more
        s.sendall(b"in\n")
        while b"got in" not in out:
            more = s.recv(4096)
            assert more, out
            out += more
    assert out.startswith(b"HTTP/1.1 200 OK\r\n") and b"chunked" not in out and b"raw-stream" in out
    daemon.request("DELETE", "/containers/raw?force=1")
