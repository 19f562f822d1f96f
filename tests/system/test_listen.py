# SPDX-License-Identifier: Apache-2.0
"""Where the daemon listens: its socket's owner and group, sockets that it is given, and who is let in over TLS."""
import grp
import os
import shutil
import socket
import ssl
import subprocess

import pytest

from harness import Daemon, free_port, run, wait_for
from test_tls import make_authority, make_certificate


def test_the_group_of_the_socket_is_the_one_named():
    group = grp.getgrall()[-1]
    with Daemon(flags=["--group", group.gr_name]) as d:
        st = os.stat(d.sock)
        assert (st.st_gid, st.st_uid, st.st_mode & 0o777) == (group.gr_gid, 0, 0o660)


def test_an_unknown_group_is_named(tmp_path):
    d = Daemon(flags=["--group", "no-such-group"])
    try:
        with pytest.raises(AssertionError, match="no-such-group not found"):
            d.start()
    finally:
        discard(d)


def discard(d):
    """The root of a daemon that has ended: what it had beside it may be ending still, and removes its own."""
    wait_for(lambda: shutil.rmtree(d.top, ignore_errors=True) or not os.path.exists(d.top), "it is removed")


class Activated(Daemon):
    """A daemon that is given its sockets as systemd gives them: from descriptor 3 on."""

    def __init__(self, sockets):
        super().__init__()
        self.sockets = sockets

    def argv(self):
        own = super().argv()
        own[own.index("unix://" + self.sock)] = "fd://"
        # The variable must name the process that reads it.
        return ["sh", "-c", f"LISTEN_FDS={len(self.sockets)} LISTEN_PID=$$ exec \"$@\"", "sh", *own]

    def start(self):
        """Give them as 3, 4, …, which Popen alone does not."""
        saved = [os.dup(s.fileno()) for s in self.sockets]
        popen = subprocess.Popen

        def with_sockets(argv, **kw):
            def place():
                for i, fd in enumerate(saved):
                    os.dup2(fd, 100 + i)
                for i in range(len(saved)):
                    os.dup2(100 + i, 3 + i, inheritable=True)
            return popen(argv, preexec_fn=place, close_fds=False, **kw)

        subprocess.Popen = with_sockets
        try:
            return super().start()
        finally:
            subprocess.Popen = popen
            for fd in saved:
                os.close(fd)


def listen_unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(100)
    return s


def test_sockets_that_systemd_gives_are_served_and_stay():
    d = Activated([])
    first, second = listen_unix(d.sock), listen_unix(d.sock + "2")
    d.sockets = [first, second]
    with d:
        assert d.get("/_ping").status == 200
        assert run(["curl", "-s", "--unix-socket", d.sock + "2", "http://x/_ping"]).stdout == "OK"
        # A request that comes while the daemon is down waits in the queue, and is answered by the next one.
        d.kill()
        client = subprocess.Popen(["curl", "-s", "--unix-socket", d.sock, "http://x/_ping"], stdout=subprocess.PIPE, text=True)
        d.start()
        assert client.communicate(timeout=60)[0] == "OK"
        d.terminate()
        assert os.path.exists(d.sock)
    first.close()
    second.close()


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="needs systemd's tool")
def test_systemd_starts_it_with_the_first_connection():
    d = Daemon()
    own = d.argv()
    own[own.index("unix://" + d.sock)] = "fd://"
    d.proc = subprocess.Popen(["systemd-socket-activate", "-l", d.sock, *own], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # The file is there a moment before anybody listens.
        wait_for(d.answers, "it answers")
    finally:
        d.proc.terminate()
        d.proc.wait(timeout=60)
        subprocess.run(["ip", "link", "del", d.bridge], capture_output=True)
        discard(d)


def test_a_given_tcp_socket_beyond_loopback_needs_to_be_meant():
    s = socket.socket()
    s.bind(("0.0.0.0", 0))
    s.listen(10)
    d = Activated([s])
    try:
        with pytest.raises(AssertionError, match="without TLS gives root"):
            d.start()
    finally:
        s.close()
        discard(d)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    d = tmp_path_factory.mktemp("p07")
    make_authority(d, "ca")
    for name in ("server", "good", "server-only"):
        make_certificate(d, name, "ca")
    (d / "ext").write_text("extendedKeyUsage=serverAuth\n")
    run(["openssl", "x509", "-req", "-in", d / "server-only.csr", "-CA", d / "ca.pem", "-CAkey", d / "ca-key.pem", "-CAcreateserial", "-out", d / "server-only.pem",
         "-days", "2", "-extfile", d / "ext"])
    run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "old-key.pem", "-out", d / "old.csr", "-subj", "/CN=old"])
    (d / "index").write_text("")
    (d / "serial").write_text("1000\n")
    (d / "ca.conf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={d}/index\nserial={d}/serial\nnew_certs_dir={d}\ncertificate={d}/ca.pem\nprivate_key={d}/ca-key.pem\n"
                               "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
    run(["openssl", "ca", "-batch", "-config", d / "ca.conf", "-in", d / "old.csr", "-out", d / "old.pem", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z",
         "-notext"])
    port = free_port()
    with Daemon(["-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", str(d / "ca.pem"), "--tlscert", str(d / "server.pem"), "--tlskey",
                 str(d / "server-key.pem")]):
        yield port, d


def status(tls, name=None, version=None):
    port, d = tls
    context = ssl.create_default_context(cafile=str(d / "ca.pem"))
    if version:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    if name:
        context.load_cert_chain(d / f"{name}.pem", d / f"{name}-key.pem")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60), server_hostname="127.0.0.1") as s:
        s.sendall(b"GET /containers/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = s.recv(4096)
        return int(answer.split()[1]) if answer else 0


def test_p07_a_good_certificate_is_let_in(tls):
    assert status(tls, "good") == 200
    assert status(tls, "good", ssl.TLSVersion.TLSv1_2) == 200


@pytest.mark.parametrize("name", [None, "old", "server-only"])
def test_p07_others_are_not(tls, name):
    try:
        assert status(tls, name) in (0, 401)
    except (ssl.SSLError, ConnectionError):
        pass  # the server may have closed before or after the request was written


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_p07_old_versions_are_not_spoken(tls, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        status(tls, "good", version)
