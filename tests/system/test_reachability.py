# SPDX-License-Identifier: Apache-2.0
"""Who reaches whom: every pair of host, other host, container, network, family and protocol, beside Docker's answers for the same set-up.

`tests/compat/record_reachability.py` writes Docker's answers down anew.
"""
import os
import sys

import pytest

from harness import TOP
from hosts import HostDaemon, Wire

sys.path.insert(0, os.path.join(TOP, "tests/compat"))
from reachability import NETWORKS, Scene, from_text, has_sctp  # noqa: E402

GOLDEN = os.path.join(TOP, "tests/compat/golden/reachability.tsv")


def bridge_netfilter():
    try:
        with open("/proc/sys/net/bridge/bridge-nf-call-iptables") as f:
            return f.read().strip() == "1"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def docker():
    with open(GOLDEN) as f:
        return from_text(f.read())


@pytest.fixture(scope="module")
def table(docker):
    with Wire() as wire, HostDaemon(wire.host) as daemon:
        with Scene(daemon.berth, wire) as scene:
            yield scene.look(wanted=docker)


def is_better(who, what, theirs, ours):
    """Docker's proxy or masquerading hides who asks; here the container sees it."""
    return theirs.startswith("sees gateway of ") and ours == "sees " + " of ".join(reversed(who.split("-")))


def is_known(who, what, theirs, ours):
    net, proto, target = what.split(" ", 2)
    closed = {"refused", "silence"}
    # How soon a kernel says that nobody listens is limited in number.
    if proto == "udp" and theirs in closed and ours in closed:
        return True
    # Where br_netfilter is on, a translation into the same bridge is carried out inside of it, where isolated ports are kept apart.
    return net == "apart" and who.startswith("apart-") and not target.startswith("container") and bridge_netfilter() and ours in closed


def test_whoever_reaches_a_container_with_docker_reaches_it_and_nobody_else(table, docker):
    wrong = []
    for who, answers in docker.items():
        assert answers.keys() <= table[who].keys()
        for what, theirs in answers.items():
            ours = table[who][what]
            if ours != theirs and not is_better(who, what, theirs, ours) and not is_known(who, what, theirs, ours):
                wrong.append(f"{who} asks {what}: Docker {theirs}, berth {ours}")
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, docker.values())) > 1000


def test_a_client_of_another_host_is_seen_by_its_own_address(table):
    for net in ("bridge", "v4", "dual", "apart", "bare"):
        for proto in ("tcp", "udp"):
            assert table["peer"][f"{net} {proto} host v4"] == "sees peer"
    for net in ("dual", "six", "apart", "bare"):
        for proto in ("tcp", "udp"):
            assert table["peer"][f"{net} {proto} host v6"] == "sees peer"


def test_the_hosts_loopback_leads_to_a_published_port_by_both_families(table):
    for net in set(NETWORKS) - {"inner", "routed"}:
        for proto in ("tcp", "udp"):
            assert table["host"][f"{net} {proto} loopback v6"].startswith("sees "), net
            # Without IPv4 in the container there is none on the host, as with Docker.
            assert table["host"][f"{net} {proto} loopback v4"].startswith("sees ") == (net != "six"), net


def test_ipv6_leads_to_a_container_that_has_none(table):
    for net in ("bridge", "v4"):
        for proto in ("tcp", "udp"):
            # By the forwarder, which asks from the host.
            assert table["peer"][f"{net} {proto} host v6"] in ("sees host", f"sees gateway of {net}")


@pytest.mark.parametrize("net", sorted(set(NETWORKS) - {"bare"}))
def test_no_unpublished_port_is_reached_from_elsewhere(table, net):
    for who in ["peer", *(f"{n}-client" for n in NETWORKS if n != net)]:
        for what, seen in table[who].items():
            if what.startswith(net + " ") and what.endswith(" closed"):
                assert seen in ("silence", "refused"), (who, what)


def test_an_internal_network_reaches_no_other(table):
    for what, seen in table["inner-client"].items():
        if not what.startswith("inner "):
            assert seen in ("silence", "refused"), what


@pytest.mark.skipif(not has_sctp(), reason="the kernel has no SCTP sockets")
def test_sctp_goes_where_tcp_goes(table):
    for who, answers in table.items():
        for what, seen in answers.items():
            if " sctp " in what and "loopback v6" not in what:
                assert seen == answers[what.replace(" sctp ", " tcp ")], (who, what)
