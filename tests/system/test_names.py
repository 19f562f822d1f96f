# SPDX-License-Identifier: Apache-2.0
"""Names: the name server at 127.0.0.11, which outlives the daemon; hosts and resolv.conf."""
import os
import pathlib
import re
import signal
import subprocess
import uuid

import pytest

from harness import run, wait_for


@pytest.fixture
def net(engine):
    n = "n" + uuid.uuid4().hex[:10]
    engine.docker("network", "create", n)
    yield n
    for c in engine.get(f"/networks/{n}").json["Containers"]:
        engine.request("DELETE", f"/containers/{c}?force=1&v=1")
    engine.docker("network", "rm", n)


def sleeper(d, name, *args):
    d.docker("run", "-d", "--name", name, *args, "bb", "sleep", "1000")
    return d.inspect(name)


def address(d, name, network):
    return d.inspect(name)["NetworkSettings"]["Networks"][network]["IPAddress"]


def lookup(d, container, name, kind="A"):
    """The addresses that a container gets for a name, from its own name server, and nothing else."""
    pid = d.inspect(container)["State"]["Pid"]
    p = run(["nsenter", "-t", str(pid), "-n", "dig", "+short", "+nocookie", "+tries=1", "+time=30", "@127.0.0.11", kind, name], check=False)
    assert p.returncode == 0, p.stdout
    return sorted(p.stdout.split())


def names_process(d):
    """The name server of this daemon: who listens at its socket."""
    path = os.path.join(d.exec, "names.sock")
    for line in open("/proc/net/unix"):
        if line.split()[-1] == path:
            inode = line.split()[6]
            for p in os.listdir("/proc"):
                if p.isdigit():
                    try:
                        if any(os.readlink(f"/proc/{p}/fd/{f}") == f"socket:[{inode}]" for f in os.listdir(f"/proc/{p}/fd")):
                            return int(p)
                    except OSError:
                        pass
    return None


def test_a_container_is_found_by_name_id_alias_and_hostname(engine, net, name):
    c = sleeper(engine, name, "--network", net, "--network-alias", "Data.Base", "--hostname", "hosty")
    sleeper(engine, name + "x", "--network", net)
    ip = address(engine, name, net)
    for n in (name, c["Id"][:12], "data.base", "DATA.BASE", "hosty", f"{name}.{net}"):
        assert lookup(engine, name + "x", n) == [ip], n
    reverse = ".".join(reversed(ip.split("."))) + ".in-addr.arpa"
    assert lookup(engine, name + "x", reverse, "PTR") == [f"{name}.{net}."]
    assert engine.docker("exec", name + "x", "ping", "-c1", "-W30", name).returncode == 0


def test_an_alias_of_several_takes_turns(engine, net, name):
    for i in range(3):
        sleeper(engine, f"{name}{i}", "--network", net, "--network-alias", "shared")
    all_of_them = sorted(address(engine, f"{name}{i}", net) for i in range(3))
    assert lookup(engine, name + "0", "shared") == all_of_them
    pid = engine.inspect(name + "0")["State"]["Pid"]
    first = {run(["nsenter", "-t", str(pid), "-n", "dig", "+short", "@127.0.0.11", "shared"]).stdout.split()[0] for _ in range(6)}
    assert first == set(all_of_them)


def test_names_follow_a_rename_at_once(engine, net, name):
    sleeper(engine, name, "--network", net, "-p", "127.0.0.1::80")
    sleeper(engine, name + "x", "--network", net)
    ip = address(engine, name, net)
    engine.docker("rename", name, name + "new")
    assert lookup(engine, name + "x", name + "new") == [ip]
    assert lookup(engine, name + "x", name) == []
    c = engine.inspect(name + "new")
    assert name + "new" in c["NetworkSettings"]["Networks"][net]["DNSNames"]
    assert name not in c["NetworkSettings"]["Networks"][net]["DNSNames"]
    assert c["NetworkSettings"]["Ports"]["80/tcp"], "its ports are still published"


def test_names_follow_connect_and_disconnect_at_once(engine, net, name):
    other = net + "b"
    engine.docker("network", "create", other)
    try:
        sleeper(engine, name, "--network", net)
        sleeper(engine, name + "x", "--network", other)
        assert lookup(engine, name + "x", name) == []
        engine.docker("network", "connect", "--alias", "late", other, name)
        assert lookup(engine, name + "x", name) == lookup(engine, name + "x", "late") == [address(engine, name, other)]
        engine.docker("network", "disconnect", other, name)
        assert lookup(engine, name + "x", name) == lookup(engine, name + "x", "late") == []
    finally:
        for c in (name, name + "x"):
            engine.request("DELETE", f"/containers/{c}?force=1")
        engine.docker("network", "rm", other)


def test_a_link_is_a_name_for_one_container(engine, net, name):
    sleeper(engine, name, "--network", net)
    sleeper(engine, name + "x", "--network", net, "--link", f"{name}:thedb")
    sleeper(engine, name + "y", "--network", net)
    assert lookup(engine, name + "x", "thedb") == [address(engine, name, net)]
    assert lookup(engine, name + "y", "thedb") == []


def test_a_link_of_old_is_a_line_in_hosts_and_variables(engine, client, name):
    target = name + "-db"
    engine.docker("run", "-d", "--name", target, "--expose", "5432-5433", "--expose", "53/udp", "-e", "SECRET=a=b", "bb", "sleep", "1000")
    try:
        ip = address(engine, target, "bridge")
        host = engine.inspect(target)["Config"]["Hostname"]
        out = engine.docker("run", "--name", name, "--link", f"{target}:my-db", "-e", "MY_DB_ENV_SECRET2=own", "bb", "sh", "-c",
                            "env; cat /etc/hosts; ping -c1 -W30 my-db", client=client).stdout
        for line in (f"MY_DB_PORT=tcp://{ip}:5432", f"MY_DB_PORT_53_UDP=udp://{ip}:53", f"MY_DB_PORT_5432_TCP=tcp://{ip}:5432",
                     f"MY_DB_PORT_5432_TCP_START=tcp://{ip}:5432", "MY_DB_PORT_5432_TCP_PORT_END=5433", f"MY_DB_PORT_5433_TCP_ADDR={ip}", f"MY_DB_PORT_5432_TCP_ADDR={ip}",
                     "MY_DB_PORT_5432_TCP_PORT=5432", "MY_DB_PORT_5432_TCP_PROTO=tcp", f"MY_DB_NAME=/{name}/my-db",
                     "MY_DB_ENV_SECRET=a=b", f"{ip}\tmy-db {host} {target}"):
            assert line in out.splitlines(), line
        assert engine.inspect(name)["HostConfig"]["Links"] == [f"/{target}:/{name}/my-db"]
        engine.docker("kill", target)
        p = engine.docker("start", "-a", name, client=client, check=False)
        assert p.returncode == 1 and f"Cannot link to a non running container: /{target} AS /{name}/my-db" in p.stderr
        p = engine.docker("create", "--link", "nobody-there", "bb", "true", client=client, check=False)
        assert p.returncode != 0 and "could not get container for nobody-there" in p.stderr
    finally:
        engine.request("DELETE", f"/containers/{target}?force=1")


def test_the_host_is_found_by_name_on_every_network(engine, net, name):
    sleeper(engine, name, "--network", net)
    gateway = engine.inspect(name)["NetworkSettings"]["Networks"][net]["Gateway"]
    assert lookup(engine, name, "host.docker.internal") == [gateway]
    out = engine.docker("run", "--rm", "bb", "sh", "-c", "ping -c1 -W30 host.docker.internal && ip route | grep default").stdout
    assert f"({out.split('default via ')[1].split()[0]})" in out


def test_a_network_connected_later_brings_names_to_the_default_bridge(engine, net, name):
    sleeper(engine, name)
    sleeper(engine, name + "x", "--network", net)
    engine.docker("network", "connect", net, name)
    assert engine.docker("exec", name, "ping", "-c1", "-W30", name + "x").returncode == 0
    assert "nameserver 127.0.0.11" in engine.docker("exec", name, "cat", "/etc/resolv.conf").stdout


def test_resolv_conf_has_what_was_asked_for_and_keeps_edits(engine, net, name):
    flags = ["--dns", "192.0.2.1", "--dns-search", "corp.example", "--dns-search", "example", "--dns-option", "timeout:1"]
    text = engine.docker("run", "--rm", *flags, "bb", "cat", "/etc/resolv.conf").stdout
    assert re.findall("(?m)^(?!#).+", text) == ["nameserver 192.0.2.1", "search corp.example example", "options timeout:1"]
    text = engine.docker("run", "--rm", "--network", net, *flags, "bb", "cat", "/etc/resolv.conf").stdout
    assert re.findall("(?m)^(?!#).+", text) == ["nameserver 127.0.0.11", "search corp.example example", "options timeout:1 ndots:0"]
    text = engine.docker("run", "--rm", "--network", net, "--dns-option", "ndots:3", "bb", "cat", "/etc/resolv.conf").stdout
    assert "options ndots:3\n" in text
    engine.docker("run", "-d", "--name", name, "--network", net, "bb", "sleep", "1000")
    engine.docker("exec", name, "sh", "-c", "echo nameserver 192.0.2.7 > /etc/resolv.conf")
    engine.docker("restart", "-t", "0", name)
    assert engine.docker("exec", name, "cat", "/etc/resolv.conf").stdout == "nameserver 192.0.2.7\n"


def test_names_go_on_while_no_daemon_runs(fresh):
    """Also those of a container that waits for its restart; the next daemon takes the same name server."""
    fresh.docker("network", "create", "net")
    a = sleeper(fresh, "aa", "--network", "net")
    fresh.docker("run", "-d", "--name", "bb", "--network", "net", "--restart", "always", "bb", "sh", "-c", "sleep 2; exit 1")
    ip_a, ip_b = address(fresh, "aa", "net"), address(fresh, "bb", "net")
    pid = a["State"]["Pid"]

    def dig(name):
        return run(["nsenter", "-t", str(pid), "-n", "dig", "+short", "@127.0.0.11", name]).stdout.split()

    before = names_process(fresh)
    assert before
    fresh.kill()
    assert dig("aa") == [ip_a] and dig("bb") == [ip_b]
    fresh.start()
    assert dig("aa") == [ip_a] and dig("bb") == [ip_b]
    assert names_process(fresh) == before
    fresh.docker("rename", "aa", "cc")
    assert dig("cc") == [ip_a] and dig("aa") == []


def test_a_name_server_that_is_killed_is_replaced(fresh):
    fresh.docker("network", "create", "net")
    sleeper(fresh, "aa", "--network", "net")
    sleeper(fresh, "bb", "--network", "net")
    before = names_process(fresh)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: names_process(fresh) not in (None, before), "another one serves")
    pid = fresh.inspect("aa")["State"]["Pid"]
    dig = ["nsenter", "-t", str(pid), "-n", "dig", "+short", "+tries=1", "+time=1", "@127.0.0.11", "bb"]
    wait_for(lambda: run(dig, check=False).stdout.split() == [address(fresh, "bb", "net")], "the name is answered again")


def test_a_container_that_ends_without_a_daemon_leaves_nothing(fresh):
    fresh.docker("network", "create", "net")
    fresh.docker("run", "-d", "--name", "aa", "--network", "net", "bb", "sleep", "1000")
    c = fresh.inspect("aa")
    netns = os.readlink(f"/proc/{c['State']['Pid']}/ns/net")
    server = names_process(fresh)
    # By identity: the number of a namespace that went is given to the next one, maybe of a test beside this one.
    inside = {(pid, started(pid)) for pid in os.listdir("/proc") if pid.isdigit() and readlink(pid) == netns}
    assert str(c["State"]["Pid"]) in {pid for pid, _ in inside}
    ours = inside | {(str(server), started(server))}
    fresh.kill()
    os.kill(c["State"]["Pid"], signal.SIGKILL)
    # The namespace goes, and with nobody left to answer so does the name server.
    wait_for(lambda: all(started(pid) != since for pid, since in ours), "everything in the namespace ends, and the name server")
    assert [pid for pid in os.listdir("/proc") if pid.isdigit() and readlink(pid) == netns and speaks_of(pid, fresh.exec)] == []
    fresh.start()


def started(pid):
    """When a process started, in ticks: together with its number it is never given twice."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def speaks_of(pid, path):
    try:
        return str(path).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def readlink(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def test_the_name_server_is_small_and_has_no_privileges(fresh):
    fresh.docker("network", "create", "net")
    for i in range(5):
        sleeper(fresh, f"c{i}", "--network", "net")
    pid = names_process(fresh)
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    assert [status[k].strip("0") for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [""] * 5
    assert status["NoNewPrivs"] == "1" and status["Threads"] == "1"
    pss = int(re.search(r"(?m)^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read()).group(1))
    assert pss < 1024, f"{pss} KB"
    assert subprocess.run(["pgrep", "-c", "-x", "berth-names", "-P", str(int(status["PPid"]))], capture_output=True, text=True).stdout.strip() == "1"
