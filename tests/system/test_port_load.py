# SPDX-License-Identifier: Apache-2.0
"""Published ports under load while the daemon dies again and again: no error, no reset, and connections that stay are the same ones. BERTH_KILLS says how often (a few where nothing does)."""
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import TOP, busybox_tar, run, wait_for
from hosts import HostDaemon, enter

KILLS = int(os.environ.get("BERTH_KILLS", "10"))
needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk here")


@pytest.fixture
def daemon(wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("load") / "load_server")
    run(["cc", "-static", "-O1", "-D_GNU_SOURCE", "-o", path, os.path.join(TOP, "tests/system/load_server.c")])
    return path


def serve(daemon, server, name, port, *args):
    daemon.berth("run", "-d", "--name", name, "-v", f"{server}:/server:ro", "-p", f"{port}:80", *args, "bb", "/server", "80")


def load(ns, url, seconds, connections=16):
    """wrk, bounded: a few connections, one thread, an end of its own."""
    return subprocess.Popen(enter(ns, "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s", url),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def reached(ns, url):
    """Who is refused is told so at once."""
    return run(enter(ns, "curl", "-s", "-m", "30", url), check=False).stdout == "xx"


@needs_wrk
def test_sigkills_of_the_daemon_are_not_felt_through_published_ports(wire, daemon, server):
    daemon.berth("network", "create", "--ipv6", "--subnet", "10.91.1.0/24", "--subnet", "fd91:1::/64", "dual")
    serve(daemon, server, "one", 8091)
    serve(daemon, server, "two", 8092, "--network", "dual")
    urls = [(wire.peer, f"http://{wire.host4}:8091/"),    # the kernel, IPv4
            (wire.peer, f"http://[{wire.host6}]:8092/"),  # the kernel, IPv6
            (wire.peer, f"http://[{wire.host6}]:8091/"),  # the forwarder: the container has no IPv6
            (wire.host, "http://127.0.0.1:8092/"), (wire.host, "http://[::1]:8092/")]
    for ns, url in urls:
        wait_for(lambda ns=ns, url=url: reached(ns, url), url)
    stays = subprocess.Popen(enter(wire.peer, "busybox", "nc", wire.host4, "8091"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    begin = time.monotonic()
    seconds = 4 + KILLS // 8
    loads = [load(ns, url, seconds, 4) for ns, url in urls]
    kills = 0
    try:
        while kills < KILLS and time.monotonic() - begin < seconds:
            daemon.kill()
            daemon.start()
            kills += 1
        said = [p.communicate()[0] for p in loads]
    finally:
        for p in loads:
            p.kill()
    # Those for which the load ended too soon.
    while kills < KILLS:
        p = load(wire.peer, urls[0][1], 5, 4)
        while p.poll() is None and kills < KILLS:
            daemon.kill()
            daemon.start()
            kills += 1
        urls.append(urls[0])
        said.append(p.communicate()[0])
    assert kills == KILLS
    for (_, url), text in zip(urls, said):
        assert "Socket errors" not in text and "Non-2xx" not in text, f"{url}\n{text}"
        assert int(re.search(r"(\d+) requests in", text).group(1)) > 100, f"{url}\n{text}"
    # One connection from before the first kill.
    stays.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
    stays.stdin.flush()
    assert stays.stdout.readline().startswith(b"HTTP/1.1 200")
    stays.kill()
    stays.wait()


def test_new_connections_are_made_while_no_daemon_runs(wire, daemon, server):
    serve(daemon, server, "one", 8091)
    wait_for(lambda: reached(wire.peer, f"http://{wire.host4}:8091/"), "the server answers")
    daemon.kill()
    for _ in range(20):
        assert reached(wire.peer, f"http://{wire.host4}:8091/")
        assert reached(wire.peer, f"http://[{wire.host6}]:8091/")
    daemon.start()
    daemon.berth("rm", "-f", "one")
    assert not reached(wire.peer, f"http://{wire.host4}:8091/")


def test_ten_thousand_ports_lead_where_they_should_and_take_no_process(wire, daemon, server):
    # A port on both families is two descriptors of the daemon; a machine's limit may be 20,000.
    before = len(run(["ip", "netns", "pids", wire.host]).stdout.split())
    serve(daemon, server, "web", 8091)
    daemon.berth("run", "-d", "--name", "many", "-v", f"{server}:/server:ro", "-p", "10000-14999:10000-14999", "-p", "0.0.0.0:15000-19999:20000-24999", "bb", "sh", "-c", "/server 12345 & exec /server 20007")
    one = daemon.berth("run", "-d", "--name", "last", "-v", f"{server}:/server:ro", "-p", "20000:80", "bb", "/server", "80").stdout.strip()
    wait_for(lambda: reached(wire.peer, f"http://{wire.host4}:15007/"), "a port in the middle leads to its number")
    assert not reached(wire.peer, f"http://{wire.host4}:15008/")
    assert reached(wire.peer, f"http://{wire.host4}:20000/")
    # For each of three containers a monitor, and what there is once: daemon, spawner, forwarder.
    wait_for(lambda: len(run(["ip", "netns", "pids", wire.host]).stdout.split()) <= before + 6, "no more processes than those")
    ports = daemon.inspect("many")["NetworkSettings"]["Ports"]
    assert len(ports) == 10000 and ports["20007/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": "15007"}]
    assert ports["12345/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": "12345"}, {"HostIp": "::", "HostPort": "12345"}]
    # Numbers that are kept are one element of the rules each family, however many.
    table = wire.on_host("nft", "list", "ruleset").stdout
    assert table.count("tcp . 10000-14999") >= 2
    daemon.kill()
    assert reached(wire.peer, f"http://{wire.host4}:15007/") and reached(wire.host, "http://[::1]:12345/")
    daemon.start()
    assert reached(wire.peer, f"http://{wire.host4}:15007/") and reached(wire.host, "http://[::1]:12345/")
    p = daemon.berth("run", "-d", "-p", "12345:80", "bb", "true", check=False)
    assert p.returncode != 0 and "port is already allocated" in p.stderr
    daemon.berth("rm", "-f", "many")
    assert not reached(wire.peer, f"http://{wire.host4}:15007/") and not reached(wire.host, "http://[::1]:12345/")
    assert daemon.inspect(one)["State"]["Running"]


def test_a_port_is_free_as_soon_as_its_container_is_gone(wire, daemon):
    for _ in range(10):
        daemon.berth("run", "-d", "--name", "again", "-p", "8093:80", "bb", "sleep", "600")
        daemon.berth("rm", "-f", "again")
    # A program of the host may have it, too.
    for address in ("0.0.0.0", "::"):
        run(enter(wire.host, "python3", "-c", f"import socket; socket.create_server(('{address}', 8093), family=socket.AF_INET{'6' if ':' in address else ''})"))
