# SPDX-License-Identifier: Apache-2.0
"""Looking: ps, stats, and lists of thousands"""
import io
import os
import tarfile

from harness import OCTET

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
    images, volumes, networks = many_images(bench.daemon), many_volumes(bench.daemon), many_networks(bench.daemon)
    for n, *line in ((len(images), "images"), (len(volumes), "volume", "ls"), (len(networks), "network", "ls")):
        words = " ".join(line)
        bench.row(f"{words} of {n:,}, 2,000 containers", bench.interleaved(lambda e: e.ms(*line), 10, [bench.berth]), "ms")
    bench.berth.run("rm", *names)
    for path, refs in (("images", images), ("volumes", volumes), ("networks", networks)):
        for ref in refs:
            bench.daemon.request("DELETE", f"/{path}/{ref}")


def many_images(daemon):
    """Images of a layer of a few bytes, each with a label of its own."""
    for i in range(2000):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as t:
            t.addfile(tarfile.TarInfo(f"file{i}"))
        made = daemon.post(f"/images/create?fromSrc=-&repo=many{i}&tag=1&changes=LABEL%20i={i}", tar.getvalue())
        assert made.status == 200, made.body
    return [f"many{i}:1" for i in range(2000)]


def many_volumes(daemon):
    names = [f"many{i}" for i in range(2000)]
    for i, name in enumerate(names):
        assert daemon.post("/volumes/create", {"Name": name, "Labels": {"i": str(i)}}).status == 201
    return names


def many_networks(daemon, n=int(os.environ.get("BENCH_NETWORKS", "500"))):
    names = [f"many{i}" for i in range(n)]
    for i, name in enumerate(names):
        subnet = f"10.{OCTET}.{192 + i // 16 % 48}.{i % 16 * 16}/28"
        made = daemon.post("/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}, "Labels": {"i": str(i)}})
        assert made.status == 201, made.body
    return names
