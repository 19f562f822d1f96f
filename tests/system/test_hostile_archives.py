# SPDX-License-Identifier: Apache-2.0
"""What archives of strangers try, row by row of the security checks: import, load and PUT archive unpack nothing outside, in bounded memory,
and what is refused leaves nothing."""
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zlib

import pytest

from harness import TOP, Daemon, busybox_tar, wait_for

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import images  # noqa: E402

MB = 1 << 20


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A daemon whose data root is a file system of 160 MB."""
    top = str(tmp_path_factory.mktemp("small"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", top], check=True)
    try:
        with Daemon(top=top) as d:
            d.import_image(busybox_tar(), "bb:latest")
            yield d
    finally:
        subprocess.run(["umount", "-l", top], check=True)


@pytest.fixture
def canary(tmp_path):
    """A directory on the host that nothing may touch."""
    d = tmp_path / "canary"
    d.mkdir()
    (d / "file").write_text("untouched")
    os.chmod(d / "file", 0o640)
    yield str(d)
    assert sorted(os.listdir(d)) == ["file"] and (d / "file").read_text() == "untouched"
    assert os.stat(d / "file").st_mode & 0o7777 == 0o640 and os.stat(d / "file").st_nlink == 1


def layers_on_disk(d):
    return set(os.listdir(os.path.join(d.data, "overlay2"))) - {"l"}


def send(d, way, archive, timeout=None):
    """Give an archive of a root to the daemon: imported, loaded as an image's layer, or copied into a container."""
    kw = {"timeout": timeout} if timeout else {}
    if way == "import":
        return d.request("POST", "/images/create?fromSrc=-&repo=hostile", archive, **kw)
    if way == "load":
        return d.request("POST", "/images/load", images.docker_archive(images.Image(["hostile:latest"], [archive])), **kw)
    box = d.post("/containers/create", {"Image": "bb", "Cmd": ["sleep", "600"]}).json["Id"]
    try:
        return d.request("PUT", f"/containers/{box}/archive?path=/", archive, **kw)
    finally:
        d.request("DELETE", f"/containers/{box}?force=1")


def gone(d, before):
    """The image hostile is removed where it was made, and then nothing of it is left."""
    d.request("DELETE", "/images/hostile?force=1")
    assert d.get("/images/hostile/json").status == 404
    wait_for(lambda: layers_on_disk(d) <= before, "what was unpacked is removed")


def peak(d):
    """The most memory that the daemon has had, in MB."""
    with open(f"/proc/{d.proc.pid}/status") as f:
        return int(next(line for line in f if line.startswith("VmHWM")).split()[1]) / 1024


def calm(d):
    """From here on peak() counts anew."""
    with open(f"/proc/{d.proc.pid}/clear_refs", "w") as f:
        f.write("5")
    return peak(d)


WAYS = ["import", "load", "cp"]


def escapes(out):
    up = "../" * 30 + out[1:]
    node = images.entry("x", b"")[0]
    return {
        "dots": [(up + "/new", b"x")],
        "absolute": [(out + "/new", b"x")],
        "dots inside": [("a/../../../../../../../../.." + out + "/new", b"x")],
        "through a symlink": [("link", "-> " + out), ("link/new", b"x"), ("link/file", b"overwritten")],
        "through a relative symlink": [("link", "-> " + up), ("link/new", b"x")],
        "through two": [("one", "-> two"), ("two", "-> " + out), ("one/new", b"x")],
        "over a symlink": [("link", "-> " + out + "/file"), ("link", b"overwritten")],
        "link to outside": [("hard", "== " + out + "/file"), ("hard", b"overwritten", {"mode": 0o777})],
        "link through a symlink": [("link", "-> " + out), ("hard", "== link/file"), ("hard", b"overwritten")],
        "link to a later symlink": [("a", b"x"), ("hard", "== later"), ("later", "-> " + out + "/file"), ("hard", b"overwritten")],
        "link to a symlink": [("link", "-> " + out + "/file"), ("hard", "== link"), ("hard", b"overwritten")],
        "directory over a symlink": [("link", "-> " + out), ("link", None, {"mode": 0o777}), ("link/new", b"x")],
        "mode of a symlink's target": [("link", "-> " + out), ("link/file", "== link/file", {"mode": 0o777})],
        "whiteout through a symlink": [("link", "-> " + out), ("link/.wh.file", b"")],
        "opaque through a symlink": [("link", "-> " + out), ("link/.wh..wh..opq", b"")],
        "whiteout of dots": [(".wh...", b""), (".wh..", b""), (".wh.", b"")],
        "whiteout of dots below": [("d", None), ("d/.wh...", b"")],
        "opaque in odd places": [("f", b""), ("f/.wh..wh..opq", b""), (".wh..wh..opq/x", b"")],
        "aufs": [(".wh..wh.plnk", None), (".wh..wh.plnk/1.2", b"x"), (".wh..wh.aufs", b"")],
        "a file as a directory": [("f", b"x"), ("f/below", b"x")],
        "long names": [("n" * 65536, b"x")],
        "long component": [("d/" + "n" * 300, b"x")],
        "no name": [("", b"x")],
        "the root as a file": [(".", b"x")],
        "the root as a link": [("./", "-> " + out), ("new", b"x")],
        "proc": [("proc", "-> /proc"), ("proc/self/cwd/new", b"x"), ("proc/1/root" + out + "/new", b"x")],
        "an unknown kind": [(node, b"")],
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trick", sorted(escapes("/x")))
def test_a06_nothing_is_written_outside(engine, canary, way, trick):
    before = layers_on_disk(engine)
    entries = escapes(canary)[trick]
    if trick == "an unknown kind":
        entries[0][0].type = b"Z"
    if trick == "dots" and way != "cp":
        a = send(engine, way, images.tar(entries))
        assert a.status == 400 and "leads outside" in a.message
    else:
        assert send(engine, way, images.tar(entries)).status in (200, 400)
    gone(engine, before)


@pytest.mark.parametrize("way", WAYS)
def test_a06_a_zero_in_a_name_ends_it(engine, canary, way):
    before = layers_on_disk(engine)
    m = images.entry("a", b"x")[0]
    m.pax_headers = {"path": "ok\0/../../.." + canary + "/new"}
    assert send(engine, way, images.tar([(m, b"x")])).status in (200, 400)
    gone(engine, before)


@pytest.mark.parametrize("way", ["import", "load"])
def test_a07_overlays_own_attributes_are_stripped(engine, way):
    before = layers_on_disk(engine)
    names = [f"{space}.overlay.{name}" for space in ("trusted", "user") for name in ("redirect", "metacopy", "opaque", "origin", "impure", "whiteout")]
    capability = struct.pack("<IIIII", 0x2000001, 1 << 10, 0, 0, 0)
    entries = []
    for name, what in (("file", b"x"), ("dir", None), ("link", "-> file")):
        m, data = images.entry(name, what)
        m.pax_headers = {f"{prefix}.xattr.{n}": "/etc" for n in names for prefix in ("SCHILY", "LIBARCHIVE")}
        entries.append((m, data))
    archive = images.tar(entries)
    m, data = images.entry("able", b"x", mode=0o755)
    m.pax_headers = {"SCHILY.xattr.security.capability": capability.decode("latin-1"), "SCHILY.xattr.user.kept": "yes"}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT, encoding="latin-1") as t:
        t.addfile(m, io.BytesIO(data))
    assert send(engine, way, archive[:-10240] + raw.getvalue() if len(archive) > 10240 else archive).status == 200
    top = engine.get("/images/hostile/json").json["GraphDriver"]["Data"]["UpperDir"]
    for name in ("file", "dir", "link"):
        assert [a for a in os.listxattr(os.path.join(top, name), follow_symlinks=False) if "overlay" in a] == []
    assert engine.docker("run", "--rm", "hostile", "true", check=False).returncode == 127
    gone(engine, before)


def test_a07_a_file_capability_is_kept(engine, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "able").write_text("x")
    capability = struct.pack("<IIIII", 0x2000001, 1 << 10, 0, 0, 0)
    os.setxattr(root / "able", "security.capability", capability)
    subprocess.run(["tar", "--xattrs", "--xattrs-include=*", "-cf", tmp_path / "t", "-C", root, "."], check=True)
    engine.import_image(str(tmp_path / "t"), "hostile")
    top = engine.get("/images/hostile/json").json["GraphDriver"]["Data"]["UpperDir"]
    assert os.getxattr(os.path.join(top, "able"), "security.capability") == capability
    engine.request("DELETE", "/images/hostile")


def octal(n, width):
    return b"%0*o\0" % (width - 1, n)


def header(name, size, kind=b"0", size_field=None):
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:108], h[108:116], h[116:124] = octal(0o644, 8), octal(0, 8), octal(0, 8)
    h[124:136] = size_field or octal(size, 12)
    h[136:148] = octal(0, 12)
    h[156:157] = kind
    h[257:265] = b"ustar\00000"
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def pax(records):
    out = b""
    for k, v in records.items():
        n = len(k) + len(v) + 3
        while len(str(n)) + len(k) + len(v) + 3 != n:
            n = len(str(n)) + len(k) + len(v) + 3
        out += b"%d %s=%s\n" % (n, k, v)
    return header(b"x", len(out), b"x") + out + b"\0" * (-len(out) % 512)


def pieces(first, chunk, count):
    """A body that is never whole in our memory either."""
    yield first
    for _ in range(count):
        yield chunk


A08 = {
    "a header of 1 GB": lambda: pieces(header(b"x", 1 << 30, b"x"), b"9" * MB, 1024),
    "a global header of 1 GB": lambda: pieces(header(b"x", 1 << 30, b"g"), b"9" * MB, 1024),
    "a long name of 1 GB": lambda: pieces(header(b"x", 1 << 30, b"L"), b"n" * MB, 1024),
    "a long link of 1 GB": lambda: pieces(header(b"x", 1 << 30, b"K"), b"n" * MB, 1024),
    "headers without an end": lambda: pieces(b"", (header(b"x", 512, b"x") + b"12 path=abc\n" + b"\0" * 500) * 1024, 64),
    "negative size": lambda: pieces(header(b"f", 0, size_field=b"\xff" * 12), b"\0" * 512, 4),
    "huge size": lambda: pieces(header(b"f", 0, size_field=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7), b"\0" * 512, 4),
    "size in words": lambda: pieces(pax({b"size": b"99999999999999999999999999"}) + header(b"f", 0), b"\0" * 512, 4),
    "more than there is room": lambda: pieces(header(b"f", 0, size_field=b"\x80" + b"\0" * 6 + struct.pack(">Q", 1 << 39)[3:]), b"\0" * 512, 4),
    "a sparse map of 10^9 regions": lambda: pieces(
        pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"f", b"GNU.sparse.realsize": b"1000000000"}) +
        header(b"GNUSparseFile.0/f", 1 << 30) + b"1000000000\n", b"1\n0\n" * (MB // 4), 1024),
    "a sparse file of a petabyte": lambda: pieces(
        pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"f", b"GNU.sparse.realsize": b"1125899906842624"}) +
        header(b"GNUSparseFile.0/f", 512) + b"0\n" + b"\0" * 510, b"\0" * 512, 2),
    "an old sparse map": lambda: pieces(pax({b"GNU.sparse.size": b"99999999999999", b"GNU.sparse.numblocks": b"1000000000",
                                             b"GNU.sparse.map": b"0,1," * 100000 + b"0,1"}) + header(b"f", 1), b"\0" * 512, 2),
    "10^5 directories in a name": lambda: pieces(pax({b"path": b"d/" * 100000}) + header(b"f", 0), b"\0" * 512, 2),
    "10^5 directories, one by one": lambda: iter(
        [b"".join(pax({b"path": b"d/" * n}) + header(b"x", 0, b"5") for n in range(first, first + 50)) for first in range(1, 2100, 50)]),
}


@pytest.mark.parametrize("way", ["import", "cp"])
@pytest.mark.parametrize("what", sorted(A08))
def test_a08_memory_is_bounded_and_the_error_clear(small, way, what):
    d = small
    before, base = layers_on_disk(d), calm(d)
    try:
        a = send(d, way, A08[what]())
        assert a.status == 400 and ("archive" in a.message), a.message
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was refused before all had been sent
    assert peak(d) - base < 64
    gone(d, before)
    assert d.get("/_ping").status == 200


def test_a08_entries_without_number_cost_little(small):
    """Empty names of one file: entries beyond measure, in hardly any bytes."""
    before, base = layers_on_disk(small), calm(small)
    one = header(b"same", 0) * 8192
    a = send(small, "import", pieces(b"", one, 16), timeout=300)
    assert a.status == 200
    assert peak(small) - base < 40
    gone(small, before)


def zeros_gz(entries):
    """gzip of `entries` (bytes, or a number of zeros), made without holding it unpacked."""
    z = zlib.compressobj(1, zlib.DEFLATED, 31)
    out = b""
    for e in entries:
        if isinstance(e, int):
            chunk = b"\0" * MB
            for _ in range(e // MB):
                out += z.compress(chunk)
        else:
            out += z.compress(e)
    return out + z.flush()


def bombs():
    gb = 320 * MB
    return {
        "one large file": zeros_gz([header(b"f", gb), gb]),
        "many files": zeros_gz([x for i in range(20) for x in (header(b"f%d" % i, 16 * MB), 16 * MB)]),
        "zeros behind the end": zeros_gz([header(b"f", 0), gb]),
        "members in a row": gzip.compress(header(b"f", gb)) + zeros_gz([64 * MB]) * 5,
        "packed twice": gzip.compress(zeros_gz([header(b"f", gb), gb])),
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bomb", ["one large file", "many files", "zeros behind the end", "members in a row", "packed twice"])
def test_a09_bombs_stop_where_there_is_no_more_room(small, way, bomb, _made={}):
    d = small
    if not _made:
        _made.update(bombs())
    before, base = layers_on_disk(d), calm(d)
    archive = _made[bomb]
    assert len(archive) < 4 * MB
    if way == "load":
        body = images.tar([("x/layer.tar", archive), ("c.json", b"{}"), ("manifest.json", json.dumps([{"Config": "c.json", "Layers": ["x/layer.tar"]}]))])
        a = d.request("POST", "/images/load", body)
    else:
        a = send(d, way, archive)
    assert a.status == 400, a.body
    assert "larger than" in a.message or bomb == "packed twice"
    assert peak(d) - base < 64
    gone(d, before)
    assert d.docker("run", "--rm", "bb", "true").returncode == 0


FRAMES = {
    # A zstd frame that asks for a window of 8 GB (RFC 8878, 3.1.1.1.2), and one of 256 MB.
    "zstd window of 8 GB": b"\x28\xb5\x2f\xfd\x00" + bytes([(33 - 10) << 3]) + b"\x01\x00\x00" * 10,
    "zstd window of 256 MB": b"\x28\xb5\x2f\xfd\x00" + bytes([(28 - 10) << 3]) + b"\x01\x00\x00" * 10,
    "zstd skippable without an end": b"\x50\x2a\x4d\x18\xff\xff\xff\xff" + b"x" * 1000,
    "xz dictionary of 4 GB": bytes.fromhex("fd377a585a000004e6d6b446" "02002101280000000000" "0000"),
    "gzip name without an end": b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * MB,
    "gzip cut short": gzip.compress(os.urandom(20000))[:10000],
    "junk behind": gzip.compress(images.tar([("f", b"x")])) + b"junk" * 100,
    "bzip2 of nothing": b"BZh9" + b"\0" * 1000,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("frame", sorted(FRAMES))
def test_a09_frames_that_ask_for_much_are_refused(engine, way, frame):
    before, base = layers_on_disk(engine), calm(engine)
    if way == "load":
        layer = FRAMES[frame]
        a = engine.request("POST", "/images/load", images.tar([("x/layer.tar", layer), ("manifest.json", "[]")]))
        if frame.startswith(("xz", "bzip2")):  # a member of an archive is gzip, zstd or tar: anything else is no layer
            assert a.status == 400
            return
    else:
        a = send(engine, way, FRAMES[frame])
    assert a.status == 400 and "damaged" in a.message, a.body
    assert peak(engine) - base < 40
    gone(engine, before)


def test_g05_labels_and_annotations_are_only_data(engine, name, tmp_path):
    """Nothing that an image says of itself runs, mounts, adds a device, or names another image."""
    labels = {"cdi.k8s.io/x": "vendor.com/device=all", "io.containerd.image.name": "docker.io/library/bb:latest", "com.docker.compose.project": "x",
              "org.opencontainers.image.ref.name": "bb:latest", "io.kubernetes.cri-o.Devices": "/dev/mem:/dev/mem:rwm", "run.oci.hooks.stdout": "/tmp/x",
              "io.podman.annotations.privileged": "TRUE", "io.kubernetes.cri.untrusted-workload": "true"}
    bb = engine.get("/images/bb/json").json["Id"]
    with open(busybox_tar(), "rb") as f:
        layer = f.read()
    image = images.Image(["labelled:1"], [layer], {"Labels": labels, "Cmd": ["true"], "Volumes": {}, "HostConfig": {"Privileged": True, "Binds": ["/:/host"]},
                                                     "Devices": [{"PathOnHost": "/dev/mem"}], "Mounts": [{"Source": "/", "Target": "/host"}]},
                         annotations=labels, checkpoint={"path": "/etc"})
    try:
        for body in (images.docker_archive(image), images.oci_archive(image)):
            assert engine.request("POST", "/images/load", body).status == 200
            assert engine.get("/images/bb/json").json["Id"] == bb
            assert engine.get("/images/labelled:1/json").json["RepoTags"] == ["labelled:1"]
        plain = engine.docker("run", "--rm", "--name", name, "bb", "sh", "-c", "ls /dev; cut -d' ' -f5 /proc/self/mountinfo; grep Cap /proc/self/status").stdout
        seen = engine.docker("run", "--rm", "--name", name, "labelled:1", "sh", "-c", "ls /dev; cut -d' ' -f5 /proc/self/mountinfo; grep Cap /proc/self/status").stdout
        assert seen == plain
    finally:
        engine.request("DELETE", "/images/labelled:1?force=1")


def test_g06_a_claimed_history_or_parent_matches_nothing(engine):
    """An image that says it was made from another one is no child of it, and gets none of its layers unless it brings them."""
    bb = engine.get("/images/bb/json").json
    claims = images.Image(["claims:1"], [images.tar([("own", b"x")])], parent=bb["Id"], history=[{"created_by": "the same"}] * 1, container="x")
    stolen = images.Image(["stolen:1"], [images.tar([("own", b"y")])])
    stolen.config = stolen.config.replace(images.digest(stolen.layers[0]).encode(), bb["RootFS"]["Layers"][0].encode())
    stolen.id = images.digest(stolen.config)
    try:
        assert engine.request("POST", "/images/load", images.docker_archive(claims)).status == 200
        assert engine.get("/images/claims:1/json").json["Parent"] == ""
        assert [s["Id"] for s in engine.get("/images/claims:1/history").json] == [claims.id]
        a = engine.request("POST", "/images/load", images.docker_archive(stolen))
        assert a.status == 400 and "diff id" in a.message
        assert engine.get("/images/stolen:1/json").status == 404
    finally:
        engine.request("DELETE", "/images/claims:1?force=1")


def manifest(config="c.json", layers=("l.tar",), tags=("evil:1",)):
    return "manifest.json", json.dumps([{"Config": config, "RepoTags": list(tags), "Layers": list(layers)}])


def g08():
    layer = images.tar([("f", b"x")])
    config = images.Image([], [layer]).config
    return {
        "config outside": [("l.tar", layer), manifest(config="../../../../etc/hostname")],
        "config absolute": [("l.tar", layer), manifest(config="/etc/hostname")],
        "layer outside": [("c.json", config), manifest(layers=["../../../../etc/passwd"])],
        "config is a symlink": [("l.tar", layer), ("c.json", "-> /etc/hostname"), manifest()],
        "layer is a symlink": [("c.json", config), ("l.tar", "-> /etc/passwd"), manifest()],
        "layer is a symlink with dots": [("c.json", config), ("l.tar", "-> ../../../etc/passwd"), manifest()],
        "layer is a hard link": [("c.json", config), ("l.tar", "== /etc/passwd"), manifest()],
        "manifest is a symlink": [("c.json", config), ("l.tar", layer), ("manifest.json", "-> /etc/hostname")],
        "a circle": [("c.json", "-> d.json"), ("d.json", "-> c.json"), ("l.tar", layer), manifest()],
        "member outside": [("../../../../../../tmp/evil", b"{}"), ("c.json", config), ("l.tar", layer), manifest()],
        "wrong digest": [("blobs/sha256/" + "0" * 64, config), ("l.tar", layer), manifest(config="blobs/sha256/" + "0" * 64)],
        "bad name": [("c.json", config), ("l.tar", layer), manifest(tags=["../../x:1"])],
        "name of an id": [("c.json", config), ("l.tar", layer), manifest(tags=["a" * 64])],
        "too many layers": [("c.json", config), ("l.tar", layer), manifest(layers=["l.tar"] * 1000)],
        "no list": [("c.json", config), ("l.tar", layer), ("manifest.json", "{}")],
        "deep": [("c.json", config), ("l.tar", layer), ("manifest.json", "[" * 100000)],
        "twice the same key": [("c.json", config.replace(b'"os": "linux"', b'"os": "linux", "os": "windows"')), ("l.tar", layer), manifest()],
        "no text": [("c.json", config), ("l.tar", layer), ("manifest.json", b'[{"Config": "c.json\x00", "Layers": ["l.tar"]}]')],
        "a layer that is none": [("c.json", config), ("l.tar", b"no archive " * 100), manifest()],
    }


@pytest.mark.parametrize("trick", sorted(g08()))
def test_g08_an_archives_names_are_only_names(engine, trick):
    before = layers_on_disk(engine)
    names = {t for i in engine.get("/images/json?all=1").json for t in i["RepoTags"]}
    a = engine.request("POST", "/images/load", images.tar(g08()[trick]))
    assert a.status == 400, a.body
    assert {t for i in engine.get("/images/json?all=1").json for t in i["RepoTags"]} == names
    engine.post("/images/prune")
    wait_for(lambda: layers_on_disk(engine) <= before, "what was unpacked is removed")
