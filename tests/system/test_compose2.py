# SPDX-License-Identifier: Apache-2.0
"""docker compose v2: the requests of `up`, `run` and `down` as version 2.40 sends them, and the program itself where a machine has it."""
import io
import json
import os
import tarfile
from urllib.parse import quote

import pytest

from harness import UnixConnection, run, wait_for

API = "/v1.51"
PLACES = ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins", "/usr/bin")
PLUGIN = next((p for p in (os.environ.get("BERTH_TEST_COMPOSE", ""), *(d + "/docker-compose" for d in PLACES))
               if os.access(p, os.X_OK) and "version 2." in run([p, "version"], check=False).stdout.replace("version v", "version ")), None)
# What Go's client sends of a HostConfig that says nothing.
HOST = {"Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": None}, "NetworkMode": "", "PortBindings": {},
        "RestartPolicy": {"Name": "", "MaximumRetryCount": 0}, "AutoRemove": False, "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0],
        "CapAdd": None, "CapDrop": None, "CgroupnsMode": "", "Dns": None, "DnsOptions": None, "DnsSearch": None, "ExtraHosts": [], "GroupAdd": None,
        "IpcMode": "", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False, "PublishAllPorts": False,
        "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "", "ShmSize": 0, "Isolation": "", "CpuShares": 0, "Memory": 0,
        "NanoCpus": 0, "CgroupParent": "", "BlkioWeight": 0, "BlkioWeightDevice": None, "BlkioDeviceReadBps": None, "BlkioDeviceWriteBps": None,
        "BlkioDeviceReadIOps": None, "BlkioDeviceWriteIOps": None, "CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0,
        "CpusetCpus": "", "CpusetMems": "", "Devices": None, "DeviceCgroupRules": None, "DeviceRequests": None, "MemoryReservation": 0, "MemorySwap": 0,
        "MemorySwappiness": None, "OomKillDisable": False, "PidsLimit": None, "Ulimits": None, "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0, "MaskedPaths": None, "ReadonlyPaths": None}
ENDPOINT = {"IPAMConfig": {}, "Links": None, "Aliases": None, "MacAddress": "", "DriverOpts": None, "GwPriority": 0, "NetworkID": "", "EndpointID": "",
            "Gateway": "", "IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": None}


class Project:
    """The requests of one project; every name begins with the project's."""

    def __init__(self, engine, name, files):
        self.engine, self.name, self.files = engine, name, files

    def labels(self, kind, value):
        return {"com.docker.compose.config-hash": "f72bd00e", "com.docker.compose.project": self.name, "com.docker.compose.version": "2.40.3",
                "com.docker.compose." + kind: value}

    def query(self, *labels):
        return quote(json.dumps({"label": {x: True for x in (*labels, "com.docker.compose.project=" + self.name)}}))

    def network(self, name, internal=False):
        full = f"{self.name}_{name}"
        assert self.engine.get(f"{API}/networks/{full}").status == 404
        assert self.engine.get(f"{API}/networks?filters=" + quote(json.dumps({"name": {full: True}}))).json == []
        a = self.engine.post(f"{API}/networks/create", {"Driver": "", "Scope": "", "IPAM": None, "Internal": internal, "Attachable": False, "Ingress": False,
                                                        "ConfigOnly": False, "ConfigFrom": None, "Options": None, "Labels": self.labels("network", name), "Name": full})
        assert a.status == 201 and a.json["Id"], a.body
        n = self.engine.get(f"{API}/networks/{full}").json
        assert n["Driver"] == "bridge" and n["Internal"] is internal and n["Labels"]["com.docker.compose.network"] == name
        return full

    def create(self, service, command, networks, container=None, **host):
        name = container or f"{self.name}-{service}-1"
        labels = {**self.labels("service", service), "com.docker.compose.container-number": "1", "com.docker.compose.depends_on": "",
                  "com.docker.compose.oneoff": str(container is not None), "com.docker.compose.image": self.engine.get(f"{API}/images/bb/json").json["Id"]}
        body = {"Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False,
                "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": command, "Image": "bb", "Volumes": None, "WorkingDir": "", "Entrypoint": None,
                "OnBuild": None, "Labels": labels, "HostConfig": {**HOST, "NetworkMode": networks[0], **host},
                "NetworkingConfig": {"EndpointsConfig": {n: {**ENDPOINT, "Aliases": [name, service]} for n in networks}}}
        a = self.engine.post(f"{API}/containers/create?name={name}", body)
        assert a.status == 201 and a.json["Warnings"] in ([], None), a.body
        return a.json["Id"]

    def down(self):
        for c in self.engine.get(f"{API}/containers/json?all=1&filters=" + self.query("com.docker.compose.config-hash")).json:
            assert self.engine.post(f"{API}/containers/{c['Id']}/stop?t=0").status in (204, 304)
            assert self.engine.request("DELETE", f"{API}/containers/{c['Id']}?force=1&v=1").status == 204
        for v in self.engine.get(f"{API}/volumes?filters=" + self.query()).json["Volumes"]:
            assert self.engine.request("DELETE", f"{API}/volumes/{v['Name']}?force=1").status == 204
        for n in self.engine.get(f"{API}/networks?filters=" + self.query()).json:
            assert self.engine.get(f"{API}/networks/{n['Id']}").json["Containers"] == {}
            assert self.engine.request("DELETE", f"{API}/networks/{n['Id']}").status == 204


@pytest.fixture
def project(engine, tmp_path, request):
    p = Project(engine, "c2" + request.node.name[5:15].replace("_", ""), tmp_path)
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "index.html").write_text("bought\n")
    yield p
    p.down()


def archive(name, data):
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as t:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o444
        t.addfile(info, io.BytesIO(data))
    return buf.getvalue()


def attach(engine, container):
    """Compose's attach; returns the connection, whose socket carries the frames."""
    conn = UnixConnection(engine.sock)
    conn.request("POST", f"{API}/containers/{container}/attach?stderr=1&stdin=1&stdout=1&stream=1", None,
                 {"Content-Type": "text/plain", "Connection": "Upgrade", "Upgrade": "tcp"})
    assert conn.getresponse().status == 101
    return conn


def test_up_makes_networks_volumes_configs_and_services(engine, project):
    back, front = project.network("back", internal=True), project.network("front")
    volume = engine.post(f"{API}/volumes/create", {"Labels": project.labels("volume", "data"), "Name": project.name + "_data"})
    assert volume.status == 201 and volume.json["Labels"]["com.docker.compose.volume"] == "data"
    mounts = [{"Type": "volume", "Source": project.name + "_data", "Target": "/data", "VolumeOptions": {}}]
    db = project.create("db", ["sh", "-c", "touch /data/ready; exec sleep 1000"], [back], Mounts=mounts)
    secret = [{"Type": "bind", "Source": str(project.files / "www/index.html"), "Target": "/run/secrets/s1", "ReadOnly": True, "BindOptions": {}}]
    web = project.create("web", ["sh", "-c", "cat /c1; exec httpd -f -p 80 -h /www"], [back, front], Binds=[f"{project.files}/www:/www:ro"], Mounts=secret,
                         PortBindings={"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}, RestartPolicy={"Name": "unless-stopped", "MaximumRetryCount": 0},
                         Memory=67108864, NanoCpus=500000000, Ulimits=[{"Name": "nofile", "Hard": 200, "Soft": 100}])
    a = engine.request("PUT", f"{API}/containers/{web}/archive?noOverwriteDirNonDir=true&path=%2F", archive("/c1", b"conf\n"), {"Content-Type": "text/plain"})
    assert a.status == 200, a.body
    for ident in (db, web):
        assert engine.post(f"{API}/containers/{ident}/start").status == 204
    c = engine.get(f"{API}/containers/{web}/json").json
    assert set(c["NetworkSettings"]["Networks"]) == {back, front} and c["HostConfig"]["NetworkMode"] == back
    assert "web" in c["NetworkSettings"]["Networks"][front]["Aliases"] and c["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert c["HostConfig"]["LogConfig"]["Type"] == "json-file" and c["HostConfig"]["ShmSize"] == 64 << 20
    wait_for(lambda: b"conf\n" in engine.get(f"{API}/containers/{web}/logs?stderr=1&stdout=1&tail=all").body, "the config is there")
    # `ps` asks by labels, and reads the publishers.
    listed = engine.get(f"{API}/containers/json?all=1&filters=" + project.query("com.docker.compose.config-hash", "com.docker.compose.oneoff=False")).json
    assert {x["Id"] for x in listed} == {db, web}
    port = next(p for x in listed if x["Id"] == web for p in x["Ports"])
    assert port["IP"] == "127.0.0.1" and port["PrivatePort"] == 80 and port["Type"] == "tcp" and port["PublicPort"] > 0
    # Its log speaks before its server listens.
    out = engine.docker("exec", web, "sh", "-c", "cat /run/secrets/s1; ulimit -n; until wget -qO- http://web/index.html 2>/dev/null; do usleep 50000; done").stdout
    assert out == "bought\n100\nbought\n"


def test_a_changed_service_is_made_anew_under_a_name_for_the_moment(engine, project):
    net = project.network("default")
    old = project.create("web", ["sleep", "1000"], [net])
    assert engine.post(f"{API}/containers/{old}/start").status == 204
    temporary = f"{old[:12]}_{project.name}-web-1"
    new = project.create("web", ["sleep", "2000"], [net], container=temporary)
    assert engine.post(f"{API}/containers/{old}/stop?t=0").status == 204
    assert engine.request("DELETE", f"{API}/containers/{old}").status == 204
    assert engine.post(f"{API}/containers/{temporary}/rename?name={project.name}-web-1").status == 204
    assert engine.post(f"{API}/containers/{new}/start").status == 204
    assert engine.inspect(f"{project.name}-web-1")["Id"] == new


def test_run_attaches_and_waits_before_it_starts(engine, project):
    net = project.network("default")
    one = project.create("db", ["sh", "-c", "echo hi; exit 7"], [net], container=project.name + "-db-run-871a3ccd31e9", AutoRemove=True)
    stream = attach(engine, one)
    waiting = UnixConnection(engine.sock)
    waiting.request("POST", f"{API}/containers/{one}/wait?condition=removed")
    # The head of the answer comes as soon as it is waited for, which is what a client goes on at.
    answer = waiting.getresponse()
    assert answer.status == 200
    assert engine.post(f"{API}/containers/{one}/start").status == 204
    got = b""
    while chunk := stream.sock.recv(4096):
        got += chunk
    assert got == b"\x01\0\0\0\0\0\0\x03hi\n"
    assert json.loads(answer.read())["StatusCode"] == 7
    assert engine.get(f"{API}/containers/{one}/json").status == 404
    stream.close()
    waiting.close()


COMPOSE = """
services:
  db:
    image: bb
    command: sh -c "touch /data/ready; exec sleep 1000"
    volumes: ["data:/data"]
    networks: [back]
    healthcheck: {test: ["CMD", "test", "-e", "/data/ready"], interval: 1s, retries: 50}
  web:
    image: bb
    command: sh -c "cat /c1; exec httpd -f -p 80 -h /www"
    depends_on: {db: {condition: service_healthy}}
    networks: {front: {aliases: [shop]}, back: {}}
    ports: ["127.0.0.1::80"]
    volumes: ["./www:/www:ro"]
    configs: [{source: c1, target: /c1}]
  once:
    image: bb
    command: sh -c "until wget -qO- http://shop/index.html; do usleep 50000; done"
    networks: [front]
    depends_on: [web]
configs: {c1: {content: "conf"}}
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
"""


@pytest.mark.skipif(not PLUGIN, reason="no docker compose 2 here")
def test_the_program_itself_from_up_to_down(engine, project):
    file = project.files / "compose.yml"
    file.write_text(COMPOSE)
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
    env.update(DOCKER_HOST="unix://" + engine.sock, DOCKER_CONFIG=str(project.files / "config"))

    def compose(*args, **kw):
        return run([PLUGIN, "-p", project.name, "-f", str(file), *args], env=env, **kw)

    compose("up", "-d")
    before = {c["Id"] for c in engine.get("/containers/json?all=1&filters=" + project.query()).json}
    assert len(before) == 3 and "Healthy" in compose("up", "-d").stderr
    assert {c["Id"] for c in engine.get("/containers/json?all=1&filters=" + project.query()).json} == before
    wait_for(lambda: "bought" in compose("logs", "--no-color", "once").stdout, "one service reaches another by its alias")
    assert compose("exec", "-T", "web", "sh", "-c", "cat /c1; exit 4", check=False).stdout == "conf"
    assert compose("port", "web", "80").stdout.startswith("127.0.0.1:")
    assert compose("run", "--rm", "-T", "db", "echo", "hi").stdout == "hi\n"
    compose("up", "-d", "--scale", "db=2", "--force-recreate", "-t", "0")
    assert len(compose("ps", "-q", "db").stdout.split()) == 2
    compose("down", "-v", "-t", "0")
    assert engine.get("/volumes?filters=" + project.query()).json["Volumes"] == []
    assert engine.get("/networks?filters=" + project.query()).json == []
