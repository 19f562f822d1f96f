# SPDX-License-Identifier: Apache-2.0
"""--platform of the commands on images that are here: the platform that the image has is served, another one is an error that changes nothing."""
import io
import json
import os
import tarfile

import pytest

from harness import BERTH, CLIENTS
from liar import Image, Liar
from registries import Registry
from test_registry_ways import oci

ELSEWHERE = "linux/s390x"
pytestmark = pytest.mark.parametrize("client", [CLIENTS[-1], BERTH], ids=["docker", "berth"])


@pytest.fixture
def arm(engine):
    """The name of an image of linux/arm/v7, in a registry that takes what is pushed."""
    with Liar(oci(Image(seeds=(71,), size=1000, platform={"architecture": "arm", "variant": "v7"}))) as r:
        ref = f"{r.name}/arm:1"
        engine.docker("pull", "-q", "--platform", "linux/arm/v7", ref)
        yield ref
        engine.docker("rmi", "-f", ref, check=False)


@pytest.fixture(scope="module")
def registry():
    with Registry() as r:
        yield r


def here(engine, ref):
    return engine.get(f"/images/{ref}/json").status == 200


def test_inspect_and_history_are_of_the_platform_asked_for(engine, arm, client):
    for asked in ("linux/arm/v7", "linux/arm", "arm"):
        p = engine.docker("image", "inspect", "--platform", asked, arm, client=client)
        assert json.loads(p.stdout)[0]["Variant"] == "v7"
    assert engine.docker("history", "-q", "--platform", "linux/arm/v7", arm, client=client).returncode == 0
    for words in (["image", "inspect"], ["history"]):
        p = engine.docker(*words, "--platform", ELSEWHERE, arm, client=client, check=False)
        assert p.returncode == 1 and f"does not match the specified platform ({ELSEWHERE})" in p.stderr, p.stderr


def test_an_image_of_another_platform_is_not_removed(engine, arm, client):
    p = engine.docker("image", "rm", "--platform", ELSEWHERE, arm, client=client, check=False)
    assert p.returncode == 1 and "does not match" in p.stderr and here(engine, arm)
    p = engine.docker("image", "rm", "--platform", "linux/arm/v7", arm, client=client)
    assert f"Untagged: {arm}" in p.stdout and not here(engine, arm)


def test_what_is_saved_and_loaded_is_of_the_platform_or_nothing(engine, arm, client, tmp_path):
    tar = str(tmp_path / "image.tar")
    p = engine.docker("save", "--platform", ELSEWHERE, "-o", tar, arm, client=client, check=False)
    assert p.returncode == 1 and "no suitable export target found for platform " + ELSEWHERE in p.stderr
    engine.docker("save", "--platform", "linux/arm/v7", "-o", tar, arm, client=client)
    with tarfile.open(tar) as t:
        manifest = json.load(io.BytesIO(t.extractfile("manifest.json").read()))
    assert manifest[0]["RepoTags"] == [arm]
    engine.docker("rmi", arm)
    p = engine.docker("load", "--platform", ELSEWHERE, "-i", tar, client=client, check=False)
    assert p.returncode == 1 and f"no image for {ELSEWHERE}" in p.stderr and not here(engine, arm), p.stderr
    engine.docker("load", "--platform", "linux/arm/v7", "-i", tar, client=client)
    assert here(engine, arm)


def test_only_an_image_of_the_platform_is_pushed(engine, registry, arm, client):
    there = f"{registry.name}/{os.path.basename(client)}/arm:1"
    engine.docker("tag", arm, there)
    p = engine.docker("push", "--platform", ELSEWHERE, there, client=client, check=False)
    assert p.returncode == 1 and "does not match" in p.stderr, p.stderr
    assert engine.docker("pull", there, check=False).returncode == 1
    engine.docker("push", "--platform", "linux/arm/v7", there, client=client)
    engine.docker("rmi", there)
    engine.docker("pull", "--platform", "linux/arm/v7", there)
    engine.docker("rmi", there)


@pytest.mark.parametrize("command", ["inspect", "rm", "history", "save", "push"])
def test_what_is_no_platform_is_refused_before_anything_is_done(engine, arm, client, command):
    p = engine.docker("image", command, "--platform", "linux/a/b/c", arm, client=client, check=False)
    assert p.returncode not in (0, 125) and "invalid" in p.stderr and here(engine, arm), p.stderr
