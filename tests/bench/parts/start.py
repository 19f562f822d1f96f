# SPDX-License-Identifier: Apache-2.0
"""Starting and ending"""
ORDER, OPTIONAL = 10, False
TRUE = ("bench:1", "/bin/true")
SLEEP = ("bench:1", "sleep", "600")


def fifty(e):
    """Milliseconds each, for 50 `run -d` on the bridge, 8 at a time."""
    e.names = [f"fifty{i}" for i in range(50)]
    took = e.at_once([("run", "-d", "--name", n, *SLEEP) for n in e.names], 8) / 50
    e.removed = e.ms("rm", "-f", *e.names)
    return took


def restart(e):
    return e.ms("restart", "-t", "0", "target")


def remove_hundred(e):
    names = [f"hundred{i}" for i in range(100)]
    e.at_once([("run", "-d", "--name", n, *SLEEP) for n in names], 8)
    return e.ms("rm", "-f", *names)


def measure(bench):
    bench.row("run --rm --network none IMAGE true", bench.interleaved(lambda e: e.ms("run", "--rm", "--network", "none", *TRUE)), "ms",
              floor=bench.floor, target=15)
    bench.row("run --rm IMAGE true, on the default bridge", bench.interleaved(lambda e: e.ms("run", "--rm", *TRUE)), "ms",
              floor=bench.floor, target=20)
    for e in bench.engines:
        e.run("run", "-d", "--name", "target", *SLEEP)
    bench.row("exec CONTAINER true", bench.interleaved(lambda e: e.ms("exec", "target", "/bin/true")), "ms", floor=bench.exec_floor,
              target=8)
    bench.row("restart -t 0 CONTAINER", bench.interleaved(restart, 10), "ms", floor=bench.floor, target=15)
    for e in bench.engines:
        e.run("rm", "-f", "target")
    bench.row("50 run -d on the bridge, 8 at a time, each", bench.interleaved(fifty, 3), "ms", target=8)
    bench.row("rm -f of those 50", {e.name: e.removed for e in bench.engines}, "ms")
    bench.row("rm -f of 100 running", bench.interleaved(remove_hundred, 1), "ms", target=500)
