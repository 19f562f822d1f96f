# SPDX-License-Identifier: Apache-2.0
"""The default bridge, none, host; resolv.conf, hosts, hostname."""
import ipaddress
import os

import pytest

from harness import run


def test_none_has_only_loopback(engine, client):
    p = engine.docker("run", "--rm", "--network", "none", "bb", "ip", "-o", "addr", client=client)
    assert {line.split()[1] for line in p.stdout.splitlines()} == {"lo"}


def test_host_shares_the_hosts_interfaces(engine, client):
    p = engine.docker("run", "--rm", "--network", "host", "bb", "readlink", "/proc/self/ns/net", client=client)
    assert p.stdout.strip() == os.readlink("/proc/self/ns/net")


def test_bridge_gives_an_address_a_gateway_and_the_host(engine, client, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600", client=client)
    net = engine.inspect(name)["NetworkSettings"]
    ours = ipaddress.ip_interface(engine.bip)
    assert ipaddress.ip_address(net["IPAddress"]) in ours.network
    assert net["Networks"]["bridge"]["IPAddress"] == net["IPAddress"]
    assert net["Networks"]["bridge"]["Gateway"] == str(ours.ip)
    assert net["IPAddress"] in engine.docker("exec", name, "ip", "-o", "-4", "addr", "show", "eth0").stdout
    run(["ping", "-c", "1", "-W", "5", net["IPAddress"]])
    engine.docker("exec", name, "ping", "-c", "1", "-W", "5", str(ours.ip))


def test_containers_reach_one_another_and_addresses_differ(engine, name):
    other = name + "b"
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "echo served > /www/i; httpd -f -p 80 -h /www")
    try:
        ip = engine.inspect(name)["NetworkSettings"]["IPAddress"]
        engine.docker("run", "-d", "--name", other, "bb", "sleep", "600")
        assert engine.inspect(other)["NetworkSettings"]["IPAddress"] != ip
        out = engine.docker("exec", other, "sh", "-c", f"until wget -qO- http://{ip}/i; do usleep 100000; done")
        assert out.stdout == "served\n"
    finally:
        engine.docker("rm", "-f", other)


@pytest.fixture
def outside():
    """Another host: a network namespace behind a veth of its own, which knows no route to the containers."""
    ns = "btout%d" % (os.getpid() % 10000)
    host, peer = ns + "a", ns + "b"
    run(["ip", "netns", "add", ns])
    try:
        run(["ip", "link", "add", host, "type", "veth", "peer", "name", peer, "netns", ns])
        run(["ip", "addr", "add", "10.250.77.1/24", "dev", host])
        run(["ip", "link", "set", host, "up"])
        run(["ip", "-n", ns, "addr", "add", "10.250.77.2/24", "dev", peer])
        run(["ip", "-n", ns, "link", "set", peer, "up"])
        run(["ip", "-n", ns, "link", "set", "lo", "up"])
        yield ns
    finally:
        run(["ip", "netns", "del", ns], check=False)
        run(["ip", "link", "del", host], check=False)


def test_masquerading_reaches_a_host_without_a_route_back(engine, outside):
    p = engine.docker("run", "--rm", "bb", "ping", "-c", "1", "-W", "5", "10.250.77.2", check=False)
    assert p.returncode == 0, p.stdout + p.stderr


def test_hostname_hosts_and_resolv_conf(engine, client, name):
    engine.docker("run", "-d", "--name", name, "--hostname", "myhost", "--add-host", "other:10.1.2.3", "bb", "sleep", "600", client=client)
    info = engine.inspect(name)
    cat = lambda f: engine.docker("exec", name, "cat", f).stdout
    assert cat("/etc/hostname") == "myhost\n"
    hosts = cat("/etc/hosts")
    assert "127.0.0.1\tlocalhost" in hosts and f"{info['NetworkSettings']['IPAddress']}\tmyhost" in hosts and "10.1.2.3\tother" in hosts
    assert cat("/etc/resolv.conf").count("nameserver") >= 1
    for key, f in (("HostnamePath", "hostname"), ("HostsPath", "hosts"), ("ResolvConfPath", "resolv.conf")):
        assert info[key] == f"{engine.data}/containers/{info['Id']}/{f}" and os.path.exists(info[key])


def test_a_shared_network_namespace(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    p = engine.docker("run", "--rm", "--network", f"container:{name}", "bb", "ip", "-o", "-4", "addr", "show", "eth0")
    assert engine.inspect(name)["NetworkSettings"]["IPAddress"] in p.stdout


def test_addresses_survive_a_sigkill_of_the_daemon(fresh):
    fresh.docker("run", "-d", "--name", "aa", "bb", "sleep", "600")
    ip = fresh.inspect("aa")["NetworkSettings"]["IPAddress"]
    fresh.kill()
    fresh.start()
    assert fresh.inspect("aa")["NetworkSettings"]["IPAddress"] == ip
    fresh.docker("run", "-d", "--name", "ab", "bb", "sleep", "600")
    assert fresh.inspect("ab")["NetworkSettings"]["IPAddress"] != ip
    run(["ping", "-c", "1", "-W", "5", ip])
