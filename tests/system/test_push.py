# SPDX-License-Identifier: Apache-2.0
"""Pushes to a registry that breaks off, forgets, refuses, or leads elsewhere: what is taken up, what is begun anew, what is said."""
import base64
import json
import os
import socket
import subprocess
import tempfile
import threading

import pytest

from harness import BERTH, CLIENTS, run, wait_for
from liar import Answer, digest
from registries import Authority, Certificates, FarAddress
from taker import Taker

SIZE = 3 << 20


@pytest.fixture(scope="module")
def random_image(engine):
    """An image of one layer that cannot be packed any smaller."""
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "random"), "wb") as f:
            f.write(os.urandom(SIZE))
        run(["tar", "-C", top, "-cf", top + ".tar", "."])
        engine.import_image(top + ".tar", "push-random:1")
        os.unlink(top + ".tar")
    yield "push-random:1"
    engine.docker("rmi", "-f", "push-random:1")


@pytest.fixture
def taker():
    with Taker() as t:
        yield t


class Pushed:
    """The image with a name at `registry`, while it is pushed."""

    def __init__(self, engine, image, registry, repo="a"):
        self.engine, self.image, self.ref = engine, image, f"{registry.name}/{repo}:1"

    def __enter__(self):
        self.engine.docker("tag", self.image, self.ref)
        return self

    def push(self, client=None, check=True, **kw):
        return self.engine.docker("push", self.ref, client=client, check=check, timeout=180, **kw)

    def __exit__(self, *exc):
        self.engine.docker("rmi", self.ref)


def layer_in(taker):
    """The one layer that the manifest of tag 1 names, as it came."""
    manifest = json.loads(taker.manifests["1"])
    entry = manifest["layers"][0]
    data = taker.blobs[entry["digest"]]
    assert len(data) == entry["size"] and digest(data) == entry["digest"]
    assert manifest["config"]["digest"] in taker.blobs
    return data


def test_an_upload_goes_on_at_the_byte_where_it_broke_off(engine, random_image, taker):
    taker.cuts = [SIZE // 2]
    with Pushed(engine, random_image, taker) as p:
        p.push()
    data = layer_in(taker)
    assert taker.received == [SIZE // 2, len(data) - SIZE // 2]
    assert len(taker.requests("GET .*/blobs/uploads/")) == 1 and len(taker.requests("POST .*/blobs/uploads/")) == 2
    assert taker.uploads == {}


def test_an_upload_that_breaks_off_again_and_again_goes_on_as_long_as_it_gets_further(engine, random_image, taker):
    taker.cuts = [SIZE // 8] * 5
    with Pushed(engine, random_image, taker) as p:
        p.push()
    data = layer_in(taker)
    assert taker.received == [SIZE // 8] * 5 + [len(data) - 5 * (SIZE // 8)]


def test_an_upload_that_the_registry_has_forgotten_is_begun_anew(engine, random_image, taker):
    taker.cuts = [SIZE // 2]
    taker.replace("GET .*/blobs/uploads/", lambda h, a: Answer(404))
    with Pushed(engine, random_image, taker) as p:
        p.push()
    assert taker.received == [SIZE // 2, len(layer_in(taker))]
    assert taker.requests("DELETE .*/blobs/uploads/") and taker.uploads == {}


def test_an_upload_of_which_the_registry_has_other_bytes_is_begun_anew(engine, random_image, taker):
    def spoil(handler, answer):
        name = handler.path.split("/")[-1]
        taker.uploads[name] = b"?" + taker.uploads[name][1:]

    taker.cuts = [SIZE // 2]
    taker.replace("GET .*/blobs/uploads/", spoil)
    with Pushed(engine, random_image, taker) as p:
        p.push()
    assert len(layer_in(taker)) == taker.received[-1] and len(taker.received) == 3


def test_an_upload_that_gets_nowhere_ends_with_a_message_and_is_given_up_there(engine, random_image, taker):
    taker.cuts = [0] * 20
    with Pushed(engine, random_image, taker) as p:
        said = p.push(check=False)
    assert said.returncode == 1 and "PATCH" in said.stderr and taker.name in said.stderr
    assert taker.manifests == {} and taker.uploads == {} and 2 <= len(taker.received) <= 6


@pytest.mark.parametrize("status, body, said", [
    (401, b"", "denied: requested access to the resource is denied"),
    (403, b'{"errors":[{"code":"DENIED","message":"not yours"}]}', "denied: not yours"),
    (400, b'{"errors":[{"code":"NAME_INVALID","message":"no such name"}]}', "name invalid: no such name"),
    (405, b"", "received unexpected HTTP status: 405")])
def test_what_a_registry_refuses_to_begin_is_said_in_its_words(engine, random_image, taker, status, body, said):
    taker.replace("POST .*/blobs/uploads/", lambda h, a: Answer(status, body))
    with Pushed(engine, random_image, taker) as p:
        answer = p.push(check=False)
    assert answer.returncode == 1 and said in answer.stderr and taker.received == [] and taker.manifests == {}
    assert len(taker.requests("POST .*/blobs/uploads/")) <= 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_registry_that_is_busy_is_asked_again(engine, random_image, taker, status):
    asked = []

    def busy(handler, answer):
        asked.append(handler.path)
        return Answer(status, headers={"Retry-After": "1"}) if len(asked) == 1 else None

    taker.replace("POST .*/blobs/uploads/", busy)
    with Pushed(engine, random_image, taker) as p:
        p.push()
    assert layer_in(taker) and len(asked) == 3


def test_a_manifest_that_comes_back_with_another_digest_is_said(engine, random_image, taker):
    other = "sha256:" + "0" * 64
    taker.replace("PUT .*/manifests/", lambda h, a: Answer(201, headers={"Docker-Content-Digest": other}))
    with Pushed(engine, random_image, taker) as p:
        said = p.push(check=False)
    assert said.returncode == 1 and f"the registry calls the manifest {other}, it is sha256:" in said.stderr
    names = engine.get(f"/images/{p.image}/json").json["RepoDigests"]
    assert not [n for n in names if n.startswith(taker.name)]


def test_a_push_ends_with_its_client_and_gives_the_upload_up(engine, random_image, taker):
    started, go = threading.Event(), threading.Event()

    def stall(handler, repo, name, query):
        started.set()
        go.wait(60)
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)
        return Answer(500)

    taker.upload_patch = stall
    with Pushed(engine, random_image, taker) as p:
        client = subprocess.Popen(engine.client_argv(BERTH, "push", p.ref), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert started.wait(60)
        client.kill()
        client.wait()
        go.set()
        wait_for(lambda: taker.requests("DELETE .*/blobs/uploads/") and taker.uploads == {}, "the upload is given up")
    assert taker.manifests == {}


def test_G01_G02_an_upload_that_leads_elsewhere_takes_no_credentials_along(engine, random_image, taker):
    """The registry asks for a password, and wants the layer to be sent to another server."""
    with Taker() as other:
        def ask(handler, answer):
            return None if "Authorization" in handler.headers else Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

        def lead_away(handler, answer):
            if "Authorization" not in handler.headers:
                return ask(handler, answer)
            repo = handler.path.split("/")[2]
            return Answer(202, headers={"Location": f"{other.url}/v2/{repo}/blobs/uploads/" + next(iter(taker.uploads))})

        taker.replace("", ask)
        taker.replace("POST .*/blobs/uploads/", lead_away)
        other.uploads = taker.uploads
        auth = base64.b64encode(json.dumps({"username": "me", "password": "secret"}).encode()).decode()
        with Pushed(engine, random_image, taker):
            engine.request("POST", f"/images/{taker.name}/a/push?tag=1", headers={"X-Registry-Auth": auth}, timeout=120)
        assert other.requests("PATCH ") and other.requests("PUT ")
        assert not [s for s in other.seen if "Authorization" in s[2]]
        assert all("Authorization" in s[2] for s in taker.requests("POST ")[1:])


def test_G02_an_upload_does_not_lead_out_of_tls(engine, random_image, tmp_path):
    with FarAddress() as address:
        authority = Authority(str(tmp_path), address)
        with Taker(host=address, tls=authority) as far, Certificates(far.name, {"ca.crt": authority.path("ca.crt")}):
            plain = f"http://{address}:1/v2/a/blobs/uploads/x"
            far.replace("POST .*/blobs/uploads/", lambda h, a: Answer(202, headers={"Location": plain}))
            with Pushed(engine, random_image, far) as p:
                said = p.push(check=False)
            assert said.returncode == 1 and f'the registry wants an upload at "{plain}", which is out of TLS' in said.stderr


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "", "nowhere"])
def test_G02_an_upload_leads_only_to_http(engine, random_image, taker, location):
    taker.replace("POST .*/blobs/uploads/", lambda h, a: Answer(202, headers={"Location": location} if location else {}))
    with Pushed(engine, random_image, taker) as p:
        said = p.push(check=False)
    assert said.returncode == 1
    assert ("does not say where to upload" if not location else f'wants an upload at "{location}"') in said.stderr


def test_every_client_hears_what_was_pushed(engine, random_image, taker):
    for client in (*CLIENTS, BERTH):
        with Pushed(engine, random_image, taker, "b") as p:
            out = p.push(client).stdout
        text = taker.manifests["1"]
        assert f"1: digest: {digest(text)} size: {len(text)}" in out
