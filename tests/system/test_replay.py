# SPDX-License-Identifier: Apache-2.0
"""What tools around Docker send, as they send it, and the fields that they read."""
import json
import re
import socket
import time

import pytest

from harness import PATIENCE, wait_for


def raw(engine, text):
    """The whole answer to a request, byte for byte as given; the connection ends it."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(text.encode())
    out = b""
    while chunk := s.recv(65536):
        out += chunk
    s.close()
    head, _, body = out.partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.fixture
def web(engine, name):
    engine.docker("run", "-d", "--name", name, "-p", "127.0.0.1::80/tcp", "-l", "service=web", "-l", "destination=", "-e", "K=v", "bb",
                  "sh", "-c", "echo out line; echo err line >&2; exec sleep 1000")
    yield engine.inspect(name)


def test_logspout_no_prefix_and_empty_queries(engine, web, name):
    assert any(c["Id"] == web["Id"] for c in engine.get("/containers/json?").json)
    c = engine.get(f"/containers/{web['Id'][:12]}/json?").json
    assert c["Config"]["Tty"] is False and c["State"]["Pid"] > 0 and c["HostConfig"]["LogConfig"]["Type"] == "json-file"
    assert isinstance(c["Config"]["Labels"], dict) and c["Config"]["Env"] and c["Config"]["Hostname"] and c["Name"] == "/" + name
    wait_for(lambda: engine.get(f"/containers/{name}/logs?stderr=1&stdout=1").body.count(b"line") == 2, "both lines are logged")
    log = engine.get(f"/containers/{web['Id'][:12]}/logs?follow=0&since=0&stderr=1&stdout=1&tail=all").body
    frames = {(log[0], log[8:17])} if log[0] == 1 else {(2, log[8:17])}
    assert frames <= {(1, b"out line\n"), (2, b"err line\n")}


def test_rsyslog_sends_json_unescaped_in_the_url(engine, web):
    head, body = raw(engine, 'GET /containers/json?&filters={"since":["%s"]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' % web["Id"])
    assert head.startswith("HTTP/1.1 200") and b"[" in body


def test_fluent_bit_speaks_http_1_0_without_a_host(engine, web, name):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(engine.sock)
    s.sendall(b"GET /events HTTP/1.0\r\n\r\n")
    got = b""
    while b"\r\n\r\n" not in got:
        got += s.recv(4096)
    assert b" 200 " in got.split(b"\r\n")[0] and b"chunked" not in got
    engine.docker("rename", name, name + "z")
    engine.docker("rename", name + "z", name)
    while got.count(b'"rename"') < 4:
        more = s.recv(4096)
        assert more
        got += more
    s.close()
    line = next(x for x in got.split(b"\r\n\r\n", 1)[1].splitlines() if b"rename" in x)
    e = json.loads(line)
    assert e["status"] == "rename" == e["Action"] and e["id"] == web["Id"] == e["Actor"]["ID"] and e["from"] == "bb"
    assert e["Type"] == "container" and e["scope"] == "local" and e["timeNano"] // 10**9 == e["time"]


def test_both_filter_encodings_and_pythons_booleans(engine, web):
    for f in ('{"label":{"service=web":true}}', '{"label":["service=web"]}', '{"label":+["service=web"]}'):
        found = engine.get("/v1.41/containers/json?limit=-1&all=1&size=0&trunc_cmd=0&filters=" + f.replace('"', "%22"))
        assert web["Id"] in [c["Id"] for c in found.json], f
    assert web["Id"] in [c["Id"] for c in engine.get("/containers/json?filters=%7B%22label%22%3A%5B%22destination%3D%22%5D%7D").json]
    assert engine.get("/containers/json?filters=%7B%22ancestor%22%3A%7B%22%22%3Atrue%7D%7D").json == []
    assert engine.get("/containers/json?filters={}").status == 200
    assert engine.get("/images/json?only_ids=0&all=0").status == 200


def test_centurion_deploys_in_v1_12(engine, name):
    a = engine.post(f"/v1.12/containers/create?name={name}", {"Image": "bb:latest", "Cmd": ["sleep", "1000"], "Memory": 64 << 20, "CpuShares": 512,
                                                             "Labels": {"a": "b"}, "Env": ["A=b"], "Volumes": {"/mnt/x": {}}, "Hostname": "h"})
    assert a.status == 201, a.body
    # A HostConfig at the start is refused as Docker 28 does, not ignored.
    for version in ("/v1.12", "/v1.23", "/v1.24", ""):
        a = engine.post(f"{version}/containers/{name}/start", {"Binds": ["/etc/hostname:/x:ro"], "NetworkMode": "bridge"})
        assert a.status == 400 and a.message == "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24"
    assert not engine.inspect(name)["State"]["Running"]
    assert engine.post(f"/v1.12/containers/{name}/start", {}).status == 204
    c = engine.inspect(name)
    assert c["HostConfig"]["Memory"] == 64 << 20 and c["HostConfig"]["CpuShares"] == 512
    assert engine.get("/v1.12/images/bb:latest/json").json["ContainerConfig"] is not None
    assert engine.post(f"/v1.12/containers/{name}/stop?t=0").status == 204
    assert engine.post(f"/v1.12/containers/{name}/stop?t=0").status == 304
    assert engine.request("DELETE", f"/v1.12/containers/{name}").status == 204


def test_inspect_without_a_type_asks_in_dockers_order(engine):
    for path in ("/containers/nosuch/json", "/images/nosuch/json", "/networks/nosuch", "/volumes/nosuch", "/plugins/nosuch/json"):
        a = engine.get(path)
        assert a.status == 404 and "nosuch" in a.message, (path, a.body)
    assert engine.get("/containers/127.0.0.1:5000/web:v1/json").status == 404
    assert engine.get("/containers/nosuch/json").message == "No such container: nosuch"


def test_posts_without_body_length_or_type(engine, web, name):
    for verb in ("pause", "unpause", "stop?t=0", "start"):
        head, _ = raw(engine, f"POST /containers/{name}/{verb} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert " 204 " in head.split("\r\n")[0] + " ", (verb, head)


def test_check_docker_and_prometheus_read_state_stats_and_networks(engine, web, name):
    s = engine.get(f"/containers/{name}/stats?stream=0").json
    assert s["cpu_stats"]["system_cpu_usage"] > 0 and s["cpu_stats"]["online_cpus"] > 0 and "precpu_stats" in s
    assert s["memory_stats"]["usage"] > 0 and s["memory_stats"]["limit"] > 0
    assert {"total_cache", "inactive_file"} & set(s["memory_stats"]["stats"])
    c = next(c for c in engine.get("/v1.41/containers/json?limit=0").json if c["Id"] == web["Id"])
    port = c["Ports"][0]
    assert port["PrivatePort"] == 80 and port["Type"] == "tcp" and port["PublicPort"] > 0 and port["IP"] == "127.0.0.1"
    n = c["NetworkSettings"]["Networks"]["bridge"]
    assert re.match(r"\d+\.", n["IPAddress"]) and n["NetworkID"] in [x["Id"] for x in engine.get("/v1.41/networks").json]
    assert c["HostConfig"]["NetworkMode"] in ("bridge", "default") and isinstance(c["Created"], int)


def test_cadvisor_reads_info_and_the_layer_database(engine, web):
    i = engine.get("/info").json
    assert i["NCPU"] > 0 and i["MemTotal"] > 0 and re.match(r"\d+\.\d+\.\d+", i["ServerVersion"]) and i["Driver"] and i["DriverStatus"]
    root = f"{i['DockerRootDir']}/image/{i['Driver']}/layerdb/mounts/{web['Id']}/mount-id"
    with open(root) as f:
        assert f.read().strip()
    cgroup = [line.strip() for line in open(f"/proc/{web['State']['Pid']}/cgroup")]
    assert any(line.endswith("/" + web["Id"]) for line in cgroup), cgroup


def test_kamal_matches_texts(engine, name):
    engine.docker("network", "create", name)
    try:
        p = engine.docker("network", "create", name, check=False)
        assert p.returncode != 0 and "already exists" in p.stderr
    finally:
        engine.docker("network", "rm", name)
    out = engine.docker("info", "--format", "{{json .RegistryConfig.Mirrors}}").stdout
    assert out.strip() in ("[]", "null")


def test_testcontainers_ryuk_prunes_by_label_and_nomad_waits(engine, name):
    """A label filter finds what a session made; wait without a body answers when the container ends."""
    label = "org.testcontainers.sessionId=" + name
    engine.docker("run", "-d", "--name", name, "-l", label, "bb", "sh", "-c", "sleep 0.3; exit 5")
    start = time.monotonic()
    a = engine.post(f"/containers/{name}/wait")
    assert a.json["StatusCode"] == 5 and time.monotonic() - start < PATIENCE
    f = '{"label":{"%s":true}}' % label
    found = engine.get("/containers/json?all=1&filters=" + f.replace('"', "%22")).json
    assert [c["Names"] for c in found] == [["/" + name]]
    assert engine.request("DELETE", f"/containers/{found[0]['Id']}?force=1&v=1").status == 204
    for kind in ("networks", "volumes"):
        assert engine.post(f"/{kind}/prune?filters=" + f.replace('"', "%22")).status == 200
