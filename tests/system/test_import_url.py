# SPDX-License-Identifier: Apache-2.0
"""POST /images/create?fromSrc=URL: an image of an archive that lies on a web server."""
import contextlib
import http.server
import json
import threading
import urllib.parse

import pytest

from harness import BERTH, busybox_tar, run


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(busybox_tar(), "rb") as f:
            archive = f.read()
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/root.tar")
            self.end_headers()
            return
        if self.path not in ("/root.tar", "/short.tar", "/endless.tar", "/nothing.tar"):
            self.send_error(404)
            return
        self.send_response(200)
        if self.path == "/nothing.tar":
            archive = b"this is no archive at all" * 100
        if self.path != "/endless.tar":
            self.send_header("Content-Length", str(len(archive)))
        self.end_headers()
        self.wfile.write(archive[:len(archive) // 2] if self.path == "/short.tar" else archive)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def create(engine, url, **query):
    return engine.request("POST", "/images/create?" + urllib.parse.urlencode({"fromSrc": url, **query}))


def messages(answer):
    return [json.loads(line) for line in answer.body.decode().splitlines() if line]


@pytest.fixture
def image(engine):
    yield "fromurl"
    with contextlib.suppress(Exception):
        engine.request("DELETE", "/images/fromurl?force=1")


@pytest.mark.parametrize("path", ["root.tar", "moved", "endless.tar"])
def test_an_archive_on_a_web_server_becomes_an_image_that_runs(engine, site, image, path):
    url = f"http://{site}/{path}"
    answer = create(engine, url, repo=image, tag="latest", changes="ENV A=b")
    assert answer.status == 200
    said = messages(answer)
    assert said[0] == {"status": f"Downloading from {url}"}
    bars = [m for m in said if m["status"] == "Importing"]
    far = [m["progressDetail"]["current"] for m in bars]
    assert far == sorted(far) and far[-1] > 100000 and ("total" in bars[-1]["progressDetail"]) == (path != "endless.tar")
    found = engine.get(f"/images/{image}/json").json
    assert said[-1] == {"status": found["Id"]} and found["Comment"] == f"Imported from {url}" and found["Config"]["Env"] == ["A=b"]
    assert engine.docker("run", "--rm", image, "/bin/sh", "-c", "echo $A").stdout == "b\n"


def test_the_command_line_and_a_name_without_a_scheme(engine, site, image):
    p = run([BERTH, "-H", "unix://" + engine.sock, "import", f"http://{site}/root.tar", image + ":latest"])
    ident = engine.get(f"/images/{image}/json").json["Id"]
    assert ident in p.stdout and engine.get(f"/images/{ident}/history").json[0]["Comment"] == f"Imported from http://{site}/root.tar"
    assert create(engine, f"{site}/root.tar", repo=image).status == 200


def test_a_password_in_the_url_is_not_shown_and_not_stored(engine, site, image):
    answer = create(engine, f"http://user:secret@{site}/root.tar", repo=image)
    assert answer.status == 200 and b"secret" not in answer.body
    assert "secret" not in json.dumps(engine.get(f"/images/{image}/json").json)
    answer = create(engine, f"http://user:secret@{site}/missing", repo=image)
    assert answer.status == 404 and b"secret" not in answer.body


def test_what_cannot_be_fetched_is_an_error_before_any_progress(engine, site):
    before = engine.get("/images/json?all=1").json
    for url, status, words in [(f"http://{site}/missing", 404, f"failed to GET http://{site}/missing with status 404"),
                               ("http://127.0.0.1:1/x", 503, "127.0.0.1:1/x"),
                               ("file:///etc/passwd", 400, 'unsupported protocol scheme "file"'),
                               (f"http://{site}/root.tar&repo=UPPER", 400, "")]:
        answer = create(engine, url) if "UPPER" not in url else create(engine, url.split("&")[0], repo="UPPER")
        assert (answer.status, words in answer.json["message"]) == (status, True), answer.body
    assert engine.get("/images/json?all=1").json == before


@pytest.mark.parametrize("path", ["short.tar", "nothing.tar"])
def test_an_archive_that_breaks_off_or_is_none_makes_no_image(engine, site, path):
    before = engine.get("/images/json?all=1").json
    answer = create(engine, f"http://{site}/{path}", repo="broken")
    assert answer.status == 200 and messages(answer)[-1]["errorDetail"]["message"]
    assert engine.get("/images/json?all=1").json == before and engine.get("/images/broken/json").status == 404
