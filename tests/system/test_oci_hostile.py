# SPDX-License-Identifier: Apache-2.0
"""Bundles that nobody made by accident: the runtime says what is wrong with them, in a line and in time, and nothing of them is left. (Each member with each wrong type of JSON: tests/unit/codec/test_oci_read.c.)"""
import json
import os
import subprocess

import pytest

from harness import PATIENCE, RUNTIME, run
from test_oci_runtime import Bundle


@pytest.fixture
def oci():
    with Bundle() as b:
        b.args("true")
        yield b


def groups(oci):
    """Directories of control groups with the container's name."""
    # Others' groups come and go meanwhile, of which find(1) complains.
    return run(["find", "/sys/fs/cgroup", "-name", oci.id], check=False).stdout


def attempt(oci, text=None):
    """Run the bundle, with `text` as its configuration where given."""
    if text is None:
        text = json.dumps(oci.config)
    with open(oci.bundle + "/config.json", "w") as f:
        f.write(text)
    argv = [RUNTIME, "--root", oci.state, "run", "--bundle", oci.bundle, oci.id]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)


def refused(oci, words, text=None):
    p = attempt(oci, text)
    assert p.returncode == 1, p
    assert words in p.stderr and len(p.stderr) < 2000 and p.stderr.count("\n") == 1, p.stderr[:3000]
    assert not os.path.exists(oci.state) or os.listdir(oci.state) == []
    assert groups(oci) == ""


TEXTS = {
    "empty": ("", "config.json"),
    "no JSON": ("ociVersion: 1.0", "invalid JSON"),
    "cut": ('{"ociVersion":"1.0.0",', "invalid JSON"),
    "a million levels": ('{"ociVersion":"1.0.0","hooks":' + "[" * 1000000, "nested deeper than"),
    "a lone list": ("[]", "must be an object"),
    "a zero byte": ('{"ociVersion":"1.0.0","hostname":"a\0b"}', "invalid JSON"),
    "an escaped zero": ('{"ociVersion":"1.0.0","hostname":"a\\u0000b"}', "invalid JSON"),
    "a number that is none": ('{"ociVersion":"1.0.0","hostname":1e999999}', "invalid JSON"),
    "a number too large": ('{"ociVersion":"1.0.0","linux":{"resources":{"memory":{"limit":99999999999999999999}}}}', "linux.resources.memory.limit"),
    "twice the same": ('{"ociVersion":"1.0.0","root":{"path":"a"},"root":{"path":"rootfs"}}', "duplicate"),
    "another version": ('{"ociVersion":"2.0.0"}', "ociVersion"),
    "100 MB": ('{"ociVersion":"1.0.0","x":"' + "x" * 100_000_000 + '"}', "File too large"),
}


@pytest.mark.parametrize("what", sorted(TEXTS))
def test_a_text_that_is_no_specification_is_refused(oci, what):
    text, words = TEXTS[what]
    refused(oci, words, text)


@pytest.mark.parametrize("kind", ["directory", "endless", "missing"])
def test_a_configuration_that_is_no_file_is_refused(oci, kind):
    path = oci.bundle + "/config.json"
    os.unlink(path)
    if kind == "directory":
        os.mkdir(path)
    elif kind == "endless":
        os.symlink("/dev/zero", path)
    p = subprocess.run([RUNTIME, "--root", oci.state, "run", "--bundle", oci.bundle, oci.id], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert p.returncode == 1 and "config.json" in p.stderr
    assert not os.path.exists(oci.state) or os.listdir(oci.state) == []
    if kind == "directory":
        os.rmdir(path)


# What is wrong only once the kernel or the bundle is asked.
WRONG = {
    "root.path": lambda c: c["root"].update(path="nosuch"),
    "root.path of another kind": lambda c: c["root"].update(path="config.json"),
    "hostname": lambda c: c.update(hostname="x" * 65),
    "domainname": lambda c: c.update(domainname="x" * 65),
    "process.cwd": lambda c: c["process"].update(cwd="/" + "x/" * 3000),
    "linux.sysctl": lambda c: c["linux"].update(sysctl={"net.ipv4.no_such_thing": "1"}),
    "linux.netDevices": lambda c: c["linux"].update(netDevices={"nosuch0": {}}),
    "linux.cgroupsPath": lambda c: c["linux"].update(cgroupsPath="/x" * 3000),
    "linux.seccomp.syscalls": lambda c: c["linux"].update(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": n, "op": "SCMP_CMP_EQ"}]} for n in range(20000)]}),
    "process.user.additionalGids": lambda c: c["process"]["user"].update(additionalGids=list(range(65537))),
    "process.rlimits": lambda c: c["process"].update(rlimits=[{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 60000),
    "linux.namespaces": lambda c: c["linux"].update(namespaces=c["linux"]["namespaces"] + [{"type": "pid"}] * 60000),
    "process.args": lambda c: c["process"].pop("args"),
}


@pytest.mark.parametrize("field", sorted(WRONG))
def test_what_cannot_be_names_its_field_and_leaves_nothing(oci, field):
    WRONG[field](oci.config)
    refused(oci, field.split()[0])


def test_a_destination_of_a_mount_with_a_name_that_is_too_long_is_refused(oci):
    oci.config["mounts"].append({"destination": "/tmp/" + "x" * 300, "type": "tmpfs", "source": "t"})
    refused(oci, "mounts[")


def test_a_list_of_all_variables_that_it_may_have_is_read_and_no_more(oci):
    oci.config["process"]["env"] = [f"V{n}={n}" for n in range(65535)] + ["PATH=/bin"]
    oci.args("env")
    p = attempt(oci)
    assert p.returncode == 0 and len(p.stdout.splitlines()) == 65536 + 1  # and HOME
    oci.config["process"]["env"].append("ONE=more")
    refused(oci, "process.env: has more than 65536 entries")


def test_thousands_of_masks_devices_and_mounts_are_made_and_go_with_the_container(oci):
    oci.config["linux"]["maskedPaths"] = ["/etc"] * 500 + [f"/nosuch{n}" for n in range(10000)]
    oci.config["linux"]["devices"] = [{"type": "c", "path": f"/dev/null{n}", "major": 1, "minor": 3} for n in range(1000)]
    oci.config["mounts"] += [{"destination": "/tmp", "type": "tmpfs", "source": f"t{n}"} for n in range(300)]
    oci.args("sh", "-c", "wc -l </proc/self/mountinfo; ls /dev | grep -c null")
    p = attempt(oci)
    mounts, nulls = p.stdout.split()
    assert int(mounts) > 800 and int(nulls) == 1001
    assert oci.id not in open("/proc/self/mountinfo").read() and groups(oci) == ""


def test_arguments_beyond_what_the_kernel_takes_are_an_error_of_the_start(oci):
    oci.args("true", "x" * 1000000)
    refused(oci, "argument list too long")


@pytest.fixture
def neighbour(oci):
    """A container in the group that the next one names."""
    with Bundle() as other:
        path = f"/berth-{other.id}"
        other.config["linux"]["cgroupsPath"] = oci.config["linux"]["cgroupsPath"] = path
        other.start()
        yield other


def test_a_group_with_somebody_elses_processes_is_refused_and_they_live_on(oci, neighbour):
    refused(oci, "container's cgroup is not empty")
    oci("delete", "--force", oci.id)
    assert neighbour.status() == "running"
    neighbour("delete", "--force", neighbour.id)
    assert attempt(oci).returncode == 0


def test_a_group_that_is_frozen_is_refused_and_not_waited_in(oci):
    tops = [p for p in ("/sys/fs/cgroup/freezer", "/sys/fs/cgroup") if os.path.exists(p + "/cgroup.procs")]
    name, frozen, thawed = ("freezer.state", "FROZEN", "THAWED") if tops[0].endswith("freezer") else ("cgroup.freeze", "1", "0")
    path = f"{tops[0]}/berth-frozen-{oci.id}"
    os.mkdir(path)
    try:
        oci.config["linux"]["cgroupsPath"] = "/" + os.path.basename(path)
        with open(f"{path}/{name}", "w") as f:
            f.write(frozen)
        refused(oci, "container's cgroup unexpectedly frozen")
        with open(f"{path}/{name}", "w") as f:
            f.write(thawed)
        assert attempt(oci).returncode == 0
    finally:
        if os.path.exists(path):
            os.rmdir(path)
