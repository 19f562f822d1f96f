# SPDX-License-Identifier: Apache-2.0
"""Networks go at once: the kernel's part that takes long goes on behind, and nothing of it is in anybody's way."""
import pytest

from harness import busybox_tar, wait_for
from hosts import HostDaemon

SUBNET, GATEWAY = "10.96.250.0/24", "10.96.250.1"


@pytest.fixture
def daemon(wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


def create(d, network, **options):
    a = d.post("/networks/create", {"Name": network, "IPAM": {"Config": [{"Subnet": SUBNET, "Gateway": GATEWAY}]},
                                    "Options": {f"com.docker.network.bridge.{k}": v for k, v in options.items()}})
    assert a.status == 201, a.body
    return a.json["Id"]


def remove(d, name):
    a = d.request("DELETE", f"/networks/{name}")
    assert a.status == 204, a.body


def links(wire):
    return [line.split(":")[1].strip().split("@")[0] for line in wire.on_host("ip", "-o", "link").stdout.splitlines()]


def gone(wire):
    """Those on their way."""
    return [name for name in links(wire) if name.startswith("berth-gone")]


def test_a_removed_network_has_neither_name_nor_address_nor_route(wire, daemon):
    bridge = "br-" + create(daemon, "short")[:12]
    assert bridge in links(wire)
    remove(daemon, "short")
    assert bridge not in links(wire)
    assert GATEWAY not in wire.on_host("ip", "-o", "addr").stdout
    assert SUBNET not in wire.on_host("ip", "route").stdout


def test_the_same_name_bridge_and_subnet_can_be_had_again_at_once(wire, daemon):
    for _ in range(10):
        create(daemon, "again", name="again0")
        remove(daemon, "again")
    create(daemon, "again", name="again0")
    daemon.docker("run", "-d", "--name", "box", "--network", "again", "bb", "sleep", "600")
    wait_for(lambda: not gone(wire), "those on their way are gone")
    assert "again0" in links(wire)
    daemon.docker("exec", "box", "ping", "-c", "1", "-W", "5", GATEWAY)
    daemon.docker("rm", "-f", "box")
    remove(daemon, "again")


def test_a_network_that_served_is_removed_with_its_last_container(wire, daemon):
    for _ in range(5):
        create(daemon, "served", name="served0")
        assert daemon.docker("run", "--rm", "--network", "served", "bb", "ping", "-c", "1", "-W", "5", GATEWAY)
        remove(daemon, "served")
        assert "served0" not in links(wire)


def test_many_networks_are_pruned_in_one_go_and_nothing_stays(wire, daemon):
    names = [f"many{i}" for i in range(30)]
    for n in names:
        assert daemon.post("/networks/create", {"Name": n}).status == 201
    assert sorted(daemon.post("/networks/prune").json["NetworksDeleted"]) == sorted(names)
    assert [n for n in links(wire) if n.startswith("br-")] == []
    wait_for(lambda: not gone(wire), "those on their way are gone")


def test_a_sigkill_amid_removals_leaves_no_interface(wire, daemon):
    for i in range(5):
        create(daemon, "last", name="last0")
        remove(daemon, "last")
        daemon.kill()
        # As if it had been killed a moment earlier: whoever is in the group is on its way.
        wire.on_host("ip", "link", "add", f"left{i}", "type", "bridge")
        wire.on_host("ip", "link", "set", f"left{i}", "group", str(0x62740067))
        daemon.start()
        wait_for(lambda: not gone(wire) and f"left{i}" not in links(wire), "the next daemon removes what was left")
        assert daemon.get("/networks/last").status == 404


def test_an_orderly_end_waits_until_all_are_gone(wire):
    d = HostDaemon(wire.host)
    d.start()
    for n in ("one", "two"):
        assert d.post("/networks/create", {"Name": n}).status == 201
    d.stop()
    assert gone(wire) == [] and [n for n in links(wire) if n.startswith("br-")] == []
