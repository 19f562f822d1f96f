# SPDX-License-Identifier: Apache-2.0
"""skopeo as an independent client, in both directions and in each of its forms: what it writes berth pulls and loads, what berth
pushes and saves it reads. What comes out has the layers that went in."""
import json
import os
import subprocess
import sys
import tempfile

import pytest

from harness import TOP, Daemon, run
from registries import Registry

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import images  # noqa: E402

FORMS = ["docker-archive", "oci-archive", "oci-archive zstd", "oci", "docker", "docker oci", "docker zstd"]


def skopeo(*args):
    return run(["skopeo", "--insecure-policy", *args], timeout=120)


@pytest.fixture(scope="module")
def registry():
    with Registry() as r:
        yield r


@pytest.fixture
def target(form, registry):
    """For what is to be packed anew one of its own: skopeo would take a blob that the registry has in another form."""
    if form != "docker zstd":
        yield registry
        return
    with Registry() as r:
        yield r


@pytest.fixture(scope="module")
def made():
    """An image of two layers, as an archive that is not berth's: (path, diff ids, id)."""
    image = images.Image(["sk/made:1"], [images.tar([("etc/first", b"1" * 70000), ("gone", b"x")]), images.tar([("etc/.wh.first", b""), ("second", b"2")])],
                         {"Cmd": ["x"], "Labels": {"a": "b"}})
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "made.tar")
        with open(path, "wb") as f:
            f.write(images.docker_archive(image))
        yield path, [images.digest(layer) for layer in image.layers], image.id


@pytest.fixture(scope="module")
def other():
    """A daemon that knows none of the images."""
    with Daemon() as d:
        yield d


@pytest.fixture
def plain(other):
    yield other
    for i in other.get("/images/json").json:
        other.request("DELETE", f"/images/{i['Id']}?force=1")


def written(form, source, registry, top):
    """What skopeo makes of `source`: (the reference by which it can be pulled, None), or (None, an archive)."""
    kind, _, packed = form.partition(" ")
    # Docker's own form of manifests knows no zstd.
    how = {"zstd": ["--format", "oci", "--dest-compress-format", "zstd", "--dest-compress"], "oci": ["--format", "oci"], "": []}[packed]
    if kind == "docker":
        name = f"sk/{abs(hash(form)) % 10 ** 8}"
        skopeo("copy", "--dest-tls-verify=false", *how, source, f"docker://{registry.name}/{name}:1")
        if packed == "zstd":
            assert registry.manifest(name, "1")["layers"][0]["mediaType"].endswith("+zstd")
        return f"{registry.name}/{name}:1", None
    target = os.path.join(top, "out")
    skopeo("copy", *how, source, f"{kind}:{target}:sk/out:1")
    if kind == "oci":
        run(["tar", "-C", target, "-cf", target + ".tar", "."])
        target += ".tar"
    if packed == "zstd":
        inner = json.loads(subprocess.run(["skopeo", "inspect", "--raw", f"oci-archive:{target}"], capture_output=True, check=True).stdout)
        assert inner["layers"][0]["mediaType"].endswith("+zstd")
    return None, target


def take_in(daemon, ref, archive):
    """The image's description, once pulled or loaded."""
    if ref:
        daemon.docker("pull", ref)
        return daemon.get(f"/images/{ref}/json").json
    out = daemon.docker("load", "-i", archive).stdout
    name = out.strip().split(": ", 1)[1].splitlines()[0]
    return daemon.get(f"/images/{name}/json").json


def tree(daemon, image):
    """The paths below the root, as a container of it has them."""
    c = daemon.docker("create", image, "x").stdout.strip()
    try:
        with tempfile.NamedTemporaryFile() as f:
            daemon.docker("export", "-o", f.name, c)
            return sorted(run(["tar", "-tf", f.name]).stdout.split())
    finally:
        daemon.docker("rm", c)


@pytest.mark.parametrize("form", FORMS)
def test_what_skopeo_writes_is_taken_in(plain, target, made, tmp_path, form):
    path, layers, own = made
    ref, archive = written(form, f"docker-archive:{path}", target, str(tmp_path))
    found = take_in(plain, ref, archive)
    assert found["RootFS"]["Layers"] == layers and found["Config"]["Labels"] == {"a": "b"}
    names = tree(plain, found["Id"])
    assert "second" in names and "gone" in names and "etc/first" not in names
    # skopeo writes another configuration only where it changes from one family of manifests to the other.
    assert found["Id"] == own or form not in ("docker-archive", "docker")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["saved, read as docker's", "saved, read as OCI's", "pushed"])
def test_what_berth_writes_goes_through_skopeo_and_comes_back(plain, registry, target, made, tmp_path, way, form):
    path, layers, _ = made
    plain.docker("load", "-i", path)
    source = f"{registry.name}/from/berth:1"
    if way == "pushed":
        plain.docker("tag", "sk/made:1", source)
        plain.docker("push", source)
        plain.docker("rmi", source)
    else:
        saved = str(tmp_path / "saved.tar")
        plain.docker("save", "-o", saved, "sk/made:1")
    plain.docker("rmi", "sk/made:1")
    text = {"pushed": f"docker://{source}", "saved, read as docker's": f"docker-archive:{tmp_path}/saved.tar:sk/made:1",
            "saved, read as OCI's": f"oci-archive:{tmp_path}/saved.tar"}[way]
    if way == "pushed":
        skopeo("copy", "--src-tls-verify=false", text, f"dir:{tmp_path}/dir")
        text = f"dir:{tmp_path}/dir"
    ref, archive = written(form, text, target, str(tmp_path))
    found = take_in(plain, ref, archive)
    assert found["RootFS"]["Layers"] == layers and "second" in tree(plain, found["Id"])


def test_an_index_that_skopeo_copied_whole_gives_each_platform_its_image(plain, registry, tmp_path):
    """Put together by berth, copied by skopeo with all platforms into a layout and into another repository."""
    ids = {}
    for arch in ("amd64", "arm64"):
        ref = f"{registry.name}/many/{arch}:1"
        path = tmp_path / arch
        path.write_bytes(images.tar([(f"only-{arch}", arch.encode())]))
        plain.docker("import", "--platform", f"linux/{arch}", str(path), ref)
        plain.docker("push", ref)
        ids[arch] = plain.get(f"/images/{ref}/json").json["Id"]
    index = f"{registry.name}/many/index:1"
    plain.berth("manifest", "create", "--amend", index, *(f"{registry.name}/many/{a}:1" for a in ids))
    plain.berth("manifest", "push", "--purge", index)
    skopeo("copy", "--all", "--src-tls-verify=false", f"docker://{index}", f"oci:{tmp_path}/layout:1")
    skopeo("copy", "--all", "--dest-tls-verify=false", f"oci:{tmp_path}/layout:1", f"docker://{registry.name}/many/again:1")
    for i in plain.get("/images/json").json:
        plain.request("DELETE", f"/images/{i['Id']}?force=1")
    for arch in ids:
        plain.docker("pull", "--platform", f"linux/{arch}", f"{registry.name}/many/again:1")
        found = plain.get(f"/images/{registry.name}/many/again:1/json").json
        assert found["Architecture"] == arch and f"only-{arch}" in tree(plain, found["Id"])
    run(["tar", "-C", str(tmp_path / "layout"), "-cf", str(tmp_path / "layout.tar"), "."])
    for arch in ids:
        out = plain.docker("load", "--platform", f"linux/{arch}", "-i", str(tmp_path / "layout.tar"), client="/usr/local/bin/docker"
                           if os.path.exists("/usr/local/bin/docker") else None, check=False)
        if "unknown flag" in out.stderr:
            pytest.skip("the client's load has no --platform")
        assert out.returncode == 0, out.stderr
        name = out.stdout.strip().split(": ", 1)[1].splitlines()[0]
        assert plain.get(f"/images/{name}/json").json["Architecture"] == arch
