# SPDX-License-Identifier: Apache-2.0
"""berth image make: a base image straight from a distribution's mirror, the same each time."""
import pytest

from harness import BERTH, busybox_tar, run


def test_without_mmdebstrap_the_message_says_what_to_install(engine, tmp_path):
    env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    p = run([BERTH, "-H", "unix://" + engine.sock, "image", "make", "nomade:1", "bookworm"], env=env, check=False)
    assert p.returncode == 1 and "needs mmdebstrap, which is not installed: apt-get install mmdebstrap" in p.stderr
    assert engine.get("/images/nomade:1/json").status == 404


@pytest.mark.parametrize("created", ["2001-02-03T04:05:06Z", "1970-01-01T00:00:00Z"])
def test_an_import_with_a_time_of_its_own_is_the_same_image_each_time(engine, created, tmp_path):
    with open(busybox_tar(), "rb") as f:
        archive = f.read()
    ids = {engine.request("POST", f"/images/create?fromSrc=-&repo=timed&created={created}", archive).json["status"] for _ in range(2)}
    assert len(ids) == 1 and engine.get("/images/timed/json").json["Created"] == created
    engine.request("DELETE", "/images/timed?force=1")
    assert engine.request("POST", "/images/create?fromSrc=-&repo=timed&created=someday", archive).status == 400


# Says how it was called, and packs a tree with the time it is told: what mmdebstrap does, without its packages.
STANDIN = """#!/bin/sh
printf '%s\\n' "$@" >"$CALLS"
[ -z "$FAILS" ] || { echo 'E: no such suite' >&2; exit 25; }
tree=$(mktemp -d); echo made >"$tree/made"; echo "$*" >"$tree/how"
tar -C "$tree" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c .
rm -r "$tree"
"""


@pytest.fixture
def standin(engine, tmp_path):
    """Runs image make with a stand-in for mmdebstrap: (run, what it was called with)."""
    program, calls = tmp_path / "mmdebstrap", tmp_path / "calls"
    program.write_text(STANDIN)
    program.chmod(0o755)

    def make(*words, **env):
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "CALLS": str(calls), **env}
        return run([BERTH, "-H", "unix://" + engine.sock, "image", "make", *words], env=env, check=False)

    yield make, lambda: calls.read_text().splitlines()
    for name in ("made:1", "made:2", "made:3"):
        engine.request("DELETE", f"/images/{name}?force=1")


def test_the_same_packages_make_the_same_image_and_others_another(engine, standin):
    make, _ = standin
    ids = []
    for name, packages in (("made:1", "python3,gcc"), ("made:2", "python3,gcc"), ("made:3", "python3")):
        p = make(name, "bookworm", "--include", packages)
        assert p.returncode == 0, p.stderr
        ids.append(engine.get(f"/images/{name}/json").json["Id"])
    assert ids[0] == ids[1] != ids[2]
    assert engine.get("/images/made:1/json").json["Created"] == "1970-01-01T00:00:00Z"


def test_an_image_has_the_time_that_the_caller_sets(engine, standin):
    make, _ = standin
    assert make("made:1", "bookworm", SOURCE_DATE_EPOCH="981173106").returncode == 0
    assert engine.get("/images/made:1/json").json["Created"] == "2001-02-03T04:05:06Z"


def test_suite_packages_and_mirror_are_what_is_asked_of_mmdebstrap(standin):
    make, calls = standin
    assert make("made:1", "noble", "--include", "nginx,curl", "--mirror", "http://mirror.example/ubuntu").returncode == 0
    words = calls()
    assert "--include=nginx,curl" in words and "--variant=minbase" in words and "--format=tar" in words
    assert words[words.index("noble"):] == ["noble", "-", "http://mirror.example/ubuntu"]


def test_no_image_is_named_where_mmdebstrap_fails(engine, standin):
    make, _ = standin
    p = make("made:1", "nosuch", FAILS="1")
    assert p.returncode == 1 and "E: no such suite" in p.stderr and "mmdebstrap failed; no image was made" in p.stderr, p.stderr
    assert engine.get("/images/made:1/json").status == 404
