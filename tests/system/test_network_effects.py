# SPDX-License-Identifier: Apache-2.0
"""Each option of a network, of its drivers and of an endpoint has the effect that it is named for, looked at where the kernel or a packet shows it."""
import json
import re
import select
import subprocess
from urllib.parse import quote

import pytest

from harness import BERTH, CLIENTS, busybox_tar, run, wait_for
from hosts import SILENCE, HostDaemon, enter, see

BRIDGE = "com.docker.network.bridge."
# Says to whoever connects, who that is.
SERVER = "while :; do echo hello | nc -l -p 80; done"


@pytest.fixture(scope="module")
def daemon(wire):
    """One in the namespace of the wire's host: its networks collide with nobody's."""
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture
def net(daemon):
    """create(body) makes the network "n" and returns what inspect shows."""
    def create(**body):
        a = daemon.post("/networks/create", {"Name": "n", **body})
        assert a.status == 201, a.body
        return daemon.get("/networks/n").json
    yield create
    for c in ("c1", "c2"):
        daemon.request("DELETE", f"/containers/{c}?force=1&v=1")
    for n in ("n", "m"):
        daemon.request("DELETE", f"/networks/{n}")


def start(d, name, *flags, command=("sleep", "600"), client=BERTH):
    d.docker("run", "-d", "--name", name, *flags, "bb", *command, client=client)


def inside(d, name, *argv, check=True):
    return d.berth("exec", name, *argv, check=check).stdout


def endpoint(d, name, network="n"):
    return d.inspect(name)["NetworkSettings"]["Networks"][network]


def bridge_of(network):
    return "br-" + network["Id"][:12]


def sysfs(wire, path):
    return wire.on_host("cat", path).stdout.strip()


def test_the_name_of_the_bridge_is_the_one_asked_for_and_nobody_elses(wire, daemon, net):
    net(Options={BRIDGE + "name": "mine0"})
    assert "mine0" in wire.on_host("ip", "-o", "link").stdout
    a = daemon.post("/networks/create", {"Name": "m", "Options": {BRIDGE + "name": "mine0"}})
    assert a.status == 409 and "networks have same bridge name" in a.message


def test_the_mtu_is_that_of_bridge_and_interfaces(wire, daemon, net):
    bridge = bridge_of(net(Options={"com.docker.network.driver.mtu": "1399"}))
    start(daemon, "c1", "--network", "n")
    assert inside(daemon, "c1", "cat", "/sys/class/net/eth0/mtu") == "1399\n"
    assert " mtu 1399 " in wire.on_host("ip", "link", "show", bridge).stdout


def test_without_masquerading_the_outside_sees_the_containers_own_address(wire, daemon, net):
    """Who asks is told by the neighbour's log of its own connections: it has no way back, so the question is all there is."""
    seen = {}
    for masquerade in ("true", "false"):
        net(IPAM={"Config": [{"Subnet": "10.98.1.0/24"}]}, Options={BRIDGE + "enable_ip_masquerade": masquerade})
        start(daemon, "c1", "--network", "n", "--ip", "10.98.1.7")
        run(["ip", "-n", wire.peer, "route", "replace", "10.98.1.0/24", "via", wire.host4])
        seen[masquerade] = asked_by(wire, daemon)
        for path in ("/containers/c1?force=1", "/networks/n"):
            daemon.request("DELETE", path)
    assert seen == {"true": wire.host4, "false": "10.98.1.7"}


def asked_by(wire, d):
    """Whose address the neighbour sees when container "c1" connects to it."""

    listener = subprocess.Popen(enter(wire.peer, "python3", "-c", "import socket; s = socket.create_server(('', 9000)); print('ready', flush=True); "
                                      "c, who = s.accept(); print(who[0], flush=True)"), stdout=subprocess.PIPE, text=True)
    try:
        assert listener.stdout.readline() == "ready\n"
        # A connection that is not made in its five seconds is tried again: nobody waits for a line that does not come.
        def is_asked():
            inside(d, "c1", "nc", "-w", "5", wire.peer4, "9000", "-e", "true", check=False)
            return select.select([listener.stdout], [], [], 1)[0]
        wait_for(is_asked, "somebody has asked")
        return listener.stdout.readline().strip()
    finally:
        listener.kill()
        listener.wait()


def test_ports_that_name_no_address_go_where_the_network_says(wire, daemon, net):
    net(Options={BRIDGE + "host_binding_ipv4": "127.0.0.1"})
    start(daemon, "c1", "--network", "n", "-p", "8301:80", command=("sh", "-c", SERVER))
    assert daemon.inspect("c1")["NetworkSettings"]["Ports"]["80/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "8301"}]
    wait_for(lambda: see(wire.host, "127.0.0.1", 8301) == "answer hello", "the loopback leads there")
    assert see(wire.peer, wire.host4, 8301, patience=SILENCE) != "answer hello"
    a = daemon.post("/networks/create", {"Name": "m", "Options": {BRIDGE + "host_binding_ipv4": "::1"}})
    assert a.status == 400 and "host_binding_ipv4" in a.message


def test_an_address_of_the_bridge_that_is_inhibited_is_not_given(wire, daemon, net):
    bridge = bridge_of(net(Options={BRIDGE + "inhibit_ipv4": "true"}))
    assert "inet " not in wire.on_host("ip", "addr", "show", bridge).stdout
    start(daemon, "c1", "--network", "n")
    start(daemon, "c2", "--network", "n")
    inside(daemon, "c1", "ping", "-c", "1", "-W", "5", endpoint(daemon, "c2")["IPAddress"])


def test_a_network_without_ipv4_has_ipv6_alone_and_publishes_by_it(wire, daemon, net):
    seen = net(EnableIPv4=False, EnableIPv6=True)
    assert not seen["EnableIPv4"] and seen["EnableIPv6"] and len(seen["IPAM"]["Config"]) == 1
    start(daemon, "c1", "--network", "n", "-p", "8302:80", command=("sh", "-c", SERVER))
    got = endpoint(daemon, "c1")
    assert got["IPAddress"] == "" and got["Gateway"] == "" and ":" in got["GlobalIPv6Address"]
    assert "inet " not in inside(daemon, "c1", "ip", "-o", "addr", "show", "eth0")
    wait_for(lambda: see(wire.peer, wire.host6, 8302) == "answer hello", "the port leads there by IPv6")
    assert [b["HostIp"] for b in daemon.inspect("c1")["NetworkSettings"]["Ports"]["80/tcp"]] == ["::"]


def test_an_internal_network_has_no_way_out_and_an_isolated_one_no_gateway(wire, daemon, net):
    bridge = bridge_of(net(Internal=True, Options={BRIDGE + "gateway_mode_ipv4": "isolated"}))
    start(daemon, "c1", "--network", "n")
    start(daemon, "c2", "--network", "n")
    assert "default" not in inside(daemon, "c1", "ip", "route")
    assert "inet " not in wire.on_host("ip", "addr", "show", bridge).stdout
    inside(daemon, "c1", "ping", "-c", "1", "-W", "5", endpoint(daemon, "c2")["IPAddress"])


def test_the_default_route_goes_by_the_network_of_the_highest_priority(daemon, net):
    net(IPAM={"Config": [{"Subnet": "10.98.2.0/24"}]})
    assert daemon.post("/networks/create", {"Name": "m", "IPAM": {"Config": [{"Subnet": "10.98.3.0/24"}]}}).status == 201
    start(daemon, "c1", "--network", "name=n", "--network", "name=m,gw-priority=10")
    assert "default via 10.98.3.1" in inside(daemon, "c1", "ip", "route")
    assert endpoint(daemon, "c1", "m")["GwPriority"] == 10
    daemon.berth("network", "disconnect", "m", "c1")
    assert "default via 10.98.2.1" in inside(daemon, "c1", "ip", "route")
    daemon.berth("network", "connect", "--gw-priority", "20", "m", "c1")
    assert "default via 10.98.3.1" in inside(daemon, "c1", "ip", "route")


@pytest.mark.parametrize("endpoints", [{"n": {}}, {"n": None}, {"n": {}, "m": {}}], ids=str)
def test_a_container_is_on_the_networks_of_its_endpoints_and_no_other(daemon, net, endpoints):
    """Libraries name the endpoints and leave the mode as it is."""
    net()
    assert daemon.post("/networks/create", {"Name": "m"}).status == 201
    assert create(daemon, NetworkingConfig={"EndpointsConfig": endpoints}).status == 201
    assert daemon.post("/containers/c1/start").status == 204
    assert set(daemon.inspect("c1")["NetworkSettings"]["Networks"]) == set(endpoints)
    assert len(json.loads(inside(daemon, "c1", "sh", "-c", "cd /sys/class/net; echo [0$(ls | sed 's/.*/,1/')]"))) == len(endpoints) + 2


@pytest.mark.parametrize("running", [True, False], ids=["running", "created"])
def test_a_container_that_moved_to_another_network_starts_there(daemon, net, running):
    net()
    assert create(daemon).status == 201
    if running:
        assert daemon.post("/containers/c1/start").status == 204
    daemon.docker("network", "disconnect", "bridge", "c1")
    daemon.docker("network", "connect", "n", "c1")
    assert daemon.post("/containers/c1/restart?t=0").status == 204
    assert set(daemon.inspect("c1")["NetworkSettings"]["Networks"]) == {"n"}


@pytest.mark.parametrize("client", [*CLIENTS, BERTH], ids=lambda p: p.strip("/").replace("/", "-"))
@pytest.mark.parametrize("network", [(), ("--network", "n")], ids=["default", "named"])
def test_a_mac_address_of_the_users_is_the_interfaces(daemon, net, client, network):
    """Clients of the old API say it of the whole container, newer ones of the endpoint."""
    net()
    start(daemon, "c1", *network, "--mac-address", "02:11:22:33:44:55", client=client)
    assert inside(daemon, "c1", "cat", "/sys/class/net/eth0/address") == "02:11:22:33:44:55\n"
    assert endpoint(daemon, "c1", network[1] if network else "bridge")["MacAddress"] == "02:11:22:33:44:55"


@pytest.mark.parametrize("text", ["02-11-22-33-44-55", "0211.2233.4455"])
def test_each_form_of_a_mac_address_that_can_be_created_can_be_started(daemon, net, text):
    net()
    assert create(daemon, MacAddress=text, HostConfig={"NetworkMode": "n"}).status == 201
    assert daemon.post("/containers/c1/start").status == 204
    assert endpoint(daemon, "c1", "n")["MacAddress"] == "02:11:22:33:44:55"


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "01:00:5e:00:00:01", "02:11", "zz:11:22:33:44:55"])
def test_a_mac_address_that_no_interface_can_have_is_refused(daemon, net, mac):
    net()
    assert create(daemon, HostConfig={"NetworkMode": "n"}, NetworkingConfig={"EndpointsConfig": {"n": {"MacAddress": mac}}}).status == 201
    a = daemon.post("/containers/c1/start")
    assert a.status == 400 and "invalid MAC address" in a.message


def create(d, **body):
    return d.post("/containers/create?name=c1", {"Image": "bb", "Cmd": ["sleep", "600"], **body})


@pytest.mark.parametrize("body, words", [
    ({"MacAddress": "02:11:22:33:44:55", "HostConfig": {"NetworkMode": "n"}, "NetworkingConfig": {"EndpointsConfig": {"n": {"MacAddress": "02:11:22:33:44:66"}}}},
     "the container-wide MAC address must match"),
    ({"MacAddress": "02:11:22:33:44:55", "HostConfig": {"NetworkMode": "host"}}, "conflicting options: mac-address and the network mode"),
    ({"HostConfig": {"NetworkMode": "host"}, "NetworkingConfig": {"EndpointsConfig": {"host": {}, "n": {}}}}, "cannot be connected to any other network"),
    ({"HostConfig": {"NetworkMode": "none"}, "NetworkingConfig": {"EndpointsConfig": {"n": {}}}}, "in private (none) mode")])
def test_mode_and_endpoints_that_contradict_each_other_are_refused(daemon, net, body, words):
    net()
    a = create(daemon, **body)
    assert a.status == 400 and words in a.message


@pytest.mark.parametrize("mode", ["host", "none"])
def test_ports_that_the_mode_drops_are_said(daemon, net, mode):
    a = create(daemon, HostConfig={"NetworkMode": mode, "PortBindings": {"80/tcp": [{"HostPort": "8303"}]}})
    assert a.status == 201 and a.json["Warnings"] == [f"Published ports are discarded when using {mode} network mode"]


@pytest.mark.parametrize("address", ["10.98.4.0", "10.98.4.255", "10.98.4.1"])
def test_addresses_that_are_the_networks_own_are_given_to_nobody(daemon, net, address):
    net(IPAM={"Config": [{"Subnet": "10.98.4.0/24"}]})
    p = daemon.berth("run", "--name", "c1", "--network", "n", "--ip", address, "bb", "true", check=False)
    assert p.returncode == 125 and "Address already in use" in p.stderr


def test_an_alias_on_the_default_bridge_which_has_no_names_is_refused(daemon, net):
    a = create(daemon, HostConfig={"NetworkMode": "bridge"}, NetworkingConfig={"EndpointsConfig": {"bridge": {"Aliases": ["x"]}}})
    assert a.status == 201
    a = daemon.post("/containers/c1/start")
    assert a.status == 400 and "aliases are only supported for user-defined networks" in a.message


def test_only_the_default_bridge_is_the_default_bridge(daemon):
    a = daemon.post("/networks/create", {"Name": "n", "Options": {BRIDGE + "default_bridge": "true"}})
    assert a.status == 400 and "default_bridge" in a.message


def names(d, path="/networks", **filters):
    a = d.get(path + "?filters=" + quote(json.dumps({k: [v] for k, v in filters.items()})))
    assert a.status == 200, a.body
    return {n["Name"] for n in a.json}


def test_lists_tell_what_dangles_by_who_is_there_and_not_by_who_was(daemon, net):
    net(Labels={"k": "v"})
    start(daemon, "c1", "--network", "n")
    assert names(daemon, dangling="false") == {"bridge", "host", "none", "n"} and names(daemon, dangling="true") == set()
    daemon.berth("rm", "-f", "c1")
    # The namespaces that are kept ready on it are nobody's use.
    assert names(daemon, dangling="true") == {"n"} and names(daemon, dangling="false") == {"bridge", "host", "none"}
    assert names(daemon, type="custom") == {"n"} == names(daemon, label="k=v") == names(daemon, label="k")
    assert names(daemon, type="builtin") == {"bridge", "host", "none"}
    assert names(daemon, driver="null") == {"none"} and names(daemon, scope="swarm") == set()
    a = daemon.get("/networks?filters=" + quote('{"type":["nosuch"]}'))
    assert a.status == 400 and "'type'='nosuch'" in a.message
    assert daemon.post("/networks/prune").json["NetworksDeleted"] == ["n"]


def test_inspect_goes_by_scope_and_refuses_what_is_no_truth_value(daemon, net):
    net()
    assert daemon.get("/networks/n?scope=local&verbose=1").json["Name"] == "n"
    assert daemon.get("/networks/n?scope=swarm").status == 404
    assert daemon.get("/networks/n?verbose=perhaps").status == 400


def test_a_template_gives_options_and_cannot_be_joined(daemon, net):
    net(ConfigOnly=True, IPAM={"Config": [{"Subnet": "10.98.5.0/24"}]}, Options={"com.docker.network.driver.mtu": "1398"}, Labels={"of": "template"})
    try:
        a = daemon.post("/networks/create", {"Name": "m", "ConfigFrom": {"Network": "n"}, "Attachable": True})
        assert a.status == 201, a.body
        seen = daemon.get("/networks/m").json
        assert seen["Attachable"] and seen["ConfigFrom"] == {"Network": "n"} and seen["Labels"] == {"of": "template"}
        start(daemon, "c1", "--network", "m")
        assert endpoint(daemon, "c1", "m")["IPAddress"].startswith("10.98.5.") and inside(daemon, "c1", "cat", "/sys/class/net/eth0/mtu") == "1398\n"
        p = daemon.berth("run", "--name", "c2", "--network", "n", "bb", "true", check=False)
        assert p.returncode == 125 and "configuration only network" in p.stderr
        assert daemon.post("/networks/create", {"Name": "x", "ConfigFrom": {"Network": "m"}}).status == 403
        assert daemon.post("/networks/create", {"Name": "x", "ConfigFrom": {"Network": "n"}, "Labels": {"a": "b"}}).status == 403
        assert daemon.post("/networks/create", {"Name": "x", "ConfigOnly": True, "Internal": True}).status == 403
    finally:
        daemon.request("DELETE", "/containers/c1?force=1")
        assert daemon.request("DELETE", "/networks/m").status == 204


@pytest.mark.parametrize("body, status, words", [
    ({"EnableIPv4": False}, 400, "IPv4 or IPv6 must be enabled"),
    ({"Scope": "global"}, 400, "invalid network scope"),
    ({"Scope": "swarm"}, 503, "not a swarm manager"),
    ({"Driver": "overlay"}, 503, "not a swarm manager"),
    ({"Driver": "host"}, 403, "only one instance"),
    ({"Driver": "nosuch"}, 404, "could not find plugin nosuch"),
    ({"IPAM": {"Driver": "nosuch"}}, 404, "could not find plugin nosuch"),
    ({"IPAM": {"Options": {"a": "b"}}}, 501, "the default IPAM driver has no options"),
    ({"Options": {BRIDGE + "trusted_host_interfaces": "eth0"}}, 501, "trusted_host_interfaces"),
    ({"Options": {"com.docker.network.host_ipv4": "192.0.2.1"}}, 501, "host_ipv4"),
    ({"Driver": "macvlan", "Options": {"macvlan_mode": "nosuch"}}, 400, "macvlan_mode"),
    ({"Driver": "macvlan", "Options": {BRIDGE + "enable_icc": "true"}}, 501, "enable_icc"),
    ({"IPAM": {"Config": [{"Subnet": "10.98.6.0/24"}, {"Subnet": "10.98.7.0/24"}]}}, 403, "multiple subnets")])
def test_what_cannot_be_had_is_refused_by_name(daemon, body, status, words):
    a = daemon.post("/networks/create", {"Name": "n", **body})
    assert a.status == status and words in a.message


def test_an_option_that_no_driver_of_docker_has_is_kept_and_said(daemon, net):
    a = daemon.post("/networks/create", {"Name": "n", "Options": {"mine": "1"}})
    assert a.status == 201 and "mine" in a.json["Warning"]
    assert daemon.get("/networks/n").json["Options"] == {"mine": "1"}


@pytest.mark.parametrize("mode", ["bridge", "private"])
def test_a_macvlan_address_is_free_as_soon_as_its_container_has_gone(wire, daemon, net, mode):
    """The kernel removes the interface some time after the namespace it was in."""
    net(Driver="macvlan", Options={"parent": "wire0", "macvlan_mode": mode}, IPAM={"Config": [{"Subnet": "10.98.9.0/24"}]})
    for _ in range(20):
        start(daemon, "c1", "--network", "n", "--mac-address", "02:42:0a:62:09:02")
        daemon.docker("restart", "-t", "0", "c1")
        daemon.docker("rm", "-f", "c1")


@pytest.mark.parametrize("mode, together", [("bridge", True), ("private", False)])
def test_the_modes_of_macvlan_decide_who_reaches_a_neighbour(wire, daemon, net, mode, together):
    net(Driver="macvlan", Options={"parent": "wire0", "macvlan_mode": mode}, IPAM={"Config": [{"Subnet": "10.98.8.0/24"}]})
    start(daemon, "c1", "--network", "n")
    start(daemon, "c2", "--network", "n")
    p = daemon.berth("exec", "c1", "ping", "-c", "1", "-W", "5" if together else "1", endpoint(daemon, "c2")["IPAddress"], check=False)
    assert (p.returncode == 0) is together
    # Both reach what is on the wire.
    run(["ip", "-n", wire.peer, "addr", "replace", "10.98.8.99/24", "dev", "wire0"])
    inside(daemon, "c1", "ping", "-c", "1", "-W", "5", "10.98.8.99")
    assert re.search(r"eth0@", inside(daemon, "c1", "ip", "-o", "link"))


def test_a_parent_in_passthru_mode_carries_one_container_alone(wire, daemon, net):
    wire.on_host("ip", "link", "add", "pass0", "type", "veth", "peer", "name", "pass1")
    wire.on_host("ip", "link", "set", "pass1", "up")
    try:
        net(Driver="macvlan", Options={"parent": "pass0", "macvlan_mode": "passthru"}, IPAM={"Config": [{"Subnet": "10.98.9.0/24"}]})
        start(daemon, "c1", "--network", "n")
        p = daemon.berth("run", "-d", "--name", "c2", "--network", "n", "bb", "true", check=False)
        assert p.returncode != 0
    finally:
        daemon.request("DELETE", "/containers/c1?force=1")
        wire.on_host("ip", "link", "del", "pass0")
