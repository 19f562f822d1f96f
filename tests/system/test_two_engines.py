# SPDX-License-Identifier: Apache-2.0
"""Debian's dockerd and ours on one host: neither sees, changes nor needs anything of the other's network."""
import re

import pytest

from dockerd import Dockerd
from harness import busybox_tar, run, wait_for
from hosts import HostDaemon, enter

WEB = ["sh", "-c", "mkdir -p /www; echo served > /www/i; exec httpd -f -p 80 -h /www"]


@pytest.fixture(scope="module")
def docker(wire):
    with Dockerd("--bip", "10.197.0.1/24", ns=wire.host) as d:
        d("import", busybox_tar(), "bb")
        d("run", "-d", "--name", "theirs", "-p", "9090:80", "bb", *WEB)
        yield d


@pytest.fixture
def berth(docker, wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "ours", "-p", "9091:80", "bb", *WEB)
        yield d


def rules(wire):
    """Of all tables but ours, without what counts."""
    text = run(enter(wire.host, "nft", "-s", "list", "ruleset")).stdout
    return [t for t in re.split(r"(?m)^(?=table )", text) if t.strip() and not t.startswith("table inet berth-")]


def served(wire, port, patience=2):
    return run(enter(wire.peer, "curl", "-s", "-m", str(patience), f"http://{wire.host4}:{port}/i"), check=False).stdout == "served\n"


def both_serve(wire):
    wait_for(lambda: served(wire, 9090), "Docker's port")
    wait_for(lambda: served(wire, 9091), "our port")


def reaches_out(client, wire, *name):
    """From inside to another host, which knows no way back but the host's address."""
    return client("exec", *name, "ping", "-c", "1", "-W", "30", wire.peer4, check=False).returncode == 0


def test_ports_of_both_lead_to_their_containers_and_both_reach_out(wire, docker, berth):
    both_serve(wire)
    assert reaches_out(docker, wire, "theirs")
    assert reaches_out(berth.docker, wire, "ours")


def test_dockers_rules_are_the_same_before_and_after_ours(wire, docker):
    before = rules(wire)
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "ours", "-p", "9091:80", "bb", *WEB)
        wait_for(lambda: served(wire, 9091), "our port")
        d.docker("network", "create", "more")
        d.docker("rm", "-f", "ours")
        d.docker("network", "rm", "more")
    assert rules(wire) == before
    assert served(wire, 9090, 30)


def test_a_docker_that_stops_and_starts_takes_nothing_of_ours_along(wire, docker, berth):
    both_serve(wire)
    docker.stop()
    assert served(wire, 9091, 30)
    docker.start()
    docker("start", "theirs")
    both_serve(wire)
    assert reaches_out(berth.docker, wire, "ours")


def test_addresses_are_not_given_twice(wire, docker, berth):
    """A network that Docker makes and one of ours, without a word about their subnets."""
    docker("network", "create", "their-net")
    berth.docker("network", "create", "our-net")
    theirs = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "their-net").stdout
    ours = berth.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "our-net").stdout
    docker("network", "rm", "their-net")
    berth.docker("network", "rm", "our-net")
    assert theirs and ours and theirs != ours
