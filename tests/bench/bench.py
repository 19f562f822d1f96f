#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures, berth beside the kernel's floor and (PEER=docker) beside Docker, in one run. Nothing is asserted: the README quotes
what this prints.

usage: run.sh BUILD [list | all | PART...]

Each subject is a module of parts/ and may be run by itself: it has a docstring (its first line is its title), ORDER, OPTIONAL
(not run unless named), and measure(bench). bench.engines are the sides of the comparison, bench.berth the first of them;
bench.interleaved() makes them take turns, so that a slow moment of the machine meets all; bench.row() prints a figure.

PEER=docker       beside Debian's dockerd, started in a root and a network namespace of its own
PEER_SOCKET=PATH  with PEER=docker: beside the daemon that listens there (PEER_CLIENT: its command line)
BENCH_DISK=GB     roots on a new ext4 with a journal, of that size, in a file below BUILD/bench. An ext4 without one, as cloud
                  machines have it, makes unpacking slow wherever files were removed minutes ago (docs/decisions/0043)
BENCH_ROUNDS=N    rounds of the short figures (30)
BENCH_SCALE=N     containers of the part "scale" (1000)
BENCH_NETWORKS=N  networks of the part "listing" (500)
"""
import contextlib
import importlib
import os
import pkgutil
import shutil
import signal
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]
import parts  # noqa: E402
from engines import berth_engine, in_memory, peer_engine  # noqa: E402
from floors import floors  # noqa: E402
from harness import BUILD, Daemon, run  # noqa: E402
from image import image_root  # noqa: E402
from table import Table  # noqa: E402


class Bench:
    """What a part gets: the engines, the machine's floor, and where its figures go."""

    def __init__(self, daemon, engines, root, tar):
        self.daemon, self.engines, self.berth = daemon, engines, engines[0]
        self.root, self.tar = root, tar
        self.rounds = int(os.environ.get("BENCH_ROUNDS", "30"))
        self.floor, self.exec_floor = floors(root)
        self.table = Table([e.name for e in engines])
        self.row = self.table.row

    def interleaved(self, what, rounds=None, engines=None):
        """{engine's name: [what(engine) of each round]}, after one turn that does not count."""
        engines = engines or self.engines
        for e in engines:
            what(e)
        got = {e.name: [] for e in engines}
        for _ in range(rounds or self.rounds):
            for e in engines:
                got[e.name].append(what(e))
        return got


def modules():
    found = [importlib.import_module("parts." + m.name) for m in pkgutil.iter_modules(parts.__path__)]
    return sorted(found, key=lambda m: m.ORDER)


def name_of(module):
    return module.__name__.split(".")[-1]


def chosen(words):
    every = modules()
    unknown = set(words) - {name_of(m) for m in every} - {"all"}
    if unknown:
        sys.exit(f"bench: no such part: {', '.join(sorted(unknown))} (run.sh BUILD list names them)")
    return [m for m in every if "all" in words or name_of(m) in words or (not words and not m.OPTIONAL)]


def measure(chosen_parts, daemon, top, root, tar):
    engines, down = [berth_engine(daemon)], lambda: None
    try:
        if os.environ.get("PEER") == "docker":
            docker, down = peer_engine(os.path.join(top, "peer"))
            engines.append(docker)
        for e in engines:
            e.run("import", tar, "bench:1")
        bench = Bench(daemon, engines, root, tar)
        bench.table.head()
        for part in chosen_parts:
            bench.table.subject(part.__doc__.strip().split("\n")[0])
            part.measure(bench)
        bench.table.foot(os.path.join(BUILD, "bench", "result.json"))
    finally:
        down()


@contextlib.contextmanager
def disk():
    """Where temporary directories are, for as long as the bench runs: on a file system of its own, if one is asked for."""
    size = os.environ.get("BENCH_DISK")
    if not size:
        yield
        return
    image, at = os.path.join(BUILD, "bench", "disk"), tempfile.mkdtemp(prefix="berth-disk-")
    try:
        run(["truncate", "-s", size + "G", image])
        run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], timeout=300)
        run(["mount", "-o", "loop", image, at])
        tempfile.tempdir = at
        yield
    finally:
        tempfile.tempdir = None
        run(["umount", "-l", at], check=False)
        os.rmdir(at)
        os.unlink(image)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is taken down
    words = sys.argv[1:]
    if words == ["list"]:
        for m in modules():
            print(f"{name_of(m):<10} {'(optional) ' if m.OPTIONAL else ''}{m.__doc__.strip().splitlines()[0]}")
        return
    what = chosen(words)
    with disk():
        run_parts(what)


def run_parts(what):
    top = tempfile.mkdtemp(prefix="berth-bench-")
    tar, root = top + "/image.tar", image_root(top + "/root")
    run(["tar", "-C", root, "--numeric-owner", "-cf", tar, "."])
    daemon = Daemon()
    daemon.exec = in_memory("berth-bench-run-")
    try:
        with daemon as d:
            measure(what, d, top, root, tar)
    finally:
        shutil.rmtree(top)
        shutil.rmtree(daemon.exec, ignore_errors=True)


if __name__ == "__main__":
    main()
