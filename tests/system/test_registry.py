# SPDX-License-Identifier: Apache-2.0
"""pull, push and login against Debian's docker-registry in each of its forms, by docker's clients and by berth."""
import json
import os
import random
import shutil
import tempfile

import pytest

from harness import BERTH, CLIENTS, Daemon, busybox_tar, run
from registries import Authority, Certificates, FarAddress, Registry, TokenServer


@pytest.fixture(scope="module")
def plain():
    with Registry() as r:
        yield r


def image_id(engine, ref):
    a = engine.get(f"/images/{ref}/json")
    return a.json["Id"] if a.status == 200 else None


def forget(engine, *refs):
    for ref in refs:
        engine.request("DELETE", f"/images/{ref}?force=1")


def layers_of(engine):
    return sorted(os.listdir(os.path.join(engine.data, "overlay2")))


def small_layer_image(engine, ref, size=100000, seed=None):
    """An image of one layer with random bytes that nobody else has."""
    with tempfile.TemporaryDirectory() as top:
        with open(os.path.join(top, "random"), "wb") as f:
            f.write(random.Random(seed).randbytes(size))
        run(["tar", "-C", top, "-cf", top + ".tar", "."])
        try:
            return engine.import_image(top + ".tar", ref)
        finally:
            os.unlink(top + ".tar")


def test_what_is_pushed_is_pulled_again_the_same(engine, plain, client):
    ref = f"{plain.name}/a/{os.path.basename(client)}{len(client)}:1"
    before = image_id(engine, "bb:latest")
    engine.docker("tag", "bb:latest", ref, client=client)
    out = engine.docker("push", ref, client=client).stdout
    digest = out.split("digest: ")[1].split()[0]
    forget(engine, ref)
    assert image_id(engine, ref) is None
    out = engine.docker("pull", ref, client=client).stdout
    assert f"Digest: {digest}" in out and f"Status: Downloaded newer image for {ref}" in out
    assert image_id(engine, ref) == before
    assert image_id(engine, f"{ref.rsplit(':', 1)[0]}@{digest}") == before
    out = engine.docker("pull", ref, client=client).stdout
    assert f"Status: Image is up to date for {ref}" in out
    forget(engine, ref)


def test_pushed_layers_are_not_sent_again_and_sisters_are_mounted(engine, plain):
    first, second = f"{plain.name}/sister/one:1", f"{plain.name}/sister/two:1"
    small_layer_image(engine, first)
    engine.docker("tag", first, second)
    assert "Pushed" in engine.docker("push", first).stdout
    assert "Layer already exists" in engine.docker("push", first).stdout
    assert "Mounted from sister/one" in engine.docker("push", second).stdout
    forget(engine, first, second)


def test_all_tags_are_pulled_and_pushed(engine, plain, client):
    repo = f"{plain.name}/tags/{os.path.basename(client)}{len(client)}"
    for tag in ("one", "two"):
        engine.docker("tag", "bb:latest", f"{repo}:{tag}", client=client)
    engine.docker("push", "--all-tags", repo, client=client)
    forget(engine, f"{repo}:one", f"{repo}:two")
    engine.docker("pull", "--all-tags", repo, client=client)
    assert image_id(engine, f"{repo}:one") == image_id(engine, f"{repo}:two") == image_id(engine, "bb:latest")
    forget(engine, f"{repo}:one", f"{repo}:two")


def test_what_the_registry_has_not_is_said_as_docker_says_it(engine, plain, client):
    p = engine.docker("pull", f"{plain.name}/no/such:1", client=client, check=False)
    assert p.returncode == 1 and f"manifest for {plain.name}/no/such:1 not found: manifest unknown" in p.stderr
    p = engine.docker("push", f"{plain.name}/no/such:1", client=client, check=False)
    assert p.returncode == 1 and "An image does not exist locally with the tag" in p.stderr


def test_a_registry_that_is_not_there_is_said(engine):
    p = engine.docker("pull", "127.0.0.1:1/a:1", check=False)
    assert p.returncode == 1 and "127.0.0.1:1" in p.stderr and "connect" in p.stderr


def test_distribution_inspect_tells_digest_and_platform(engine, plain):
    ref = f"{plain.name}/dist/a:1"
    engine.docker("tag", "bb:latest", ref)
    digest = engine.docker("push", ref).stdout.split("digest: ")[1].split()[0]
    a = engine.get(f"/distribution/{ref}/json").json
    assert a["Descriptor"]["digest"] == digest
    assert a["Descriptor"]["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert a["Platforms"] == [{"architecture": "amd64", "os": "linux"}]
    assert engine.get(f"/distribution/{plain.name}/dist/none:1/json").status == 404
    forget(engine, ref)


def with_password(engine, client, *args, input=None, **kw):
    return engine.docker(*args, client=client, input=input, **kw)


def test_a_password_is_asked_kept_and_forgotten(engine, client):
    with Registry(users={"ann": "secret"}) as r:
        ref = f"{r.name}/p/a:1"
        engine.docker("tag", "bb:latest", ref)
        p = engine.docker("push", ref, client=client, check=False)
        assert p.returncode == 1 and ("no basic auth credentials" in p.stderr or "authentication required" in p.stderr), p.stderr
        p = engine.docker("login", "-u", "ann", "--password-stdin", r.name, client=client, input="wrong\n", check=False)
        assert p.returncode == 1 and "unauthorized" in p.stderr.lower(), p.stderr
        out = engine.docker("login", "-u", "ann", "--password-stdin", r.name, client=client, input="secret\n").stdout
        assert "Login Succeeded" in out
        engine.docker("push", ref, client=client)
        forget(engine, ref)
        engine.docker("pull", ref, client=client)
        assert image_id(engine, ref)
        forget(engine, ref)
        engine.docker("logout", r.name, client=client)
        p = engine.docker("pull", ref, client=client, check=False)
        assert p.returncode == 1 and "pull access denied" in p.stderr
        assert image_id(engine, ref) is None


def test_tokens_open_what_they_are_for_and_nothing_else(engine, client):
    with TokenServer({"ann": ("secret", ["t/a"])}) as tokens, Registry(token=tokens) as r:
        mine, other = f"{r.name}/t/a:1", f"{r.name}/t/other:1"
        engine.docker("tag", "bb:latest", mine)
        engine.docker("tag", "bb:latest", other)
        p = engine.docker("push", mine, client=client, check=False)
        assert p.returncode == 1 and "denied" in p.stderr + p.stdout, p.stderr
        p = engine.docker("login", "-u", "ann", "-p", "wrong", r.name, client=client, check=False)
        assert p.returncode == 1 and "incorrect username or password" in p.stderr
        engine.docker("login", "-u", "ann", "-p", "secret", r.name, client=client)
        tokens.asked.clear()
        engine.docker("push", mine, client=client)
        assert ("GET", "ann", ["repository:t/a:pull,push"]) in tokens.asked or any(
            "repository:t/a:pull,push" in s or "repository:t/a:push,pull" in s for _, _, s in tokens.asked), tokens.asked
        p = engine.docker("push", other, client=client, check=False)
        assert p.returncode == 1 and "denied" in p.stderr
        forget(engine, mine, other)
        engine.docker("pull", mine, client=client)
        assert image_id(engine, mine)
        forget(engine, mine)
        engine.docker("logout", r.name, client=client)


def test_an_identity_token_takes_the_place_of_the_password(engine):
    with TokenServer({"ann": ("secret", ["t/a"])}) as tokens, Registry(token=tokens) as r:
        ref = f"{r.name}/t/a:1"
        engine.docker("tag", "bb:latest", ref)
        top = os.path.join(engine.top, "identity")
        os.makedirs(top, exist_ok=True)
        with open(os.path.join(top, "config.json"), "w") as f:
            json.dump({"auths": {r.name: {"auth": "PHRva2VuPjo=", "identitytoken": "refresh-ann"}}}, f)
        for client in (*CLIENTS, BERTH):
            tokens.asked.clear()
            run([client, "--config", top, "-H", "unix://" + engine.sock, "push", ref])
            assert ("POST", "ann", ["repository:t/a:pull,push"]) in tokens.asked, tokens.asked
        forget(engine, ref)


HELPER = """#!/usr/bin/python3
import json, os, sys
path = os.environ["HELPER_STORE"]
kept = json.load(open(path)) if os.path.exists(path) else {}
what = sys.argv[1]
if what == "store":
    one = json.load(sys.stdin)
    kept[one["ServerURL"]] = one
elif what == "erase":
    kept.pop(sys.stdin.read().strip(), None)
elif what == "list":
    print(json.dumps({k: v["Username"] for k, v in kept.items()}))
elif what == "get":
    server = sys.stdin.read().strip()
    if server not in kept:
        print("credentials not found in native keychain")
        sys.exit(1)
    print(json.dumps(kept[server]))
json.dump(kept, open(path, "w"))
"""


@pytest.mark.parametrize("how", ["credsStore", "credHelpers"])
def test_credential_helpers_keep_what_the_configuration_does_not(engine, client, how, monkeypatch):
    top = tempfile.mkdtemp(prefix="berth-helper-")
    try:
        with open(os.path.join(top, "docker-credential-test"), "w") as f:
            f.write(HELPER)
        os.chmod(f.name, 0o755)
        monkeypatch.setenv("PATH", top + ":" + os.environ["PATH"])
        monkeypatch.setenv("HELPER_STORE", os.path.join(top, "store.json"))
        with Registry(users={"ann": "secret"}) as r:
            with open(os.path.join(top, "config.json"), "w") as f:
                json.dump({"credsStore": "test"} if how == "credsStore" else {"credHelpers": {r.name: "test"}}, f)
            env = {k: v for k, v in os.environ.items()}
            call = lambda *args, **kw: run([client, "--config", top, "-H", "unix://" + engine.sock, *args], env=env, **kw)
            ref = f"{r.name}/p/a:1"
            engine.docker("tag", "bb:latest", ref)
            call("login", "-u", "ann", "-p", "secret", r.name)
            assert "secret" not in open(os.path.join(top, "config.json")).read()
            assert json.load(open(os.path.join(top, "store.json")))[r.name]["Secret"] == "secret"
            call("push", ref)
            call("logout", r.name)
            assert json.load(open(os.path.join(top, "store.json"))) == {}
            assert call("push", ref, check=False).returncode == 1
            forget(engine, ref)
    finally:
        shutil.rmtree(top)


@pytest.fixture(scope="module")
def far():
    with FarAddress() as address, tempfile.TemporaryDirectory(prefix="berth-ca-") as top:
        yield Authority(top, address), address


def test_tls_needs_the_authority_that_certs_d_names(engine, far, client):
    authority, address = far
    with Registry(address, tls=authority) as r:
        ref = f"{r.name}/tls/a:1"
        engine.docker("tag", "bb:latest", ref)
        p = engine.docker("push", ref, client=client, check=False)
        assert p.returncode == 1 and "certificate" in p.stderr.lower(), p.stderr
        with Certificates(r.name, {"ca.crt": authority.path("ca.crt")}):
            engine.docker("push", ref, client=client)
            forget(engine, ref)
            engine.docker("pull", ref, client=client)
            assert image_id(engine, ref)
        p = engine.docker("pull", ref, client=client, check=False)
        assert p.returncode == 1 and "certificate" in p.stderr.lower()
        forget(engine, ref)


def test_a_client_certificate_is_shown_where_one_is_asked(engine, far):
    authority, address = far
    with Registry(address, tls=authority, clients=True) as r:
        ref = f"{r.name}/tls/a:1"
        engine.docker("tag", "bb:latest", ref)
        ca = {"ca.crt": authority.path("ca.crt")}
        with Certificates(r.name, ca):
            assert engine.docker("push", ref, check=False).returncode == 1
        with Certificates(r.name, {**ca, "client.cert": authority.path("client.crt"), "client.key": authority.path("client.key")}):
            engine.docker("push", ref)
            forget(engine, ref)
            engine.docker("pull", ref)
            assert image_id(engine, ref)
        forget(engine, ref)


def test_without_tls_a_registry_elsewhere_has_to_be_listed(far):
    _, address = far
    with Registry(address) as r:
        for flags, status in (([], 1), (["--insecure-registry", r.name], 0), (["--insecure-registry", address + "/32"], 0)):
            with Daemon(flags) as d:
                ref = f"{r.name}/plain/a:1"
                d.import_image(busybox_tar(), ref)
                p = d.docker("push", ref, check=False)
                assert p.returncode == status, (flags, p.stderr)
