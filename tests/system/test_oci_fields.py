# SPDX-License-Identifier: Apache-2.0
"""Fields of the OCI specification, one by one: what each does, or the error that names it where this machine cannot."""
import json
import os
import uuid

import pytest

from harness import run
from test_oci_runtime import Bundle


@pytest.fixture
def oci():
    with Bundle() as b:
        yield b


def output(oci, *args):
    oci.args(*args)
    return oci("run", "--bundle", oci.bundle, oci.id).stdout


def refused(oci, *args):
    """The error text of a container that cannot be had; nothing of it stays."""
    oci.args(*(args or ("true",)))
    p = oci("run", "--bundle", oci.bundle, oci.id, check=False)
    assert p.returncode == 1 and os.listdir(oci.state) == []
    return p.stderr


def mounted(kind):
    return any(line.split()[2] == kind for line in open("/proc/self/mounts"))


SELINUX = "selinuxfs" in open("/proc/filesystems").read()


@pytest.mark.skipif(SELINUX, reason="SELinux is here")
def test_labels_need_selinux_and_say_so(oci):
    oci.config["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0:c1,c2"
    assert "linux.mountLabel" in (e := refused(oci)) and "SELinux" in e
    del oci.config["linux"]["mountLabel"]
    oci.config["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0:c1,c2"
    assert "process.selinuxLabel" in (e := refused(oci)) and "SELinux" in e
    del oci.config["process"]["selinuxLabel"]
    oci.start()
    p = oci("exec", "--process-label", "x:y:z", oci.id, "true", check=False)
    assert p.returncode == 255 and "process.selinuxLabel" in p.stderr


@pytest.mark.skipif(mounted("resctrl"), reason="resctrl is here")
def test_a_class_of_service_needs_resctrl_and_says_so(oci):
    oci.config["linux"]["intelRdt"] = {"closID": "gold", "l3CacheSchema": "L3:0=f"}
    assert "linux.intelRdt" in (e := refused(oci)) and "resctrl" in e
    del oci.config["linux"]["intelRdt"]
    oci.start()
    p = oci("update", "--l3-cache-schema", "L3:0=f", oci.id, check=False)
    assert p.returncode == 1 and "linux.intelRdt" in p.stderr


@pytest.fixture
def device():
    """One end of a pair of network devices, with addresses; the other end stays."""
    name = "bt" + uuid.uuid4().hex[:8]
    run(["ip", "link", "add", name, "mtu", "1400", "type", "veth", "peer", "name", name + "p"])
    run(["ip", "addr", "add", "10.99.7.1/24", "brd", "+", "dev", name])
    run(["ip", "addr", "add", "fd99:7::1/64", "dev", name, "nodad"])
    run(["ip", "link", "set", name, "up"])
    yield name
    run(["ip", "link", "del", name], check=False)
    run(["ip", "link", "del", name + "p"], check=False)


def addresses(pid, name):
    out = run(["nsenter", "-t", str(pid), "-n", "ip", "-j", "addr", "show", "dev", name]).stdout
    return json.loads(out)[0]


def test_a_network_device_moves_in_with_its_addresses(oci, device):
    mac = open(f"/sys/class/net/{device}/address").read().strip()
    oci.config["linux"]["netDevices"] = {device: {"name": "data0"}}
    oci.start()
    pid = json.loads(oci("state", oci.id).stdout)["pid"]
    there = addresses(pid, "data0")
    assert (there["mtu"], there["address"]) == (1400, mac)
    assert "UP" in there["flags"]
    given = {(a["local"], a["prefixlen"]) for a in there["addr_info"] if a["scope"] == "global"}
    assert given == {("10.99.7.1", 24), ("fd99:7::1", 64)}
    assert not os.path.exists(f"/sys/class/net/{device}")


def test_a_device_keeps_its_name_or_gets_a_free_number(oci, device):
    oci.config["linux"]["netDevices"] = {device: {}}
    oci.start()
    pid = json.loads(oci("state", oci.id).stdout)["pid"]
    assert addresses(pid, device)["ifname"] == device


def test_a_template_of_a_name_gets_the_first_free_number(oci, device):
    oci.config["linux"]["netDevices"] = {device: {"name": "eth%d"}}
    oci.start()
    assert addresses(json.loads(oci("state", oci.id).stdout)["pid"], "eth0")["mtu"] == 1400


def test_a_device_that_cannot_be_moved_is_named(oci, device):
    oci.config["linux"]["netDevices"] = {"nosuch0": {}}
    assert "linux.netDevices.nosuch0: there is no such network device" in refused(oci)
    oci.config["linux"]["netDevices"] = {device: {"name": "lo"}}
    assert f"linux.netDevices.{device}: the container has a device named lo already" in refused(oci)
    oci.config["linux"]["namespaces"] = [n for n in oci.config["linux"]["namespaces"] if n["type"] != "network"]
    assert "linux.netDevices: a network namespace" in refused(oci)
    assert os.path.exists(f"/sys/class/net/{device}")


def test_features_name_what_there_is(oci):
    f = json.loads(oci("features").stdout)
    assert f["ociVersionMin"] == "1.0.0" and f["ociVersionMax"].startswith("1.3")
    assert sorted(f["hooks"]) == ["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"]
    lin = f["linux"]
    assert sorted(lin["namespaces"]) == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
    assert lin["cgroup"]["systemd"] is True and lin["intelRdt"] == {"enabled": True, "schemata": True, "monitoring": True}
    assert lin["netDevices"]["enabled"] is True and "MPOL_BIND" in lin["memoryPolicy"]["modes"]
    assert set(lin["seccomp"]["supportedFlags"]) <= set(lin["seccomp"]["knownFlags"]) and "SECCOMP_FILTER_FLAG_LOG" in lin["seccomp"]["supportedFlags"]


def test_every_option_that_features_name_is_taken(oci):
    """No word is listed that the runtime would hand to the file system as it is."""
    known = json.loads(oci("features").stdout)["mountOptions"]
    private = {"remount", "idmap", "ridmap", "mand", "nomand", "bind", "rbind"}
    for option in sorted(set(known) - private):
        oci.config["mounts"].append({"destination": "/tmp/" + option, "type": "tmpfs", "source": "t", "options": [option]})
    out = output(oci, "mount")
    assert out.count(" on /tmp/") == len(set(known) - private)
