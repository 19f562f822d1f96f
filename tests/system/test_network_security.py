# SPDX-License-Identifier: Apache-2.0
"""Rows N01, N03, N05 and P03 of docs/security.md, seen from a neighbour on the wire and from inside containers."""
import os
import subprocess

import pytest

from harness import PATIENCE, busybox_tar, run, wait_for
from hosts import HostDaemon, enter, see

HTTPD = "echo served > /www/i; exec httpd -f -p 80 -h /www"
# Answers every datagram with "refused" of DNS, and says that one came.
UPSTREAM = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print('ready', flush=True)
while True:
    q, who = s.recvfrom(2000)
    print('asked', flush=True)
    s.sendto(q[:2] + bytes([0x81, 0x85]) + q[4:], who)
"""
LISTENER = """
import socket, sys
s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('ready', flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b'inside')
    c.close()
"""


@pytest.fixture(scope="module")
def daemon(wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture
def program():
    """program(ns, text, *args): a Python program in a namespace that has said "ready"; ended with the test."""
    made = []

    def start(ns, text, *args, out=subprocess.PIPE):
        p = subprocess.Popen(enter(ns, "python3", "-c", text, *args), stdout=out, stdin=subprocess.DEVNULL)
        made.append(p)
        return p
    yield start
    for p in made:
        p.kill()
        p.wait()


def http(ns, address, port, patience=1):
    at = f"[{address}]" if ":" in address else address
    return run(enter(ns, "curl", "-s", "-m", str(patience), f"http://{at}:{port}/i"), check=False).stdout == "served\n"


def test_n01_a_neighbour_with_a_route_reaches_no_unpublished_port(wire, daemon):
    daemon.docker("network", "create", "--ipv6", "six")
    daemon.docker("run", "-d", "--name", "bare", "--network", "six", "-p", "8071:81", "bb", "sh", "-c", HTTPD)
    end = daemon.inspect("bare")["NetworkSettings"]["Networks"]["six"]
    routes = [(end["IPAddress"], wire.host4), (end["GlobalIPv6Address"], wire.host6)]
    try:
        for address, via in routes:
            run(["ip", "-n", wire.peer, "route", "add", address, "via", via])
            wait_for(lambda a=address: http(wire.host, a, 80), "the host itself is answered")
            assert not http(wire.peer, address, 80)
    finally:
        for address, _ in routes:
            run(["ip", "-n", wire.peer, "route", "del", address], check=False)
        daemon.docker("rm", "-f", "bare")
        daemon.docker("network", "rm", "six")


def test_n01_a_port_on_loopback_is_not_reached_from_the_wire_also_with_route_localnet(wire, daemon, program):
    daemon.docker("run", "-d", "--name", "own", "-p", "127.0.0.1:8072:80", "bb", "sh", "-c", HTTPD)
    address = daemon.inspect("own")["NetworkSettings"]["IPAddress"]
    plain = program(wire.host, LISTENER, "8073")
    assert plain.stdout.readline() == b"ready\n"
    settings = [(ns, f"net.ipv4.conf.{dev}.{key}={value}") for ns in (wire.host, wire.peer) for dev in ("all", "wire0")
                for key, value in (("route_localnet", 1), ("rp_filter", 0))]
    try:
        wait_for(lambda: http(wire.host, "127.0.0.1", 8072), "the host itself is answered")
        for ns, setting in settings:
            run(enter(ns, "sysctl", "-qw", setting))
        # The neighbour has no loopback of its own any more: 127.0.0.1 is behind the wire.
        run(["ip", "-n", wire.peer, "addr", "del", "127.0.0.1/8", "dev", "lo"])
        run(["ip", "-n", wire.peer, "route", "add", "127.0.0.1", "via", wire.host4])
        run(["ip", "-n", wire.peer, "route", "add", address, "via", wire.host4])
        # So open is this host that a program of its own on loopback is reached: what is refused is refused by the engine.
        assert see(wire.peer, "127.0.0.1", 8073, patience=PATIENCE) == "answer inside"
        assert not http(wire.peer, "127.0.0.1", 8072)
        assert not http(wire.peer, wire.host4, 8072)
        assert not http(wire.peer, address, 80)
        assert http(wire.host, "127.0.0.1", 8072, PATIENCE)
    finally:
        for target in ("127.0.0.1", address):
            run(["ip", "-n", wire.peer, "route", "del", target], check=False)
        run(["ip", "-n", wire.peer, "addr", "add", "127.0.0.1/8", "dev", "lo"], check=False)
        for ns, setting in settings[::2]:
            run(enter(ns, "sysctl", "-qw", setting[:-1] + "0"))
        daemon.docker("rm", "-f", "own")


def test_n03_an_internal_network_asks_no_upstream(wire, daemon, program, tmp_path):
    seen = tmp_path / "seen"
    with open(seen, "w") as out:
        program(wire.peer, UPSTREAM, wire.peer4, out=out)
    wait_for(lambda: seen.read_text() == "ready\n", "the upstream listens")
    daemon.docker("network", "create", "--internal", "shut")
    daemon.docker("network", "create", "wide")
    try:
        ask = ["--rm", "--dns", wire.peer4, "bb", "nslookup"]
        assert daemon.docker("run", "--network", "shut", *ask, "secret.example.org", check=False).returncode != 0
        assert seen.read_text() == "ready\n"
        daemon.docker("run", "--network", "wide", *ask, "open.example.org", check=False)
        wait_for(lambda: "asked" in seen.read_text(), "the upstream is asked")
    finally:
        daemon.docker("network", "rm", "shut", "wide")


@pytest.mark.parametrize("driver", ["default", "none", "bridge", "internal", "macvlan"])
def test_n05_without_ipv6_no_interface_has_an_address_of_it(wire, daemon, driver):
    flags = {"bridge": ["-d", "bridge"], "internal": ["--internal"], "macvlan": ["-d", "macvlan", "-o", "parent=wire0", "--subnet", "10.96.251.0/24"]}
    network = {"default": "bridge", "none": "none"}.get(driver, "four")
    if driver in flags:
        daemon.docker("network", "create", *flags[driver], "four")
    try:
        # Any address, tentative and link-local ones too; those of loopback are on `lo`.
        out = daemon.docker("run", "--rm", "--network", network, "bb", "sh", "-c", "ip -o link; cat /proc/net/if_inet6").stdout
        lines = [line for line in out.splitlines() if len(line.split()) == 6 and ":" not in line]
        assert [line for line in lines if line.split()[5] != "lo"] == []
        assert ("eth0" in out) == (driver != "none")
    finally:
        if driver in flags:
            daemon.docker("network", "rm", "four")


def test_p03_the_daemon_listens_on_no_internet_socket_by_default(daemon):
    held = set()
    for fd in os.listdir(f"/proc/{daemon.proc.pid}/fd"):
        try:
            held.add(os.readlink(f"/proc/{daemon.proc.pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
    assert any(h.startswith("socket:") for h in held)
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{daemon.proc.pid}/net/{table}") as f:
            listening = {f"socket:[{line.split()[9]}]" for line in f.readlines()[1:] if line.split()[3] == "0A"}
        assert not held & listening


@pytest.mark.parametrize("network", ["bridge", "mine"])
def test_p03_a_container_reaches_nothing_on_the_hosts_loopback(wire, daemon, program, network):
    assert program(wire.host, LISTENER, "2375").stdout.readline() == b"ready\n"
    assert see(wire.host, "127.0.0.1", 2375, patience=PATIENCE) == "answer inside"
    if network == "mine":
        daemon.docker("network", "create", "--ipv6", "mine")
    try:
        script = ("gw=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); echo gateway $gw; "
                  f"for a in $gw {wire.host4} {wire.host6} host.docker.internal 127.0.0.1 127.0.0.11; do for p in 2375 2376; do "
                  "echo tried $a $p; echo | nc -w 1 $a $p; done; done")
        out = daemon.docker("run", "--rm", "--network", network, "--add-host", "host.docker.internal:host-gateway",
                            "bb", "sh", "-c", script, check=False).stdout
        assert out.count("tried") == 12 and "gateway \n" not in out and "inside" not in out
    finally:
        if network == "mine":
            daemon.docker("network", "rm", "mine")
