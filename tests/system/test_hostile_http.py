# SPDX-License-Identifier: Apache-2.0
"""Requests that a proxy in front of the daemon and the daemon could understand differently (RFC 9112, section 11.2), and what web pages and redirects could do with its API:
each connection is answered as often as it asked, and never by what stood in a body."""
import re
import socket

import pytest

from harness import PATIENCE, Daemon, free_port

HOST = b"Host: docker\r\n"
# What hides in a body, and is answered by "page not found" where it is taken for a request.
HIDDEN = b"GET /hidden-request HTTP/1.1\r\nHost: docker\r\n\r\n"
LAST = b"GET /v1.41/_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"


def talk(engine, raw):
    """Send all and read to the end, which the daemon makes: each answer's status, and everything."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        got = b""
        try:
            s.sendall(raw)
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                got += piece
        except ConnectionError:
            pass
    return [int(n) for n in re.findall(rb"HTTP/1\.[01] (\d{3}) ", got)], got


def post(headers, body=b""):
    return b"POST /volumes/create HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + headers + b"\r\n" + body


def volumes(engine):
    return sorted(v["Name"] for v in engine.get("/volumes").json["Volumes"])


BOTH = b"Content-Length: %d\r\n" % (5 + len(HIDDEN))
CHUNKED = b"Transfer-Encoding: chunked\r\n"
DOUBTFUL = {
    "length-and-chunked": (BOTH + CHUNKED, 400),
    "chunked-and-length": (CHUNKED + BOTH, 400),
    "two-lengths-short-first": (b"Content-Length: 0\r\n" + BOTH, 400),
    "two-lengths-long-first": (BOTH + b"Content-Length: 0\r\n", 400),
    "two-chunked": (CHUNKED + CHUNKED, 501),
    "identity-and-chunked": (b"Transfer-Encoding: identity\r\n" + CHUNKED, 501),
    "xchunked": (b"Transfer-Encoding: xchunked\r\n", 501),
    "chunked-identity": (b"Transfer-Encoding: chunked, identity\r\n", 501),
    "gzip-chunked": (b"Transfer-Encoding: gzip, chunked\r\n", 501),
    "identity": (b"Transfer-Encoding: identity\r\n", 501),
    "chunked-parameter": (b"Transfer-Encoding: chunked;x\r\n", 501),
    "chunked-comma": (b"Transfer-Encoding: chunked,\r\n", 501),
    "vertical-tab": (b"Transfer-Encoding: \x0bchunked\r\n", 400),
    "blank-before-colon": (b"Content-Length : 5\r\n", 400),
    "tab-before-colon": (b"Transfer-Encoding\t: chunked\r\n", 400),
    "no-colon": (b"Content-Length\r\n", 400),
    "nul-in-name": (b"X\x00: x\r\n", 400),
    "two-hosts": (b"Host: elsewhere\r\nContent-Length: 0\r\n", 400),
    "plus": (b"Content-Length: +5\r\n", 400),
    "minus": (b"Content-Length: -5\r\n", 400),
    "list": (b"Content-Length: 5, 5\r\n", 400),
    "hex": (b"Content-Length: 0x5\r\n", 400),
    "beyond-64-bits": (b"Content-Length: 18446744073709551621\r\n", 413),
    "empty-length": (b"Content-Length: \r\n", 400),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_request_whose_end_is_in_doubt_is_refused_and_nothing_behind_it_is_read(engine, name):
    headers, status = DOUBTFUL[name]
    before = volumes(engine)
    statuses, got = talk(engine, post(headers, b"0\r\n\r\n" + HIDDEN + LAST))
    # Some the HTTP library refuses itself, and repeats the number in words.
    assert statuses and set(statuses) == {status}, got
    assert got.count(b"\r\n\r\n") <= 2 and b"page not found" not in got and b"OK" not in got.split(b"\r\n\r\n")[-1], got
    assert volumes(engine) == before


@pytest.mark.parametrize("headers", [CHUNKED, b"Transfer-Encoding: identity\r\n", CHUNKED + BOTH, b"Connection: keep-alive\r\n" + HOST + CHUNKED])
def test_before_http_1_1_there_is_no_transfer_encoding(engine, headers):
    """RFC 9112, section 6.1: its framing is faulty, and the connection ends; a proxy of that version would forward it unseen."""
    before = volumes(engine)
    statuses, got = talk(engine, b"POST /volumes/create HTTP/1.0\r\nContent-Type: application/json\r\n" + headers + b"\r\n0\r\n\r\n" + HIDDEN + LAST)
    assert statuses == [400] and b"page not found" not in got, got
    assert volumes(engine) == before


def test_since_http_1_1_a_request_says_which_host_it_means(engine):
    """RFC 9112, section 3.2, and with the words of Docker's server."""
    for headers in (b"", b"X-Host: docker\r\n", CHUNKED, b"Connection: Upgrade\r\nUpgrade: tcp\r\n"):
        statuses, got = talk(engine, b"POST /containers/nosuch/attach HTTP/1.1\r\n" + headers + b"\r\n0\r\n\r\n" + LAST)
        assert statuses == [400] and b"missing required Host header" in got, got
    for request in (b"GET /_ping HTTP/1.0\r\n\r\n", b"GET /_ping HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", b"HEAD /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"):
        statuses, got = talk(engine, request)
        assert statuses == [200], got


def test_a_line_feed_alone_ends_a_line(engine):
    """RFC 9112, section 2.2, and Go's server, which is Docker's: so it hides no header from what is looked at."""
    statuses, got = talk(engine, b"GET /v1.41/_ping HTTP/1.1\nHost: docker\n\n" + LAST.replace(b"\r\n", b"\n"))
    assert statuses == [200, 200], got
    for headers in (b"X: a\nTransfer-Encoding: chunked\nContent-Length: 5\n", b"X: a\nContent-Length: 0\nContent-Length: 5\n", b"X: a\nHost: evil\n"):
        statuses, got = talk(engine, b"POST /volumes/create HTTP/1.1\r\n" + HOST + headers + b"\r\n0\r\n\r\n" + HIDDEN + LAST)
        assert statuses == [400] and b"page not found" not in got, got


@pytest.mark.parametrize("line", [b"X: a\r\n Content-Length: 5\r\n", b"Content-Length:\r\n 60\r\n", b"Transfer-Encoding:\r\n chunked\r\n", b" Content-Length: 5\r\n", b"X: a\rContent-Length: 60\r\n",
                                  b"X: a\x00b\r\n", b": x\r\n"])
def test_folded_lines_and_bare_returns_let_nothing_through(engine, line):
    """Whatever it is taken for: the request is a GET, and its answers are its own and that of the honest one behind it, never three."""
    statuses, got = talk(engine, b"GET /v1.41/_ping HTTP/1.1\r\n" + HOST + line + b"\r\n" + LAST)
    assert 1 <= len(statuses) <= 2 and set(statuses) <= {200, 400}, got
    if 400 in statuses:
        assert statuses == [400], got


@pytest.mark.parametrize("size", [b"0x0", b"+0", b"-0", b" 0", b"0 ", b"g", b"", b"0\r", b'0;a="\r\n"', b"10000000000000000"])
def test_a_chunk_of_no_size_ends_the_connection(engine, size):
    statuses, got = talk(engine, post(CHUNKED, size + b"\r\n\r\n" + HIDDEN + LAST))
    assert len(statuses) == 1 and statuses[0] in (400, 413), got
    assert b"page not found" not in got


@pytest.mark.parametrize("chunks", [b"2\r\n{}XX\r\n0\r\n\r\n", b"2\r\n{}\r\nzz\r\n\r\n", b"1\r\n{}\r\n0\r\n\r\n"])
def test_bytes_between_chunks_end_the_connection(engine, chunks):
    statuses, got = talk(engine, post(CHUNKED, chunks + HIDDEN + LAST))
    assert statuses == [400], got


@pytest.mark.parametrize("head", [b"GET /_ping", b"HEAD /_ping", b"GET /nosuch", b"POST /nosuch", b"PUT /containers/nosuch/archive?path=/", b"DELETE /volumes/nosuch", b"OPTIONS /_ping"])
def test_a_body_that_nobody_wants_is_not_the_next_request(engine, head):
    statuses, got = talk(engine, head + b" HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + LAST)
    # The honest one behind it is answered, unless the connection ended.
    assert len(statuses) in (1, 2) and (len(statuses) == 1 or statuses[1] == 200), got
    assert got.count(b"page not found") <= (1 if b"nosuch" in head or b"OPTIONS" in head else 0)


def test_a_body_that_is_too_large_is_not_the_next_request(engine):
    for expect in (b"", b"Expect: 100-continue\r\n"):
        statuses, got = talk(engine, post(expect + b"Content-Length: 5000000\r\n", HIDDEN + LAST))
        assert statuses == [400] and b"too large" in got


def test_honest_requests_behind_one_another_are_each_answered(engine):
    one = b"GET /v1.41/_ping HTTP/1.1\r\n" + HOST + b"\r\n"
    chunked = b"POST /volumes/prune HTTP/1.1\r\n" + HOST + CHUNKED + b'\r\n2;ext="a b"\r\n{}\r\n0\r\nX-Trailer: x\r\n\r\n'
    same = b"POST /volumes/prune HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"
    statuses, got = talk(engine, one + chunked + one + same + LAST)
    assert statuses == [200] * 5, got


@pytest.mark.parametrize("target", [b"http://evil.example/_ping", b"evil.example:80", b"//evil.example/..", b"/..//evil.example", b"*", b"/%2e%2e/%2e%2e/etc/passwd", b"/v1.41%0d%0aSet-Cookie:x/_ping",
                                    b"/v1.41//containers//json"])
def test_no_target_is_answered_with_a_redirect_or_with_its_own_bytes_in_a_header(engine, target):
    statuses, got = talk(engine, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    head = got.split(b"\r\n\r\n")[0].lower()
    assert statuses[0] in (200, 400, 404), got
    assert b"location:" not in head and b"set-cookie" not in head and b"evil" not in head


@pytest.fixture(scope="module")
def cat(engine):
    engine.docker("run", "-d", "-i", "--name", "hostile-http", "bb", "cat")
    yield "hostile-http"
    engine.docker("rm", "-f", "hostile-http")


def attach(engine, headers, behind, want):
    """What comes back of an attach once `want` is in it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        s.sendall(b"POST /containers/hostile-http/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: tcp\r\n" + headers + b"\r\n" + behind)
        got = b""
        while want not in got:
            piece = s.recv(65536)
            assert piece, got
            got += piece
        return got


def test_what_stands_behind_a_hijack_is_input_and_no_request(engine, cat):
    got = attach(engine, b"", HIDDEN + b"end\n", b"end\n")
    assert got.startswith(b"HTTP/1.1 101 ") and got.count(b"HTTP/1.1 101 ") == 1
    # It came back from cat, and nobody answered it.
    assert b"GET /hidden-request" in got and b"page not found" not in got


def test_a_hijack_with_a_chunked_body_is_one_once_the_body_has_ended(engine, cat):
    """RFC 9110, section 7.8: the request is read to its end before the protocol is another."""
    got = attach(engine, CHUNKED, b"0\r\n\r\n" + HIDDEN + b"end-two\n", b"end-two\n")
    assert got.startswith(b"HTTP/1.1 101 ") and b"page not found" not in got
    assert b"0\r\n\r\n" not in got.split(b"\r\n\r\n", 1)[1].replace(HIDDEN, b"")


@pytest.mark.parametrize("headers", [BOTH + CHUNKED, b"Content-Length: 0\r\nContent-Length: 9\r\n", b"Transfer-Encoding: identity\r\n"])
def test_a_doubtful_request_is_not_hijacked(engine, cat, headers):
    got = attach(engine, headers, b"0\r\n\r\n" + HIDDEN, b"\r\n\r\n")
    assert got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))


def test_a_refused_hijack_leaves_the_connection_to_http(engine):
    statuses, got = talk(engine, b"POST /containers/nosuch/attach?stream=1 HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + LAST)
    assert statuses == [404, 200], got


# ---- over TCP, where web pages are ------------------------------------------------------


@pytest.fixture(scope="module")
def port():
    n = free_port()
    with Daemon(flags=["-H", f"tcp://127.0.0.1:{n}"]):
        yield n


def over_tcp(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
        s.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    return int(got.split()[1])


KEY = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize("origin", [b"http://evil.example", b"https://127.0.0.1.evil.example", b"null", b"", b"http://127.0.0.1", b"http://127.0.0.1:%d.evil.example", b"file://", b"http://user@127.0.0.1:%d",
                                    b"http://127.0.0.1:%d/path", b"http://evil.example http://127.0.0.1:%d", b"chrome-extension://abc"])
def test_no_page_of_another_origin_attaches(port, origin):
    here = b"Host: 127.0.0.1:%d\r\n" % port
    origin = b"Origin: " + (origin % port if b"%d" in origin else origin) + b"\r\n"
    for request in (b"GET /containers/x/attach/ws?stream=1 HTTP/1.1\r\n" + here + origin + KEY + b"\r\n",
                    b"POST /containers/x/attach?stream=1 HTTP/1.1\r\n" + here + origin + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
                    b"POST /exec/x/start HTTP/1.1\r\n" + here + origin + b"Content-Length: 0\r\n\r\n",
                    b"POST /session HTTP/1.1\r\n" + here + origin + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"):
        assert over_tcp(port, request) == 403, request


def test_the_hosts_of_a_request_cannot_disagree(port):
    own = b"127.0.0.1:%d" % port
    for hosts in ([own, b"evil.example"], [b"evil.example", own], [own, own]):
        assert over_tcp(port, b"GET /_ping HTTP/1.1\r\n" + b"".join(b"Host: %s\r\n" % h for h in hosts) + b"\r\n") in (400, 403)
    for host in (own + b", evil.example", b"evil.example, " + own, own + b"@evil.example", b"evil.example/" + own, b"[::1].evil.example"):
        assert over_tcp(port, b"GET /_ping HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") == 403, host
    for host in (own, b"localhost", b"[::1]:%d" % port):
        assert over_tcp(port, b"GET /_ping HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") == 200, host
