# SPDX-License-Identifier: Apache-2.0
"""Looking: ps and stats"""
ORDER, OPTIONAL = 20, False


def measure(bench):
    names = [f"look{i}" for i in range(100)]
    for e in bench.engines:
        e.at_once([("run", "-d", "--name", n, "--network", "none", "bench:1", "sleep", "6000") for n in names], 8)
    bench.row("ps with 100 running", bench.interleaved(lambda e: e.ms("ps"), 15), "ms", target=5)
    bench.row("stats --no-stream of 100", bench.interleaved(lambda e: e.ms("stats", "--no-stream"), 3), "ms", target=60)
    for e in bench.engines:
        e.run("rm", "-f", *names)
    names = [f"stopped{i}" for i in range(2000)]
    bench.berth.at_once([("create", "--name", n, "--network", "none", "bench:1", "/bin/true") for n in names], 8)
    bench.row("ps -a with 2,000 stopped", bench.interleaved(lambda e: e.ms("ps", "-a"), 10, [bench.berth]), "ms", target=50)
    bench.berth.run("rm", *names)
