# SPDX-License-Identifier: Apache-2.0
"""Memory (PSS)"""
import time

from memory import descendants, pss_kb

ORDER, OPTIONAL = 30, False
RUNNING = 100


def daemon_mb(e):
    """The daemon's processes, without those that hold containers and these themselves, when nobody has asked for anything
    for a while."""
    time.sleep(10)
    others = set()
    for holder in e.holders() - e.spawner:
        others.update(descendants(holder))
    return sum(pss_kb(p) for p in set(e.pids()) - others) / 1024


def measure_one(e):
    """MB of the idle daemon, MB of it with containers running, and MB for each of these beside its program."""
    e.spawner = e.holders()
    idle = daemon_mb(e)
    names = [f"mem{i}" for i in range(RUNNING)]
    e.at_once([("run", "-d", "--name", n, "--network", "none", "bench:1", "sleep", "6000") for n in names], 8)
    busy = daemon_mb(e)
    each = sum(pss_kb(p) for p in e.holders() - e.spawner) / RUNNING / 1024
    e.run("rm", "-f", *names)
    return idle, busy, each


def measure(bench):
    got = {e.name: measure_one(e) for e in bench.engines}
    bench.row("idle daemon", {k: v[0] for k, v in got.items()}, "MB", target=8)
    bench.row(f"daemon with {RUNNING} running", {k: v[1] for k, v in got.items()}, "MB", target=12)
    bench.row("each running container beside its program", {k: v[2] for k, v in got.items()}, "MB", target=0.3)
