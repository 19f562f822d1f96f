# SPDX-License-Identifier: Apache-2.0
"""Networks: starts on the bridge, published ports from another host, names

What is published is measured on a host (a network namespace) of its own, by wrk from a neighbour on a wire, in turn with a container on a
network of gateway mode "routed", which the neighbour has a route to and nothing translates. Both are reached through the same rules and bridge code.
"""
import os
import re
import shutil
import subprocess
import sys

from engines import berth_engine
from harness import BUILD, TOP, run, wait_for
from hosts import HostDaemon, Wire, enter

ORDER, OPTIONAL = 45, False
TRUE = ("bench:1", "/bin/true")
PORT, MANY = 8095, 1000
SECONDS = int(os.environ.get("BENCH_WRK_SECONDS", "2"))
BIG = 8 << 20  # bytes of one answer, where bytes are counted
ASK = """
import socket, statistics, struct, sys, time
name, times = sys.argv[1], int(sys.argv[2])
question = b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\\0' + struct.pack('>HH', 1, 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect(('127.0.0.11', 53))
took = []
for i in range(times):
    packet = struct.pack('>HHHHHH', i & 0xffff, 0x100, 1, 0, 0, 0) + question
    start = time.perf_counter()
    s.send(packet)
    answer = s.recv(512)
    took.append((time.perf_counter() - start) * 1e6)
    assert answer[:2] == packet[:2] and answer[7], answer
print(statistics.median(took))
"""


def wrk(ns, url, connections):
    """(requests a second, MB a second) of one load from `ns`."""
    text = run(enter(ns, "wrk", "-t", "1", "-c", str(connections), "-d", f"{SECONDS}s", url)).stdout
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", text).groups()
    if "Socket errors" in text or "Non-2xx" in text:
        raise AssertionError(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(number) * {"": 1e-6, "K": 1e-3, "M": 1, "G": 1e3}[unit]


def compare(bench, label, ns, port, route, target=None, rounds=5):
    """Requests and bytes through the port, in turn with the route; what counts is the ratio of each round."""
    for what, column, path, connections, unit in (("requests a second", 0, "", 16, "/s"), ("MB a second", 1, str(BIG), 4, "MB/s")):
        got = {"berth": [], "no NAT": []}
        for i in range(rounds):
            sides = [("berth", ns, port), ("no NAT", *route)]
            for side, where, base in sides if i % 2 else sides[::-1]:
                got[side].append(wrk(where, base + path, connections)[column])
        bench.row(f"{label}, {what}", got, unit, more_is_better=True)
        ratios = [100 * b / d for b, d in zip(got["berth"], got["no NAT"])]
        bench.row("  of a route without NAT, in percent", {"berth": ratios}, "%", target=target, more_is_better=True)


def starts(bench):
    """What the bridge costs: pairs of starts, one on no network and one on the bridge."""
    def pair(e):
        alone = e.ms("run", "--rm", "--network", "none", *TRUE)
        return e.ms("run", "--rm", *TRUE) - alone
    bench.row("run on the bridge, minus run on no network", bench.interleaved(pair), "ms", target=2)


def networks(bench):
    removed = {e.name: [] for e in bench.engines}

    def create(e):
        took = e.ms("network", "create", "measured")
        removed[e.name].append(e.ms("network", "rm", "measured"))
        return took
    bench.row("network create", bench.interleaved(create, 15), "ms", target=10)
    bench.row("network rm", removed, "ms", target=10)


def many_ports(bench):
    """A range of 1,000 and 1,000 that change their numbers, minus a start without; and what processes they cost."""
    processes = {}

    def published(ports):
        def once(e):
            plain = e.ms("run", "-d", "--name", "ports", "bench:1", "sleep", "600")
            before = len(e.pids())
            e.run("rm", "-f", "ports")
            took = e.ms("run", "-d", "--name", "ports", "-p", ports, "bench:1", "sleep", "600")
            processes[e.name] = len(e.pids()) - before
            e.run("rm", "-f", "ports")
            return took - plain
        return once
    ranges = (("the same numbers", f"21000-{20999 + MANY}:21000-{20999 + MANY}"), ("others inside", f"21000-{20999 + MANY}:1000-{999 + MANY}"))
    for label, ports in ranges:
        rounds = 5 if len(bench.engines) == 1 else 1
        bench.row(f"{MANY:,} ports published, {label}", bench.interleaved(published(ports), rounds), "ms", target=50)
    bench.row("  processes for them, and the forwarder", processes, "", target=1)


def names(bench, daemon, pid):
    ask = ["nsenter", "-t", str(pid), "-n", sys.executable, "-c", ASK]
    for label, name in (("a neighbour's name answered, median", "server"), ("a name kept from upstream, median", "kept.example")):
        got = [float(run([*ask, name, "2000"]).stdout) for _ in range(5)]
        bench.row(label, {"berth": got}, "µs", target=100)


class Upstream:
    """dnsmasq on the neighbour, which knows one name."""

    def __init__(self, wire):
        self.argv = enter(wire.peer, "dnsmasq", "-k", "-R", "-h", "-z", "-C", "/dev/null", "--pid-file=", "-a", wire.peer4, "--host-record=kept.example,192.0.2.1,600")

    def __enter__(self):
        self.proc = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __exit__(self, *exc):
        self.proc.kill()
        self.proc.wait()


def traffic(bench, wire, d, server):
    e = berth_engine(d)
    e.run("import", bench.tar, "bench:1")
    e.run("network", "create", "net")
    e.run("run", "-d", "--name", "server", "--network", "net", "--dns", wire.peer4, "-v", f"{server}:/server:ro", "-p", f"{PORT}:80", "bench:1", "/server", "80")
    inside = d.inspect("server")
    address = inside["NetworkSettings"]["Networks"]["net"]["IPAddress"]
    # The same path through the same bridge: a second way to the same program, which nothing translates.
    e.run("network", "create", "-o", "com.docker.network.bridge.gateway_mode_ipv4=routed", "routed")
    e.run("run", "-d", "--name", "plain", "--network", "routed", "-v", f"{server}:/server:ro", "-p", "80", "bench:1", "/server", "80")
    plain = d.inspect("plain")["NetworkSettings"]["Networks"]["routed"]["IPAddress"]
    run(["ip", "-n", wire.peer, "route", "add", plain, "via", wire.host4])
    port, route = f"http://{wire.host4}:{PORT}/", f"http://{plain}/"
    for ns, url in ((wire.peer, port), (wire.peer, route), (wire.host, f"http://{address}/"), (wire.host, f"http://127.0.0.1:{PORT}/")):
        wait_for(lambda ns=ns, url=url: run(enter(ns, "curl", "-s", "-m", "1", url), check=False).stdout == "xx", url)
    compare(bench, "a published port from another host", wire.peer, port, (wire.peer, route), target=95)
    compare(bench, "a published port through 127.0.0.1", wire.host, f"http://127.0.0.1:{PORT}/", (wire.host, f"http://{address}/"), target=95)
    compare(bench, "a published port through ::1 (forwarder)", wire.host, f"http://[::1]:{PORT}/", (wire.host, f"http://{address}/"), rounds=3)
    with Upstream(wire):
        names(bench, d, inside["State"]["Pid"])


def measure(bench):
    starts(bench)
    networks(bench)
    many_ports(bench)
    if not shutil.which("wrk"):
        print("   no wrk here: nothing about published ports")
        return
    server = os.path.join(BUILD, "bench", "load_server")
    run(["cc", "-static", "-O2", "-D_GNU_SOURCE", "-o", server, os.path.join(TOP, "tests/system/load_server.c")])
    with Wire() as wire, HostDaemon(wire.host) as d:
        traffic(bench, wire, d, server)
