# SPDX-License-Identifier: Apache-2.0
"""Every field of the bodies of API 1.51 for containers, execs and volumes: it has an effect that shows, or is refused by its name.

A field of another type than its own is refused by name too, which no field that nobody reads can be.
"""
import pytest

TEXT, INT, BOOL, LIST, MAP = "a", 3, True, [], {}

# field: (a value, what inspect shows of it where that is another)
CONFIG = {
    "Hostname": ("h1",), "Domainname": ("example.org",), "User": ("1000",), "AttachStdin": (True,), "AttachStdout": (True,), "AttachStderr": (True,),
    "ExposedPorts": ({"81/tcp": {}},), "Tty": (True,), "OpenStdin": (True,), "StdinOnce": (True,), "Env": (["A=b"],), "Cmd": (["true"],),
    "Healthcheck": ({"Test": ["CMD", "true"], "Interval": 10 ** 9, "Timeout": 10 ** 9, "StartPeriod": 10 ** 9, "StartInterval": 10 ** 9, "Retries": 2},),
    "ArgsEscaped": (True,), "Image": ("bb",), "Volumes": ({"/v": {}},), "WorkingDir": ("/tmp",), "Entrypoint": (["sh"],),
    "NetworkDisabled": (True, "refused"), "MacAddress": ("02:42:ac:11:00:99",), "OnBuild": (["RUN true"],), "Labels": ({"l": "v"},),
    "StopSignal": ("SIGINT",), "StopTimeout": (4,), "Shell": (["/bin/sh", "-c"],),
}
RATE = [{"Path": "/dev/null", "Rate": 1000}]
HOST = {
    "CpuShares": (100,), "Memory": (64 << 20,), "CgroupParent": ("/berthfields",), "BlkioWeight": (100,), "BlkioWeightDevice": ([{"Path": "/dev/null", "Weight": 100}],),
    "BlkioDeviceReadBps": (RATE,), "BlkioDeviceWriteBps": (RATE,), "BlkioDeviceReadIOps": (RATE,), "BlkioDeviceWriteIOps": (RATE,), "CpuPeriod": (50000,),
    "CpuQuota": (20000,), "CpuRealtimePeriod": (1000000,), "CpuRealtimeRuntime": (1000,), "CpusetCpus": ("0",), "CpusetMems": ("0",),
    "Devices": ([{"PathOnHost": "/dev/null", "PathInContainer": "/dev/n", "CgroupPermissions": "r"}],), "DeviceCgroupRules": (["c 1:3 r"],),
    "DeviceRequests": ([{"Driver": "x", "Count": 1, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {}}],), "MemoryReservation": (32 << 20,),
    "MemorySwap": (-1,), "MemorySwappiness": (10,), "NanoCpus": (500000000,), "OomKillDisable": (True,), "Init": (True,), "PidsLimit": (50,),
    "Ulimits": ([{"Name": "nofile", "Soft": 10, "Hard": 20}],), "CpuCount": (1, "refused"), "CpuPercent": (1, "refused"), "IOMaximumIOps": (1, "refused"),
    "IOMaximumBandwidth": (1, "refused"), "Binds": (["/tmp:/t"],), "ContainerIDFile": ("/tmp/cid",), "LogConfig": ({"Type": "json-file", "Config": {"max-size": "1m"}},),
    "NetworkMode": ("none",), "PortBindings": ({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},), "RestartPolicy": ({"Name": "on-failure", "MaximumRetryCount": 2},),
    "AutoRemove": (True,), "VolumeDriver": ("local",), "VolumesFrom": (["{other}"],), "Mounts": ([{"Type": "tmpfs", "Target": "/m"}],), "ConsoleSize": ([10, 20],),
    "Annotations": ({"a": "b"},), "CapAdd": (["NET_ADMIN"],), "CapDrop": (["MKNOD"],), "CgroupnsMode": ("private",), "Dns": (["1.2.3.4"],), "DnsOptions": (["ndots:3"],),
    "DnsSearch": (["example.org"],), "ExtraHosts": (["x:1.2.3.4"],), "GroupAdd": (["5"],), "IpcMode": ("shareable",), "Cgroup": ("x", "refused"),
    "Links": (["{other}:alias"], ["/{other}:/{name}/alias"]), "OomScoreAdj": (10,), "PidMode": ("host",), "Privileged": (True,), "PublishAllPorts": (True,),
    "ReadonlyRootfs": (True,), "SecurityOpt": (["no-new-privileges"],), "StorageOpt": ({"size": "1g"}, "refused"), "Tmpfs": ({"/x": "size=1m"},), "UTSMode": ("host",),
    "UsernsMode": ("host",), "ShmSize": (1 << 20,), "Sysctls": ({"net.ipv4.ip_forward": "0"},), "Runtime": ("runc",), "Isolation": ("default",),
    "MaskedPaths": (["/proc/kcore"],), "ReadonlyPaths": (["/proc/bus"],),
}
EXEC = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "ConsoleSize": [10, 20], "DetachKeys": "ctrl-a", "Tty": True, "Env": ["A=b"],
        "Cmd": ["true"], "Privileged": True, "User": "1000", "WorkingDir": "/tmp"}
VOLUME = {"Name": "fieldvolume", "Driver": "local", "DriverOpts": {"type": "tmpfs", "device": "tmpfs"}, "Labels": {"a": "b"}}
# A value of a type that none of the fields of that kind has.
WRONG = {str: 5, int: "5x", bool: "yes", list: {"not": "a list"}, dict: "not an object"}


@pytest.fixture(scope="module")
def other(engine):
    engine.docker("create", "--name", "fieldother", "bb", "true")
    yield "fieldother"
    engine.request("DELETE", "/containers/fieldother?force=1")


def fill(value, **names):
    if isinstance(value, str):
        for k, v in names.items():
            value = value.replace("{%s}" % k, v)
        return value
    return [fill(v, **names) for v in value] if isinstance(value, list) else value


def create(engine, name, config, host):
    return engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], **config, "HostConfig": host})


@pytest.mark.parametrize("field", sorted(CONFIG))
def test_config(engine, name, field):
    value, *shown = CONFIG[field]
    a = create(engine, name, {field: value}, {})
    if shown == ["refused"]:
        assert a.status in (400, 501) and "Config." + field in a.message
        return
    assert a.status == 201, a.body
    got = engine.inspect(name)["Config"][field]
    assert got == (shown[0] if shown else value)


@pytest.mark.parametrize("field", sorted(HOST))
def test_host_config(engine, name, other, field):
    value, *shown = HOST[field]
    more = {"CpuQuota": 20000} if field == "CpuPeriod" else {"Memory": 64 << 20} if field == "MemorySwap" else {}
    a = create(engine, name, {}, {field: fill(value, other=other), **more})
    if shown == ["refused"]:
        assert a.status in (400, 501) and ("HostConfig." + field in a.message or field == "StorageOpt" and "--storage-opt" in a.message)
        return
    assert a.status == 201, a.body
    got = engine.inspect(name)["HostConfig"][field]
    # What this machine's kernel has not is dropped, and said.
    if any("iscarded" in w for w in a.json["Warnings"]):
        assert not got
        return
    assert got == fill(shown[0] if shown else value, other=other, name=name)


@pytest.mark.parametrize("field", sorted(CONFIG))
def test_a_wrong_type_in_config_is_named(engine, field):
    a = create(engine, "fieldwrong", {field: WRONG[type(CONFIG[field][0])]}, {})
    if field in ("Cmd", "Entrypoint", "Shell"):
        a = create(engine, "fieldwrong", {field: 5}, {})
    assert a.status == 400 and field in a.message, a.body


@pytest.mark.parametrize("field", sorted(HOST))
def test_a_wrong_type_in_host_config_is_named(engine, field):
    a = create(engine, "fieldwrong", {}, {field: WRONG[type(HOST[field][0])]})
    assert a.status == 400 and field in a.message, a.body


ENDPOINT = {"IPAMConfig": {"IPv4Address": "10.98.7.9"}, "Links": ["fieldother:a"], "MacAddress": "02:42:ac:11:00:98", "Aliases": ["al"], "DriverOpts": {"a": "b"}, "GwPriority": 3}


@pytest.mark.parametrize("field", sorted(ENDPOINT))
def test_endpoints_of_networking_config(engine, name, other, field):
    engine.post("/networks/create", {"Name": "fieldnet", "IPAM": {"Config": [{"Subnet": "10.98.7.0/24"}]}})
    body = {"Image": "bb", "Cmd": ["true"], "HostConfig": {"NetworkMode": "fieldnet"}, "NetworkingConfig": {"EndpointsConfig": {"fieldnet": {field: ENDPOINT[field]}}}}
    try:
        a = engine.post(f"/containers/create?name={name}", body)
        if a.status != 201:
            assert field in a.message or field.lower() in a.message.lower(), a.body
            return
        got = engine.inspect(name)["NetworkSettings"]["Networks"]["fieldnet"][field]
        assert got == ENDPOINT[field]
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1")
        engine.request("DELETE", "/networks/fieldnet")


@pytest.fixture(scope="module")
def running(engine):
    engine.docker("run", "-d", "--name", "fieldexec", "bb", "sleep", "6000")
    yield "fieldexec"
    engine.request("DELETE", "/containers/fieldexec?force=1")


SHOWN = {"AttachStdin": ("OpenStdin", True), "AttachStdout": ("OpenStdout", True), "AttachStderr": ("OpenStderr", True), "DetachKeys": ("DetachKeys", "AQ==")}
IN_PROCESS = {"Tty": ("tty", True), "Cmd": ("entrypoint", "true"), "Privileged": ("privileged", True), "User": ("user", "1000")}
SAYS = {"Env": ("echo $A", "b"), "WorkingDir": ("pwd", "/tmp"), "User": ("id -u", "1000"), "ConsoleSize": ("stty size", "10 20")}


@pytest.mark.parametrize("field", sorted(EXEC))
def test_exec_config(engine, running, field):
    body = {"Cmd": ["true"], field: EXEC[field]}
    if field in SAYS:
        script, want = SAYS[field]
        body = {"AttachStdout": True, **body, "Cmd": ["sh", "-c", script], "Tty": field == "ConsoleSize"}
        x = engine.post(f"/containers/{running}/exec", body).json["Id"]
        assert want in engine.post(f"/exec/{x}/start", {"Tty": body["Tty"]}).body.decode()
        return
    x = engine.post(f"/containers/{running}/exec", body).json["Id"]
    shown = engine.get(f"/exec/{x}/json").json
    key, want = SHOWN.get(field) or IN_PROCESS[field]
    assert (shown if field in SHOWN else shown["ProcessConfig"])[key] == want


@pytest.mark.parametrize("field", sorted(EXEC))
def test_a_wrong_type_in_exec_config_is_named(engine, running, field):
    wrong = 5 if field == "Cmd" else WRONG[type(EXEC[field])]
    a = engine.post(f"/containers/{running}/exec", {"Cmd": ["true"], field: wrong})
    assert a.status == 400 and field in a.message, a.body


@pytest.mark.parametrize("field", sorted(VOLUME))
def test_volume_create(engine, field):
    a = engine.post("/volumes/create", {"Name": "fieldvolume", field: VOLUME[field]})
    try:
        assert a.status == 201 and a.json[{"DriverOpts": "Options"}.get(field, field)] == VOLUME[field]
        wrong = engine.post("/volumes/create", {"Name": "fieldvolume2", field: WRONG[type(VOLUME[field])]})
        assert wrong.status == 400 and field in wrong.message
    finally:
        engine.request("DELETE", "/volumes/fieldvolume?force=1")


def test_cluster_volumes_are_refused(engine):
    a = engine.post("/volumes/create", {"Name": "fieldvolume", "ClusterVolumeSpec": {"Group": "x"}})
    assert a.status == 503 and "swarm" in a.message
