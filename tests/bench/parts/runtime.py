# SPDX-License-Identifier: Apache-2.0
"""The OCI runtime by itself, beside Debian's runc and crun"""
import glob
import json
import os
import shutil
import subprocess
import tempfile

from engines import in_memory
from harness import BUILD, RUNTIME

ORDER, OPTIONAL = 25, False
SPENT = os.path.join(BUILD, "bench/spent")  # spent.c says why no clock of Python's
OTHERS = {name: path for name in ("runc", "crun") if (path := shutil.which(name))}
GROUP = f"berth-bench-{os.getpid()}"


class Runtime:
    """One runtime with a bundle and a state directory of its own; every namespace, and a cgroup."""

    def __init__(self, name, path, root, top, states):
        self.name, self.path = name, path
        self.bundle, self.state = os.path.join(top, name), os.path.join(states, name)
        os.makedirs(self.bundle)
        subprocess.run([path, "spec"], cwd=self.bundle, check=True)
        self.count = 0
        with open(os.path.join(self.bundle, "config.json")) as f:
            self.config = json.load(f)
        self.config["root"] = {"path": root, "readonly": True}
        self.config["process"]["terminal"] = False

    def write(self, *args):
        self.count += 1
        self.id = f"bench-{os.getpid()}-{self.name}-{self.count}"
        self.config["process"]["args"] = list(args)
        self.config["linux"]["cgroupsPath"] = f"/{GROUP}/{self.id}"
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(self.config, f)

    def call(self, *args):
        p = subprocess.run([SPENT, self.path, "--root", self.state, *args], check=True, stdout=subprocess.PIPE)
        return int(p.stdout) / 1000

    def run_true(self):
        self.write("/bin/true")
        return self.call("run", "--bundle", self.bundle, self.id)

    def begin(self):
        self.write("/bin/sleep", "600")
        self.call("run", "--detach", "--bundle", self.bundle, self.id)

    def exec_true(self):
        return self.call("exec", self.id, "/bin/true")

    def end(self):
        self.call("delete", "--force", self.id)


def remove_groups():
    """Runtimes leave the parent of their groups, and one that cannot run here leaves more."""
    for path in glob.glob(f"/sys/fs/cgroup/{GROUP}") + glob.glob(f"/sys/fs/cgroup/*/{GROUP}"):
        for top, _, _ in os.walk(path, topdown=False):
            os.rmdir(top)


def measure(bench):
    top, states = tempfile.mkdtemp(prefix="berth-bench-runtime-"), in_memory("berth-bench-state-")
    sides = []
    try:
        for name, path in {"berth": RUNTIME, **OTHERS}.items():
            side = Runtime(name, path, bench.root, top, states)
            try:
                side.run_true()
                sides.append(side)
            except subprocess.CalledProcessError as e:
                print(f"   {name} cannot run here: {e}")
        bench.row("berth-runtime run of a static program, all namespaces", bench.interleaved(lambda s: s.run_true(), engines=sides), "ms",
                  floor=bench.floor, target=5)
        for side in sides:
            side.begin()
        bench.row("berth-runtime exec", bench.interleaved(lambda s: s.exec_true(), engines=sides), "ms", floor=bench.exec_floor, target=2)
        for side in sides:
            side.end()
    finally:
        shutil.rmtree(top, ignore_errors=True)
        shutil.rmtree(states, ignore_errors=True)
        remove_groups()
