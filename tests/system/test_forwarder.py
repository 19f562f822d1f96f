# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot translate to a published port: from ::1, and by IPv6 to a container that has none. One process, which outlives the daemon."""
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import PATIENCE, free_port, run, wait_for

UDP_ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 7))
print('ready', flush=True)
while True:
    s.sendto(*s.recvfrom(100))
"""


def forwarder(engine):
    """The process that listens at the engine's forward.sock, or None."""
    path = engine.exec + "/forward.sock"
    for line in run(["ss", "-xlpH", "src", path], check=False).stdout.splitlines():
        found = re.search(r"pid=(\d+)", line)
        if path in line and found:
            return int(found.group(1))
    return None


def host_port(engine, name, key, ip="::"):
    return next(int(b["HostPort"]) for b in engine.inspect(name)["NetworkSettings"]["Ports"][key] if b["HostIp"] == ip)


def echo(port, text=b"hello\n", address="::1", kind=socket.SOCK_STREAM, patience=PATIENCE):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as s:
        s.settimeout(patience)
        s.connect((address, port))
        s.sendall(text)
        return s.recv(100)


def answers(port, **kw):
    try:
        return echo(port, **kw) == b"hello\n"
    except OSError:
        return False


def serve(engine, name, *args):
    engine.docker("run", "-d", "--name", name, *args, "bb", "nc", "-ll", "-p", "80", "-e", "cat")
    wait_for(lambda: answers(host_port(engine, name, "80/tcp")), "the echo answers")
    return host_port(engine, name, "80/tcp")


def test_both_families_are_shown_with_the_same_number_as_docker_does(engine, name):
    engine.docker("run", "-d", "--name", name, "-p", "80", "-p", "127.0.0.1::81", "-p", "53/udp", "bb", "sleep", "600")
    ports = engine.inspect(name)["NetworkSettings"]["Ports"]
    for key in ("80/tcp", "53/udp"):
        assert [b["HostIp"] for b in ports[key]] == ["0.0.0.0", "::"]
        assert len({b["HostPort"] for b in ports[key]}) == 1
    assert [b["HostIp"] for b in ports["81/tcp"]] == ["127.0.0.1"]
    listed = engine.docker("ps", "--filter", f"name={name}", "--format", "{{.Ports}}").stdout
    assert f"0.0.0.0:{ports['80/tcp'][0]['HostPort']}->80/tcp" in listed and f"[::]:{ports['80/tcp'][0]['HostPort']}->80/tcp" in listed or f":::{ports['80/tcp'][0]['HostPort']}->80/tcp" in listed


def test_a_port_on_the_ipv6_loopback_alone(engine, name):
    engine.docker("run", "-d", "--name", name, "-p", "[::1]::80", "bb", "nc", "-ll", "-p", "80", "-e", "cat")
    port = host_port(engine, name, "80/tcp", "::1")
    wait_for(lambda: answers(port), "the echo answers")
    assert not answers(port, address="127.0.0.1")


def test_connections_go_on_while_no_daemon_runs_and_with_the_next(fresh):
    port = serve(fresh, "aa", "-p", "80")
    before = forwarder(fresh)
    assert before
    with socket.create_connection(("::1", port), timeout=PATIENCE) as s:
        fresh.kill()
        s.sendall(b"one\n")
        assert s.recv(10) == b"one\n"
        assert answers(port)
        fresh.start()
        s.sendall(b"two\n")
        assert s.recv(10) == b"two\n"
    assert forwarder(fresh) == before and answers(port)
    fresh.docker("rm", "-f", "aa")
    assert not answers(port)


def test_a_forwarder_that_is_killed_is_replaced(fresh):
    port = serve(fresh, "aa", "-p", "80")
    before = forwarder(fresh)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: forwarder(fresh) not in (None, before), "another one serves")
    wait_for(lambda: answers(port), "the port is served again")


def test_one_that_held_the_ports_of_an_earlier_daemon_is_replaced_too(fresh):
    port = serve(fresh, "aa", "-p", "80")
    fresh.kill()
    fresh.start()
    os.kill(forwarder(fresh), signal.SIGKILL)
    wait_for(lambda: answers(port), "the port is served again")


def serve_own(engine, name):
    """At a port that is not one of those the kernel gives to whoever asks for any: for a moment nobody may hold it."""
    return serve(engine, name, "-p", f"{free_port('::')}:80")


def kill_both(engine):
    pid = forwarder(engine)
    engine.kill()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_forwarder(pid), "the forwarder ends")


def test_daemon_and_forwarder_killed_together_come_back(fresh):
    port = serve_own(fresh, "aa")
    kill_both(fresh)
    fresh.start()
    wait_for(lambda: answers(port), "the port is served again")


def test_what_is_left_of_a_connection_does_not_keep_its_port_from_the_next_daemon(fresh):
    """For a minute after the forwarder's death the kernel waits for the client's end of it."""
    port = serve_own(fresh, "aa")
    with socket.create_connection(("::1", port), timeout=PATIENCE) as s:
        s.sendall(b"one\n")
        assert s.recv(10) == b"one\n"
        kill_both(fresh)
        assert s.recv(10) == b""
        fresh.start()
        wait_for(lambda: answers(port), "the port is served again")


def taken(port):
    """A program that has the port by IPv6, or None where that is not free."""
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        s.bind(("::", port))
        s.listen()
    except OSError:
        s.close()
        return None
    return s


def test_a_port_that_another_program_took_meanwhile_is_served_once_that_lets_go(fresh):
    port = serve_own(fresh, "aa")
    kill_both(fresh)
    with wait_for(lambda: taken(port), "the port is free"):
        fresh.start()
        assert fresh.inspect("aa")["State"]["Running"]
        wait_for(lambda: answers(port, address="127.0.0.1"), "by IPv4 it is served")
    wait_for(lambda: answers(port), "the port is served again")
    said = fresh.said()
    assert "not forwarded yet" in said
    assert "the forwarder ended" not in said, "it is tried again, and the one that runs has not ended"


def test_it_goes_with_the_last_container_when_no_daemon_is_there(fresh):
    serve(fresh, "aa", "-p", "80")
    pid = forwarder(fresh)
    fresh.kill()
    os.kill(fresh_pid(fresh, "aa"), signal.SIGKILL)
    wait_for(lambda: not is_forwarder(pid), "the forwarder ends")
    fresh.start()


def is_forwarder(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return "berth-forward" in f.read()
    except OSError:
        return False


def fresh_pid(engine, name):
    """Of a container whose daemon is away."""
    path = next(p for p in os.listdir("/proc") if p.isdigit() and is_command(p, b"nc\0-ll\0-p\080\0-e\0cat\0") and engine_of(p, engine))
    return int(path)


def is_command(pid, line):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read() == line
    except OSError:
        return False


def engine_of(pid, engine):
    try:
        with open(f"/proc/{pid}/mountinfo") as f:
            return engine.data in f.read()
    except OSError:
        return False


def test_ports_come_and_go_while_others_stay_connected(engine, name):
    port = serve(engine, name, "-p", "80")
    with socket.create_connection(("::1", port), timeout=PATIENCE) as s:
        engine.berth("update", "--publish-add", "[::1]:18099:80", name)
        assert answers(18099)
        engine.berth("update", "--publish-rm", "[::1]:18099:80", name)
        assert not answers(18099)
        s.sendall(b"on\n")
        assert s.recv(10) == b"on\n"


def test_datagrams_are_answered_from_the_address_that_was_asked(engine, name):
    engine.docker("run", "-d", "--name", name, "-p", "7/udp", "bb", "sleep", "600")
    port = host_port(engine, name, "7/udp")
    inside = ["nsenter", "-t", str(engine.inspect(name)["State"]["Pid"]), "-n", "python3", "-c", UDP_ECHO]
    with subprocess.Popen(inside, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "ready\n"
        # A connected socket hears only whom it asked.
        assert answers(port, kind=socket.SOCK_DGRAM)
        server.kill()


def test_it_is_one_small_process_without_privileges(fresh):
    fresh.docker("run", "-d", "--name", "aa", "-p", "21000-21499:1000-1499", "bb", "sleep", "600")
    fresh.docker("run", "-d", "--name", "bb", "-p", "80", "bb", "sleep", "600")
    pid = forwarder(fresh)
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    assert status["Name"] == "berth-forward"
    assert [status[k].strip("0") for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [""] * 5
    assert status["NoNewPrivs"] == "1" and status["Threads"] == "1"
    pss = int(re.search(r"(?m)^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read()).group(1))
    assert pss < 1024, f"{pss} KB"
    assert run(["pgrep", "-c", "-x", "berth-forward", "-P", status["PPid"].strip()], check=False).stdout.strip() == "1"


@pytest.mark.parametrize("flag", ["--userland-proxy=false"])
def test_without_it_only_what_the_kernel_translates_is_published(flag):
    from harness import Daemon, busybox_tar
    with Daemon(flags=[flag]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "aa", "-p", "80", "bb", "sleep", "600")
        assert [b["HostIp"] for b in d.inspect("aa")["NetworkSettings"]["Ports"]["80/tcp"]] == ["0.0.0.0"]
        assert forwarder(d) is None
        p = d.docker("run", "-d", "-p", "[::1]::80", "bb", "true", check=False)
        assert p.returncode == 125 and "::1" in p.stderr
