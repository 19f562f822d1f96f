# SPDX-License-Identifier: Apache-2.0
"""Options of networks and endpoints have an effect or are refused by name; ports of a running container change."""
import os
import socket

import pytest

from harness import PATIENCE, free_port, run, wait_for


@pytest.fixture
def net(request, engine, name):
    n = "n" + name
    yield n
    engine.request("DELETE", f"/containers/{name}?force=1&v=1")
    engine.request("DELETE", f"/networks/{n}")


def inside(engine, name, *argv):
    return engine.docker("exec", name, *argv).stdout


def get(address, port):
    with socket.create_connection((address, port), timeout=PATIENCE) as s:
        s.sendall(b"GET /i HTTP/1.0\r\n\r\n")
        return s.recv(4096).startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))


def serves(address, port):
    """For waiting: also while nobody listens yet."""
    try:
        return get(address, port)
    except OSError:
        return False


def test_endpoint_options_name_the_interface_and_set_it_up(engine, name, net):
    engine.docker("network", "create", net)
    engine.berth("run", "-d", "--name", name, "--network",
                 f"name={net},driver-opt=com.docker.network.endpoint.ifname=wan0,"
                 "driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,"
                 "link-local-ip=169.254.77.5", "bb", "sleep", "600")
    seen = inside(engine, name, "ip", "-o", "-4", "addr", "show", "wan0")
    assert "169.254.77.5/16" in seen and engine.inspect(name)["NetworkSettings"]["Networks"][net]["IPAddress"] in seen
    assert inside(engine, name, "cat", "/proc/sys/net/ipv4/conf/wan0/log_martians") == "1\n"


@pytest.mark.parametrize("option, words", [
    ("com.docker.network.endpoint.nosuch=1", "com.docker.network.endpoint.nosuch is not supported"),
    ("com.docker.network.endpoint.ifname=a/b", "not the name of an interface"),
    ("com.docker.network.endpoint.sysctls=kernel.domainname=x", "settings of the interface are wanted")])
def test_an_endpoint_option_that_cannot_be_had_is_refused_by_name(engine, name, net, option, words):
    engine.docker("network", "create", net)
    p = engine.berth("run", "-d", "--name", name, "--network", f"name={net},driver-opt={option}", "bb", "true", check=False)
    assert p.returncode == 125 and words in p.stderr


@pytest.mark.parametrize("body, status, words", [
    ({"Options": {"com.docker.network.bridge.nosuch": "1"}}, 501, "com.docker.network.bridge.nosuch"),
    ({"Options": {"com.docker.network.bridge.enable_icc": "maybe"}}, 400, "com.docker.network.bridge.enable_icc"),
    ({"Options": {"com.docker.network.bridge.gateway_mode_ipv4": "isolated"}}, 400, "only internal networks"),
    ({"IPAM": {"Config": [{"Subnet": "10.96.200.0/24", "Gateway": "10.97.0.1"}]}}, 400, "doesn't contain this address"),
    ({"IPAM": {"Config": [{"Subnet": "10.96.200.1/24"}]}}, 400, "it should be 10.96.200.0/24"),
    ({"Driver": "macvlan", "Options": {"parent": "nosuch0"}}, 400, "nosuch0 does not exist"),
    ({"ConfigFrom": {"Network": "nosuch"}}, 404, "configuration network nosuch does not exist"),
    ({"Ingress": True}, 503, "not a swarm manager")])
def test_what_a_network_cannot_have_is_refused_by_name(engine, net, body, status, words):
    a = engine.post("/networks/create", {"Name": net, **body})
    assert a.status == status and words in a.message


def test_a_network_takes_its_configuration_from_another(engine, name, net):
    template = net + "t"
    engine.docker("network", "create", "--config-only", "--subnet", "10.96.201.0/24", "--label", "a=b", template)
    try:
        engine.docker("network", "create", "--config-from", template, net)
        seen = engine.get("/networks/" + net).json
        assert seen["IPAM"]["Config"][0]["Subnet"] == "10.96.201.0/24" and seen["ConfigFrom"]["Network"] == template
        assert engine.request("DELETE", "/networks/" + template).status == 403
    finally:
        engine.request("DELETE", "/networks/" + net)
        assert engine.request("DELETE", "/networks/" + template).status == 204


def test_the_prefix_of_interfaces_and_reserved_addresses(engine, name, net):
    engine.docker("network", "create", "-o", "com.docker.network.container_iface_prefix=lan", "--subnet", "10.96.202.0/24",
                  "--aux-address", "DefaultGatewayIPv4=10.96.202.9", "--aux-address", "x=10.96.202.2", net)
    engine.docker("run", "-d", "--name", name, "--network", net, "bb", "sleep", "600")
    assert "10.96.202.3/24" in inside(engine, name, "ip", "-o", "-4", "addr", "show", "lan0")
    assert "default via 10.96.202.9" in inside(engine, name, "ip", "route")


def test_macvlan_on_an_interface_of_the_host(engine, name, net):
    one, other = f"btm{os.getpid()}a", f"btm{os.getpid()}b"
    run(["ip", "link", "add", one, "type", "veth", "peer", "name", other])
    # Without a live other end the interface has no carrier, and whatever stands on it none either.
    run(["ip", "link", "set", other, "up"])
    try:
        engine.docker("network", "create", "-d", "macvlan", "-o", "parent=" + one, "--subnet", "10.96.203.0/24", net)
        engine.docker("run", "-d", "--name", name, "--network", net, "bb", "sleep", "600")
        assert "10.96.203.2/24" in inside(engine, name, "ip", "-o", "-4", "addr", "show", "eth0")
        assert engine.docker("run", "--rm", "--network", net, "bb", "ping", "-c", "1", "-W", "30", "10.96.203.2", check=False).returncode == 0
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1&v=1")
        run(["ip", "link", "del", one], check=False)


def test_n04_router_advertisements_are_not_listened_to(engine, name, net):
    engine.docker("network", "create", "--ipv6", net)
    engine.docker("run", "-d", "--name", name, "--network", net, "bb", "sleep", "600")
    assert inside(engine, name, "cat", "/proc/sys/net/ipv6/conf/eth0/accept_ra") == "0\n"
    bridge = "br-" + engine.get("/networks/" + net).json["Id"][:12]
    with open(f"/proc/sys/net/ipv6/conf/{bridge}/accept_ra") as f:
        assert f.read() == "0\n"


def test_n06_isolated_ports_keep_neighbours_apart(engine, name, net):
    """ARP and ND of a neighbour with NET_RAW do not arrive: the bridge's ports are isolated."""
    engine.docker("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", net)
    engine.docker("run", "-d", "--name", name, "--network", net, "bb", "sleep", "600")
    ip = engine.inspect(name)["NetworkSettings"]["Networks"][net]["IPAddress"]
    p = engine.docker("run", "--rm", "--network", net, "bb", "arping", "-c", "2", "-w", "2", "-I", "eth0", ip, check=False)
    assert p.returncode != 0 and "Received 0" in p.stdout


def test_ports_of_a_running_container_come_and_go(engine, name):
    first, second = free_port(), free_port()
    engine.docker("run", "-d", "--name", name, "-p", f"127.0.0.1:{first}:80", "bb", "sh", "-c", "echo served > /www/i; exec httpd -f -p 80 -h /www")
    wait_for(lambda: serves("127.0.0.1", first), "the first port serves")
    kept = socket.create_connection(("127.0.0.1", first))
    engine.berth("update", "--publish-add", f"127.0.0.1:{second}:80", name)
    assert get("127.0.0.1", first) and get("127.0.0.1", second)
    engine.berth("update", "--publish-rm", f"{second}:80", name)
    with pytest.raises(OSError):
        get("127.0.0.1", second)
    kept.sendall(b"GET /i HTTP/1.0\r\n\r\n")
    assert kept.recv(4096).startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
    seen = engine.inspect(name)
    assert seen["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(first)}]}
    assert seen["NetworkSettings"]["Ports"]["80/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(first)}]
    p = engine.berth("update", "--publish-rm", "99", name, check=False)
    assert p.returncode != 0 and "port 99 is not published" in p.stderr
    # What is no longer published is free for others.
    socket.create_server(("127.0.0.1", second)).close()
