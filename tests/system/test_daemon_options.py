# SPDX-License-Identifier: Apache-2.0
"""Options of the daemon that containers feel: flags, looked at where the kernel shows them."""
import ipaddress
import json
import os
import re
import socket
import subprocess

import pytest

from harness import BERTH, BERTHD, PATIENCE, Daemon, busybox_tar, run, wait_for


def with_image(daemon):
    daemon.import_image(busybox_tar(), "bb:latest")
    return daemon


def berth(daemon, *args, check=True):
    return run([BERTH, "-H", "unix://" + daemon.sock, *args], check=check)


def refused(flags, tmp_path):
    """What a daemon that must not start says."""
    argv = [BERTHD, "--data-root", str(tmp_path / "data"), "--exec-root", str(tmp_path / "run"), "-H",
            f"unix://{tmp_path}/sock", "--bridge", "none", "--config-file", str(tmp_path / "none.json"), *flags]
    p = run(argv, check=False)
    assert p.returncode != 0
    return p.stdout + p.stderr


def test_defaults_of_containers():
    flags = ["--default-ipc-mode=shareable", "--default-shm-size=16m", "--default-cgroupns-mode=private"]
    with Daemon(flags) as d:
        with_image(d)
        out = berth(d, "run", "--rm", "--network", "none", "bb", "sh", "-c",
                    "df -k /dev/shm | tail -n1; readlink /proc/self/ns/cgroup").stdout.splitlines()
        assert out[0].split()[1] == "16384"
        assert out[1] != os.readlink("/proc/self/ns/cgroup")
        berth(d, "create", "--name", "plain", "bb", "true")
        assert berth(d, "inspect", "-f", "{{.HostConfig.IpcMode}} {{.HostConfig.ShmSize}}", "plain").stdout == "shareable 16777216\n"
        berth(d, "create", "--name", "own", "--ipc", "private", "--shm-size", "1m", "--cgroupns", "host", "bb", "true")
        assert berth(d, "inspect", "-f", "{{.HostConfig.IpcMode}} {{.HostConfig.ShmSize}} {{.HostConfig.CgroupnsMode}}",
                     "own").stdout == "private 1048576 host\n"


def test_seccomp_profile_of_the_daemon(tmp_path):
    profile = tmp_path / "no-mkdir.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}))
    make = ("run", "--rm", "--network", "none")
    with Daemon([f"--seccomp-profile={profile}"]) as d:
        with_image(d)
        p = berth(d, *make, "bb", "mkdir", "/x", check=False)
        assert p.returncode == 1 and "not supported" in p.stderr
        berth(d, *make, "--security-opt", "seccomp=builtin", "bb", "mkdir", "/x")
        berth(d, *make, "--security-opt", "seccomp=unconfined", "bb", "mkdir", "/x")
        assert f"name=seccomp,profile={profile}" in d.request("GET", "/info").json["SecurityOptions"]


def test_no_seccomp_by_default():
    with Daemon(["--seccomp-profile=unconfined"]) as d:
        with_image(d)
        seccomp = ("run", "--rm", "--network", "none")
        grep = ("bb", "grep", "Seccomp:", "/proc/self/status")
        assert berth(d, *seccomp, *grep).stdout.split() == ["Seccomp:", "0"]
        assert berth(d, *seccomp, "--security-opt", "seccomp=builtin", *grep).stdout.split() == ["Seccomp:", "2"]


@pytest.mark.parametrize("flag, message", [
    ("--seccomp-profile=/nonexistent", "read the seccomp profile /nonexistent"),
    ("--default-address-pool=base=10.0.0.0/8,size=4", "default-address-pools"),
])
def test_a_wrong_value_is_told_before_anything_starts(flag, message, tmp_path):
    assert message in refused([flag], tmp_path)


def test_a_wrong_seccomp_profile_is_told_at_the_start(tmp_path):
    profile = tmp_path / "p.json"
    profile.write_text('{"defaultAction":"SCMP_ACT_NONSENSE"}')
    said = refused([f"--seccomp-profile={profile}"], tmp_path)
    assert str(profile) in said and "SCMP_ACT_NONSENSE" in said


def test_the_default_bridge():
    d = Daemon(["--mtu=1400", "--icc=false", "--ip=127.0.0.1"])
    subnet = d.bip.rsplit(".", 1)[0]
    d.flags += [f"--fixed-cidr={subnet}.64/28"]
    with d:
        with_image(d)
        berth(d, "run", "-d", "--name", "c0", "-p", "80", "bb", "sh", "-c", "while :; do echo hello | nc -l -p 80; done")
        berth(d, "run", "-d", "--name", "c1", "bb", "sleep", "1000")
        address = {n: berth(d, "inspect", "-f", "{{.NetworkSettings.IPAddress}}", n).stdout.strip() for n in ("c0", "c1")}
        assert all(a.startswith(subnet + ".") and 64 <= int(a.split(".")[3]) < 80 for a in address.values()), address
        assert berth(d, "exec", "c1", "cat", "/sys/class/net/eth0/mtu").stdout == "1400\n"
        assert re.fullmatch(r"80/tcp -> 127\.0\.0\.1:\d+\n", berth(d, "port", "c0").stdout)
        # The bridge carries nothing between the two; the gateway is still there.
        assert berth(d, "exec", "c1", "nc", "-w", "1", address["c0"], "80", check=False).returncode != 0
        berth(d, "exec", "c1", "ping", "-c", "1", "-W", "30", d.bip.split("/")[0])


def default_bridge(d):
    return json.loads(berth(d, "network", "inspect", "bridge").stdout)[0]


def test_ipv6_on_the_default_bridge_has_a_subnet_of_its_own_that_stays():
    with Daemon(["--ipv6"]) as d:
        with_image(d)
        net = default_bridge(d)
        assert net["EnableIPv6"] and re.fullmatch(r"fd[0-9a-f:]+::/64", net["IPAM"]["Config"][1]["Subnet"])
        berth(d, "run", "-d", "--name", "c0", "bb", "sh", "-c", "while :; do echo hello | nc -l -p 80; done")
        address = berth(d, "inspect", "-f", "{{.NetworkSettings.GlobalIPv6Address}}", "c0").stdout.strip()
        assert ipaddress.ip_address(address) in ipaddress.ip_network(net["IPAM"]["Config"][1]["Subnet"])
        # Between two of its clients, and before the first, nobody listens.
        assert berth(d, "run", "--rm", "bb", "sh", "-c", f"until nc -w 30 {address} 80 2>/dev/null; do sleep 0.1; done").stdout == "hello\n"
        berth(d, "run", "--rm", "bb", "ping", "-6", "-c", "1", "-W", "30", net["IPAM"]["Config"][1]["Gateway"])
        d.kill()
        d.start()
        assert default_bridge(d)["IPAM"] == net["IPAM"]
        assert berth(d, "inspect", "-f", "{{.NetworkSettings.GlobalIPv6Address}}", "c0").stdout.strip() == address


def test_addresses_and_routers_of_the_default_bridge_are_those_that_were_asked_for():
    d = Daemon(["--ipv6", "--bip6=fd97:1::1/64", "--fixed-cidr-v6=fd97:1:0:0:5::/80", "--default-gateway-v6=fd97:1::99"])
    subnet = d.bip.rsplit(".", 1)[0]
    d.flags += [f"--default-gateway={subnet}.99"]
    with d:
        with_image(d)
        six = default_bridge(d)["IPAM"]["Config"][1]
        assert (six["Subnet"], six["Gateway"], six["IPRange"]) == ("fd97:1::/64", "fd97:1::1", "fd97:1:0:0:5::/80")
        text = berth(d, "run", "--rm", "bb", "sh", "-c", "ip route show default; ip -6 route show default; ip -6 -o addr show scope global").stdout
        assert f"default via {subnet}.99 dev eth0" in text and "default via fd97:1::99 dev eth0" in text
        assert re.search(r"inet6 fd97:1:0:0:5:[0-9a-f:]+/64|inet6 fd97:1::5:[0-9a-f:]+/64", text), text
        # The bridge itself has what it is told.
        links = run(["ip", "-o", "addr", "show", "dev", d.bridge]).stdout
        assert f"inet {d.bip}" in links and "inet6 fd97:1::1/64" in links


def test_a_subnet_of_ipv6_alone_gives_the_bridge_its_first_address():
    with Daemon(["--ipv6", "--fixed-cidr-v6=fd97:2::/64"]) as d:
        assert default_bridge(d)["IPAM"]["Config"][1] == {"Subnet": "fd97:2::/64", "Gateway": "fd97:2::1"}


@pytest.mark.parametrize("flags, message", [
    (["--default-gateway=192.0.2.1"], "--default-gateway"),
    (["--ipv6", "--bip6=10.0.0.1/8"], "--bip6"),
    (["--ipv6", "--fixed-cidr-v6=nonsense"], "--fixed-cidr-v6"),
    (["--ipv6", "--bip6=fd97:1::1/64", "--fixed-cidr-v6=fd98::/80"], "--fixed-cidr-v6"),
    (["--ipv6", "--default-gateway-v6=fd99::1"], "--default-gateway-v6"),
    (["--default-network-opt=bridge=x=y"], "default-network-opts"),
])
def test_addresses_that_are_none_of_the_default_bridge_are_refused(flags, message, tmp_path):
    d = Daemon(flags, top=str(tmp_path))
    p = subprocess.run(d.argv(), capture_output=True, text=True, timeout=PATIENCE)
    assert p.returncode != 0 and message in p.stderr
    subprocess.run(["ip", "link", "del", d.bridge], capture_output=True)


def test_options_of_new_networks_come_from_the_configuration(tmp_path):
    (tmp_path / "daemon.json").write_text(json.dumps({"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1380"}}}))
    with Daemon(top=str(tmp_path)) as d:
        with_image(d)
        berth(d, "network", "create", "one")
        berth(d, "network", "create", "-o", "com.docker.network.driver.mtu=1420", "two")
        mtu = {n: berth(d, "run", "--rm", "--network", n, "bb", "cat", "/sys/class/net/eth0/mtu").stdout for n in ("one", "two", "bridge")}
        assert mtu == {"one": "1380\n", "two": "1420\n", "bridge": "1500\n"}
        assert json.loads(berth(d, "network", "inspect", "one").stdout)[0]["Options"]["com.docker.network.driver.mtu"] == "1380"
    (tmp_path / "daemon.json").write_text(json.dumps({"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": 1380}}}))
    p = subprocess.run(Daemon(top=str(tmp_path)).argv(), capture_output=True, text=True, timeout=PATIENCE)
    assert p.returncode != 0 and "default-network-opts" in p.stderr


def test_networks_come_from_the_pools():
    with Daemon(["--default-address-pool=base=10.233.0.0/16,size=28"]) as d:
        berth(d, "network", "create", "one")
        berth(d, "network", "create", "two")
        subnets = [berth(d, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", n).stdout.strip() for n in ("one", "two")]
        assert all(re.fullmatch(r"10\.233\.0\.\d+/28", s) for s in subnets) and subnets[0] != subnets[1]


def test_info_tells_what_is_configured():
    flags = ["--debug", "--label", "a=b", "--default-address-pool=base=10.234.0.0/16,size=24", "--registry-mirror=http://127.0.0.1:1/", "--insecure-registry=10.9.0.0/16",
             "--http-proxy=http://me:secret@10.9.9.9:3128", "--no-proxy=example.org", "--log-driver=none"]
    with Daemon(flags) as d:
        info = d.get("/info").json
        assert info["Debug"] is True and info["Labels"] == ["a=b"] and info["LoggingDriver"] == "none"
        assert info["DefaultAddressPools"] == [{"Base": "10.234.0.0/16", "Size": 24}]
        assert [m.rstrip("/") for m in info["RegistryConfig"]["Mirrors"]] == ["http://127.0.0.1:1"]
        assert "10.9.0.0/16" in info["RegistryConfig"]["InsecureRegistryCIDRs"]
        assert info["HttpProxy"] == "http://xxxxx:xxxxx@10.9.9.9:3128" and info["NoProxy"] == "example.org"
        assert ["Backing Filesystem", {"ext4": "extfs", "ext2/ext3": "extfs"}.get(fs := os.popen(f"stat -f -c %T {d.data}").read().strip(), fs)] in info["DriverStatus"]
        with open("/proc/sys/net/ipv4/ip_forward") as f:
            assert info["IPv4Forwarding"] is (f.read().strip() == "1")
        assert info["NGoroutines"] > 1 and info["NFd"] > 5 and info["NEventsListener"] == 0
        follower = subprocess.Popen(d.client_argv(BERTH, "events"), stdout=subprocess.DEVNULL)
        try:
            wait_for(lambda: d.get("/info").json["NEventsListener"] == 1, "the follower is counted")
        finally:
            follower.kill()
            follower.wait()
        wait_for(lambda: d.get("/info").json["NEventsListener"] == 0, "it is counted no more")


def test_ulimits_of_the_daemon_are_those_of_containers_that_say_none():
    limits = ("bb", "sh", "-c", "ulimit -Sn; ulimit -Hn")
    with Daemon(["--default-ulimit", "nofile=50:150", "--default-ulimit", "core=0:10"]) as d:
        with_image(d)
        run_ = ("run", "--rm", "--network", "none")
        assert berth(d, *run_, *limits).stdout.split() == ["50", "150"]
        assert berth(d, *run_, "--ulimit", "nofile=100:200", *limits).stdout.split() == ["100", "200"]
        # One that is given leaves the others.
        assert berth(d, *run_, "--ulimit", "nofile=100:200", "bb", "sh", "-c", "ulimit -c; ulimit -Hc").stdout.split()[0] == "0"
        p = berth(d, "run", "--default-ulimit", "nofile=1:2", "bb", "true", check=False)
        assert p.returncode == 125 and "--default-ulimit" in p.stderr


def test_name_servers_and_the_hosts_addresses_of_the_daemon():
    """dns, dns-search, dns-opts and host-gateway-ips: for containers that say nothing themselves, and only for these."""
    flags = ["--dns", "192.0.2.53", "--dns-search", "corp.example", "--dns-opt", "timeout:1", "--host-gateway-ip", "192.0.2.7"]
    with Daemon(flags) as d:
        with_image(d)

        def lines(*options, file="/etc/resolv.conf"):
            text = berth(d, "run", "--rm", *options, "bb", "cat", file).stdout
            return [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines() == ["nameserver 192.0.2.53", "search corp.example", "options timeout:1"]
        assert lines("--dns", "192.0.2.54", "--dns-search", ".") == ["nameserver 192.0.2.54", "options timeout:1"]
        hosts = lines("--add-host", "h:host-gateway", file="/etc/hosts")
        assert "192.0.2.7\th" in hosts and "192.0.2.7\thost.docker.internal" in hosts
        berth(d, "network", "create", "own")
        assert lines("--network", "own") == ["nameserver 127.0.0.11", "search corp.example", "options timeout:1 ndots:0"]
        assert "192.0.2.7" in berth(d, "run", "--rm", "--network", "own", "bb", "nslookup", "-type=a", "host.docker.internal", "127.0.0.11", check=False).stdout
        # What is the daemon's is not written into the container.
        berth(d, "create", "--name", "plain", "bb", "true")
        assert not d.inspect("plain")["HostConfig"]["Dns"]


def test_the_name_server_asks_whom_the_daemon_names():
    """On a network of its own a container asks 127.0.0.11, and that asks the daemon's servers, not the host's."""
    with Daemon() as d:
        with_image(d)
        address = d.bip.split("/")[0]
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 53))
        sock.settimeout(PATIENCE)
        d.terminate()
        d.flags += ["--dns", address]
        d.start()
        berth(d, "network", "create", "own")
        berth(d, "run", "-d", "--name", "asks", "--network", "own", "bb", "nslookup", "-type=a", "asked.example")
        asked = sock.recv(512)
        sock.close()
        assert b"\x05asked\x07example" in asked
