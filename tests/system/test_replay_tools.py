# SPDX-License-Identifier: Apache-2.0
"""The dashboards, proxies and collectors that sit on a Docker socket: what each asks for, in its API version, and the fields that it reads."""
import http.client
import json
import re
import threading
import time
from urllib.parse import quote

import pytest

from harness import PATIENCE, UnixConnection, busybox_tar, wait_for

ZERO = "0001-01-01T00:00:00Z"


def filters(**kw):
    """As Go's clients write them: {"label":{"a=b":true}}."""
    return quote(json.dumps({k: {v: True for v in values} for k, values in kw.items()}))


def answer_of(c, network):
    """What the server in container `c` answers at its address in `network`."""
    conn = http.client.HTTPConnection(c["NetworkSettings"]["Networks"][network]["IPAddress"], 80, timeout=PATIENCE)
    try:
        conn.request("GET", "/hello")
        return conn.getresponse().read()
    except OSError:
        return b""
    finally:
        conn.close()


@pytest.fixture(scope="module")
def served(engine):
    """A container that a proxy would route to: labels, a published port, a network of its own beside the usual one, health."""
    engine.docker("network", "create", "rtnet")
    engine.docker("run", "-d", "--name", "rtweb", "--network", "rtnet", "-p", "127.0.0.1::80", "-l", "traefik.enable=true",
                  "-l", "traefik.http.routers.w.rule=Host(`w`)", "-l", "com.centurylinklabs.watchtower.enable=true", "-e", "K=v",
                  "--health-cmd", "true", "--health-interval", "200ms", "bb", "sh", "-c", "echo one; echo two >&2; exec httpd -f -p 80 -h /etc")
    engine.docker("network", "connect", "bridge", "rtweb")
    wait_for(lambda: answer_of(engine.inspect("rtweb"), "rtnet"), "its server serves")
    yield
    engine.request("DELETE", "/containers/rtweb?force=1&v=1")
    engine.request("DELETE", "/networks/rtnet")


@pytest.fixture
def web(engine, served):
    """It, healthy: after a pause it is not until the next check."""
    wait_for(lambda: engine.inspect("rtweb")["State"]["Health"]["Status"] == "healthy", "the health check has run")
    return engine.inspect("rtweb")


class Events:
    """A follower of /events, whose first events may come before the answer's head is read."""

    def __init__(self, engine, query):
        self.conn = UnixConnection(engine.sock)
        self.conn.request("GET", query)
        self.answer = self.conn.getresponse()
        assert self.answer.status == 200

    def until(self, wanted):
        """Events up to and with the first of which wanted(event) is true."""
        seen = []
        while not seen or not wanted(seen[-1]):
            seen.append(json.loads(self.answer.readline()))
        return seen

    def close(self):
        self.conn.close()


# traefik 2 and 3: everything by /v1.24.


def test_traefik_finds_services_and_follows_events(engine, web):
    assert engine.get("/v1.24/version").json["ApiVersion"]
    listed = engine.get("/v1.24/containers/json?limit=0").json
    assert web["Id"] in [c["Id"] for c in listed]
    c = engine.get(f"/v1.24/containers/{web['Id']}/json").json
    assert c["Name"] == "/rtweb" and c["Config"]["Labels"]["traefik.http.routers.w.rule"] == "Host(`w`)"
    assert c["State"]["Running"] is True and c["State"]["Health"]["Status"] == "healthy"
    assert c["HostConfig"]["NetworkMode"] == "rtnet"
    nets = c["NetworkSettings"]["Networks"]
    assert set(nets) == {"rtnet", "bridge"}
    for name, net in nets.items():
        assert re.fullmatch(r"[0-9.]+", net["IPAddress"]) and re.fullmatch("[0-9a-f]{64}", net["NetworkID"]), name
        assert net["GlobalIPv6Address"] == ""
    binding = c["NetworkSettings"]["Ports"]["80/tcp"][0]
    assert binding["HostIp"] == "127.0.0.1" and int(binding["HostPort"]) > 0
    # The address that it would route to answers.
    assert answer_of(c, "rtnet") == b"hello from the image\n"
    follow = Events(engine, "/v1.24/events?filters=" + filters(type=["container"]))
    try:
        engine.docker("run", "--name", "rtshort", "--rm", "bb", "true")
        seen = follow.until(lambda e: e["Action"] == "destroy" and e["Actor"]["Attributes"].get("name") == "rtshort")
        actions = [e["Action"] for e in seen if e["Actor"]["Attributes"].get("name") == "rtshort"]
        assert actions.index("start") < actions.index("die")
    finally:
        follow.close()


def test_traefik_in_swarm_mode_is_told_that_there_is_none(engine):
    for path in ("/v1.24/services", "/v1.24/nodes", "/v1.24/tasks"):
        a = engine.get(path)
        assert a.status == 503 and "not a swarm manager" in a.message, path


# watchtower 1.7: /v1.25, and the cycle by which it replaces a container.


def test_watchtower_replaces_a_container_by_one_of_a_newer_image(engine):
    api = "/v1.25"
    engine.import_image(busybox_tar(), "rtold:latest", "LABEL gen=1", 'CMD ["sleep","1000"]')
    engine.docker("network", "create", "rtwt")
    try:
        engine.docker("run", "-d", "--name", "rtwatch", "--network", "rtwt", "--network-alias", "w", "--restart", "always", "-e", "K=v", "-l", "own=1", "rtold")
        listed = engine.get(f"{api}/containers/json?filters=" + filters(status=["running", "restarting"])).json
        entry = next(c for c in listed if c["Names"] == ["/rtwatch"])
        old = engine.get(f"{api}/containers/{entry['Id']}/json").json
        image = engine.get(f"{api}/images/{old['Image']}/json").json
        # What the image gave is taken out of the configuration before it is used again: it must be there to compare with.
        assert image["Id"] == old["Image"] and image["Config"]["Cmd"] == old["Config"]["Cmd"] == ["sleep", "1000"] and image["Config"]["Labels"] == {"gen": "1"}
        engine.import_image(busybox_tar(), "rtold:latest", "LABEL gen=2", 'CMD ["sleep","1000"]')
        newer = engine.get(f"{api}/images/rtold:latest/json").json
        assert newer["Id"] != image["Id"]

        assert engine.post(f"{api}/containers/{old['Id']}/kill?signal=SIGTERM").status == 204
        assert engine.post(f"{api}/containers/{old['Id']}/stop?t=0").status in (204, 304)
        wait_for(lambda: not engine.get(f"{api}/containers/{old['Id']}/json").json["State"]["Running"], "it is stopped")
        assert engine.request("DELETE", f"{api}/containers/{old['Id']}?force=1&v=1").status == 204
        gone = engine.get(f"{api}/containers/{old['Id']}/json")
        assert gone.status == 404 and "No such container" in gone.message

        # Config and HostConfig go back as they came, with the networks of the old one: none of what inspect says may be refused.
        body = {**old["Config"], "Cmd": None, "Labels": {"own": "1"}, "HostConfig": old["HostConfig"],
                "NetworkingConfig": {"EndpointsConfig": {k: {**v, "Aliases": [a for a in v["Aliases"] or [] if a != old["Id"][:12]]}
                                                         for k, v in old["NetworkSettings"]["Networks"].items()}}}
        made = engine.post(f"{api}/containers/create?name=rtwatch", body)
        assert made.status == 201, made.body
        assert engine.post(f"{api}/containers/{made.json['Id']}/start").status == 204
        new = engine.get(f"{api}/containers/rtwatch/json").json
        assert new["Image"] == newer["Id"] and new["State"]["Running"] and new["Config"]["Env"] == old["Config"]["Env"]
        assert new["Config"]["Labels"] == {"own": "1", "gen": "2"} and new["Config"]["Cmd"] == ["sleep", "1000"]
        assert new["HostConfig"]["RestartPolicy"] == {"Name": "always", "MaximumRetryCount": 0} and "w" in new["NetworkSettings"]["Networks"]["rtwt"]["Aliases"]
        a = engine.request("DELETE", f"{api}/images/{image['Id']}?force=1")
        assert a.status == 200 and {"Deleted": image["Id"]} in a.json, a.body
    finally:
        engine.request("DELETE", "/containers/rtwatch?force=1&v=1")
        engine.request("DELETE", "/images/rtold:latest?force=1")
        engine.request("DELETE", "/networks/rtwt")


# telegraf's inputs.docker: /v1.24, then whatever was negotiated.


@pytest.mark.parametrize("api", ["/v1.24", "/v1.51"])
def test_telegraf_gathers_engine_and_containers(engine, web, api):
    i = engine.get(f"{api}/info").json
    for number in ("NCPU", "MemTotal", "Containers", "ContainersRunning", "ContainersStopped", "ContainersPaused", "Images", "NFd", "NGoroutines", "NEventsListener"):
        assert isinstance(i[number], int), number
    assert i["Containers"] == i["ContainersRunning"] + i["ContainersStopped"] + i["ContainersPaused"] and i["ContainersRunning"] >= 1
    assert i["Name"] and i["ServerVersion"] and i["DriverStatus"] and all(len(pair) == 2 for pair in i["DriverStatus"])
    c = next(c for c in engine.get(f"{api}/containers/json?filters=" + filters(status=["running"]) + "&limit=0").json if c["Id"] == web["Id"])
    assert c["Names"] == ["/rtweb"] and c["Image"] == "bb" and c["State"] == "running" and c["Labels"]["traefik.enable"] == "true"
    a = engine.get(f"{api}/containers/{web['Id']}/stats?stream=0")
    # The client takes the daemon's system from this header: stats are laid out otherwise on Windows.
    assert a.headers["Ostype"] == "linux"
    s = a.json
    assert s["read"] > s["preread"] and re.match(r"\d{4}-\d\d-\d\dT", s["read"])
    assert s["memory_stats"]["usage"] > 0 and s["memory_stats"]["limit"] > 0 and s["memory_stats"]["stats"]
    assert s["cpu_stats"]["cpu_usage"]["total_usage"] > 0 and s["cpu_stats"]["system_cpu_usage"] > 0 and "throttling_data" in s["cpu_stats"]
    assert {"rx_bytes", "rx_dropped", "rx_errors", "rx_packets", "tx_bytes", "tx_dropped", "tx_errors", "tx_packets"} <= set(s["networks"]["eth0"])
    assert len(s["networks"]) == 2 and "io_service_bytes_recursive" in s["blkio_stats"] and s["pids_stats"]["current"] >= 1
    st = engine.get(f"{api}/containers/{web['Id']}/json").json
    assert st["State"]["OOMKilled"] is False and st["State"]["Pid"] > 0 and st["State"]["ExitCode"] == 0 and st["RestartCount"] == 0
    assert st["State"]["StartedAt"] > st["Created"] and st["State"]["FinishedAt"] == ZERO and st["State"]["Health"]["FailingStreak"] == 0


def test_telegraf_reads_logs_with_times(engine, web):
    body = engine.get(f"/v1.24/containers/{web['Id']}/logs?follow=0&stderr=1&stdout=1&tail=all&timestamps=1").body
    lines = {}
    while body:
        size = int.from_bytes(body[4:8], "big")
        lines[body[0]], body = body[8:8 + size].decode(), body[8 + size:]
    for stream, word in ((1, "one"), (2, "two")):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z " + word + "\n", lines[stream]), lines


# ctop (go-dockerclient, no version in the path) and lazydocker (docker's own client).


def test_ctop_lists_samples_and_follows(engine, web):
    c = next(c for c in engine.get("/containers/json?all=1").json if c["Id"] == web["Id"])
    assert c["Names"] == ["/rtweb"] and c["State"] == "running"
    i = engine.get(f"/containers/{web['Id']}/json").json
    assert i["State"]["Status"] == "running" and i["State"]["Health"]["Status"] == "healthy" and i["Config"]["Image"] == "bb"
    assert "K=v" in i["Config"]["Env"] and re.match(r"\d{4}-", i["Created"]) and i["NetworkSettings"]["Ports"]["80/tcp"]
    conn = UnixConnection(engine.sock)
    conn.request("GET", f"/containers/{web['Id']}/stats?stream=true")
    answer = conn.getresponse()
    first, second = json.loads(answer.readline()), json.loads(answer.readline())
    conn.close()
    # Its figure for the processor needs two samples that follow one another.
    assert second["precpu_stats"]["cpu_usage"]["total_usage"] == first["cpu_stats"]["cpu_usage"]["total_usage"]
    assert second["cpu_stats"]["system_cpu_usage"] > first["cpu_stats"]["system_cpu_usage"] > 0 and second["read"] > first["read"]
    follow = Events(engine, "/events")
    try:
        engine.post(f"/containers/{web['Id']}/pause")
        engine.post(f"/containers/{web['Id']}/unpause")
        seen = follow.until(lambda e: e["Action"] == "unpause" and e["Actor"]["ID"] == web["Id"])
        assert any(e["Action"] == "pause" and e["Type"] == "container" and e["status"] == "pause" and e["id"] == web["Id"] for e in seen)
        # "health_status: healthy" is cut at the colon.
        seen = follow.until(lambda e: e["Action"].startswith("exec_create: ") and e["Actor"]["ID"] == web["Id"])
        assert seen[-1]["Actor"]["Attributes"]["name"] == "rtweb"
    finally:
        follow.close()


def test_lazydocker_fills_its_panels_and_prunes(engine, web):
    api = "/v1.51"
    assert engine.request("HEAD", "/_ping").headers["Api-Version"] == "1.51"
    assert any(c["Id"] == web["Id"] and c["ImageID"] == web["Image"] for c in engine.get(f"{api}/containers/json?all=1").json)
    i = next(i for i in engine.get(f"{api}/images/json").json if "bb:latest" in i["RepoTags"])
    assert i["Size"] > 0 and i["Created"] > 0
    h = engine.get(f"{api}/images/{i['Id']}/history").json
    assert h[0]["Id"] == i["Id"] and {"Created", "CreatedBy", "Size", "Tags", "Comment"} <= set(h[0])
    engine.post(f"{api}/volumes/create", {"Name": "rtvol"})
    v = next(v for v in engine.get(f"{api}/volumes").json["Volumes"] if v["Name"] == "rtvol")
    assert v["Driver"] == "local" and v["Scope"] == "local" and v["Mountpoint"].endswith("/rtvol/_data")
    assert any(n["Name"] == "rtnet" and n["Driver"] == "bridge" for n in engine.get(f"{api}/networks").json)
    t = engine.get(f"{api}/containers/{web['Id']}/top").json
    assert len(t["Titles"]) == len(t["Processes"][0]) and "httpd -f -p 80 -h /etc" in t["Processes"][0]
    conn = UnixConnection(engine.sock)
    conn.request("GET", f"{api}/containers/{web['Id']}/stats?stream=1")
    s = json.loads(conn.getresponse().readline())
    conn.close()
    assert s["name"] == "/rtweb" and s["id"] == web["Id"]
    assert engine.request("DELETE", f"{api}/volumes/rtvol?force=1").status == 204
    label = filters(label=["rt=nothing"])
    for kind, key in (("containers", "ContainersDeleted"), ("images", "ImagesDeleted"), ("volumes", "VolumesDeleted"), ("networks", "NetworksDeleted")):
        a = engine.post(f"{api}/{kind}/prune?filters={label}")
        assert a.status == 200 and not a.json[key], (kind, a.body)


# Portainer CE 2: the snapshot that it takes every few minutes, and what its pages send through its proxy.


def test_portainer_takes_a_snapshot(engine, web):
    assert engine.get("/_ping").body == b"OK"
    i = engine.get("/v1.51/info").json
    assert i["Swarm"]["LocalNodeState"] == "inactive" and i["Swarm"]["ControlAvailable"] is False and i["Swarm"]["NodeID"] == ""
    assert i["Plugins"]["Volume"] == ["local"] and "bridge" in i["Plugins"]["Network"] and "json-file" in i["Plugins"]["Log"] and i["Runtimes"] and i["DefaultRuntime"]
    assert engine.get("/v1.51/version").json["Components"]
    listed = engine.get("/v1.51/containers/json?all=1").json
    mine = next(c for c in listed if c["Id"] == web["Id"])
    # Its counts of healthy, running and stopped containers are read from these words.
    assert mine["State"] == "running" and "(healthy)" in mine["Status"]
    assert set(mine["NetworkSettings"]["Networks"]) == {"rtnet", "bridge"} and isinstance(mine["Mounts"], list)
    assert engine.get(f"/v1.51/containers/{web['Id']}/json").json["HostConfig"]["DeviceRequests"] in (None, [])
    assert isinstance(engine.get("/v1.51/volumes").json["Volumes"], list)
    for path in ("/v1.51/swarm", "/v1.51/nodes", "/v1.51/services", "/v1.51/tasks", "/v1.51/secrets", "/v1.51/configs"):
        a = engine.get(path)
        assert a.status == 503 and "This node is not a swarm manager" in a.message, path


def test_portainers_pages(engine, web):
    ids = engine.get("/containers/json?all=true&filters=" + quote('{"name":["rtweb"]}')).json
    assert [c["Id"] for c in ids] == [web["Id"]]
    assert engine.get(f"/containers/{web['Id']}/logs?since=0&stderr=1&stdout=1&tail=1&timestamps=0").status == 200
    assert engine.get(f"/containers/{web['Id']}/stats?stream=false").json["name"] == "/rtweb"
    unused = engine.get("/volumes?filters=" + quote('{"dangling":["true"]}')).json["Volumes"]
    used = engine.get("/volumes?filters=" + quote('{"dangling":["false"]}')).json["Volumes"]
    assert not {v["Name"] for v in unused} & {v["Name"] for v in used}
    n = engine.get(f"/networks/{web['NetworkSettings']['Networks']['rtnet']['NetworkID']}").json
    assert n["Containers"][web["Id"]]["Name"] == "rtweb" and n["Containers"][web["Id"]]["IPv4Address"].endswith("/" + n["IPAM"]["Config"][0]["Subnet"].split("/")[1])
    df = engine.get("/system/df").json
    assert {"LayersSize", "Images", "Containers", "Volumes", "BuildCache"} <= set(df)
    assert engine.get("/plugins").json == []
    now = int(time.time())
    for verb in ("pause", "unpause"):
        assert engine.post(f"/containers/{web['Id']}/{verb}").status == 204
    events = [json.loads(line) for line in engine.get(f"/events?since={now - 60}&until={int(time.time()) + 1}").body.splitlines()]
    assert any(e["Action"] == "unpause" and e["Actor"]["ID"] == web["Id"] for e in events)


def console(engine, container):
    """A shell with a terminal in `container`: the exec's id and the connection, whose socket is the terminal from the answer on."""
    made = engine.post(f"/containers/{container}/exec", {"id": container, "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True,
                                                         "User": "", "Cmd": ["sh"]})
    assert made.status == 201, made.body
    ident = made.json["Id"]
    conn = UnixConnection(engine.sock)
    conn.request("POST", f"/exec/{ident}/start", json.dumps({"Detach": False, "Tty": True}),
                 {"Content-Type": "application/json", "Connection": "Upgrade", "Upgrade": "tcp"})
    assert conn.getresponse().status == 101
    return ident, conn


def test_portainers_console_is_an_exec_with_a_terminal(engine, web):
    ident, conn = console(engine, web["Id"])
    got = bytearray()

    def read():
        while chunk := conn.sock.recv(4096):
            got.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    assert engine.post(f"/exec/{ident}/resize?h=33&w=77").status in (200, 201)
    conn.sock.sendall(b"stty size; exit 6\n")
    reader.join(PATIENCE)
    assert b"33 77" in got and not reader.is_alive()
    conn.close()
    assert wait_for(lambda: (e := engine.get(f"/exec/{ident}/json").json)["Running"] is False and e, "the shell has ended")["ExitCode"] == 6


def test_a_size_that_is_told_at_once_is_the_terminals(engine, web):
    """The answer 101 comes before the program is there: the size that follows it waits for the program."""
    for rows in range(20, 40):
        ident, conn = console(engine, web["Id"])
        assert engine.post(f"/exec/{ident}/resize?h={rows}&w=77").status == 200
        conn.sock.sendall(b"stty size; exit\n")
        got = b""
        while chunk := conn.sock.recv(4096):
            got += chunk
        assert b"%d 77" % rows in got
        conn.close()
