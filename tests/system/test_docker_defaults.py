# SPDX-License-Identifier: Apache-2.0
"""A default container of ours beside one of Docker's, field by field: what is written down in tests/compat/golden, and a real dockerd where there is one.

`test_docker_defaults.py record FILE` writes down what the real one says.
"""
import json
import os
import re
import sys

import pytest

from harness import TOP
from test_oci_callers import OurDockerd

DOCKERD = "/usr/sbin/dockerd"
UNIFIED = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
GOLDEN = os.path.join(TOP, "tests/compat/golden", f"defaults-v{2 if UNIFIED else 1}.json")
# Of a mount's own file system: what says where its files lie, or how large this machine is.
OF_THE_PLACE = re.compile(r"^(lowerdir\+?|upperdir|workdir|index|uuid|xino|redirect_dir|metacopy|inode64|nsdelegate|memory_recursiveprot|xattr|name)(=.*)?$")
# Docker 20.10 does not mask what 25 and later do.
NEWER_MASKS = {"/proc/interrupts", "/sys/devices/virtual/powercap"}
SYSCTLS = ["net/ipv4/ip_unprivileged_port_start", "net/ipv4/ping_group_range", "net/ipv4/ip_forward", "kernel/shmmax", "kernel/shmall", "kernel/shmmni", "kernel/sem",
           "kernel/msgmax", "fs/mqueue/msg_max"]
STATUS = ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Umask"]
INSIDE = """stat -c '%n|%F|%a|%u:%g|%t:%T|%N' /dev/* /dev /dev/pts/* /proc /sys /dev/shm /dev/mqueue 2>/dev/null; echo ==
for f in {sysctls}; do echo $f $(cat /proc/sys/$f 2>/dev/null); done; echo ==; env | sort; echo ==; pwd; ulimit -a 2>/dev/null | head -0""".format(sysctls=" ".join(SYSCTLS))

# Version 2 has a program for its rules, which nobody can read: what it lets be opened tells.
NODES = ["c 1 1", "c 1 3", "c 1 4", "c 1 5", "c 1 7", "c 1 8", "c 1 9", "c 1 11", "c 5 0", "c 5 1", "c 5 2", "c 10 1", "c 10 200", "c 10 229", "c 10 237", "c 136 0",
         "c 226 0", "b 7 0", "b 8 0", "b 253 0", "b 254 0"]
OPEN = "; ".join(f"busybox mknod /dev/look {n} && (exec 3</dev/look) && echo opened; busybox rm /dev/look" for n in NODES)


def mounts(pid):
    """Mount point to [type, options of the mount, options of its file system that are a matter of choice]."""
    found = {}
    for line in open(f"/proc/{pid}/mountinfo"):
        fields, rest = (part.split() for part in line.rstrip("\n").split(" - "))
        kind, _, options = rest
        # Where the machine keeps its own groups differs by what made them.
        if kind in ("cgroup", "cgroup2"):
            options = ""
        if kind in ("ext4", "xfs", "btrfs"):
            options = ""
        own = sorted(o for o in options.split(",") if o and not OF_THE_PLACE.match(o))
        propagation = [f.split(":")[0] for f in fields[6:]]
        found[fields[4]] = [kind, sorted(fields[5].split(",")), own, propagation]
    return found


def hidden(table):
    """Masked and read-only paths, apart from what else is mounted."""
    covers = {p: m for p, m in table.items() if re.match(r"/(proc|sys)/", p) and not p.startswith("/sys/fs/cgroup")}
    masked = sorted(p for p, m in covers.items() if m[0] != "proc" and m[0] != "sysfs")
    return masked, sorted(set(covers) - set(masked))


def collect(docker, *options):
    """What a default container looks like from the host and from inside. docker(arg…) runs the client."""
    docker("run", "-d", "--name", "look", "--hostname", "look", "--network", "none", *options, "bb", "sleep", "600")
    try:
        pid = docker("inspect", "-f", "{{.State.Pid}}", "look").stdout.strip()
        devices, sysctls, env, cwd = docker("exec", "look", "sh", "-c", INSIDE).stdout.split("==\n")
        table = mounts(pid)
        masked, readonly = hidden(table)
        status = dict(line.rstrip("\n").split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)
        out = {"status": {k: status[k].strip() for k in STATUS},
               "mounts": {p: m for p, m in table.items() if p not in masked + readonly},
               "masked": masked, "readonly": readonly,
               "devices": sorted(devices.splitlines()), "sysctls": sysctls.splitlines(), "environment": env.splitlines(), "directory": cwd,
               "namespaces": {n: os.readlink(f"/proc/{pid}/ns/{n}") == os.readlink(f"/proc/self/ns/{n}") for n in ("mnt", "net", "uts", "pid", "ipc", "cgroup", "user", "time")},
               "limits": [re.split(r"\s{2,}", line.strip())[:3] for line in open(f"/proc/{pid}/limits")],
               "score": open(f"/proc/{pid}/oom_score_adj").read().strip(), "personality": open(f"/proc/{pid}/personality").read().strip(),
               "maps": open(f"/proc/{pid}/uid_map").read().split(), "descriptors": sorted(os.listdir(f"/proc/{pid}/fd"))}
        if UNIFIED:
            said = docker("exec", "look", "sh", "-c", f"exec 2>&1; {OPEN}").stdout.splitlines()
            assert len(said) == len(NODES), said
            out["rules"] = dict(zip(NODES, said))
        else:
            group = next(line.split(":")[2].strip() for line in open(f"/proc/{pid}/cgroup") if ":devices:" in line)
            out["rules"] = sorted(open(f"/sys/fs/cgroup/devices{group}/devices.list").read().splitlines())
        return out
    finally:
        docker("rm", "-f", "look", check=False)


def of_docker():
    with OurDockerd() as docker:
        return collect(docker, "--runtime", "runc")


def adapted(theirs):
    """What a Docker of today would say where the recorded one is older, and where ours is stricter by intent."""
    there = {p for p in NEWER_MASKS if os.path.exists(p)}
    theirs = json.loads(json.dumps(theirs))
    theirs["masked"] = sorted(set(theirs["masked"]) | there)
    # Our root is no slave of a mount that a host's process could change.
    theirs["mounts"]["/"][3] = []
    if not UNIFIED:
        # runc leaves the directory of the hierarchies writable.
        theirs["mounts"]["/sys/fs/cgroup"][1] = sorted(set(theirs["mounts"]["/sys/fs/cgroup"][1]) - {"rw"} | {"ro"})
    return theirs


def differences(ours, theirs):
    return {field: (ours.get(field), theirs.get(field)) for field in set(ours) | set(theirs) if ours.get(field) != theirs.get(field)}


@pytest.fixture(scope="module")
def ours(engine):
    return collect(lambda *args, **kw: engine.docker(*args, **kw))


FIELDS = ["status", "mounts", "masked", "readonly", "devices", "sysctls", "environment", "directory", "namespaces", "limits", "score", "personality", "maps", "descriptors", "rules"]


@pytest.fixture(scope="module")
def theirs():
    if os.access(DOCKERD, os.X_OK):
        return adapted(of_docker())
    if not os.path.exists(GOLDEN):
        pytest.skip("no dockerd here, and nothing written down")
    return adapted(json.load(open(GOLDEN)))


@pytest.mark.parametrize("field", FIELDS)
def test_b1_a_default_container_is_as_dockers(ours, theirs, field):
    if field == "mounts":
        assert differences(ours[field], theirs[field]) == {}
    else:
        assert ours.get(field) == theirs.get(field)


@pytest.mark.skipif(not os.path.exists(GOLDEN), reason="nothing written down for such a machine")
@pytest.mark.parametrize("field", ["status", "masked", "readonly", "sysctls", "namespaces", "devices", "rules", "environment"])
def test_b1_nothing_has_changed_since_it_was_written_down(ours, field):
    golden = adapted(json.load(open(GOLDEN)))
    if golden.get("bounding") != re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1) and field == "status":
        pytest.skip("another machine's bounding set")
    assert ours.get(field) == golden.get(field)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "record":
        sys.exit("usage: test_docker_defaults.py record FILE")
    found = of_docker()
    found["bounding"] = re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1)
    with open(sys.argv[2], "w") as f:
        json.dump(found, f, indent=1, sort_keys=True)
        f.write("\n")
