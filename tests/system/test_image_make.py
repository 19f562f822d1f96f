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
