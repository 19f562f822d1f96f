# SPDX-License-Identifier: Apache-2.0
"""What is on disk of images: the trees that other tools make, entry by entry; sizes that add up; many layers; deaths at any instant."""
import gzip
import hashlib
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import threading
import time

import pytest

from harness import TOP, busybox_tar, wait_for
from registries import Registry

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import images  # noqa: E402

# Entries of every kind, in two layers; the second hides, replaces and changes.
MAKE = r"""
mkdir -p d/e/f s opaque/in gone/deep full; echo a >d/a; ln d/a d/b; ln -s ../d/a s/l; ln -s /absent s/m; mkfifo s/p; mknod s/c c 1 3; mknod s/b b 7 0
: >empty; echo u >suid; chown 3000000000:4000000 suid; chmod 6755 suid; chown -h 5:6 s/l; chmod 2775 d; chown 0:7 d; chmod 1777 s; chmod 000 empty
truncate -s 5M sparse; echo end >>sparse; echo data | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
echo x >"$(printf 'long%.0s' $(seq 40))"; echo x >'sp ace'; echo x >"$(printf '\303\244')"; mkdir -p "$(printf 'deep/%.0s' $(seq 60))"
echo c >cap; echo x >xattr; echo x >gone/deep/f; echo x >opaque/in/f; echo x >opaque/f
echo f >becomes-dir; mkdir becomes-file; echo x >becomes-file/x; ln -s d becomes-real; head -c 3000000 /dev/urandom >big
for i in $(seq 200); do echo $i >full/$i; done; touch -h -d '2001-02-03 04:05:06.123456789Z' d/a d/e s/l s/c; touch -d @-5.5 suid
"""
CHANGE = r"""
rm -r gone opaque; mkdir opaque; echo new >opaque/new; rm becomes-dir; mkdir becomes-dir; echo x >becomes-dir/x; rm -r becomes-file; echo f >becomes-file
rm becomes-real; mkdir becomes-real; echo x >becomes-real/x; chmod 4711 d/a; ln d/a d/third; mv sparse moved; rm full/1 full/2; chmod 700 full; echo more >>big; touch -d @1.000000001 full
"""


CAPABILITY = struct.pack("<IIIII", 0x2000001, 1 << 13, 0, 0, 0)


def make(root, script):
    subprocess.run(["sh", "-euc", script], cwd=root, check=True)
    if script == MAKE:
        os.setxattr(os.path.join(root, "cap"), "security.capability", CAPABILITY)
        os.setxattr(os.path.join(root, "xattr"), "user.colour", b"blue")


def describe(root):
    """{path: everything that an entry is}, hard links by what they share."""
    out, inodes = {}, {}
    for top, dirs, files in os.walk(root):
        for name in [".", *files, *dirs] if top == root else [*files, *dirs]:
            path = os.path.join(top, name)
            st = os.lstat(path)
            rel = os.path.relpath(path, root)
            entry = [stat.filemode(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns, sorted((a, os.getxattr(path, a, follow_symlinks=False).hex())
                     for a in os.listxattr(path, follow_symlinks=False) if not a.startswith(("trusted.overlay", "system.", "security.selinux")))]
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    entry += [st.st_size, hashlib.sha256(f.read()).hexdigest()]
            elif stat.S_ISLNK(st.st_mode):
                entry.append(os.readlink(path))
            elif stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
                entry.append(st.st_rdev)
            if not stat.S_ISDIR(st.st_mode) and st.st_nlink > 1:
                inodes.setdefault((st.st_dev, st.st_ino), []).append(rel)
            out[rel] = entry
    for names in inodes.values():
        for n in names:
            out[n].append(sorted(names))
    return out


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """An OCI layout of two layers that umoci made of all that, and the root that umoci unpacks from it."""
    top = tmp_path_factory.mktemp("layout")
    oci, bundle = str(top / "oci"), str(top / "bundle")

    def umoci(*args):
        subprocess.run(["umoci", *args], check=True, capture_output=True)
    umoci("init", "--layout", oci)
    umoci("new", "--image", oci + ":all")
    umoci("unpack", "--image", oci + ":all", bundle)
    for script in (MAKE, CHANGE):
        make(bundle + "/rootfs", script)
        umoci("repack", "--refresh-bundle", "--image", oci + ":all", bundle)
    shutil.rmtree(bundle)
    umoci("unpack", "--image", oci + ":all", bundle)
    yield top
    shutil.rmtree(top)


def mounted(engine, ref, at, look):
    """look(root) of the image's merged root, as overlay shows it."""
    data = engine.get(f"/images/{ref}/json").json["GraphDriver"]["Data"]
    lower = ":".join(x for x in (data["UpperDir"], data.get("LowerDir")) if x)
    os.makedirs(at, exist_ok=True)
    if ":" not in lower:
        return look(lower)
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lower}", at], check=True)
    try:
        return look(at)
    finally:
        subprocess.run(["umount", at], check=True)


def differences(want, got):
    return {k: (want.get(k), got.get(k)) for k in want.keys() | got.keys() if want.get(k) != got.get(k)}


def test_the_tree_is_the_one_that_umoci_makes(engine, layout, tmp_path):
    want = describe(str(layout / "bundle/rootfs"))
    archive = subprocess.run(["tar", "-C", layout / "oci", "-c", "."], check=True, capture_output=True).stdout
    # umoci names it by the reference name alone.
    a = engine.request("POST", "/images/load", archive)
    assert a.status == 200, a.body
    ref = a.body.decode().split("sha256:")[1][:64]
    try:
        got = mounted(engine, ref, str(tmp_path / "m"), describe)
        # The root's own time: umoci's bundle was touched when it was made.
        for tree in (want, got):
            tree["."][3] = 0
        assert differences(want, got) == {}
    finally:
        engine.request("DELETE", f"/images/{ref}?force=1")


def test_the_tree_is_the_one_that_tar_makes(engine, layout, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "want").mkdir()
    make(str(tmp_path / "in"), MAKE)
    xattrs = ["--xattrs", "--xattrs-include=*", "--numeric-owner"]
    for flags in (["--format=posix"], ["--format=posix", "--sparse"]):
        subprocess.run(["tar", *xattrs, *flags, "-C", tmp_path / "in", "-cf", tmp_path / "t", "."], check=True, stderr=subprocess.DEVNULL)
        shutil.rmtree(tmp_path / "want")
        (tmp_path / "want").mkdir()
        subprocess.run(["tar", *xattrs, "-C", tmp_path / "want", "-xpf", tmp_path / "t"], check=True, stderr=subprocess.DEVNULL)
        engine.import_image(str(tmp_path / "t"), "trees")
        try:
            assert differences(describe(str(tmp_path / "want")), mounted(engine, "trees", str(tmp_path / "m"), describe)) == {}
        finally:
            engine.request("DELETE", "/images/trees")


def test_what_is_saved_is_what_was_loaded_to_the_byte(engine, layout):
    """Layers come out with the digest they went in with, though nothing of the archive was kept."""
    archive = subprocess.run(["tar", "-C", layout / "oci", "-c", "."], check=True, capture_output=True).stdout
    ref = engine.request("POST", "/images/load", archive).body.decode().split("sha256:")[1][:64]
    try:
        saved = engine.get(f"/images/{ref}/get").body
        with open(layout / "saved.tar", "wb") as f:
            f.write(saved)
        for layer in engine.get(f"/images/{ref}/json").json["RootFS"]["Layers"]:
            out = subprocess.run(["tar", "-xOf", layout / "saved.tar", "blobs/sha256/" + layer[7:]], check=True, capture_output=True).stdout
            assert images.digest(out) == layer
        out = subprocess.run(["skopeo", "inspect", "--raw", f"oci-archive:{layout}/saved.tar"], capture_output=True, text=True)
        assert out.returncode == 0 and len(json.loads(out.stdout)["layers"]) == 2, out.stderr
        out = subprocess.run(["skopeo", "inspect", f"docker-archive:{layout}/saved.tar"], capture_output=True, text=True)
        assert out.returncode == 0, out.stderr
    finally:
        engine.request("DELETE", f"/images/{ref}?force=1")


def files_below(path):
    total, seen = 0, set()
    for top, dirs, files in os.walk(path):
        for name in files + [d for d in dirs if os.path.islink(os.path.join(top, d))]:
            st = os.lstat(os.path.join(top, name))
            if (st.st_dev, st.st_ino) not in seen:
                total += st.st_size
                seen.add((st.st_dev, st.st_ino))
    return total


def test_df_adds_up_to_what_is_on_disk(fresh):
    base, shared = images.tar([("base", b"b" * 100000)]), images.tar([("shared", b"s" * 50000), ("twice", b"1"), ("twice", b"t" * 3000), ("hard", "== shared")])
    one = images.Image(["one:1", "one:2"], [base, shared])
    two = images.Image(["two:1"], [base, shared, images.tar([("own", b"o" * 7000), ("l", "-> own")])])
    assert fresh.request("POST", "/images/load", images.docker_archive(one, two)).status == 200
    fresh.docker("create", "--name", "box", "-v", "dfvol:/v", "two:1", "x")
    fresh.docker("cp", "/etc/passwd", "box:/grown")
    with open(os.path.join(fresh.get("/volumes/dfvol").json["Mountpoint"], "f"), "w") as f:
        f.write("v" * 1234)
    df = fresh.get("/system/df").json
    layers = set()
    for i in df["Images"]:
        data = fresh.get(f"/images/{i['Id']}/json").json["GraphDriver"]["Data"]
        layers |= {data["UpperDir"], *filter(None, data.get("LowerDir", "").split(":"))}
    assert len(layers) == 4
    assert df["LayersSize"] == sum(files_below(p) for p in layers)
    by_tag = {t: i for i in df["Images"] for t in i["RepoTags"]}
    assert by_tag["one:1"]["Size"] == by_tag["one:1"]["SharedSize"] == 153000
    assert by_tag["two:1"]["Size"] == 160003 and by_tag["two:1"]["SharedSize"] == 153000
    assert by_tag["bb:latest"]["SharedSize"] == 0
    assert by_tag["two:1"]["Containers"] == 1 and by_tag["one:1"]["Containers"] == 0
    box, volume = df["Containers"][0], df["Volumes"][0]
    assert box["SizeRw"] == os.path.getsize("/etc/passwd") and box["SizeRootFs"] == box["SizeRw"] + 160003
    assert volume["Name"] == "dfvol" and volume["UsageData"] == {"RefCount": 1, "Size": 1234}
    for client in ("docker", "berth"):
        text = getattr(fresh, client)("system", "df").stdout
        assert "Images" in text and "Local Volumes" in text and "1.234kB" in text
        assert "dfvol" in getattr(fresh, client)("system", "df", "-v").stdout


@pytest.mark.parametrize("count", [2, 127, 128])
def test_images_of_many_layers(engine, count):
    with open(busybox_tar(), "rb") as f:
        layers = [f.read()]
    layers += [images.tar([(f"layer{i}", b"x"), ("last", str(i).encode()), *([(f".wh.layer{i - 1}", b"")] if i % 2 == 0 else [])]) for i in range(1, count)]
    image = images.Image(["many:1"], layers, {"Cmd": ["sh"]})
    try:
        a = engine.request("POST", "/images/load", images.docker_archive(image))
        assert a.status == 200, a.body
        out = engine.docker("run", "--rm", "many:1", "sh", "-c", "cat /last; echo; ls / | grep -c layer").stdout.split()
        assert out == [str(count - 1), str((count - 1) - (count - 1) // 2)]
        assert len(engine.get("/images/many:1/json").json["RootFS"]["Layers"]) == count
    finally:
        engine.request("DELETE", "/images/many:1?force=1")


def test_a_layer_too_many_is_refused(engine):
    image = images.Image(["toomany:1"], [images.tar([(f"f{i}", b"x")]) for i in range(129)])
    a = engine.request("POST", "/images/load", images.docker_archive(image))
    assert a.status == 400 and "at most 128" in a.message
    assert engine.get("/images/toomany:1/json").status == 404


def test_a_directory_that_only_its_content_names_keeps_what_lower_layers_gave_it(engine):
    """As when all were unpacked into one tree, whether the names come in one layer or in several."""
    def directory(name, **attributes):
        m = tarfile.TarInfo(name)
        m.type = tarfile.DIRTYPE
        for key, value in attributes.items():
            setattr(m, key, value)
        return m, b""
    with open(busybox_tar(), "rb") as f:
        base = f.read()
    image = images.Image(["implied:1"], [
        base,
        images.tar([directory("d", mode=0o2775, uid=5, gid=7, mtime=1000000000), directory("d/in", mode=0o700, uid=9, mtime=1000000001),
                    directory("gone", mode=0o700, uid=9), directory("own", mode=0o700, uid=9)]),
        images.tar([("other/x", b"x"), (".wh.gone", b"")]),
        images.tar([("d/in/x", b"x"), ("gone/x", b"x"), ("own/x", b"x"), directory("own", mode=0o711, uid=3, gid=4, mtime=5)]),
    ], {"Cmd": ["sh"]})
    try:
        a = engine.request("POST", "/images/load", images.docker_archive(image))
        assert a.status == 200, a.body
        out = engine.docker("run", "--rm", "--network", "none", "implied:1", "sh", "-c", "stat -c '%n %a %u:%g %Y' d d/in own; stat -c '%n %a %u:%g' gone other").stdout
        assert out.splitlines() == ["d 2775 5:7 1000000000", "d/in 700 9:0 1000000001", "own 711 3:4 5", "gone 755 0:0", "other 755 0:0"]
    finally:
        engine.request("DELETE", "/images/implied:1?force=1")


def used_layers(d):
    used = set()
    for i in d.get("/images/json?all=1").json:
        data = d.get(f"/images/{i['Id']}/json").json["GraphDriver"]["Data"]
        used |= {p.split("/")[-2] for p in (data["UpperDir"], *filter(None, data.get("LowerDir", "").split(":")))}
    for c in d.get("/containers/json?all=1").json:
        used |= {n for n in os.listdir(os.path.join(d.data, "overlay2")) if n.startswith(c["Id"])}
    return used


def no_orphans(d):
    wait_for(lambda: set(os.listdir(os.path.join(d.data, "overlay2"))) - {"l"} == used_layers(d), "no layer is left that nobody uses")


@pytest.fixture
def registry():
    with Registry() as r:
        yield r


def test_a_death_at_any_instant_leaves_no_orphan(fresh, registry):
    """SIGKILL in the middle of pull, load, import, commit, rmi and prune; the next daemon finds whole images, and nothing else on disk."""
    d, dice = fresh, random.Random(int(os.environ.get("BERTH_TEST_SEED", "7")))
    with open(busybox_tar(), "rb") as f:
        base = f.read()
    trees = [images.tar([(f"d{k}/f{i}", os.urandom(300)) for i in range(500)]) for k in range(2)]
    loaded = images.docker_archive(images.Image(["dying:1"], [base, *trees], {"Cmd": ["true"]}))
    imported = gzip.compress(trees[0], 1)
    d.docker("create", "--name", "box", "bb", "true")
    d.request("PUT", "/containers/box/archive?path=/", trees[0])
    pulled = f"{registry.name}/dying:1"
    assert d.request("POST", "/images/load", loaded).status == 200
    d.docker("tag", "dying:1", pulled)
    d.docker("push", pulled)
    d.docker("rmi", pulled, "dying:1")
    work = {
        "pull": lambda: d.post(f"/images/create?fromImage={pulled}"),
        "load": lambda: d.request("POST", "/images/load", loaded),
        "import": lambda: d.request("POST", "/images/create?fromSrc=-&repo=imported", imported),
        "commit": lambda: d.post("/commit?container=box&repo=committed"),
        "rmi": lambda: d.request("DELETE", "/images/dying:1?force=1"),
        "prune": lambda: d.post('/images/prune?filters={"dangling":["false"]}'),
    }
    for what in list(work) * 3:
        if what in ("rmi", "prune"):
            work["load"]()

        def ask():
            try:
                work[what]()
            except Exception:
                pass  # the daemon died under it
        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(dice.random() * (0.02 if what in ("rmi", "prune") else 0.1))
        d.kill()
        thread.join()
        d.start()
        no_orphans(d)
        names = {t for i in d.get("/images/json").json for t in i["RepoTags"]}
        assert "bb:latest" in names
        if "dying:1" in names:
            assert d.docker("run", "--rm", "dying:1", "sh", "-c", "ls /d0 /d1 | grep -c f").stdout == "1000\n"
            d.request("DELETE", "/images/dying:1?force=1")
        if pulled in names:
            assert d.docker("run", "--rm", pulled, "sh", "-c", "ls /d0 /d1 | grep -c f").stdout == "1000\n"
            d.request("DELETE", f"/images/{pulled}?force=1")
        if "committed:latest" in names:
            assert d.docker("run", "--rm", "committed", "sh", "-c", "ls /d0 | grep -c f").stdout == "500\n"
            d.request("DELETE", "/images/committed?force=1")
        d.request("DELETE", "/images/imported?force=1")
        no_orphans(d)
