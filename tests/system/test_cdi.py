# SPDX-License-Identifier: Apache-2.0
"""Devices by the Container Device Interface, and device requests that nobody here can answer."""
import concurrent.futures
import json
import os
import time

import pytest

from harness import BERTH, Daemon, busybox_tar, wait_for

JSON_SPEC = {
    "cdiVersion": "0.6.0", "kind": "vendor.com/net",
    "containerEdits": {"env": ["ALL=yes", "PATH=/vendor:/bin"]},
    "devices": [
        {"name": "tun", "containerEdits": {"env": ["ONE=tun"], "deviceNodes": [{"path": "/dev/vendor/tun", "hostPath": "/dev/null", "permissions": "rw"}], "additionalGids": [4242]}},
        {"name": "full", "containerEdits": {"deviceNodes": [{"path": "/dev/full2", "type": "c", "major": 1, "minor": 7, "fileMode": 432, "uid": 5, "gid": 6}]}}]}
YAML_SPEC = """---
cdiVersion: 0.5.0
kind: "vendor.com/gpu"
devices:
- name: "0"          # as nvidia-ctk writes it
  containerEdits:
    deviceNodes:
      - path: /dev/zero2
        hostPath: /dev/zero
- name: all
  containerEdits:
    mounts:
      - {hostPath: %(lib)s, containerPath: /usr/lib/vendor, options: [ro, nosuid, nodev, bind]}
containerEdits:
  hooks:
  - hookName: createContainer
    path: /bin/sh
    args: [sh, -c, 'cat > %(mark)s']
"""


@pytest.fixture(scope="module")
def cdi(tmp_path_factory):
    top = tmp_path_factory.mktemp("cdi")
    low, high, lib = top / "low", top / "high", top / "lib"
    for d in (low, high, lib):
        d.mkdir()
    (lib / "lib.so").write_text("library")
    (low / "net.json").write_text(json.dumps(JSON_SPEC))
    (low / "gpu.yaml").write_text(YAML_SPEC % {"lib": lib, "mark": top / "mark"})
    (low / "broken.yaml").write_text("a: [")
    (low / "notes.txt").write_text("{")
    (low / "twice-a.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/twice", "devices": [{"name": "x", "containerEdits": {}}]}))
    (low / "twice-b.json").write_text((low / "twice-a.json").read_text())
    (low / "over.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/over", "devices": [{"name": "x", "containerEdits": {"env": ["FROM=low"]}}]}))
    (high / "over.json").write_text((low / "over.json").read_text().replace("low", "high"))
    (low / "odd.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/odd", "devices": [
        {"name": "rdt", "containerEdits": {"intelRdt": {"closID": "x"}}}, {"name": "gone", "containerEdits": {"deviceNodes": [{"path": "/dev/not-there"}]}},
        {"name": "mem", "containerEdits": {"deviceNodes": [{"path": "dev/x"}]}}]}))
    with Daemon(["--cdi-spec-dir", str(low), "--cdi-spec-dir", str(high)]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.cdi_top = top
        yield d


def sh(d, line, *devices, options=()):
    flags = [f for device in devices for f in ("--device", device)]
    return d.berth("run", "--rm", *flags, *options, "bb", "sh", "-c", line).stdout


def test_a_node_is_there_with_its_rule_and_its_edits(cdi):
    out = sh(cdi, "stat -c '%t:%T' /dev/vendor/tun; echo x > /dev/vendor/tun && echo written; echo $ALL $ONE $PATH; id -G", "vendor.com/net=tun")
    assert out.splitlines() == ["1:3", "written", "yes tun /vendor:/bin", "0 4242"]


def test_what_the_file_says_of_a_node_wins(cdi):
    assert sh(cdi, "stat -c '%t:%T %u %g %a' /dev/full2; echo x > /dev/full2 2>/dev/null || echo full", "vendor.com/net=full").splitlines() == ["1:7 5 6 660", "full"]


def test_a_file_in_yaml_its_mount_and_its_hook(cdi):
    assert sh(cdi, "cat /usr/lib/vendor/lib.so; touch /usr/lib/vendor/x 2>/dev/null || echo ' ro'; head -c 2 /dev/zero2 | wc -c", "vendor.com/gpu=all", "vendor.com/gpu=0").split() == ["library", "ro", "2"]
    # The hook got the container's state on its standard input.
    assert json.loads((cdi.cdi_top / "mark").read_text())["status"] == "creating"


@pytest.mark.parametrize("deed, status, code", [("kill?signal=USR1", 204, 42), ("kill", 204, 137), ("stop?t=0", 204, 137), ("pause", 204, None), ("top", 200, None), ("exec", 201, None)])
def test_what_is_asked_of_one_that_is_being_started_is_for_the_run_that_begins(cdi, deed, status, code):
    """A program may speak, and whoever reads it do something, before the start is answered: here the start stands still until told."""
    top = cdi.cdi_top
    begun, go = top / "begun", top / "go"
    for f in (begun, go):
        f.unlink(missing_ok=True)
    (top / "low" / "slow.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/slow", "devices": [{"name": "x", "containerEdits": {"hooks": [
        {"hookName": "poststart", "path": "/bin/sh", "args": ["sh", "-c", f"cat > {begun}.new; mv {begun}.new {begun}; while [ ! -e {go} ]; do sleep 0.02; done"]}]}}]}))
    body = {"Image": "bb", "Cmd": ["sh", "-c", "trap 'exit 42' USR1; touch /ready; while :; do sleep 0.05; done"],
            "HostConfig": {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["vendor.com/slow=x"]}]}}
    try:
        assert cdi.post("/containers/create?name=slow", body).status == 201
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            start = pool.submit(cdi.post, "/containers/slow/start")
            wait_for(begun.exists, "the start is on its way")
            pid = json.loads(begun.read_text())["pid"]
            wait_for(lambda: os.path.exists(f"/proc/{pid}/root/ready"), "the program is there")
            asked = pool.submit(cdi.request, "GET" if deed == "top" else "POST", f"/containers/slow/{deed}", {"Cmd": ["true"]} if deed == "exec" else None)
            time.sleep(0.3)
            assert not start.done() and not asked.done()
            go.touch()
            assert (start.result().status, asked.result().status) == (204, status), asked.result().body
        assert code is None or cdi.post("/containers/slow/wait").json["StatusCode"] == code
    finally:
        go.touch()
        cdi.request("DELETE", "/containers/slow?force=1")


def test_a_hook_finds_the_containers_root_by_way_of_the_bundle(cdi):
    """As nvidia-ctk's do: the state names the bundle, config.json in it names the root, and that shows what is mounted there."""
    line = "cat > {0}/{1}; b=$(sed 's/.*\"bundle\": *\"\\([^\"]*\\)\".*/\\1/' {0}/{1}); cp $b/config.json {0}/{1}.config; r=$(sed 's/.*\"root\": *{{\"path\": *\"\\([^\"]*\\)\".*/\\1/' $b/config.json); ls $r > {0}/{1}.root; cat $r/usr/lib/vendor/lib.so > {0}/{1}.lib; true"
    top = cdi.cdi_top
    hooks = [{"hookName": h, "path": "/bin/sh", "args": ["sh", "-c", line.format(top, h)]} for h in ("createRuntime", "createContainer", "poststop")]
    (top / "low" / "finder.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/finder", "devices": [
        {"name": "x", "containerEdits": {"hooks": hooks, "mounts": [{"hostPath": str(top / "lib"), "containerPath": "/usr/lib/vendor", "options": ["ro", "bind"]}]}}]}))
    try:
        assert sh(cdi, "cat /usr/lib/vendor/lib.so", "vendor.com/finder=x") == "library"
        wait_for(lambda: (top / "poststop.lib").exists(), "the last hook")
    finally:
        (top / "low" / "finder.json").unlink()
    bundles = {json.loads((top / h["hookName"]).read_text())["bundle"] for h in hooks}
    assert len(bundles) == 1 and bundles.pop().startswith(cdi.exec + "/containers/")
    config = json.loads((top / "createContainer.config").read_text())
    assert config["process"]["args"] == ["sh", "-c", "cat /usr/lib/vendor/lib.so"]
    assert (top / "createContainer.lib").read_text() == "library" and {"bin", "etc", "proc"} <= set((top / "createContainer.root").read_text().split())
    # Only createContainer's run among the container's mounts; on the host the root has no place.
    assert (top / "createRuntime.root").read_text() == ""
    assert not [m for m in open("/proc/self/mountinfo") if cdi.exec + "/containers" in m and "/bundle/" in m]


def test_several_devices_of_several_files(cdi):
    assert sh(cdi, "ls /dev/zero2 /dev/full2", "vendor.com/gpu=0", "vendor.com/net=full", "/dev/null:/dev/mine").split() == ["/dev/full2", "/dev/zero2"]


def test_without_the_device_nothing_is_there(cdi):
    assert sh(cdi, "ls -d /dev/vendor /dev/zero2 2>/dev/null; echo $ALL-") == "-\n"


def test_the_last_directory_wins(cdi):
    assert sh(cdi, "echo $FROM", "vendor.com/over=x") == "high\n"


@pytest.mark.parametrize("device,words", [
    ("vendor.com/net=none", "CDI device injection failed: unresolvable CDI devices vendor.com/net=none"),
    ("other.com/net=tun", "unresolvable CDI devices other.com/net=tun"), ("vendor.com/twice=x", "conflicting device vendor.com/twice=x"),
    ("vendor.com/odd=rdt", "containerEdits.intelRdt is not supported"), ("vendor.com/odd=gone", "/dev/not-there: No such file or directory"),
    ("vendor.com/odd=mem", "an absolute path is wanted")])
def test_what_cannot_be_had_is_named(cdi, device, words):
    p = cdi.berth("run", "--rm", "--device", device, "bb", "true", check=False)
    assert p.returncode != 0 and words in p.stderr


def test_a_file_that_cannot_be_read_is_logged_and_hides_no_other(cdi):
    sh(cdi, "true", "vendor.com/gpu=0")
    assert "broken.yaml" in cdi.said()


def test_info_tells_the_directories(cdi, engine):
    assert cdi.get("/info").json["CDISpecDirs"] == [str(cdi.cdi_top / "low"), str(cdi.cdi_top / "high")]
    assert engine.get("/info").json["CDISpecDirs"] == ["/etc/cdi", "/var/run/cdi"]


def test_a_restart_has_the_device_again(cdi):
    cdi.berth("run", "-d", "--name", "again", "--device", "vendor.com/net=tun", "bb", "sleep", "600")
    try:
        cdi.berth("restart", "-t", "0", "again")
        assert cdi.docker("exec", "again", "sh", "-c", "echo $ONE; test -c /dev/vendor/tun && echo there").stdout.split()[-1] == "there"
    finally:
        cdi.docker("rm", "-f", "again")


@pytest.mark.parametrize("value,words", [
    ("all", 'could not select device driver "" with capabilities: [[gpu]]'), ("2", "[[gpu]]"), ("driver=nvidia,count=1", 'could not select device driver "nvidia"'),
    ('"capabilities=utility,compute",count=1', "[[utility compute gpu]]")])
def test_gpus_without_their_makers_program_are_refused_in_dockers_words(engine, client, value, words):
    p = engine.docker("run", "--rm", "--gpus", value, "bb", "true", client=client, check=False)
    assert p.returncode == 125 and words in p.stderr


@pytest.mark.parametrize("value,words", [("x", "invalid count (x)"), ("count=1,count=2", "can be specified only once"), ("count=1,bogus=1", "unexpected key 'bogus'"), ("device=0,count=1", "cannot set both Count and DeviceIDs")])
def test_a_gpu_request_that_makes_no_sense_is_refused(engine, value, words):
    p = engine.berth("run", "--rm", "--gpus", value, "bb", "true", check=False)
    assert p.returncode == 125 and words in p.stderr and os.path.exists(BERTH)


def test_one_whose_poststart_hook_fails_is_ended_and_may_be_tried_again(cdi):
    (cdi.cdi_top / "low" / "after.json").write_text(json.dumps({"cdiVersion": "0.6.0", "kind": "vendor.com/after", "devices": [{"name": "x", "containerEdits": {"hooks": [
        {"hookName": "poststart", "path": "/bin/sh", "args": ["sh", "-c", "echo not today >&2; exit 7"]}]}}]}))
    body = {"Image": "bb", "Cmd": ["sleep", "1000"], "HostConfig": {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["vendor.com/after=x"]}]}}
    assert cdi.post("/containers/create?name=after", body).status == 201
    try:
        for _ in range(2):
            answer = cdi.post("/containers/after/start")
            assert answer.status == 500 and "hooks.poststart: /bin/sh: exit status 7: not today" in answer.json["message"], answer.body
            state = cdi.get("/containers/after/json").json["State"]
            assert (state["Running"], state["Pid"]) == (False, 0) and state["Status"] != "running"
    finally:
        cdi.request("DELETE", "/containers/after?force=1")
