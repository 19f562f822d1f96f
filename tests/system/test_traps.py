# SPDX-License-Identifier: Apache-2.0
"""Traps that cut across the clients of a Docker engine, each a test. docs/clients.md lists them all, with those that stand in other files."""
import contextlib
import http.client
import json
import os
import re
import socket
import threading
import time

import pytest

from harness import PATIENCE, WHEN_TOLD, run, tell, wait_for
from test_logs import frames, lines, make
from test_replay import raw

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MISSING_RESOURCE = not int(re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1), 16) >> 24 & 1

# The HostConfig that Go's clients send where their user said nothing, with members that Docker dropped long ago.
GO_HOST_CONFIG = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": None}, "NetworkMode": "default", "PortBindings": None,
    "RestartPolicy": {"Name": "", "MaximumRetryCount": 0}, "AutoRemove": False, "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0],
    "Capabilities": None, "CapAdd": None, "CapDrop": None, "CgroupnsMode": "", "Dns": None, "DnsOptions": None, "DnsSearch": None, "ExtraHosts": None,
    "GroupAdd": None, "IpcMode": "", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False, "PublishAllPorts": False,
    "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "", "ShmSize": 0, "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0,
    "CgroupParent": "", "BlkioWeight": 0, "BlkioWeightDevice": None, "BlkioDeviceReadBps": None, "BlkioDeviceWriteBps": None, "BlkioDeviceReadIOps": None,
    "BlkioDeviceWriteIOps": None, "CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "",
    "Devices": None, "DeviceCgroupRules": None, "DeviceRequests": None, "KernelMemory": 0, "KernelMemoryTCP": 0, "MemoryReservation": 0, "MemorySwap": 0,
    "MemorySwappiness": -1, "OomKillDisable": False, "PidsLimit": 0, "Ulimits": None, "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0,
    "IOMaximumBandwidth": 0, "MaskedPaths": None, "ReadonlyPaths": None, "Init": None,
}


@pytest.fixture
def box(engine, name):
    engine.docker("run", "-d", "--name", name, "-e", "K=v", "bb", "sh", "-c", "echo said; exec sleep 1000")
    yield engine.inspect(name)


def on_page(page):
    """Names of tests, "file.py::test", that a page tells."""
    with open(os.path.join(TOP, "docs", page)) as f:
        return re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", f.read())


def test_every_test_that_the_page_names_is_there():
    named = on_page("clients.md")
    assert len(named) > 30
    for file, test in named:
        with open(os.path.join(TOP, "tests", "system", file)) as f:
            assert not test or f"def {test}(" in f.read(), (file, test)


# 1.2 Request shapes

@pytest.mark.parametrize("what", ["json", "top", "logs?stdout=1", "stats?stream=false", "changes", "archive?path=/etc/hello", "export"])
def test_twelve_digits_name_a_container_for_every_question(engine, box, what):
    assert engine.get(f"/containers/{box['Id'][:12]}/{what}").status == 200


def test_twelve_digits_name_a_container_for_every_deed(engine, box):
    short = box["Id"][:12]
    for verb in ("pause", "unpause", "stop?t=0", "start", "restart?t=0", "rename?name=" + box["Name"][1:] + "x", "kill", "wait"):
        assert engine.post(f"/containers/{short}/{verb}").status in (200, 204), verb
    assert engine.post(f"/containers/{short}/update", {"CpuShares": 100}).status == 200
    assert engine.request("DELETE", f"/containers/{short}").status == 204


def test_twelve_digits_name_an_exec_an_image_and_a_network(engine, box):
    x = engine.post(f"/containers/{box['Id'][:12]}/exec", {"Cmd": ["true"], "AttachStdout": True}).json["Id"]
    assert engine.post(f"/exec/{x}/start", {}).status == 200
    image = box["Image"].split(":")[1][:12]
    assert engine.get(f"/images/{image}/json").json["Id"] == box["Image"]
    assert engine.post("/containers/create", {"Image": image, "Cmd": ["true"]}).status == 201
    network = next(n for n in engine.get("/networks").json if n["Name"] == "bridge")
    assert engine.get(f"/networks/{network['Id'][:12]}").json["Id"] == network["Id"]


def test_slashes_and_colons_of_an_images_name_are_not_escaped(engine):
    assert engine.post("/images/bb:latest/tag?repo=127.0.0.1:5000/web&tag=v1").status == 201
    try:
        assert engine.get("/images/127.0.0.1:5000/web:v1/json").json["RepoTags"].count("127.0.0.1:5000/web:v1") == 1
        assert engine.get("/images/127.0.0.1:5000/web:v1/history").status == 200
        a = engine.get("/containers/127.0.0.1:5000/web:v1/json")
        assert a.status == 404
    finally:
        assert engine.request("DELETE", "/images/127.0.0.1:5000/web:v1").status == 200


def test_pythons_booleans_remove(engine, name):
    engine.docker("run", "-d", "--name", name, "-v", "/v", "bb", "sleep", "1000")
    volume = engine.inspect(name)["Mounts"][0]["Name"]
    assert engine.request("DELETE", f"/containers/{name}?v=False&link=False&force=False").status == 409
    assert engine.request("DELETE", f"/containers/{name}?v=False&link=False&force=True").status == 204
    assert engine.get(f"/volumes/{volume}").status == 200
    assert engine.request("DELETE", f"/volumes/{volume}").status == 204


@pytest.mark.parametrize("query", ["limit=-1", "limit=0", "limit=-1&size=0&trunc_cmd=0", "all=0&limit=0", "filters={}", "filters=", "all=&size="])
def test_odd_numbers_limit_nothing(engine, box, query):
    assert box["Id"] in [c["Id"] for c in engine.get("/containers/json?" + query).json]


def test_go_clients_send_the_whole_host_config(engine, name):
    made = engine.post(f"/v1.41/containers/create?name={name}", {
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False, "Tty": False, "OpenStdin": False,
        "StdinOnce": False, "Env": None, "Cmd": ["sleep", "1000"], "Image": "bb", "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None,
        "Labels": None, "Healthcheck": None, "ExposedPorts": None, "HostConfig": GO_HOST_CONFIG, "NetworkingConfig": None})
    assert made.status == 201, made.body
    assert engine.post(f"/containers/{name}/start").status == 204
    h = engine.inspect(name)["HostConfig"]
    assert h["ShmSize"] == 64 << 20 and h["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0} and h["LogConfig"]["Type"] == "json-file"
    assert h["MemorySwappiness"] is None and h["PidsLimit"] is None and h["IpcMode"] == "private" and h["Memory"] == 0 and h["ConsoleSize"] == [0, 0]
    # No limit was meant: none is set.
    pid = engine.inspect(name)["State"]["Pid"]
    assert engine.docker("exec", name, "df", "-k", "/dev/shm").stdout.splitlines()[-1].split()[1] == "65536"
    assert open(f"/proc/{pid}/oom_score_adj").read() == "0\n"


@pytest.mark.parametrize("path, body", [("/containers/{}/attach?stream=1&logs=1&stdout=1", b""), ("/exec/{}/start", b'{"Detach":false,"Tty":false}')], ids=["attach", "exec"])
@pytest.mark.parametrize("upgrade", [True, False])
def test_a_raw_stream_comes_with_and_without_upgrade(engine, box, path, body, upgrade):
    ref = box["Id"]
    if "exec" in path:
        ref = engine.post(f"/containers/{ref}/exec", {"Cmd": ["echo", "said"], "AttachStdout": True}).json["Id"]
    asks = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else ""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        s.sendall(f"POST {path.format(ref)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{asks}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        got = b""
        while b"said\n" not in got:
            more = s.recv(4096)
            assert more, got
            got += more
    head, _, stream = got.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == (b"HTTP/1.1 101 Switching Protocols" if upgrade else b"HTTP/1.1 200 OK")
    assert (b"Upgrade: tcp" in head) == upgrade and (b"multiplexed-stream" if upgrade else b"raw-stream") in head
    assert b"Content-Length" not in head and b"chunked" not in head
    assert stream == b"\x01\0\0\0\0\0\0\x05said\n"


def attach_with_the_log(engine, name):
    """A connection that gets what was said and what will be."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(f"POST /containers/{name}/attach?logs=1&stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got:
        got += s.recv(1)
    return s


def test_who_attaches_with_the_log_misses_no_line_and_gets_none_twice(engine, name):
    """Lines come while the log is being sent, and between its end and the stream."""
    want = [f"line {i}" for i in range(300)]
    for delay in range(10):
        make(engine, name, "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); [ $((i%20)) = 0 ] && usleep 2000; done; true", wait=False)
        time.sleep(delay / 500)
        with attach_with_the_log(engine, name) as s:
            got = b""
            while more := s.recv(65536):
                got += more
        assert b"".join(text for _, text in frames(got)).decode().splitlines() == want
        assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204


def test_who_attaches_with_the_log_gets_a_line_that_has_only_begun(engine, name):
    make(engine, name, "echo whole; printf 'what is your '; " + WHEN_TOLD + "echo name?", wait=False)
    wait_for(lambda: lines(engine, name) == ["whole"], "it asks")
    with attach_with_the_log(engine, name) as s:
        got = b""
        while b"your " not in got:
            more = s.recv(4096)
            assert more, got
            got += more
        tell(engine.inspect(name)["State"]["Pid"])
        while more := s.recv(4096):
            got += more
    assert b"".join(text for _, text in frames(got)) == b"whole\nwhat is your name?\n"


def test_input_is_taken_without_upgrade_too(engine, box):
    x = engine.post(f"/containers/{box['Id']}/exec", {"Cmd": ["sh", "-c", "cat; echo end"], "AttachStdin": True, "AttachStdout": True}).json["Id"]
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        s.sendall(f"POST /exec/{x}/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += s.recv(4096)
        s.sendall(b"in\n")
        s.shutdown(socket.SHUT_WR)
        while more := s.recv(4096):
            got += more
    frames, out = got.partition(b"\r\n\r\n")[2], b""
    while frames:
        size = int.from_bytes(frames[4:8], "big")
        out, frames = out + frames[8:8 + size], frames[8 + size:]
    assert out == b"in\nend\n"
    assert engine.get(f"/exec/{x}/json").json["ExitCode"] == 0


def test_long_calls_side_by_side(engine, box):
    """Thirty who wait, thirty who follow the log, thirty who follow events: each is served, and those beside them."""
    codes, logs, events = [], [], []

    def wait():
        codes.append(engine.post(f"/containers/{box['Id']}/wait").json["StatusCode"])

    def follow():
        logs.append(engine.get(f"/containers/{box['Id']}/logs?follow=1&stdout=1").body)

    def listen():
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(engine.sock)
            s.sendall(b"GET /events HTTP/1.0\r\n\r\n")
            got = b""
            while not re.search(b'"die".*' + box["Id"].encode(), got):
                got += s.recv(65536)
            events.append(got)

    threads = [threading.Thread(target=t) for t in [wait, follow, listen] * 30]
    for t in threads:
        t.start()
    wait_for(lambda: engine.get("/info").json["NEventsListener"] >= 30, "all listen")
    assert engine.post(f"/containers/{box['Id']}/kill").status == 204
    for t in threads:
        t.join(PATIENCE)
    assert codes == [137] * 30 and len(events) == 30 and logs == [b"\x01\0\0\0\0\0\0\x05said\n"] * 30


# 1.3 Fields

def test_an_images_container_config_goes_by_the_version(engine):
    for version in ("/v1.12", "/v1.24", "/v1.40", "/v1.44"):
        image = engine.get(f"{version}/images/bb:latest/json").json
        assert isinstance(image["ContainerConfig"], dict) and "Entrypoint" in image["ContainerConfig"], version
    assert "ContainerConfig" not in engine.get("/v1.45/images/bb:latest/json").json


def test_info_has_what_tools_look_for(engine):
    i = engine.get("/info").json
    for field in ("ID", "Name", "KernelVersion", "OperatingSystem", "OSType", "CgroupDriver", "DockerRootDir", "SystemTime"):
        assert i[field], field
    assert i["NCPU"] > 0 and i["MemTotal"] > 1 << 20 and i["Driver"] == "overlay2" and i["DriverStatus"]
    major, minor, _ = map(int, re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", i["ServerVersion"]).groups())
    assert (major, minor) >= (1, 11)
    for field in ("Labels", "SecurityOptions"):
        assert isinstance(i[field], list), field
    assert isinstance(i["Runtimes"], dict) and "Mirrors" in i["RegistryConfig"]
    assert all(isinstance(i[f], int) for f in ("Images", "Containers", "ContainersRunning"))


def test_inspect_has_what_tools_look_for(engine, name):
    engine.docker("create", "--name", name, "-e", "K=v", "-l", "a=b", "--hostname", "h", "-p", "127.0.0.1::80", "--health-cmd", "true", "--health-interval", "1h", "bb", "sleep", "1000")
    before = engine.inspect(name)
    assert before["State"]["StartedAt"] == before["State"]["FinishedAt"] == "0001-01-01T00:00:00Z" and before["State"]["Pid"] == 0
    engine.docker("start", name)
    c = engine.inspect(name)
    state = c["State"]
    assert state["Running"] is True and state["Pid"] > 0 and state["ExitCode"] == 0 and state["Error"] == "" and state["Health"]["Status"] in ("starting", "healthy")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", c["Created"]) and state["StartedAt"] > c["Created"]
    assert c["Name"] == "/" + name and c["RestartCount"] == 0
    assert c["Image"] == engine.get("/images/bb:latest/json").json["Id"]
    assert c["LogPath"].endswith(f"/{c['Id']}-json.log") and os.path.exists(c["ResolvConfPath"])
    assert set(c["GraphDriver"]["Data"]) >= {"LowerDir", "MergedDir", "UpperDir", "WorkDir"} and os.path.isdir(c["GraphDriver"]["Data"]["UpperDir"])
    assert c["Config"]["Tty"] is False and c["Config"]["Hostname"] == "h" and "K=v" in c["Config"]["Env"] and c["Config"]["Labels"] == {"a": "b"} and c["Config"]["Image"] == "bb"
    net = c["NetworkSettings"]
    own = net["Networks"]["bridge"]
    assert own["IPAddress"] and own["Gateway"] and own["NetworkID"] and net["Ports"]["80/tcp"][0]["HostIp"] == "127.0.0.1" and os.path.exists(net["SandboxKey"])


def test_lists_have_what_tools_look_for(engine, name):
    engine.docker("run", "-d", "--name", name, "-p", "127.0.0.1::80", "bb", "sleep", "1000")
    c = next(c for c in engine.get("/containers/json").json if c["Names"] == ["/" + name])
    assert isinstance(c["Created"], int) and c["Status"].startswith("Up ") and c["HostConfig"]["NetworkMode"] == "bridge"
    port = next(p for p in c["Ports"] if "PublicPort" in p)
    assert port["PrivatePort"] == 80 and port["Type"] == "tcp" and port["PublicPort"] > 0
    own = c["NetworkSettings"]["Networks"]["bridge"]
    assert own["IPAddress"] == engine.inspect(name)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] and own["NetworkID"]
    engine.docker("stop", "-t", "0", name)
    c = next(c for c in engine.get("/containers/json?all=1").json if c["Names"] == ["/" + name])
    assert c["Status"].startswith("Exited (137)")


# 1.4 What lies on disk

def test_resolv_conf_may_be_written_in_place_from_outside(engine, box):
    """A kubelet does: the very inode is what the container reads."""
    inode = os.stat(box["ResolvConfPath"]).st_ino
    with open(box["ResolvConfPath"], "r+") as f:
        f.truncate()
        f.write("nameserver 192.0.2.1\n")
    assert os.stat(box["ResolvConfPath"]).st_ino == inode
    assert engine.docker("exec", box["Id"], "cat", "/etc/resolv.conf").stdout == "nameserver 192.0.2.1\n"


def test_a_link_to_the_log_leads_to_dockers_lines(engine, box, tmp_path):
    os.symlink(box["LogPath"], tmp_path / "0.log")
    wait_for(lambda: (tmp_path / "0.log").read_text().endswith("\n"), "it has said something")
    line = json.loads((tmp_path / "0.log").read_text())
    assert set(line) == {"log", "stream", "time"} and line["log"] == "said\n" and line["stream"] == "stdout"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["time"])


# 1.5 Control groups and namespaces

@pytest.mark.parametrize("parent", ["", "/trap-parent", "/trap/deep"])
def test_a_control_groups_last_part_is_the_id_below_any_parent(engine, name, parent):
    engine.docker("run", "-d", "--name", name, *(["--cgroup-parent", parent] if parent else []), "bb", "sleep", "1000")
    c = engine.inspect(name)
    try:
        for line in open(f"/proc/{c['State']['Pid']}/cgroup").read().splitlines():
            controllers, path = line.split(":", 2)[1:]
            # The unified tree beside those of version 1 has no controllers, so nothing to limit.
            if controllers == "" and not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
                continue
            assert path == f"{parent or '/docker'}/{c['Id']}" or path.endswith(f"{parent or '/docker'}/{c['Id']}"), line
            at = next(p for p in (f"/sys/fs/cgroup/{controllers}{path}", f"/sys/fs/cgroup/{controllers.removeprefix('name=')}{path}", f"/sys/fs/cgroup{path}") if os.path.isdir(p))
            with open(at + "/cgroup.procs") as f:
                assert str(c["State"]["Pid"]) in f.read().split(), line
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1")
        if parent:
            for top, dirs, _ in os.walk("/sys/fs/cgroup"):
                for d in [d for d in dirs if d in ("trap", "trap-parent")]:
                    for p in (os.path.join(top, d, "deep"), os.path.join(top, d)):
                        with contextlib.suppress(OSError):
                            os.rmdir(p)
                dirs[:] = [d for d in dirs if top == "/sys/fs/cgroup"]


def test_the_root_is_the_root_of_its_mount_namespace(engine, box):
    """With MS_MOVE and chroot, nsenter would show the host's files."""
    pid = str(box["State"]["Pid"])
    assert run(["nsenter", "-t", pid, "-m", "--", "/bin/cat", "/etc/hello"]).stdout == "hello from the image\n"
    assert os.readlink(f"/proc/{pid}/root") == "/"


def test_the_sandbox_key_is_the_network_namespace(engine, box):
    ip = box["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    shown = run(["nsenter", "--net=" + box["NetworkSettings"]["SandboxKey"], "ip", "-4", "addr", "show", "eth0"]).stdout
    assert f"inet {ip}/" in shown
    assert f"inet {ip}/" in run(["nsenter", f"--net=/proc/{box['State']['Pid']}/ns/net", "ip", "-4", "addr", "show", "eth0"]).stdout


def test_names_aliases_and_twelve_digits_resolve_on_a_network(engine, name):
    net = name + "net"
    engine.docker("network", "create", net)
    try:
        engine.docker("run", "-d", "--name", name, "--network", net, "--network-alias", "alias-" + name, "bb", "sleep", "1000")
        c = engine.inspect(name)
        ip = c["NetworkSettings"]["Networks"][net]["IPAddress"]
        for asked in (name, "alias-" + name, c["Id"][:12]):
            out = engine.docker("run", "--rm", "--network", net, "bb", "ping", "-c", "1", "-W", "30", asked).stdout
            assert f"({ip})" in out, asked
        engine.request("DELETE", f"/containers/{name}?force=1")
    finally:
        engine.docker("network", "rm", net)


# 1.6 Privileges

def test_a_pods_oom_score_is_taken_with_and_without_the_privilege(engine, name):
    """A kubelet asks for -998 on each sandbox; where it may not be had, 0 is what a pod can start with."""
    made = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "1000"], "HostConfig": {"OomScoreAdj": -998}})
    assert made.status == 201, made.body
    a = engine.post(f"/containers/{name}/start")
    assert a.status == 204, a.body
    score = int(open(f"/proc/{engine.inspect(name)['State']['Pid']}/oom_score_adj").read())
    assert engine.inspect(name)["HostConfig"]["OomScoreAdj"] == -998
    assert score == (0 if MISSING_RESOURCE else -998)


def test_privileged_has_what_this_machine_has(engine):
    out = engine.docker("run", "--rm", "--privileged", "bb", "grep", "CapEff", "/proc/self/status").stdout
    own = re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1)
    assert out.split()[1] == own


def test_an_error_body_is_a_message(engine):
    head, body = raw(engine, "GET /containers/nobody/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert "404" in head.split("\r\n")[0] and json.loads(body) == {"message": "No such container: nobody"}


def test_head_and_get_of_ping_tell_the_version(engine):
    for method in ("HEAD", "GET"):
        c = http.client.HTTPConnection("localhost")
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(engine.sock)
        c.request(method, "/_ping")
        r = c.getresponse()
        assert r.status == 200 and re.fullmatch(r"1\.\d+", r.headers["Api-Version"]) and r.read() == (b"OK" if method == "GET" else b"")
        c.close()
