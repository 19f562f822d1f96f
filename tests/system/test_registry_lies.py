# SPDX-License-Identifier: Apache-2.0
"""Registries that lie, stall, break off or serve garbage: a clear message, nothing named, nothing on disk (rows G01 to G04)."""
import contextlib
import json
import os
import threading
import time

import pytest

from harness import BERTH, CLIENTS, PATIENCE, UnixConnection, wait_for
from liar import MANIFEST, OCI_INDEX, OCI_MANIFEST, Answer, Image, Liar, digest
from registries import Authority, Certificates, FarAddress


@pytest.fixture
def liar():
    with Liar() as r:
        yield r


def on_disk(engine):
    """What a pull could have left: layers that are complete, and downloads."""
    found = set()
    for sub in ("overlay2", "transfers"):
        top = os.path.join(engine.data, sub)
        found |= {sub + "/" + n for n in (os.listdir(top) if os.path.isdir(top) else []) if n not in ("l",)}
    return found


def settled(engine):
    """Directories are removed behind: what is there once nothing changes any more."""
    last = [None]

    def same():
        now = on_disk(engine)
        if now == last[0]:
            return True
        last[0] = now
        time.sleep(0.1)
        return False

    wait_for(same, "the disk is quiet")
    return last[0]


class Refused:
    """Within, pulls of LIAR/a:1 fail; afterwards nothing is named nor left."""

    def __init__(self, engine, liar):
        self.engine, self.ref = engine, f"{liar.name}/a:1"

    def __enter__(self):
        self.before = settled(self.engine)
        return self

    def pull(self, client=None, ref=None):
        p = self.engine.docker("pull", ref or self.ref, client=client, check=False, timeout=180)
        assert p.returncode == 1, p.stdout
        return p.stderr

    def __exit__(self, kind, *exc):
        if kind is None:
            assert self.engine.get(f"/images/{self.ref}/json").status == 404
            wait_for(lambda: on_disk(self.engine) <= self.before, "nothing is left on disk")


def pulled(engine, liar, ref=None):
    ref = ref or f"{liar.name}/a:1"
    engine.docker("pull", ref)
    found = engine.get(f"/images/{ref}/json").json
    engine.docker("rmi", ref)
    return found


def test_the_image_of_an_honest_one_is_pulled(engine, liar):
    found = pulled(engine, liar)
    assert found["Id"] == digest(liar.image.config_text)
    assert found["RootFS"]["Layers"] == liar.image.config["rootfs"]["diff_ids"]


def flip(data):
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


LAYERS = "GET .*/blobs/(?!%s)"


def blob_lies(image):
    """What a registry may do to a layer, and what is said of it."""
    return {
        "another byte": (lambda a: Answer(200, flip(a.body)), "verification failed|damaged|invalid|archive"),
        "truncated": (lambda a: Answer(200, a.body[:1000]), "sent 1000 bytes of the"),
        "extra bytes": (lambda a: Answer(200, a.body + b"more"), "more than the .* bytes promised"),
        "something else": (lambda a: Answer(200, os.urandom(len(a.body))), "verification failed|not|archive|format"),
        "nothing": (lambda a: Answer(200, b""), "sent 0 bytes of the"),
        "an error page": (lambda a: Answer(200, b"<html>not here</html>".ljust(len(a.body))), "verification failed|not|archive|format"),
        "denied": (lambda a: Answer(403, b'{"errors":[{"code":"DENIED","message":"no"}]}'), "denied: no"),
        "gone": (lambda a: Answer(404, b'{"errors":[{"code":"BLOB_UNKNOWN","message":"no such blob"}]}'), "blob unknown"),
    }


@pytest.mark.parametrize("what", blob_lies(None))
def test_G04_a_layer_that_is_not_the_one_promised(engine, liar, what):
    import re
    lie, message = blob_lies(liar.image)[what]
    target = liar.image.manifest["layers"][1]["digest"]
    liar.replace(f"GET .*/blobs/{target}", lambda h, a: lie(a))
    with Refused(engine, liar) as refused:
        for client in (CLIENTS[-1], BERTH):
            said = refused.pull(client)
            assert re.search(message, said), said


@pytest.mark.parametrize("what", ["byte", "short", "long"])
def test_G04_a_configuration_that_is_not_the_one_promised(engine, liar, what):
    target = liar.image.manifest["config"]["digest"]
    lie = {"byte": lambda b: b.replace(b"amd64", b"amd65"), "short": lambda b: b[:-1], "long": lambda b: b + b" "}[what]
    liar.replace(f"GET .*/blobs/{target}", lambda h, a: Answer(200, lie(a.body)))
    with Refused(engine, liar) as refused:
        said = refused.pull()
        assert "config verification failed" in said or "promised" in said, said


def lying_manifests(image):
    m = image.manifest
    with_layer = lambda **kw: {**m, "layers": [{**m["layers"][0], **kw}, m["layers"][1]]}
    text = json.dumps
    return {
        "no JSON": (b"<html>", MANIFEST, "invalid manifest"),
        "nothing": (b"", MANIFEST, "invalid manifest"),
        "a list": (b"[]", MANIFEST, "invalid manifest"),
        "size too small": (text(with_layer(size=10)), MANIFEST, "promised"),
        "size too large": (text(with_layer(size=10 ** 6)), MANIFEST, "promised"),
        "size negative": (text(with_layer(size=-1)), MANIFEST, "a size that is none"),
        "size beyond reason": (text(with_layer(size=2 ** 62)), MANIFEST, "a blob of"),
        "digest of another algorithm": (text(with_layer(digest="sha512:" + "a" * 128)), MANIFEST, "not SHA-256"),
        "digest in upper case": (text(with_layer(digest=m["layers"][0]["digest"].upper())), MANIFEST, "not SHA-256"),
        "digest that is a path": (text(with_layer(digest="sha256:../../../../etc/passwd")), MANIFEST, "not SHA-256"),
        "one layer less": (text({**m, "layers": m["layers"][:1]}), MANIFEST, "names 2 layers, the manifest 1"),
        "layers swapped": (text({**m, "layers": m["layers"][::-1]}), MANIFEST, "diff id|not the one|hash"),
        "the same member twice": (text(m)[:-1] + ', "layers": []}', MANIFEST, "duplicate|invalid manifest"),
        "an index and an image": (text({**m, "manifests": []}), MANIFEST, "both an index and an image"),
        "another type than it says": (text(m), OCI_MANIFEST, "media type is not the one"),
        "an index sent as an image": (text({"schemaVersion": 2, "manifests": []}), MANIFEST, "not what its media type says"),
        "an image sent as an index": (text({k: v for k, v in m.items() if k != "mediaType"}), OCI_INDEX, "not what its media type says"),
        "schema 1": (text({"schemaVersion": 1, "fsLayers": []}), "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        "an artifact": (text({**m, "config": {**m["config"], "mediaType": "application/vnd.cncf.helm.config.v1+json"}}), MANIFEST, "artifact"),
    }


@pytest.mark.parametrize("what", lying_manifests(Image()))
def test_G03_G04_a_manifest_that_lies(engine, liar, what):
    import re
    text, kind, message = lying_manifests(liar.image)[what]
    liar.tags["1"] = (text.encode() if isinstance(text, str) else text, kind)
    with Refused(engine, liar) as refused:
        said = refused.pull()
        assert re.search(message, said), said


def test_G04_a_manifest_by_digest_has_to_have_it(engine, liar):
    wrong = "sha256:" + "0" * 64
    with Refused(engine, liar) as refused:
        assert f"verification failed for digest {wrong}" in refused.pull(ref=f"{liar.name}/a@{wrong}")


def test_G04_a_diff_id_that_is_not_the_layers(engine):
    image = Image()
    image.config["rootfs"]["diff_ids"][0] = "sha256:" + "1" * 64
    image.build()
    with Liar(image) as r, Refused(engine, r) as refused:
        assert "1111" in refused.pull()


def test_G01_what_a_layer_names_elsewhere_is_never_asked(engine, liar):
    """A foreign layer's urls: neither fetched nor given credentials."""
    with Liar() as evil:
        evil.replace("GET", lambda h, a: Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}))
        first = liar.image.manifest["layers"][0]
        first["urls"] = [evil.url + "/v2/a/blobs/" + first["digest"]]
        assert pulled(engine, liar)
        first["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        liar.replace(f"GET .*/blobs/{first['digest']}", lambda h, a: Answer(404, b""))
        with Refused(engine, liar) as refused:
            refused.pull()
        assert evil.seen == []


def login(engine, liar):
    """Credentials for the registry in the client's configuration, whoever asks for them."""
    import base64
    top = os.path.join(engine.top, "docker-config")
    os.makedirs(top, exist_ok=True)
    with open(os.path.join(top, "config.json"), "w") as f:
        json.dump({"auths": {liar.name: {"auth": base64.b64encode(b"ann:secret").decode()}}}, f)
    return os.path.join(top, "config.json")


def basic(h, a):
    if "Authorization" not in h.headers:
        return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})


def test_G02_a_redirect_takes_no_credentials_along(engine, liar):
    image = liar.image
    with Liar(image) as elsewhere:
        target = image.manifest["layers"][0]["digest"]

        def lead(h, a):
            return basic(h, a) or Answer(307, b"", {"Location": f"{elsewhere.url}/v2/a/blobs/{target}"})

        liar.replace("GET", basic)
        liar.replace(f"GET .*/blobs/{target}", lead)
        config = login(engine, liar)
        try:
            assert pulled(engine, liar)
        finally:
            os.unlink(config)
        assert any("Authorization" in h for _, _, h in liar.seen)
        assert elsewhere.requests("GET .*/blobs/") and not any("Authorization" in h for _, _, h in elsewhere.seen)


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    with FarAddress() as address:
        yield Authority(str(tmp_path_factory.mktemp("ca")), address), address


@pytest.mark.parametrize("to", ["http://{far}:1/x", "https://127.0.0.1:1/x", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd",
                                "https://localhost:1/x", "https://[::1]:1/x", "ftp://{far}/x"])
def test_G02_a_redirect_does_not_lead_to_this_machine_nor_out_of_tls(engine, far, to):
    authority, address = far
    with Liar(host=address, tls=authority) as r, Certificates(r.name, {"ca.crt": authority.path("ca.crt")}):
        target = r.image.manifest["layers"][0]["digest"]
        r.replace(f"GET .*/blobs/{target}", lambda h, a: Answer(307, b"", {"Location": to.format(far=address)}))
        with Refused(engine, r) as refused:
            said = refused.pull()
            assert "redirect" in said or "rotocol" in said, said


def test_G02_nobody_is_sent_elsewhere_without_tls_for_a_token(engine, far):
    authority, address = far
    with Liar() as thief, Liar(host=address, tls=authority) as r, Certificates(r.name, {"ca.crt": authority.path("ca.crt")}):
        r.replace("GET", lambda h, a: Answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{thief.url}/token",service="x"'}))
        config = login(engine, r)
        try:
            with Refused(engine, r) as refused:
                assert "without TLS" in refused.pull()
        finally:
            os.unlink(config)
        assert thief.seen == []


def test_what_breaks_off_is_taken_up_at_the_byte(engine):
    image = Image(seeds=(3,), size=3 << 20)
    target = image.manifest["layers"][0]["digest"]
    with Liar(image) as r:
        asked = []

        def break_off(h, a):
            asked.append(h.headers.get("Range"))
            if len(asked) <= 2:
                a.cut = 1 << 20
                a.length = len(a.body)
            return a

        r.replace(f"GET .*/blobs/{target}", break_off)
        assert pulled(engine, r)
        assert asked == [None, f"bytes={1 << 20}-", f"bytes={2 << 20}-"], asked


def test_what_breaks_off_is_whole_even_where_ranges_are_not_served(engine):
    image = Image(seeds=(4,), size=3 << 20)
    target = image.manifest["layers"][0]["digest"]
    with Liar(image, ranges=False) as r:
        asked = []

        def break_off(h, a):
            asked.append(h.headers.get("Range"))
            if len(asked) == 1:
                a.cut, a.length = 1 << 20, len(a.body)
            return a

        r.replace(f"GET .*/blobs/{target}", break_off)
        assert pulled(engine, r)
        assert len(asked) == 2


def test_another_part_than_asked_for_is_refused(engine):
    image = Image(seeds=(5,), size=3 << 20)
    target = image.manifest["layers"][0]["digest"]
    with Liar(image) as r:
        def lie(h, a):
            if "Range" not in h.headers:
                a.cut, a.length = 1 << 20, len(a.body)
                return a
            return Answer(206, image.blobs[target][100:], {"Content-Range": f"bytes 100-{len(image.blobs[target]) - 1}/9"})

        r.replace(f"GET .*/blobs/{target}", lie)
        with Refused(engine, r) as refused:
            assert "another part than the one asked for" in refused.pull()


def test_one_that_always_breaks_off_ends_with_a_message(engine, liar):
    target = liar.image.manifest["layers"][0]["digest"]

    def break_off(h, a):
        return Answer(200, b"", length=len(a.body), cut=0)

    liar.replace(f"GET .*/blobs/{target}", break_off)
    with Refused(engine, liar) as refused:
        said = refused.pull()
        assert target in said or liar.name in said, said
    assert len(liar.requests(f"GET .*/blobs/{target}")) == 5


@pytest.mark.parametrize("status", [429, 500, 503])
def test_one_that_is_busy_is_asked_again_when_it_says(engine, liar, status):
    times = []

    def busy(h, a):
        times.append(time.monotonic())
        if len(times) == 1:
            return Answer(status, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slowly"}]}', {"Retry-After": "2"})

    liar.replace("GET .*/manifests/", busy)
    assert pulled(engine, liar)
    assert len(times) == 2 and times[1] - times[0] >= 1.9


def test_one_that_stays_busy_is_told(engine, liar):
    liar.replace("GET .*/manifests/", lambda h, a: Answer(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slowly"}]}'))
    with Refused(engine, liar) as refused:
        assert "toomanyrequests: slowly" in refused.pull()


def test_a_pull_ends_with_its_client_and_leaves_nothing(engine):
    """Also where the registry stalls."""
    import subprocess
    image = Image(seeds=(6,), size=3 << 20)
    target = image.manifest["layers"][0]["digest"]
    with Liar(image) as r:
        event = threading.Event()

        def stall(h, a):
            a.pause, a.pause_at = event, 1 << 20
            return a

        r.replace(f"GET .*/blobs/{target}", stall)
        before = settled(engine)
        p = subprocess.Popen(engine.client_argv(BERTH, "pull", f"{r.name}/a:1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: on_disk(engine) - before, "the download is under way")
        finally:
            p.kill()
            p.wait()
        wait_for(lambda: on_disk(engine) <= before, "nothing is left of it")
        event.set()


@contextlib.contextmanager
def joined(engine, ref, layers):
    """A client that has its part in the download of each layer: yields what reads its answer to the end."""
    c = UnixConnection(engine.sock)
    c.request("POST", "/images/create?fromImage=" + ref)
    answer, told = c.getresponse(), set()
    try:
        while len(told) < len(layers):
            line = json.loads(answer.readline())
            if line.get("status") == "Downloading":
                told.add(line["id"])
        assert told == {x["digest"][7:19] for x in layers}
        yield answer.read
    finally:
        c.close()


def test_several_clients_share_one_download_which_outlives_the_first(engine, tmp_path):
    import subprocess
    image = Image(seeds=(7, 8), size=2 << 20)
    with Liar(image) as r:
        event, ref = threading.Event(), f"{r.name}/a:1"

        def stall(h, a):
            a.pause, a.pause_at = event, 1 << 20
            return a

        r.replace("GET .*/blobs/(%s)" % "|".join(x["digest"] for x in image.manifest["layers"]), stall)
        clients, said = [], [tmp_path / str(i) for i in range(3)]

        def pull(client):
            with open(said[len(clients)], "w") as f:
                clients.append(subprocess.Popen(engine.client_argv(client, "pull", ref), stdout=f, stderr=subprocess.STDOUT))
        try:
            pull(CLIENTS[0])
            wait_for(lambda: len(r.requests("GET .*/blobs/")) == 2 + 1, "layers are on their way")
            # Another one has joined before the first is gone.
            with joined(engine, ref, image.manifest["layers"]) as rest:
                for client in (BERTH, CLIENTS[-1]):
                    pull(client)
                wait_for(lambda: all(f.read_text().count("Pulling fs layer") == 2 for f in said), "all clients are there")
                clients[0].kill()
                clients[0].wait()
                time.sleep(1.5)
                event.set()
                for c, f in zip(clients[1:], said[1:]):
                    assert c.wait(PATIENCE) == 0, f.read_text()
                assert b"Pull complete" in rest()
        finally:
            event.set()
            for c in clients:
                c.kill()
                c.wait()
        for one in image.manifest["layers"]:
            assert len(r.requests("GET .*/blobs/" + one["digest"])) == 1
        engine.docker("rmi", ref)


def test_a_download_goes_on_where_the_killed_daemon_was(fresh):
    image = Image(seeds=(9,), size=3 << 20)
    target = image.manifest["layers"][0]["digest"]
    import subprocess
    with Liar(image) as r:
        event, ref = threading.Event(), f"{r.name}/a:1"

        def stall(h, a):
            if "Range" not in h.headers:
                a.pause, a.pause_at = event, 1 << 20
            return a

        r.replace(f"GET .*/blobs/{target}", stall)
        spool = os.path.join(fresh.data, "transfers", target[7:], "0")
        p = subprocess.Popen(fresh.client_argv(BERTH, "pull", ref), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(spool) and os.path.getsize(spool) == 1 << 20, "a third is here")
        fresh.kill()
        p.wait()
        fresh.start()
        fresh.docker("pull", ref)
        asked = [h.get("Range") for _, _, h in r.requests(f"GET .*/blobs/{target}")]
        assert asked == [None, f"bytes={1 << 20}-"], asked
        assert os.listdir(os.path.join(fresh.data, "transfers")) == []
        event.set()


def test_a_spool_that_the_disk_has_spoiled_is_fetched_anew(engine):
    image = Image(seeds=(10,), size=1 << 20)
    target = image.manifest["layers"][0]["digest"]
    spool = os.path.join(engine.data, "transfers", target[7:])
    os.makedirs(spool)
    with open(os.path.join(spool, "0"), "wb") as f:
        f.write(bytes(1000))
    with Liar(image) as r:
        assert pulled(engine, r)
        assert [h.get("Range") for _, _, h in r.requests(f"GET .*/blobs/{target}")] == ["bytes=1000-", None]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_large_blob_comes_in_several_ranges_where_they_are_served(engine, ranges):
    image = Image(seeds=(11,), size=80 << 20)
    target = image.manifest["layers"][0]["digest"]
    with Liar(image, ranges=ranges) as r:
        assert pulled(engine, r)
        asked = {h.get("Range") for _, _, h in r.requests(f"GET .*/blobs/{target}")}
        size = len(image.blobs[target])
        parts = {f"bytes=0-{(32 << 20) - 1}", f"bytes={32 << 20}-{(64 << 20) - 1}", f"bytes={64 << 20}-"}
        assert asked == (parts if ranges else {f"bytes=0-{(32 << 20) - 1}"}), (asked, size)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/../b", "a@sha256:" + "0" * 64 + "@sha256:" + "0" * 64, "a" * 10000, "\u0430pine", "a/B",
                                  "a@sha256:../../x", "a@sha512:" + "0" * 64, "a:b:c", "a//b", "127.0.0.1:99999999/a b"])
def test_G07_names_that_are_none_are_refused_before_anybody_is_asked(engine, name):
    from urllib.parse import quote
    before = settled(engine)
    a = engine.post("/images/create?fromImage=" + quote(name, safe=""))
    assert a.status in (400, 404) and a.message, (a.status, a.body[:200])
    assert "connect" not in a.message and "resolve" not in a.message, a.message
    assert on_disk(engine) <= before


def hostile_layer(seed, outside):
    """Thousands of files below d/, among them ways out by symlink."""
    import gzip
    import io
    import tarfile
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as tar:
        way = tarfile.TarInfo("way")
        way.type, way.linkname = tarfile.SYMTYPE, outside
        tar.addfile(way)
        for name in (*(f"d/{i % 50}/{seed}-{i}" for i in range(4000)), "way/evil", f"way/../../../..{outside}/evil"):
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"evil"))
    return gzip.compress(buf.getvalue(), 1, mtime=0), buf.getvalue()


def test_A11_parallel_pulls_stay_inside_while_directories_become_symlinks(fresh, tmp_path):
    """Somebody flips the directory that is being filled into a symlink that leads outside."""
    import subprocess
    outside, over = str(tmp_path), threading.Event()
    flipped = []

    def flip():
        top = os.path.join(fresh.data, "overlay2")
        while not over.is_set():
            for entry in os.listdir(top):
                d = os.path.join(top, entry, "diff", "d")
                try:
                    if os.path.isdir(d) and not os.path.islink(d):
                        os.rename(d, d + f".{len(flipped)}")
                        os.symlink(outside, d)
                        flipped.append(d)
                except OSError:
                    pass

    image = Image()
    image.layers = [hostile_layer(i, outside) for i in range(4)]
    image.config["rootfs"]["diff_ids"] = [digest(p) for _, p in image.layers]
    image.build()
    thread, end = threading.Thread(target=flip), time.monotonic() + 2 * PATIENCE
    with Liar(image) as r:
        thread.start()
        try:
            # Until something was flipped: else the test has shown nothing.
            while not flipped and time.monotonic() < end:
                clients = [subprocess.Popen(fresh.client_argv(BERTH, "pull", f"{r.name}/a{i}:1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                           for i in range(3)]
                for c in clients:
                    c.wait(timeout=2 * PATIENCE)
        finally:
            over.set()
            thread.join()
    assert flipped, "nothing was flipped: the test has shown nothing"
    assert os.listdir(outside) == []
