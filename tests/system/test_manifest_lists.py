# SPDX-License-Identifier: Apache-2.0
"""manifest create, annotate, inspect, push and rm: lists that berth and docker make, read and push alike."""
import hashlib
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request

import pytest

from harness import BERTH, CLIENTS, busybox_tar, run
from registries import Authority, Certificates, FarAddress, Registry

DOCKER = CLIENTS[0]
LIST_TYPES = "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"


class Client:
    """A command line with a configuration of its own."""

    def __init__(self, engine, binary, config):
        self.engine, self.binary, self.config = engine, binary, config

    def __call__(self, *args, **kw):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        env["DOCKER_CONFIG"] = self.config
        return run(self.engine.client_argv(self.binary, "manifest", *args), env=env, **kw)


@pytest.fixture(scope="module")
def registry():
    with Registry() as r:
        yield r


@pytest.fixture(scope="module")
def images(engine, registry):
    """Two images for two platforms, in two repositories."""
    refs = {}
    for arch, repo in (("amd64", "one/amd"), ("arm64", "two/arm")):
        ref = refs[arch] = f"{registry.name}/{repo}:1"
        engine.docker("import", "--platform", f"linux/{arch}", busybox_tar(), ref)
        engine.docker("push", ref)
    yield refs
    for ref in refs.values():
        engine.request("DELETE", f"/images/{ref}?force=1")


@pytest.fixture
def berth(engine):
    top = tempfile.mkdtemp(prefix="berth-lists-")
    yield Client(engine, BERTH, top)
    shutil.rmtree(top)


@pytest.fixture
def docker(engine):
    top = tempfile.mkdtemp(prefix="berth-lists-")
    yield Client(engine, DOCKER, top)
    shutil.rmtree(top)


def in_registry(registry, repo, tag):
    req = urllib.request.Request(f"http://{registry.name}/v2/{repo}/manifests/{tag}", headers={"Accept": LIST_TYPES})
    with urllib.request.urlopen(req) as a:
        return a.read(), a.headers["Content-Type"]


def test_a_list_is_pushed_and_each_platform_pulls_its_image(engine, registry, images, berth):
    name = f"{registry.name}/all/of-them:1"
    out = berth("create", name, *images.values()).stdout
    assert out == f"Created manifest list {name}\n"
    digest = berth("push", name).stdout.strip()
    text, kind = in_registry(registry, "all/of-them", "1")
    assert digest == "sha256:" + hashlib.sha256(text).hexdigest() and kind == LIST_TYPES.split(",")[0]
    for arch, ref in images.items():
        before = engine.get(f"/images/{ref}/json").json["Id"]
        engine.docker("pull", "--platform", f"linux/{arch}", name)
        found = engine.get(f"/images/{name}/json").json
        assert found["Id"] == before and found["Architecture"] == arch and f"{name[:-2]}@{digest}" in found["RepoDigests"]
    engine.docker("rmi", name)


def test_docker_makes_the_very_same_list(registry, images, berth, docker):
    name = f"{registry.name}/same/list:1"
    for client in (berth, docker):
        client("create", "--insecure", name, *images.values())
        client("annotate", "--variant", "v8", "--os-version", "6.1", "--os-features", "a,b", "--os-features", "b", name, images["arm64"])
    assert berth("inspect", name).stdout.strip() == docker("inspect", name).stdout.strip()
    # An old docker tells of each image as well.
    assert berth("push", name).stdout.strip() == docker("push", "--insecure", name).stdout.splitlines()[-1]


def test_each_reads_and_pushes_what_the_other_has_made(engine, registry, images, berth, docker):
    name = f"{registry.name}/ours/theirs:1"
    theirs = Client(engine, DOCKER, berth.config)
    berth("create", name, images["amd64"])
    theirs("create", "--insecure", "--amend", name, images["arm64"])
    listed = json.loads(theirs("inspect", name).stdout)
    assert [m["platform"]["architecture"] for m in listed["manifests"]] == ["amd64", "arm64"]
    assert json.loads(berth("inspect", name).stdout) == listed
    wholes = [json.loads(c("inspect", "--verbose", name).stdout) for c in (berth, theirs)]
    assert [e["Descriptor"]["digest"] for e in wholes[0]] == [e["Descriptor"]["digest"] for e in wholes[1]]
    berth("push", name)
    assert json.loads(in_registry(registry, "ours/theirs", "1")[0]) == listed


def test_a_list_is_forgotten_by_rm_and_by_push_with_purge(registry, images, berth):
    name, other = f"{registry.name}/to/forget:1", f"{registry.name}/to/forget:2"
    for n in (name, other):
        berth("create", n, images["amd64"])
    berth("push", "--purge", name)
    assert [m["platform"] for m in json.loads(berth("inspect", name).stdout)["manifests"]] == [{"architecture": "amd64", "os": "linux"}]  # the registry's
    berth("rm", other)
    for verb in ("push", "rm"):
        p = berth(verb, other, check=False)
        assert p.returncode == 1 and f"No such manifest: {other}" in p.stderr
    assert os.listdir(os.path.join(berth.config, "manifests")) == []


def test_what_is_there_is_amended_only_where_that_is_asked_for(registry, images, berth):
    name = f"{registry.name}/to/amend:1"
    berth("create", name, images["amd64"])
    p = berth("create", name, images["arm64"], check=False)
    assert p.returncode == 1 and "refusing to amend an existing manifest list with no --amend flag" in p.stderr
    berth("annotate", "--os-version", "5", name, images["amd64"])
    berth("create", "-a", name, *images.values())
    found = json.loads(berth("inspect", name).stdout)["manifests"]
    assert [(m["platform"]["architecture"], m["platform"].get("os.version")) for m in found] == [("amd64", "5"), ("arm64", None)]


def test_an_image_of_a_list_is_shown_by_itself(registry, images, berth):
    name = f"{registry.name}/to/show:1"
    berth("create", name, *images.values())
    one = json.loads(berth("inspect", name, images["arm64"]).stdout)
    assert one["schemaVersion"] == 2 and one == json.loads(berth("inspect", images["arm64"]).stdout)
    whole = json.loads(berth("inspect", "-v", name, images["arm64"]).stdout)
    assert whole["Ref"] == images["arm64"] and whole["Descriptor"]["platform"] == {"architecture": "arm64", "os": "linux"}


def test_a_registrys_index_is_shown_whole_with_verbose_as_docker_does(registry, images, berth, docker):
    name = f"{registry.name}/verbose/index:1"
    berth("create", name, *images.values())
    berth("push", "--purge", name)
    ours, theirs = (json.loads(c("inspect", "--insecure", "--verbose", name).stdout) for c in (berth, docker))
    for a, b in zip(ours, theirs, strict=True):
        assert a["Descriptor"] == b["Descriptor"] and a["Raw"] == b.get("Raw", a["Raw"]) and a["SchemaV2Manifest"] == b["SchemaV2Manifest"]


@pytest.mark.parametrize("flags, said", [(("--arch", "z80"), "unsupported os/arch combination: linux/z80"),
                                         (("--os", "beos"), "unsupported os/arch combination: beos/amd64")])
def test_no_platform_is_made_up(registry, images, berth, flags, said):
    name = f"{registry.name}/made/up:1"
    berth("create", name, images["amd64"])
    p = berth("annotate", *flags, name, images["amd64"], check=False)
    assert p.returncode == 1 and said in p.stderr
    assert json.loads(berth("inspect", name).stdout)["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}


def test_what_is_not_in_the_list_cannot_be_annotated(registry, images, berth):
    name = f"{registry.name}/not/there:1"
    berth("create", name, images["amd64"])
    for where in (name, name + "2"):
        p = berth("annotate", "--arch", "arm64", where, images["arm64"], check=False)
        assert p.returncode == 1 and f"manifest for image {images['arm64']} does not exist in {where}" in p.stderr


def test_a_list_in_a_list_and_what_the_registry_does_not_have_are_refused(registry, images, berth):
    inner, outer = f"{registry.name}/inner/list:1", f"{registry.name}/outer/list:1"
    berth("create", inner, images["amd64"])
    berth("push", "-p", inner)
    p = berth("create", outer, inner, check=False)
    assert p.returncode == 1 and f"{inner} is a manifest list" in p.stderr
    p = berth("create", outer, f"{registry.name}/no/such:1", check=False)
    assert p.returncode == 1 and "not found" in p.stderr
    assert os.listdir(os.path.join(berth.config, "manifests")) == []


def test_images_of_another_registry_are_refused_before_anything_is_pushed(registry, images, berth):
    with Registry() as other:
        name = f"{other.name}/far/away:1"
        berth("create", name, images["amd64"])
        p = berth("push", name, check=False)
        assert p.returncode == 1 and "a different registry than the target image" in p.stderr
        with pytest.raises(urllib.error.HTTPError):
            in_registry(other, "far/away", "1")


def test_a_registry_with_a_certificate_of_nobodys_needs_insecure(engine, images, berth):
    with FarAddress() as address, tempfile.TemporaryDirectory() as top:
        authority = Authority(top, address)
        with Registry(address, tls=authority) as r:
            ref = f"{r.name}/tls/image:1"
            with Certificates(r.name, {"ca.crt": authority.path("ca.crt")}):
                engine.docker("tag", images["amd64"], ref)
                engine.docker("push", ref)
            p = berth("create", f"{r.name}/tls/list:1", ref, check=False)
            assert p.returncode == 1 and "certificate" in p.stderr.lower(), p.stderr
            berth("create", "--insecure", f"{r.name}/tls/list:1", ref)
            assert berth("push", f"{r.name}/tls/list:1", check=False).returncode == 1
            assert berth("push", "--insecure", f"{r.name}/tls/list:1").stdout.startswith("sha256:")
            engine.request("DELETE", f"/images/{ref}")
