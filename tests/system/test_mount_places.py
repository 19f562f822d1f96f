# SPDX-License-Identifier: Apache-2.0
"""The places of the mounts that every container gets are the image's, not a change of the container's."""
import io
import json
import os
import subprocess
import tarfile
import uuid

import pytest

from harness import BERTH, PATIENCE, run, wait_for


def add_file(tar, name, data=b"", mode=0o644, **kind):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    for key, value in kind.items():
        setattr(entry, key, value)
    tar.addfile(entry, io.BytesIO(data))


@pytest.fixture
def image(engine, tmp_path):
    """image(*entries): one that has busybox, those (arguments of add_file()), and no place for any mount."""
    names = []

    def make(*entries):
        path, name = tmp_path / "image.tar", "places-" + uuid.uuid4().hex[:10]
        with tarfile.open(path, "w") as tar:
            with open("/bin/busybox", "rb") as f:
                add_file(tar, "bin/busybox", f.read(), 0o755)
            for applet in ("sh", "cat", "ls", "sleep", "hostname", "stat"):
                add_file(tar, "bin/" + applet, type=tarfile.SYMTYPE, linkname="busybox")
            for entry in entries:
                add_file(tar, **entry)
        engine.import_image(str(path), name)
        names.append(name)
        return name
    yield make
    for name in names:
        engine.docker("rmi", "-f", name, check=False)


def layer_names(engine, ref, tmp_path):
    """What the topmost layer of an image holds."""
    path = str(tmp_path / "saved.tar")
    engine.docker("save", "-o", path, ref)
    with tarfile.open(path) as outer:
        layers = json.load(outer.extractfile("manifest.json"))[0]["Layers"]
        with tarfile.open(fileobj=io.BytesIO(outer.extractfile(layers[-1]).read())) as layer:
            return {n.strip("./") for n in layer.getnames()} - {""}


def test_a_container_that_only_ran_has_changed_nothing(engine, name, client, image):
    engine.docker("run", "--name", name, image(), "cat", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", client=client)
    assert engine.docker("diff", name, client=client).stdout == ""


def test_what_it_changed_is_all_that_is_committed(engine, name, image, tmp_path):
    engine.docker("run", "--name", name, image(), "sh", "-c", "echo mine >/etc/mine")
    assert set(engine.docker("diff", name).stdout.splitlines()) in ({"A /etc", "A /etc/mine"}, {"C /etc", "A /etc/mine"})
    committed = image() + "-committed"
    engine.docker("commit", name, committed)
    try:
        assert layer_names(engine, committed, tmp_path) == {"etc", "etc/mine"}
        assert engine.docker("run", "--rm", committed, "cat", "/etc/mine").stdout == "mine\n"
    finally:
        engine.docker("rmi", "-f", committed)


def test_every_one_of_many_first_starts_at_once_finds_its_places(engine, image):
    ref = image()
    script = "cat /etc/hosts /etc/resolv.conf >/dev/null && ls -d /proc/1 /sys/kernel /dev/null && hostname"
    starts = [subprocess.Popen([BERTH, "-H", "unix://" + engine.sock, "run", "--rm", "--hostname", f"h{i}", ref, "sh", "-c", script],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(12)]
    for i, p in enumerate(starts):
        out, err = p.communicate(timeout=PATIENCE)
        assert (p.returncode, out.split()) == (0, ["/dev/null", "/proc/1", "/sys/kernel", f"h{i}"]), err


def test_two_containers_of_an_image_keep_their_files_apart(engine, image):
    ref = image(dict(name="etc/hosts", data=b"image\n"))
    first, second = (engine.docker("create", ref, "sleep", "60").stdout.strip() for _ in range(2))
    try:
        engine.docker("start", first, second)
        own = [engine.docker("exec", c, "cat", "/etc/hostname").stdout.strip() for c in (first, second)]
        assert own == [first[:12], second[:12]]
        engine.docker("kill", first)
        os.makedirs(engine.top + "/copied", exist_ok=True)
        engine.docker("cp", first + ":/etc/hosts", engine.top + "/copied/hosts")
        with open(engine.top + "/copied/hosts") as f:
            assert f.read() == "image\n", "below its mounts lies what the image has"
    finally:
        engine.docker("rm", "-f", first, second)


def test_a_directory_of_the_image_keeps_its_owner_and_mode(engine, image):
    ref = image(dict(name="etc", type=tarfile.DIRTYPE, mode=0o2751, uid=7, gid=8))
    assert engine.docker("run", "--rm", ref, "stat", "-c", "%a %u %g", "/etc").stdout.split() == ["2751", "7", "8"]


def test_etc_that_is_a_symlink_is_followed_inside_the_image(engine, image):
    ref = image(dict(name="etc", type=tarfile.SYMTYPE, linkname="/conf"))
    assert engine.docker("run", "--rm", "--hostname", "linked", ref, "cat", "/conf/hostname").stdout == "linked\n"
    assert not os.path.exists("/conf")


def test_an_image_whose_place_is_a_link_is_still_refused(engine, name, image):
    ref = image(dict(name="proc", type=tarfile.SYMTYPE, linkname="/elsewhere"))
    p = engine.docker("run", "--name", name, ref, "ls", check=False)
    assert p.returncode != 0 and "symlink" in p.stderr, p.stderr


def test_the_places_go_with_the_image(engine, name, image):
    ref = image()
    engine.docker("run", "--name", name, ref, "sh", "-c", "true")
    lower = engine.inspect(name)["GraphDriver"]["Data"]["LowerDir"].split(":")
    assert len(lower) == 2 and all(os.path.isdir(d) for d in lower)
    assert sorted(os.listdir(lower[0])) == ["dev", "etc", "proc", "sys"]
    engine.docker("rm", name)
    engine.docker("rmi", ref)
    wait_for(lambda: not os.path.exists(os.path.dirname(lower[1])), "the image's layer goes")


def test_they_are_there_after_a_restart_of_the_daemon(fresh, tmp_path):
    path = tmp_path / "image.tar"
    with tarfile.open(path, "w") as tar, open("/bin/busybox", "rb") as f:
        add_file(tar, "bin/busybox", f.read(), 0o755)
    fresh.import_image(str(path), "bare")
    fresh.docker("run", "--name", "box", "bare", "/bin/busybox", "cat", "/etc/hosts")
    fresh.kill()
    fresh.start()
    assert fresh.docker("diff", "box").stdout == ""
    assert "localhost" in fresh.docker("start", "-a", "box").stdout
    assert fresh.docker("diff", "box").stdout == ""
