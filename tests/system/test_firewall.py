# SPDX-License-Identifier: Apache-2.0
"""Published ports and the host's own firewall: ufw, firewalld, rules by hand; flushes and reloads."""
import subprocess

import pytest

from harness import PATIENCE, busybox_tar, run, wait_for
from hosts import SILENCE, Firewalld, HostDaemon, Ufw, enter, see

HTTPD = ["sh", "-c", "echo served > /www/i; exec httpd -f -p 80 -h /www"]


@pytest.fixture(scope="module")
def daemon(wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture(scope="module")
def ports(daemon):
    """Three containers: one judged by the host's firewall, one for everybody, one for the host alone."""
    daemon.docker("network", "create", "--ipv6", "two")
    for name, port, policy in (("judged", 8081, "host-firewall"), ("open", 8082, "all"), ("own", 8083, "loopback")):
        daemon.docker("run", "-d", "--name", name, "--network", "two", "--label", "berth.publish-policy=" + policy,
                      "-p", f"{port}:80", "-p", f"{port}:53/udp", "bb", "sh", "-c",
                      "(while :; do echo dns | nc -u -l -p 53 -w 1; done) & echo served > /www/i; exec httpd -f -p 80 -h /www")
    return {"judged": 8081, "open": 8082, "own": 8083}


def http(ns, address, port, patience=1):
    at = f"[{address}]" if ":" in address else address
    p = run(enter(ns, "curl", "-s", "-m", str(patience), f"http://{at}:{port}/i"), check=False)
    return p.stdout == "served\n"


def reach(wire, port, want):
    """Who gets an answer: the peer by IPv4, by IPv6; the host by its address, by 127.0.0.1. One that is wanted may be late."""
    ways = ((wire.peer, wire.host4), (wire.peer, wire.host6), (wire.host, wire.host4), (wire.host, "127.0.0.1"))
    return tuple(http(ns, address, port, 15 if answered else 1) for (ns, address), answered in zip(ways, want))


def settled(wire, port, want):
    wait_for(lambda: reach(wire, port, want) == want, f"port {port}: {want}")


def obeyed(wire, port, want):
    """It is so from now on."""
    assert reach(wire, port, want) == want


def test_without_a_firewall_policies_say_who_reaches(wire, ports):
    settled(wire, ports["judged"], (True, True, True, True))
    settled(wire, ports["open"], (True, True, True, True))
    settled(wire, ports["own"], (False, False, False, True))


def test_ufw_is_obeyed_where_the_policy_says_so(wire, ports):
    ufw = Ufw(wire)
    try:
        ufw("--force", "enable")
        obeyed(wire, ports["judged"], (False, False, True, True))
        # Docker's way: ufw is passed by; its chain FORWARD, which drops, does not stop it.
        settled(wire, ports["open"], (True, True, True, True))
        ufw("allow", "8081/tcp")
        obeyed(wire, ports["judged"], (True, True, True, True))
        ufw("delete", "allow", "8081/tcp")
        obeyed(wire, ports["judged"], (False, False, True, True))
        ufw("allow", "from", wire.peer4, "to", "any", "port", "8081", "proto", "tcp")
        obeyed(wire, ports["judged"], (True, False, True, True))
        ufw("reload")
        obeyed(wire, ports["judged"], (True, False, True, True))
        settled(wire, ports["open"], (True, True, True, True))
    finally:
        ufw("--force", "disable")
        ufw.close()
    settled(wire, ports["judged"], (True, True, True, True))


def test_firewalld_is_obeyed_where_the_policy_says_so_and_lets_containers_out(wire, daemon, ports):
    """Its own chain refuses whatever is forwarded and belongs to none of its zones: containers' bridges do not."""
    out = ["ping", "-c", "1", "-W", "5", wire.peer4]
    firewalld = Firewalld(wire)
    try:
        settled(wire, ports["judged"], (False, False, True, True))
        settled(wire, ports["open"], (True, True, True, True))
        settled(wire, ports["own"], (False, False, False, True))
        daemon.docker("exec", "open", *out)
        firewalld("--add-port=8081/tcp")
        settled(wire, ports["judged"], (True, True, True, True))
        firewalld.reload()
        settled(wire, ports["judged"], (False, False, True, True))
        settled(wire, ports["open"], (True, True, True, True))
        wait_for(lambda: daemon.docker("exec", "open", *out, check=False).returncode == 0, "containers go out after the reload")
        # Who is new goes the same ways.
        daemon.docker("run", "--rm", "bb", *out)
    finally:
        firewalld.close()
        run(enter(wire.host, "nft", "delete", "table", "inet", "firewalld"), check=False)
    settled(wire, ports["judged"], (True, True, True, True))


def test_the_clients_real_address_is_seen_through_the_hosts_firewall(wire, daemon):
    daemon.docker("run", "-d", "--name", "who", "--label", "berth.publish-policy=host-firewall", "-p", "8085:80", "bb",
                  "sh", "-c", "mkdir /www/cgi-bin; printf '#!/bin/sh\\necho; echo $REMOTE_ADDR\\n' > /www/cgi-bin/who; "
                  "chmod +x /www/cgi-bin/who; exec httpd -f -p 80 -h /www")
    try:
        ask = enter(wire.peer, "curl", "-s", "-m", "2", f"http://{wire.host4}:8085/cgi-bin/who")
        wait_for(lambda: wire.peer4 in run(ask, check=False).stdout, "the client's own address is seen")
    finally:
        daemon.docker("rm", "-f", "who")


def test_a_refusal_of_the_hosts_rules_is_heard_by_the_client(wire, ports):
    wire.nft("table inet hand { chain input { type filter hook input priority 0; tcp dport 8081 reject with tcp reset; }\n}")
    try:
        assert see(wire.peer, wire.host4, 8081) == "refused"
        assert not http(wire.peer, wire.host6, 8081)
        assert http(wire.peer, wire.host4, 8082, PATIENCE)
    finally:
        wire.nft("delete table inet hand")
    settled(wire, ports["judged"], (True, True, True, True))


def test_connections_that_are_there_go_on_when_the_firewall_closes(wire, daemon, ports):
    daemon.docker("run", "-d", "--name", "echo", "--label", "berth.publish-policy=host-firewall", "-p", "8086:7", "bb",
                  "nc", "-ll", "-p", "7", "-e", "cat")
    try:
        wait_for(lambda: see(wire.peer, wire.host4, 8086) == "answer hello", "the echo answers")
        p = subprocess.Popen(enter(wire.peer, "busybox", "nc", wire.host4, "8086"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        p.stdin.write("one\n")
        assert p.stdout.readline() == "one\n"
        wire.nft("table inet hand { chain input { type filter hook input priority 0; ct state established accept; tcp dport 8086 drop; }\n}")
        p.stdin.write("two\n")
        assert p.stdout.readline() == "two\n"
        p.kill()
        p.wait()
        assert see(wire.peer, wire.host4, 8086, patience=SILENCE) == "silence"
    finally:
        run(enter(wire.host, "nft", "delete", "table", "inet", "hand"), check=False)
        daemon.docker("rm", "-f", "echo")


def test_n02_a_flush_of_all_rules_opens_nothing_and_closes_nothing(wire, daemon, ports):
    """GHSA-x4rx-4gw3-53p4, GHSA-4vq8-7jfc-9cvp: isolation and loopback-only ports stay through a flush."""
    daemon.docker("run", "-d", "--name", "inner", "bb", *HTTPD)
    inner = daemon.inspect("inner")["NetworkSettings"]["IPAddress"]
    run(["ip", "-n", wire.peer, "route", "add", inner, "via", wire.host4])
    try:
        wait_for(lambda: http(wire.host, inner, 80), "the container serves")
        for _ in range(3):
            wire.on_host("nft", "flush", "ruleset")
            assert not http(wire.peer, inner, 80, 0.3)
            assert not http(wire.peer, wire.host4, ports["own"], 0.3)
            wait_for(lambda: http(wire.peer, wire.host4, ports["open"]), "the published port is back")
        settled(wire, ports["judged"], (True, True, True, True))
    finally:
        run(["ip", "-n", wire.peer, "route", "del", inner])
        daemon.docker("rm", "-f", "inner")


def test_another_engines_forward_policy_of_drop_stops_no_published_port(wire, daemon, ports):
    """Docker and ufw set it; a packet needs every chain's consent."""
    rules = lambda: wire.on_host("iptables", "-S", "FORWARD").stdout
    wire.on_host("iptables", "-P", "FORWARD", "DROP")
    wire.on_host("ip6tables", "-P", "FORWARD", "DROP")
    try:
        settled(wire, ports["open"], (True, True, True, True))
        p = daemon.docker("run", "--rm", "bb", "ping", "-c", "1", "-W", "5", wire.peer4)
        assert p.returncode == 0
        assert rules().count("--comment berth-") == 1
        wire.on_host("iptables", "-F", "FORWARD")
        wait_for(lambda: rules().count("--comment berth-") == 1, "the rule is back")
    finally:
        wire.on_host("iptables", "-P", "FORWARD", "ACCEPT")
        wire.on_host("ip6tables", "-P", "FORWARD", "ACCEPT")


def test_ports_and_policies_survive_a_sigkill_of_the_daemon(wire, daemon, ports):
    wire.nft("table inet hand { chain input { type filter hook input priority 0; tcp dport 8081 ip saddr 10.0.0.0/8 drop; }\n}")
    try:
        daemon.kill()
        obeyed(wire, ports["judged"], (False, True, True, True))
        assert http(wire.peer, wire.host4, ports["open"], PATIENCE)
        daemon.start()
        obeyed(wire, ports["judged"], (False, True, True, True))
    finally:
        if daemon.proc.poll() is not None:
            daemon.start()
        wire.nft("delete table inet hand")
    settled(wire, ports["judged"], (True, True, True, True))


def test_an_unknown_policy_is_refused_by_name(daemon, wire):
    p = daemon.docker("run", "--rm", "--label", "berth.publish-policy=none", "-p", "80", "bb", "true", check=False)
    assert p.returncode == 125 and 'invalid publish policy "none"' in p.stderr
    p = run(enter(wire.host, daemon.argv()[2], "--publish-policy", "x", "--validate"), check=False)
    assert p.returncode != 0 and 'invalid publish policy "x"' in p.stderr
