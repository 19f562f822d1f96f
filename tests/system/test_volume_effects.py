# SPDX-License-Identifier: Apache-2.0
"""What each kind of mount, and each option of it, does to what a program in the container sees and may do."""
import json
import os

import pytest

from harness import BERTH, run, wait_for


@pytest.fixture
def volume(engine):
    names = []

    def make(*options):
        name = "v" + os.urandom(5).hex()
        names.append(name)
        if options:
            engine.berth("volume", "create", *[o for o in options if o], name)
        return name
    yield make
    for name in names:
        engine.request("DELETE", f"/volumes/{name}?force=1")


@pytest.fixture
def tree(tmp_path):
    """A directory with another file system mounted in it."""
    sub = tmp_path / "sub"
    sub.mkdir()
    run(["mount", "-t", "tmpfs", "x", str(sub)])
    (sub / "there").write_text("x")
    yield str(tmp_path)
    run(["umount", "-l", str(sub)])


WRITE = "cd /b; ls sub; for f in top sub/below; do touch $f 2>/dev/null && echo $f; done; true"


@pytest.mark.parametrize("way,want", [
    (["-v", "{}:/b"], ["there", "top", "sub/below"]),
    (["-v", "{}:/b:ro"], ["there"]),
    (["--mount", "type=bind,src={},dst=/b"], ["there", "top", "sub/below"]),
    (["--mount", "type=bind,src={},dst=/b,ro"], ["there"]),
    (["--mount", "type=bind,src={},dst=/b,ro,bind-recursive=enabled"], ["there"]),
    (["--mount", "type=bind,src={},dst=/b,ro,bind-recursive=writable"], ["there", "sub/below"]),
    (["--mount", "type=bind,src={},dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate"], ["there"]),
    (["--mount", "type=bind,src={},dst=/b,bind-recursive=disabled"], ["top", "sub/below"]),
    (["--mount", "type=bind,src={},dst=/b,bind-nonrecursive"], ["top", "sub/below"]),
    (["--mount", "type=bind,src={},dst=/b,ro,bind-recursive=disabled"], [])])
def test_read_only_goes_as_deep_as_was_asked_for(engine, tree, way, want):
    assert engine.berth("run", "--rm", *[w.format(tree) for w in way], "bb", "sh", "-c", WRITE).stdout.split() == want


@pytest.mark.parametrize("options,words", [
    ({"ReadOnlyForceRecursive": True}, "ReadOnlyForceRecursive requires ReadOnly"),
    ({"ReadOnlyForceRecursive": True, "ReadOnlyNonRecursive": True}, "mutually exclusive"), ({"Propagation": "odd"}, "invalid propagation mode: odd")])
def test_options_of_a_bind_that_contradict_are_refused(engine, options, words):
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Mounts": [{"Type": "bind", "Source": "/tmp", "Target": "/b", "BindOptions": options}]}})
    assert a.status == 400 and words in a.message


def test_v_makes_a_missing_directory_and_mount_refuses(engine, client, tmp_path):
    missing = tmp_path / "missing" / "deep"
    p = engine.docker("run", "--rm", "--mount", f"type=bind,src={missing},dst=/b", "bb", "true", client=client, check=False)
    assert p.returncode == 125 and f"bind source path does not exist: {missing}" in p.stderr and not missing.exists()
    engine.docker("run", "--rm", "-v", f"{missing}:/b", "bb", "touch", "/b/x", client=client)
    assert (missing / "x").exists() and os.stat(missing).st_mode & 0o777 == 0o755 and os.stat(missing).st_uid == 0


def test_mount_makes_it_where_that_was_asked_for(engine, tmp_path):
    engine.berth("run", "--rm", "--mount", f"type=bind,src={tmp_path}/new,dst=/b,bind-create-mountpoint", "bb", "touch", "/b/x")
    assert (tmp_path / "new/x").exists()


def test_a_file_is_bound_onto_a_file(engine, client, tmp_path):
    (tmp_path / "f").write_text("mine\n")
    assert engine.docker("run", "--rm", "-v", f"{tmp_path}/f:/etc/hello:ro", "bb", "sh", "-c", "cat /etc/hello; echo x >> /etc/hello 2>/dev/null || echo refused", client=client).stdout.split() == ["mine", "refused"]


# Volumes.

def test_a_named_volume_is_made_and_kept(engine, client, volume):
    v = volume()
    engine.docker("run", "--rm", "-v", f"{v}:/v", "bb", "sh", "-c", "echo kept > /v/f", client=client)
    assert engine.docker("run", "--rm", "-v", f"{v}:/v:ro", "bb", "sh", "-c", "cat /v/f; touch /v/x 2>/dev/null || echo refused", client=client).stdout.split() == ["kept", "refused"]


def test_an_anonymous_volume_goes_with_rm_and_stays_without(engine, client, name):
    def known():
        return {v["Name"] for v in engine.get("/volumes").json["Volumes"] or []}
    before = known()
    engine.docker("run", "--rm", "-v", "/v", "bb", "touch", "/v/x", client=client)
    assert known() <= before
    engine.docker("run", "--name", name, "-v", "/v", "bb", "touch", "/v/x", client=client)
    made = engine.inspect(name)["Mounts"][0]["Name"]
    engine.docker("rm", name, client=client)
    assert made in known()
    assert "com.docker.volume.anonymous" in engine.get(f"/volumes/{made}").json["Labels"]
    engine.request("DELETE", f"/volumes/{made}")


@pytest.mark.parametrize("way,want", [(["-v", "{}:/etc"], True), (["-v", "{}:/etc:nocopy"], False), (["--mount", "type=volume,src={},dst=/etc"], True),
                                      (["--mount", "type=volume,src={},dst=/etc,volume-nocopy"], False)])
def test_an_empty_volume_gets_what_the_image_has_there_unless_it_shall_not(engine, client, volume, way, want):
    v = volume()
    out = engine.docker("run", "--rm", *[w.format(v) for w in way], "bb", "sh", "-c", "test -e /etc/passwd && echo copied; stat -c %a /etc", client=client).stdout.split()
    assert out == (["copied", "755"] if want else ["755"])


def test_owners_and_modes_are_copied_and_a_filled_volume_is_left_alone(engine, volume):
    v = volume()
    assert engine.berth("run", "--rm", "-v", f"{v}:/home/user", "bb", "stat", "-c", "%u:%g", "/home/user").stdout == "1000:1000\n"
    assert engine.berth("run", "--rm", "-v", f"{v}:/tmp", "bb", "stat", "-c", "%a:%u", "/tmp").stdout == "1777:0\n"
    filled = volume()
    engine.berth("run", "--rm", "-v", f"{filled}:/x", "bb", "touch", "/x/mine")
    assert engine.berth("run", "--rm", "-v", f"{filled}:/etc", "bb", "ls", "/etc").stdout.split() == ["hostname", "hosts", "mine", "resolv.conf"]


def test_a_part_of_a_volume_is_all_that_is_seen(engine, volume):
    v = volume()
    engine.berth("run", "--rm", "-v", f"{v}:/v", "bb", "sh", "-c", "mkdir -p /v/a/b; echo x > /v/a/b/f")
    assert engine.berth("run", "--rm", "--mount", f"type=volume,src={v},dst=/p,volume-subpath=a/b", "bb", "ls", "/p").stdout == "f\n"
    p = engine.berth("run", "--rm", "--mount", f"type=volume,src={v},dst=/p,volume-subpath=none", "bb", "true", check=False)
    assert p.returncode != 0 and "no such file or directory" in p.stderr


def test_labels_and_options_of_a_mount_are_the_volumes(engine, client, volume):
    v = volume()
    engine.docker("run", "--rm", "--mount", f"type=volume,src={v},dst=/v,volume-label=a=b,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=2m", "bb", "true", client=client)
    info = engine.get(f"/volumes/{v}").json
    assert info["Labels"] == {"a": "b"} and info["Options"] == {"type": "tmpfs", "device": "tmpfs", "o": "size=2m"}


# Options of the local driver.

def test_a_tmpfs_volume_has_its_size_and_mode(engine, volume):
    v = volume("-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=3m,mode=0700,uid=1000")
    assert engine.berth("run", "--rm", "-v", f"{v}:/v", "bb", "sh", "-c", "df -k /v | tail -1 | tr -s ' ' | cut -d' ' -f2; stat -c %a:%u /v").stdout.split() == ["3072", "700:1000"]


def test_a_bound_volume_shows_its_directory_read_only_where_asked_for(engine, volume, tmp_path):
    (tmp_path / "f").write_text("x")
    v = volume("-o", "type=none", "-o", f"device={tmp_path}", "-o", "o=bind,ro")
    assert engine.berth("run", "--rm", "-v", f"{v}:/v", "bb", "sh", "-c", "ls /v; touch /v/x 2>/dev/null || echo refused").stdout.split() == ["f", "refused"]


@pytest.mark.parametrize("options,words", [
    (["-o", "size=1m"], "size"), (["-o", "bogus=1"], 'invalid option: "bogus"'), (["-o", "type=nfs"], 'missing required option: "device"'), (["-d", "other"], 'plugin "other" not found')])
def test_what_the_local_driver_cannot_do_is_named(engine, client, options, words):
    p = engine.docker("volume", "create", *options, client=client, check=False)
    assert p.returncode == 1 and words in p.stderr, p.stderr


# tmpfs and images.

@pytest.mark.parametrize("way,want", [
    (["--tmpfs", "/t"], ["1777", "noexec"]), (["--tmpfs", "/t:size=2m,mode=700,exec"], ["700", "2048"]),
    (["--mount", "type=tmpfs,dst=/t"], ["1777", "noexec"]), (["--mount", "type=tmpfs,dst=/t,tmpfs-size=2m,tmpfs-mode=700"], ["700", "2048", "noexec"])])
def test_a_tmpfs_is_what_it_was_asked_to_be(engine, client, way, want):
    out = engine.docker("run", "--rm", *way, "bb", "sh", "-c", "stat -c %a /t; df -k /t | tail -1 | tr -s ' ' | cut -d' ' -f2; grep -o ' /t .*noexec' /proc/mounts | grep -o noexec; true", client=client).stdout.split()
    assert [w for w in want if w in out] == want and ("noexec" in out) == ("noexec" in want)


def test_an_image_is_mounted_whole_and_in_part(engine):
    assert engine.berth("run", "--rm", "--mount", "type=image,src=bb,dst=/i", "bb", "sh", "-c", "cat /i/etc/hello; touch /i/x 2>/dev/null || echo refused").stdout.splitlines() == ["hello from the image", "refused"]
    assert engine.berth("run", "--rm", "--mount", "type=image,src=bb,dst=/i,image-subpath=etc", "bb", "cat", "/i/hello").stdout == "hello from the image\n"
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Mounts": [{"Type": "image", "Source": "nosuchimage:1", "Target": "/i"}]}})
    assert a.status == 404 and "nosuchimage:1" in a.message


# The commands.

def test_list_filters_and_formats(engine, client, volume):
    a, b = volume("--label", "kind=x"), volume("--label", "kind=y")
    ls = lambda *f: set(engine.docker("volume", "ls", "-q", *[x for y in f for x in ("-f", y)], client=client).stdout.split())  # noqa: E731
    assert a in ls("label=kind=x") and b not in ls("label=kind=x") and {a, b} <= ls("label=kind") and {a, b} <= ls("driver=local")
    assert ls(f"name={a}") == {a} and not ls("driver=other") & {a, b} and {a, b} <= ls("dangling=true") and not ls("dangling=false") & {a, b}
    assert engine.docker("volume", "ls", "-f", f"name={a}", "--format", "{{.Name}} {{.Driver}} {{.Label \"kind\"}}", client=client).stdout == f"{a} local x\n"
    assert json.loads(engine.docker("volume", "inspect", a, client=client).stdout)[0]["Labels"] == {"kind": "x"}


def test_prune_takes_what_the_filters_say(engine, client, volume):
    a, b = volume("--label", "prune=x"), volume("--label", "prune=y")
    out = engine.docker("volume", "prune", "-f", "--filter", "all=1", "--filter", "label=prune=x", client=client).stdout
    assert a in out and b not in out
    assert engine.get(f"/volumes/{a}").status == 404 and engine.get(f"/volumes/{b}").status == 200
    out = engine.docker("volume", "prune", "-f", "--filter", "all=1", "--filter", "label=prune", "--filter", "label!=prune=y", client=client).stdout
    assert b not in out


def test_remove_says_who_uses_it_and_force_forgives_a_missing_one(engine, client, volume, name):
    v = volume()
    engine.docker("run", "--name", name, "-v", f"{v}:/v", "bb", "true", client=client)
    p = engine.docker("volume", "rm", v, client=client, check=False)
    assert p.returncode == 1 and "volume is in use - [" in p.stderr and engine.inspect(name)["Id"] in p.stderr
    assert engine.docker("volume", "rm", "nosuchvolume", client=client, check=False).returncode == 1
    assert engine.docker("volume", "rm", "-f", "nosuchvolume", client=client).stdout == "nosuchvolume\n"


def test_rename_keeps_content_and_labels_and_waits_for_the_last_container(engine, volume, name):
    old, new = volume("--label", "k=v"), volume()
    engine.berth("run", "--name", name, "-v", f"{old}:/v", "bb", "sh", "-c", "echo x > /v/f")
    # Who has it finds it by its name: not before he is gone.
    p = engine.berth("volume", "rename", old, new, check=False)
    assert p.returncode == 1 and "volume is in use - [" in p.stderr
    engine.berth("rm", name)
    engine.berth("volume", "rename", old, new)
    assert engine.get(f"/volumes/{old}").status == 404 and engine.get(f"/volumes/{new}").json["Labels"] == {"k": "v"}
    assert engine.berth("run", "--rm", "-v", f"{new}:/v", "bb", "cat", "/v/f").stdout == "x\n"
    for bad in ("/bad", "x", ""):
        assert engine.berth("volume", "rename", new, bad, check=False).returncode == 1 and BERTH


def test_the_hosts_mounts_are_what_they_were(engine, volume, name):
    v = volume("-o", "type=tmpfs", "-o", "device=tmpfs")
    engine.berth("run", "--name", name, "-v", f"{v}:/v", "bb", "true")
    wait_for(lambda: v not in open("/proc/self/mountinfo").read(), "unmounted with its last user")
