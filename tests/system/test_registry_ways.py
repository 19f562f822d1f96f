# SPDX-License-Identifier: Apache-2.0
"""The ways to a registry: mirrors, containerd's hosts.toml, proxies; search and manifests; skopeo as an independent client."""
import http.server
import json
import os
import shutil
import socket
import tempfile
import threading

import pytest

from harness import Daemon, busybox_tar, run
from liar import OCI_INDEX, OCI_MANIFEST, Answer, Image, Liar, digest
from registries import Authority, Certificates, FarAddress, Registry

CERTS = "/etc/containerd/certs.d"


class Hosts:
    """A hosts.toml for `name`."""

    def __init__(self, name, text, **files):
        self.dir, self.text, self.files = os.path.join(CERTS, name), text, files

    def __enter__(self):
        os.makedirs(self.dir)
        for name, source in self.files.items():
            shutil.copy(source, os.path.join(self.dir, name.replace("_", ".")))
        with open(os.path.join(self.dir, "hosts.toml"), "w") as f:
            f.write(self.text)
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)


def daemon_with(**config):
    top = tempfile.mkdtemp(prefix="berth-test-")
    with open(os.path.join(top, "daemon.json"), "w") as f:
        json.dump(config, f)
    d = Daemon(top=top)
    d.own_top = True
    return d


@pytest.fixture
def honest():
    with Liar() as r:
        yield r


def test_mirrors_are_asked_first_each_for_its_registry(honest):
    with Liar() as other:
        with daemon_with(**{"registry-mirrors": {"docker.io": [honest.url], "quay.example": [other.url]}}) as d:
            d.docker("pull", "some/thing:1")
            assert honest.requests("GET /v2/some/thing/manifests/1") and not other.requests("some/thing")
            d.docker("pull", "quay.example/else:1")
            assert other.requests("GET /v2/else/manifests/1")
            assert d.get("/images/docker.io/some/thing:1/json").json["RepoTags"] == ["some/thing:1", "quay.example/else:1"]
            assert d.get("/info").json["RegistryConfig"]["Mirrors"] == [honest.url]


def test_a_mirror_that_fails_is_passed_over_for_the_next(honest):
    with Liar() as broken:
        broken.replace("GET", lambda h, a: Answer(500, b""))
        with Daemon(["--registry-mirror", broken.url, "--registry-mirror", honest.url]) as d:
            d.docker("pull", "some/thing:1")
            assert broken.seen and honest.requests("GET /v2/some/thing/manifests/1")


def test_hosts_toml_names_the_hosts_and_their_paths(engine, honest):
    text = f"""
server = "{honest.url}"
[host."http://127.0.0.1:1"]   # nobody is there
  capabilities = ["pull", "resolve"]
  dial_timeout = "1s"
[host."{honest.url}/mirror/of"]
  capabilities = ["pull", "resolve"]
  override_path = true
  [host."{honest.url}/mirror/of".header]
    x-of-ours = ["one", "two"]
"""
    seen = []

    def other_path(h, a):
        seen.append((h.path, h.headers.get_all("x-of-ours")))
        h.path = h.path.replace("/mirror/of", "/v2")
        return honest.answer(h)

    honest.replace(" /mirror/of", other_path)
    with Hosts("reg.example", text):
        engine.docker("pull", "reg.example/a:1")
    engine.docker("rmi", "reg.example/a:1")
    assert ("/mirror/of/a/manifests/1", ["one", "two"]) in seen


def test_hosts_toml_pushes_only_where_it_is_said(engine, honest):
    with Registry() as r:
        text = f'server = "http://{r.name}"\n[host."{honest.url}"]\ncapabilities = ["pull", "resolve"]\n'
        with Hosts("reg.example", text):
            engine.docker("tag", "bb:latest", "reg.example/p:1")
            engine.docker("push", "reg.example/p:1")
        assert r.manifest("p", "1") and not honest.requests("POST|PUT|PATCH")
        engine.docker("rmi", "reg.example/p:1")


def test_hosts_toml_has_authorities_and_client_certificates(engine):
    with FarAddress() as address, tempfile.TemporaryDirectory(prefix="berth-ca-") as top:
        authority = Authority(top, address)
        with Registry(address, tls=authority, clients=True) as r:
            text = f'[host."https://{r.name}"]\nca = "ca.crt"\nclient = [["c.crt", "c.key"]]\ncapabilities = ["pull", "resolve", "push"]\n'
            with Hosts(r.name, text, ca_crt=authority.path("ca.crt"), c_crt=authority.path("client.crt"), c_key=authority.path("client.key")):
                ref = f"{r.name}/h/a:1"
                engine.docker("tag", "bb:latest", ref)
                engine.docker("push", ref)
                engine.docker("rmi", ref)
                engine.docker("pull", ref)
                engine.docker("rmi", ref)


@pytest.mark.parametrize("text, said", [("server = ", "line 1"), ('[host."ftp://x"]\n', "no URL"), ("unheard = true\n", "not understood"),
                                        ('[host."https://x"]\ncapabilities = ["fly"]\n', "capabilities are")])
def test_a_hosts_toml_that_is_wrong_is_named(engine, text, said):
    with Hosts("reg.example", text):
        p = engine.docker("pull", "reg.example/a:1", check=False)
    assert p.returncode == 1 and "hosts.toml" in p.stderr and said in p.stderr, p.stderr


class Proxy:
    """A forward proxy: absolute requests, and CONNECT."""

    def __init__(self, host="127.0.0.1"):
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_CONNECT(self):
                outer.asked.append("CONNECT " + self.path)
                name, port = self.path.rsplit(":", 1)
                with socket.create_connection((name, int(port))) as to:
                    self.send_response(200)
                    self.end_headers()
                    done = threading.Event()

                    def pump(a, b):
                        try:
                            while data := a.recv(65536):
                                b.sendall(data)
                            b.shutdown(socket.SHUT_WR)
                        except OSError:
                            pass
                        done.set()

                    threading.Thread(target=pump, args=(to, self.connection), daemon=True).start()
                    pump(self.connection, to)
                    done.wait(10)
                self.close_connection = True

            def do_GET(self):
                outer.asked.append(self.command + " " + self.path)
                target = self.path.split("/", 3)
                with socket.create_connection(tuple([target[2].split(":")[0], int(target[2].split(":")[1])])) as to:
                    lines = [f"{self.command} /{target[3]} HTTP/1.0"] + [f"{k}: {v}" for k, v in self.headers.items()] + ["", ""]
                    to.sendall("\r\n".join(lines).encode())
                    while data := to.recv(65536):
                        self.wfile.write(data)
                self.close_connection = True

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("how", ["daemon.json", "environment", "flag"])
def test_proxies_are_used_for_what_is_not_excepted(how, monkeypatch):
    with FarAddress() as address, Proxy() as proxy, Liar(host=address) as r:
        insecure = ["--insecure-registry", r.name]
        if how == "environment":
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
        d = daemon_with(proxies={"http-proxy": proxy.url}) if how == "daemon.json" else Daemon()
        d.flags = insecure + (["--http-proxy", proxy.url] if how == "flag" else [])
        with d:
            monkeypatch.delenv("HTTP_PROXY", raising=False)
            d.docker("pull", f"{r.name}/a:1")
            assert any(f"GET http://{r.name}/v2/a/blobs/" in x for x in proxy.asked), proxy.asked


def test_no_proxy_for_what_is_excepted():
    with FarAddress() as address, Proxy() as proxy, Liar(host=address) as r:
        d = daemon_with(proxies={"http-proxy": proxy.url, "no-proxy": address + "/32"})
        d.flags = ["--insecure-registry", r.name]
        with d:
            d.docker("pull", f"{r.name}/a:1")
        assert proxy.asked == []


def test_tls_goes_through_a_proxy_untouched():
    with FarAddress() as address, Proxy() as proxy, tempfile.TemporaryDirectory(prefix="berth-ca-") as top:
        authority = Authority(top, address)
        with Liar(host=address, tls=authority) as r, Certificates(r.name, {"ca.crt": authority.path("ca.crt")}):
            with daemon_with(proxies={"https-proxy": proxy.url}) as d:
                d.docker("pull", f"{r.name}/a:1")
                assert proxy.asked and set(proxy.asked) == {"CONNECT " + r.name}


def test_search_asks_the_registry_that_the_term_names(engine, honest, client):
    found = [{"name": "a/first", "description": "the\nfirst", "star_count": 7, "is_official": True, "is_automated": False},
             {"name": "a/second", "description": "", "star_count": 1, "is_official": False, "is_automated": False}]
    honest.replace("GET /v1/search", lambda h, a: Answer(200, json.dumps({"num_results": 2, "query": "a b", "results": found}).encode()))
    out = engine.docker("search", "--format", "{{.Name}} {{.StarCount}} {{.IsOfficial}}", f"{honest.name}/a b", client=client).stdout
    assert [x.strip() for x in out.splitlines()] == ["a/first 7 [OK]", "a/second 1"]
    assert honest.requests("GET /v1/search")[-1][1].split("?")[1].split("&")[0] in ("q=a%20b", "q=a+b")
    out = engine.docker("search", "--filter", "stars=3", "--format", "{{.Name}}", f"{honest.name}/a", client=client).stdout
    assert out.split() == ["a/first"]
    for wanted, names in (("true", ["a/first"]), ("false", ["a/second"])):
        out = engine.docker("search", "--filter", f"is-official={wanted}", "--format", "{{.Name}}", f"{honest.name}/a", client=client).stdout
        assert out.split() == names
    out = engine.docker("search", "--filter", "stars=1", "--filter", "is-official=false", "--format", "{{.Name}}", f"{honest.name}/a", client=client).stdout
    assert out.split() == ["a/second"]
    p = engine.docker("search", "--filter", "stars=many", f"{honest.name}/a", client=client, check=False)
    assert p.returncode == 1 and "stars" in p.stderr
    p = engine.docker("search", "--limit", "101", f"{honest.name}/a", client=client, check=False)
    assert p.returncode == 1 and "outside the range of [1, 100]" in p.stderr
    p = engine.docker("search", "--filter", "unheard=1", f"{honest.name}/a", client=client, check=False)
    assert p.returncode == 1 and "unheard" in p.stderr


def test_search_where_there_is_none_is_said(engine):
    with Registry() as r:
        p = engine.docker("search", f"{r.name}/a", check=False)
        assert p.returncode == 1 and "404" in p.stderr


def test_manifest_inspect_prints_what_the_registry_has(engine, honest):
    shown = engine.berth("manifest", "inspect", f"{honest.name}/a:1").stdout
    assert json.loads(shown) == honest.image.manifest and shown.startswith('{\n   "schemaVersion": 2,')
    p = engine.berth("manifest", "inspect", f"{honest.name}/b@sha256:{'0' * 64}", check=False)
    assert p.returncode == 1 and "verification failed" in p.stderr


def skopeo(*args):
    return run(["skopeo", "--insecure-policy", *args], timeout=120)


@pytest.fixture(scope="module")
def plain():
    with Registry() as r:
        yield r


def test_skopeo_reads_what_was_pushed(engine, plain, tmp_path):
    ref = f"{plain.name}/sk/pushed:1"
    engine.docker("tag", "bb:latest", ref)
    engine.docker("push", ref)
    engine.docker("rmi", ref)
    shown = json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{ref}").stdout)
    assert shown["Os"] == "linux" and len(shown["Layers"]) == 1
    skopeo("copy", "--src-tls-verify=false", f"docker://{ref}", f"oci:{tmp_path}/oci:1")
    run(["umoci", "unpack", "--image", f"{tmp_path}/oci:1", f"{tmp_path}/unpacked"])
    own = set(run(["tar", "-tf", busybox_tar()]).stdout.split())
    there = {"." + line[len(f"{tmp_path}/unpacked/rootfs"):] for line in run(["find", f"{tmp_path}/unpacked/rootfs"]).stdout.split("\n") if line}
    assert {x.rstrip("/") for x in own} == there


@pytest.mark.parametrize("form, packed", [("oci", "gzip"), ("oci", "zstd"), ("v2s2", "gzip")])
def test_what_skopeo_writes_is_pulled(engine, tmp_path, form, packed):
    tar = str(tmp_path / "saved.tar")
    engine.docker("save", "-o", tar, "bb:latest")
    # One of its own: skopeo would take a blob that the registry has in another form.
    with Registry() as r:
        ref = f"{r.name}/sk/a:1"
        skopeo("copy", "--dest-tls-verify=false", "--format", form, "--dest-compress-format", packed, "--dest-compress",
               f"docker-archive:{tar}:bb:latest", f"docker://{ref}")
        assert r.manifest("sk/a", "1")["layers"][0]["mediaType"].endswith(packed)
        before = engine.get("/images/bb:latest/json").json
        with Daemon() as d:
            d.docker("pull", ref)
            assert d.get(f"/images/{ref}/json").json["RootFS"] == before["RootFS"]
            assert d.docker("run", "--rm", ref, "cat", "/etc/hello").stdout == "hello from the image\n"


def index_of(*images):
    """An index of (image, platform) pairs."""
    return {"schemaVersion": 2, "mediaType": OCI_INDEX,
            "manifests": [{"mediaType": OCI_MANIFEST, "digest": digest(json.dumps(i.manifest).encode()), "size": len(i.text), "platform": p}
                          for i, p in images]}


def oci(image):
    image.manifest["mediaType"] = OCI_MANIFEST
    image.manifest["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json"
    for one in image.manifest["layers"]:
        one["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
    return image


@pytest.fixture(scope="module")
def many():
    """A registry with an index of several platforms and variants."""
    platforms = [("amd64", None), ("arm64", "v8"), ("arm", "v6"), ("arm", "v7"), ("386", None)]
    images = []
    for i, (arch, variant) in enumerate(platforms):
        p = {"architecture": arch, "os": "linux", **({"variant": variant} if variant else {})}
        images.append((oci(Image(seeds=(20 + i,), size=1000, platform=p)), p))
    with Liar() as r:
        index = json.dumps(index_of(*images)).encode()
        r.tags["1"] = (index, OCI_INDEX)
        for image, _ in images:
            r.tags[digest(image.text)] = (image.text, OCI_MANIFEST)
            r.image.blobs.update(image.blobs)
        yield r


@pytest.mark.parametrize("asked, arch, variant", [(None, "amd64", None), ("linux/arm64", "arm64", "v8"), ("linux/arm64/v8", "arm64", "v8"),
                                                  ("linux/arm/v6", "arm", "v6"), ("linux/arm/v7", "arm", "v7"), ("linux/arm", "arm", "v7"),
                                                  ("linux/arm/v8", "arm", "v7"), ("linux/386", "386", None)])
def test_an_index_gives_the_platform_that_was_asked_for(engine, many, asked, arch, variant):
    ref = f"{many.name}/multi:1"
    engine.docker("pull", *(["--platform", asked] if asked else []), ref)
    found = engine.get(f"/images/{ref}/json").json
    assert found["Architecture"] == arch and found.get("Variant") == (variant or found.get("Variant") and None)
    assert found["RepoDigests"] == [f"{many.name}/multi@{digest(many.tags['1'][0])}"]
    engine.docker("rmi", ref)


def test_an_index_without_the_platform_says_so(engine, many):
    p = engine.docker("pull", "--platform", "linux/s390x", f"{many.name}/multi:1", check=False)
    assert p.returncode == 1 and "no matching manifest for linux/s390x" in p.stderr


def test_distribution_inspect_lists_an_indexs_platforms(engine, many):
    a = engine.get(f"/distribution/{many.name}/multi:1/json").json
    assert [p["architecture"] for p in a["Platforms"]] == ["amd64", "arm64", "arm", "arm", "386"]
    assert json.loads(engine.berth("manifest", "inspect", f"{many.name}/multi:1").stdout) == json.loads(many.tags["1"][0])


def test_a_push_that_breaks_off_is_taken_up(engine, plain):
    """A relay before docker-registry that breaks one upload off in its middle. That of Debian 12 (2.8) cannot say what it has of
    an upload, so that another one is begun; test_push.py has one that can."""
    broken = threading.Event()
    size = 8 << 20
    top = tempfile.mkdtemp(prefix="berth-push-")
    with open(os.path.join(top, "random"), "wb") as f:
        f.write(os.urandom(size))
    run(["tar", "-C", top, "-cf", top + ".tar", "."])
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def relay(client):
        to, sent, patch = socket.create_connection((plain.host, plain.port)), 0, False

        def back():
            try:
                while data := to.recv(65536):
                    client.sendall(data)
            except OSError:
                pass

        threading.Thread(target=back, daemon=True).start()
        try:
            while data := client.recv(65536):
                patch = patch or b"PATCH " in data
                sent += len(data)
                if patch and sent > size // 2 and not broken.is_set():
                    broken.set()
                    break
                to.sendall(data)
        except OSError:
            pass
        for s in (client, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        try:
            while True:
                threading.Thread(target=relay, args=(server.accept()[0],), daemon=True).start()
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    ref = f"127.0.0.1:{port}/broken/push:1"
    try:
        engine.import_image(top + ".tar", ref)
        engine.docker("push", ref)
        assert broken.is_set()
        engine.docker("rmi", ref)
        engine.docker("pull", ref)
        engine.docker("rmi", ref)
    finally:
        server.close()
        shutil.rmtree(top)
        os.unlink(top + ".tar")
