# SPDX-License-Identifier: Apache-2.0
"""Many networks, and many of one container. BERTH_NETWORKS says how many there are (50 where nothing does)."""
import ipaddress
import os
import re

import pytest

from harness import busybox_tar, run, wait_for
from hosts import HostDaemon

NETWORKS = int(os.environ.get("BERTH_NETWORKS", "50"))
ON = 20


@pytest.fixture
def daemon(wire):
    with HostDaemon(wire.host, flags=["--default-address-pool", "base=10.100.0.0/14,size=24"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


def networks(daemon):
    return {n["Name"]: n for n in daemon.get("/networks").json if n["Name"] not in ("bridge", "host", "none")}


def asked(daemon, network, address):
    """What a container on `network` is told at port 80 of `address`, which may only just be about to listen."""
    return daemon.docker("run", "--rm", "--network", network, "bb", "sh", "-c", f"until nc -w 10 {address} 80; do usleep 50000; done").stdout


def bridges(wire):
    return len(re.findall(r"(?m)^\d+: ", run(["ip", "-n", wire.host, "-o", "link", "show", "type", "bridge"]).stdout))


def test_many_networks_are_apart_work_and_come_back_after_a_sigkill(wire, daemon):
    before = bridges(wire)
    for i in range(NETWORKS):
        assert daemon.post("/networks/create", {"Name": f"n{i}"}).status == 201
    all_of_them = networks(daemon)
    assert len(all_of_them) == NETWORKS and bridges(wire) == before + NETWORKS
    subnets = sorted(ipaddress.ip_network(n["IPAM"]["Config"][0]["Subnet"]) for n in all_of_them.values())
    assert not any(a.overlaps(b) for a, b in zip(subnets, subnets[1:]))
    last = f"n{NETWORKS - 1}"
    for name, network in (("first", "n0"), ("last", last)):
        daemon.docker("run", "-d", "--name", name, "--network", network, "bb", "nc", "-ll", "-p", "80", "-e", "echo", "hello")
    daemon.docker("run", "-d", "--name", "beside", "--network", last, "bb", "sleep", "600")
    daemon.kill()
    daemon.start()
    assert networks(daemon) == all_of_them and bridges(wire) == before + NETWORKS
    # The newest network's containers reach one another by name, and no other network's.
    wait_for(lambda: daemon.docker("exec", "beside", "nc", "-w", "10", "last", "80", check=False).stdout == "hello\n", "a neighbour is reached")
    other = daemon.inspect("first")["NetworkSettings"]["Networks"]["n0"]["IPAddress"]
    assert daemon.docker("exec", "beside", "nc", "-w", "1", other, "80", check=False).stdout == ""
    daemon.docker("rm", "-f", "first", "last", "beside")
    pruned = daemon.post("/networks/prune").json["NetworksDeleted"]
    assert sorted(pruned) == sorted(all_of_them)
    assert networks(daemon) == {}
    # Those that are on their way out go behind the answer.
    wait_for(lambda: bridges(wire) == before, "the bridges are gone")
    # What they had is free again, in the rules too.
    assert not re.search(r"10\.10[0-3]\.", wire.on_host("nft", "list", "ruleset").stdout)


def test_a_container_on_twenty_networks_is_one_neighbour_on_each(wire, daemon):
    nets = [f"t{i:02}" for i in range(ON)]
    for n in nets:
        daemon.docker("network", "create", n)
    flags = [f for n in nets for f in ("--network", n)]
    daemon.berth("run", "-d", "--name", "hub", "-p", "8075:80", *flags, "bb", "nc", "-ll", "-p", "80", "-e", "echo", "hello")
    ends = daemon.inspect("hub")["NetworkSettings"]["Networks"]
    assert sorted(ends) == nets
    links = daemon.docker("exec", "hub", "ip", "-4", "-o", "addr", "show", "scope", "global").stdout.splitlines()
    assert {re.search(r"inet ([\d.]+)/", line).group(1) for line in links} == {e["IPAddress"] for e in ends.values()} and len(links) == ON
    # One default route, by the first in the order of names, as Docker chooses it.
    assert daemon.docker("exec", "hub", "ip", "route", "show", "default").stdout.split()[2] == ends[nets[0]]["Gateway"]
    for n in (nets[0], nets[7], nets[-1]):
        assert asked(daemon, n, "hub") == "hello\n"
    assert run(["nsenter", "--net=/run/netns/" + wire.peer, "busybox", "nc", "-w", "10", wire.host4, "8075"]).stdout == "hello\n"
    # One is left: the others stay as they were. All of them come back with a restart.
    daemon.docker("network", "disconnect", nets[3], "hub")
    daemon.docker("restart", "-t", "0", "hub")
    after = daemon.inspect("hub")["NetworkSettings"]["Networks"]
    assert sorted(after) == [n for n in nets if n != nets[3]]
    assert len(daemon.docker("exec", "hub", "ip", "-4", "-o", "addr", "show", "scope", "global").stdout.splitlines()) == ON - 1
    assert asked(daemon, nets[-1], "hub") == "hello\n"
