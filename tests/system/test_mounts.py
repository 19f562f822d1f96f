# SPDX-License-Identifier: Apache-2.0
"""What a container mounts beside its root: shared memory of others, parts of volumes, images, volumes with options."""
import os
import subprocess
import uuid

import pytest

from harness import CLIENTS, wait_for


@pytest.fixture
def volume(engine):
    n = "v" + uuid.uuid4().hex[:10]
    yield n
    engine.request("DELETE", f"/volumes/{n}?force=1")


def host_mounts(engine):
    with open("/proc/self/mountinfo") as f:
        return [line.split()[4] for line in f if line.split()[4].startswith(engine.data)]


def sleeper(engine, name, host_config, cmd=("sleep", "600")):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": list(cmd), "HostConfig": host_config})
    assert a.status == 201, a.body
    a = engine.post(f"/containers/{name}/start")
    assert a.status == 204, a.body
    return name


def inside(engine, name, script, check=True):
    return engine.docker("exec", name, "sh", "-c", script, check=check)


@pytest.fixture
def pair(engine, name):
    other = name + "b"
    yield name, other
    engine.request("DELETE", f"/containers/{other}?force=1&v=1")


def test_shared_memory_is_that_of_the_container_joined(engine, pair):
    donor, guest = pair
    sleeper(engine, donor, {"IpcMode": "shareable", "ShmSize": 3 << 20})
    sleeper(engine, guest, {"IpcMode": "container:" + donor})
    inside(engine, donor, "echo shared > /dev/shm/x")
    assert inside(engine, guest, "cat /dev/shm/x").stdout == "shared\n"
    assert "3072" in inside(engine, guest, "df -k /dev/shm").stdout
    # What was joined stays when the donor ends, and nothing of it stays on the host after both.
    engine.post(f"/containers/{donor}/kill")
    assert inside(engine, guest, "cat /dev/shm/x").stdout == "shared\n"
    engine.post(f"/containers/{guest}/kill")
    assert host_mounts(engine) == []


def test_private_memory_cannot_be_joined(engine, pair):
    donor, guest = pair
    sleeper(engine, donor, {"IpcMode": "private"})
    engine.post(f"/containers/create?name={guest}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"IpcMode": "container:" + donor}})
    a = engine.post(f"/containers/{guest}/start")
    assert a.status == 400 and "non-shareable IPC" in a.message


def subpath(volume, path, target="/m", **more):
    return {"Mounts": [{"Type": "volume", "Source": volume, "Target": target, "VolumeOptions": {"Subpath": path}, **more}]}


def fill(engine, volume, script):
    engine.docker("run", "--rm", "-v", volume + ":/v", "bb", "sh", "-c", script)


def test_a_part_of_a_volume_is_all_that_is_seen(engine, name, volume):
    fill(engine, volume, "mkdir -p /v/a/b && echo inner > /v/a/b/f && echo outer > /v/f")
    sleeper(engine, name, subpath(volume, "a/b"))
    assert inside(engine, name, "cat /m/f; ls /m").stdout == "inner\nf\n"
    mount = engine.inspect(name)["Mounts"][0]
    assert mount["Type"] == "volume" and mount["Source"].endswith(volume + "/_data")
    engine.post(f"/containers/{name}/kill")
    wait_for(lambda: host_mounts(engine) == [], "its mounts go with it")
    # A file is a part as well.
    engine.request("DELETE", f"/containers/{name}?force=1")
    sleeper(engine, name, subpath(volume, "a/b/f", target="/one"))
    assert inside(engine, name, "cat /one").stdout == "inner\n"


@pytest.mark.parametrize("script,path", [
    ("ln -s / /v/up", "up/etc"), ("ln -s ../../../../../../../etc /v/up", "up"), ("ln -s /etc /v/up", "up"),
    ("ln -s /proc/self/root /v/up", "up/etc"), ("mkfifo /v/up", "up"), ("true", "missing")])
def test_no_link_in_a_volume_leads_out_of_it(engine, name, volume, script, path):
    fill(engine, volume, script)
    engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["cat", "/m/hostname"], "HostConfig": subpath(volume, path)})
    a = engine.post(f"/containers/{name}/start")
    assert a.status == (400 if "mkfifo" in script else 404) and "/m" in a.message, a.body
    assert host_mounts(engine) == []


@pytest.mark.parametrize("path", ["..", "../x", "/abs", "a/../../b"])
def test_a_part_above_its_volume_is_refused_at_once(engine, volume, path):
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": subpath(volume, path)})
    assert a.status == 400 and "subpath must be a relative path within the volume" in a.message


def test_an_image_is_mounted_read_only_and_cannot_be_removed_meanwhile(engine, name, tmp_path):
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "f").write_text("from the image\n")
    tar = str(tmp_path / "i.tar")
    subprocess.run(["tar", "-C", str(tmp_path), "-cf", tar, "dir"], check=True)
    ref = "mnt" + uuid.uuid4().hex[:8]
    engine.docker("import", tar, ref)
    mount = {"Type": "image", "Source": ref, "Target": "/m"}
    sleeper(engine, name, {"Mounts": [mount, {**mount, "Target": "/p", "ImageOptions": {"Subpath": "dir"}}]})
    assert inside(engine, name, "cat /m/dir/f /p/f").stdout == "from the image\n" * 2
    assert inside(engine, name, "echo x > /p/g", check=False).returncode != 0
    a = engine.request("DELETE", f"/images/{ref}")
    assert a.status == 409 and f"container {engine.inspect(name)['Id'][:12]} is using its referenced image" in a.message
    engine.request("DELETE", f"/containers/{name}?force=1")
    assert engine.request("DELETE", f"/images/{ref}").status == 200
    assert host_mounts(engine) == []


def test_a_tmpfs_volume_lives_as_long_as_somebody_uses_it(engine, pair, volume):
    a = engine.post("/volumes/create", {"Name": volume, "DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=2m,uid=1000,noexec"}})
    assert a.status == 201 and a.json["Options"] == {"type": "tmpfs", "device": "tmpfs", "o": "size=2m,uid=1000,noexec"}
    one, two = pair
    for n in (one, two):
        sleeper(engine, n, {"Binds": [volume + ":/v"]})
    assert inside(engine, one, "stat -c %u /v; df -k /v | tail -1; echo x > /v/f").stdout.split()[:3] == ["1000", "tmpfs", "2048"]
    assert "noexec" in inside(engine, two, "grep ' /v ' /proc/mounts; cat /v/f").stdout
    engine.post(f"/containers/{one}/kill")
    assert host_mounts(engine) == [a.json["Mountpoint"]] and inside(engine, two, "cat /v/f").stdout == "x\n"
    engine.post(f"/containers/{two}/kill")
    assert host_mounts(engine) == [] and os.listdir(a.json["Mountpoint"]) == []


def test_a_bound_directory_survives_its_volume(engine, name, volume, tmp_path):
    (tmp_path / "f").write_text("mine\n")
    opts = {"type": "none", "device": str(tmp_path), "o": "bind,ro"}
    engine.docker("volume", "create", volume, *(x for k, v in opts.items() for x in ("-o", f"{k}={v}")))
    sleeper(engine, name, {"Binds": [volume + ":/v"]})
    assert inside(engine, name, "cat /v/f").stdout == "mine\n" and inside(engine, name, "touch /v/g", check=False).returncode != 0
    engine.request("DELETE", f"/containers/{name}?force=1")
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204
    assert (tmp_path / "f").read_text() == "mine\n"


def test_a_volume_that_cannot_be_mounted_says_why(engine, name, volume):
    engine.post("/volumes/create", {"Name": volume, "DriverOpts": {"type": "ext4", "device": "/nosuch/disk"}})
    engine.docker("create", "--name", name, "--mount", f"type=volume,src={volume},dst=/v,volume-nocopy", "bb", "true")
    a = engine.post(f"/containers/{name}/start")
    assert a.status == 500 and a.message.startswith("failed to mount local volume: mount /nosuch/disk:")


@pytest.mark.parametrize("opts,words", [
    ({"nosuch": "1"}, 'invalid option: "nosuch"'), ({"type": "tmpfs"}, 'missing required option: "device"'),
    ({"device": "/x"}, 'missing required option: "type"'), ({"size": "1g"}, "quota size requested but no quota support")])
def test_options_are_refused_in_dockers_words(engine, volume, opts, words):
    a = engine.post("/volumes/create", {"Name": volume, "DriverOpts": opts})
    assert a.status == 400 and words in a.message
    mounts = {"Mounts": [{"Type": "volume", "Target": "/v", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": opts}}}]}
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": mounts})
    assert a.status == 400 and words in a.message


def test_mounts_of_a_running_container_outlive_the_daemon(fresh):
    fresh.post("/volumes/create", {"Name": "tv", "DriverOpts": {"type": "tmpfs", "device": "tmpfs"}})
    sleeper(fresh, "donor", {"IpcMode": "shareable", "Binds": ["tv:/v"]})
    sleeper(fresh, "gone", {"IpcMode": "shareable"})
    assert len(host_mounts(fresh)) == 3
    pid = fresh.inspect("gone")["State"]["Pid"]
    fresh.kill()
    os.kill(pid, 9)
    fresh.start()
    wait_for(lambda: len(host_mounts(fresh)) == 2, "what the one that ended shared has gone")
    sleeper(fresh, "guest", {"IpcMode": "container:donor", "Binds": ["tv:/v"]})
    inside(fresh, "donor", "echo a > /dev/shm/x; echo b > /v/x")
    assert inside(fresh, "guest", "cat /dev/shm/x /v/x").stdout == "a\nb\n"
    for n in ("donor", "guest"):
        fresh.request("DELETE", f"/containers/{n}?force=1")
    assert host_mounts(fresh) == []


def test_removal_never_crosses_into_what_is_bound_inside(engine, volume, tmp_path):
    """An administrator's bind of another directory of the same file system, in a volume."""
    point = engine.post("/volumes/create", {"Name": volume}).json["Mountpoint"] + "/sub"
    os.mkdir(point)
    outside = os.path.join(engine.top, "outside-" + volume)
    os.mkdir(outside)
    with open(outside + "/f", "w") as f:
        f.write("keep")
    subprocess.run(["mount", "--bind", outside, point], check=True)
    try:
        assert engine.request("DELETE", f"/volumes/{volume}").status == 500
        assert os.listdir(outside) == ["f"]
    finally:
        subprocess.run(["umount", point], check=True)
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204 and os.listdir(outside) == ["f"]


def test_the_newest_client_mounts_a_part_and_an_image(engine, volume):
    fill(engine, volume, "mkdir /v/a && echo part > /v/a/f")
    out = engine.docker("run", "--rm", "--mount", f"type=volume,src={volume},dst=/m,volume-subpath=a", "bb", "cat", "/m/f", client=CLIENTS[-1]).stdout
    assert out == "part\n"


def test_a_volume_gets_another_name(engine, name, volume):
    fill(engine, volume, "echo kept > /v/f")
    new = volume + "n"
    try:
        assert engine.post(f"/volumes/nosuch/rename?name={new}").status == 404
        assert engine.post(f"/volumes/{volume}/rename?name=a%2Fb").status == 400
        assert engine.post(f"/volumes/{volume}/rename?name={volume}").status == 409
        sleeper(engine, name, {"Binds": [volume + ":/v"]})
        a = engine.post(f"/volumes/{volume}/rename?name={new}")
        assert a.status == 409 and "in use" in a.message
        engine.request("DELETE", f"/containers/{name}?force=1")
        assert engine.berth("volume", "rename", volume, new).stdout == ""
        assert engine.get(f"/volumes/{volume}").status == 404
        assert engine.docker("run", "--rm", "-v", new + ":/v", "bb", "cat", "/v/f").stdout == "kept\n"
    finally:
        engine.request("DELETE", f"/volumes/{new}?force=1")
