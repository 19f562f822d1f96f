# SPDX-License-Identifier: Apache-2.0
"""What a run of an engine could leave behind on a machine, as sets of strings.

usage: leftovers.py FILE      write a picture of the machine as it is now
"""
import glob
import json
import os
import subprocess
import sys


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True).stdout


def mounts():
    return {line.split()[4] for line in open("/proc/self/mountinfo")}


def cgroups():
    found = set()
    for top, dirs, _ in os.walk("/sys/fs/cgroup"):
        found.update(os.path.join(top, d) for d in dirs)
    # Another program of the machine may make groups of its own meanwhile; ours end in an id or are named after it.
    return {p for p in found if "/docker" in p or "berth" in p}


def devices():
    return set(os.listdir("/sys/class/net"))


def namespaces():
    found = set()
    for link in glob.glob("/proc/[0-9]*/ns/net"):
        try:
            found.add(os.readlink(link))
        except OSError:
            pass
    return found | set(output("ip", "netns", "list").split())


def rules():
    return set(output("nft", "list", "tables").splitlines())


def processes():
    found = set()
    for p in glob.glob("/proc/[0-9]*"):
        try:
            name = open(p + "/comm").read().strip()
            if name.startswith("berth") or "berth" in os.readlink(p + "/exe"):
                found.add(f"{os.path.basename(p)} {name}")
        except OSError:
            pass
    return found


def files():
    """What system tests name berth-…, and unit tests test_…"""
    return {p for pattern in ("/tmp/berth-*", "/tmp/test_*", "/run/berth*", "/var/lib/berth*") for p in glob.glob(pattern)}


KINDS = {f.__name__: f for f in (mounts, cgroups, devices, namespaces, rules, processes, files)}


def load(path):
    with open(path) as f:
        return {k: set(v) for k, v in json.load(f).items()}


if __name__ == "__main__":
    with open(sys.argv[1], "w") as out:
        json.dump({k: sorted(f()) for k, f in KINDS.items()}, out)
