# SPDX-License-Identifier: Apache-2.0
"""Many running containers: what each costs as their number grows"""
import os
import statistics

from harness import OCTET
from memory import pss_kb

ORDER, OPTIONAL = 90, True
TOTAL = int(os.environ.get("BENCH_SCALE", "1000"))
STEPS = 5
# The default bridge of the bench has room for 253; a bridge of Linux has 1,024 ports.
SUBNET = f"10.{OCTET}.240.0/20"
ON = ("--network", "many")


def measure(bench):
    e = bench.berth
    e.run("network", "create", "--subnet", SUBNET, "many")
    before, names = e.holders(), []
    for step in range(STEPS):
        more = [f"many{i}" for i in range(step * TOTAL // STEPS, (step + 1) * TOTAL // STEPS)]
        took = e.at_once([("run", "-d", "--name", n, *ON, "bench:1", "sleep", "60000") for n in more], 8) / len(more)
        names += more
        n = len(names)
        holders = e.holders() - before
        daemon = sum(pss_kb(p) for p in before | {e.pids()[0]})
        bench.row(f"{n} running: the last {len(more)} starts, each", {"berth": took}, "ms")
        bench.row(f"{n} running: one more start", {"berth": [one_more(e) for _ in range(5)]}, "ms")
        bench.row(f"{n} running: daemon, PSS", {"berth": daemon / 1024}, "MB")
        bench.row(f"{n} running: each beside its program, PSS", {"berth": statistics.mean(pss_kb(p) for p in holders) / 1024}, "MB")
        ps = [e.ms("ps") for _ in range(7)]
        bench.row(f"{n} running: ps", {"berth": ps}, "ms")
        bench.row(f"{n} running: ps, for each container", {"berth": statistics.median(ps) * 1000 / n}, "us")
    bench.row(f"rm -f of those {TOTAL}", {"berth": e.ms("rm", "-f", *names)}, "ms")
    e.run("network", "rm", "many")


def one_more(e):
    return e.ms("run", "--rm", *ON, "bench:1", "/bin/true")
