# SPDX-License-Identifier: Apache-2.0
"""Registries: pull and push of an image of three layers

Debian with python and a compiler, node, and 30 MB of random bytes; from and to Debian's docker-registry. The image is made
once and kept below BUILD/bench; the packages come from Debian's mirror.
"""
import os
import shutil
import subprocess

import threading
import time

from harness import BUILD, run
from memory import pss_kb
from registries import REGISTRY, Registry
from harness import wait_for

ORDER, OPTIONAL = 60, True
KEPT = os.path.join(BUILD, "bench", "three-layers")
REF = "bench/three:1"


def archive(path, variant, packages):
    if not os.path.exists(path):
        run(["mmdebstrap", "--variant=" + variant, "--include=" + packages, "bookworm", path + ".new.tar"], timeout=1200)
        os.rename(path + ".new.tar", path)
    return path


def make_image(e):
    """The image in the engine, layer by layer."""
    os.makedirs(KEPT, exist_ok=True)
    e.run("import", "-c", "CMD [\"/bin/true\"]", archive(KEPT + "/base.tar", "minbase", "python3,g++"), "three:base")
    node = archive(KEPT + "/node.tar", "extract", "nodejs,npm")
    noise = KEPT + "/noise"
    if not os.path.exists(noise):
        with open(noise, "wb") as f:
            f.write(os.urandom(30 << 20))
    for source, below in ((node, "base"), (noise, "node")):
        name = "node" if below == "base" else "full"
        c = e.run("create", f"three:{below}").stdout.strip()
        if source == node:
            with open(source, "rb") as f:
                subprocess.run(e.argv("cp", "-", f"{c}:/opt"), stdin=f, env=e.env, check=True)
        else:
            e.run("cp", source, f"{c}:/noise")
        e.run("commit", c, f"three:{name}")
        e.run("rm", c)


def fill(e):
    """A registry's directory with the image."""
    data = KEPT + "/registry"
    if not os.path.exists(data):
        make_image(e)
        with Registry() as r:
            e.run("tag", "three:full", f"{r.name}/{REF}")
            e.run("push", f"{r.name}/{REF}")
            e.run("rmi", f"{r.name}/{REF}", "three:full", "three:node", "three:base")
            shutil.copytree(os.path.join(r.top, "data"), data + ".new")
        os.rename(data + ".new", data)
    return data


class Everywhere:
    """One registry's directory, served at one address in the network namespaces of all engines."""

    def __init__(self, engines, data=None):
        self.registry, self.more = Registry(), []
        self.data = os.path.join(self.registry.top, "data")
        if data:
            os.symlink(data, self.data)
        self.others = [e.pids()[0] for e in engines if e.pids() and os.readlink(f"/proc/{e.pids()[0]}/ns/net") != os.readlink("/proc/self/ns/net")]

    def __enter__(self):
        self.registry.__enter__()
        for pid in self.others:
            self.more.append(subprocess.Popen(["nsenter", "-t", str(pid), "-n", REGISTRY, "serve", self.registry.config],
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            probe = ["nsenter", "-t", str(pid), "-n", "curl", "-so", "/dev/null", f"http://{self.registry.name}/v2/"]
            wait_for(lambda: subprocess.run(probe).returncode == 0, "the registry serves there as well")
        return f"{self.registry.name}/{REF}"

    def __exit__(self, *exc):
        for p in self.more:
            p.terminate()
            p.wait()
        self.registry.__exit__(*exc)


class Watch:
    """The largest resident set of a process meanwhile, in MB."""

    def __init__(self, pid):
        self.pid, self.peak, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.over.wait(0.02):
            with open(f"/proc/{self.pid}/statm") as f:
                self.peak = max(self.peak, int(f.read().split()[1]) * 4096 / (1 << 20))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()


def measure(bench):
    data = fill(bench.berth)
    peaks = {e.name: [] for e in bench.engines}
    with Everywhere(bench.engines, data) as ref:
        def pull(e):
            with Watch(e.pids()[0]) as w:
                took = e.ms("pull", "-q", ref) / 1000
            peaks[e.name].append(w.peak)
            e.run("rmi", ref)
            time.sleep(3)  # layers are removed behind
            return took

        bench.row("pull", bench.interleaved(pull, 3), "s", target=3)
        bench.row("daemon's largest resident set meanwhile", peaks, "MB", target=40)
        time.sleep(10)
        bench.row("daemon after pulls (PSS)", {e.name: [pss_kb(e.pids()[0]) / 1024] for e in bench.engines}, "MB")
        for e in bench.engines:
            e.run("pull", "-q", ref)

    def push(e):
        with Everywhere([e]) as to:
            e.run("tag", ref, to)
            took = e.ms("push", "-q", to) / 1000
            e.run("rmi", to)
        return took

    bench.row("push", bench.interleaved(push, 2), "s")
    for e in bench.engines:
        e.run("rmi", ref)
