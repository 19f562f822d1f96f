# SPDX-License-Identifier: Apache-2.0
"""Every field of every body of the groups containers, exec, volumes, events and system, as Docker's description of API 1.51 has them.

golden/bodies.json is written by tests/compat/record_bodies.py. Of answers each field is there in its type, and no other is; of requests each field is read, which
shows in that another type of it is refused by its name, at whatever depth. What the fields do is shown in test_fields.py, test_options.py and others."""
import json
import os
import re
import time

import pytest

from harness import TOP, wait_for

with open(os.path.join(TOP, "tests", "compat", "golden", "bodies.json")) as _f:
    BODIES = json.load(_f)["bodies"]
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}

SWARM, WINDOWS, CDI = "of swarm", "of Windows", "of the container device interface, which is not offered"
CONTAINERD, BUILD = "of Docker's store in containerd", "of builds"
OLD = "only where the kernel tells it, which none does any more"
OTHERS = "shown where a daemon is configured so: test_daemon_options.py"
# {body: {field: why no answer below has it}}; what lies below it is meant, too.
ABSENT = {
    "*": {"ImageManifestDescriptor": CONTAINERD, "Manifests": CONTAINERD, "Descriptor": CONTAINERD, "ClusterVolume": SWARM, "BuildCache[]": BUILD},
    "created": {"Warnings[]": "there is nothing to warn of"}, "updated": {"Warnings[]": "there is nothing to warn of"},
    "inspect": {"NetworkSettings.SecondaryIPAddresses[]": "Docker has none either", "NetworkSettings.SecondaryIPv6Addresses[]": "Docker has none either",
                "HostConfig.StorageOpt": "refused by name: the size of a layer cannot be limited", "Config.NetworkDisabled": "refused by name",
                "HostConfig.Mounts[].TmpfsOptions.Options": "refused by name, as by Docker 28", "HostConfig.BlkioWeightDevice[]": "where the kernel has weights: test_options.py",
                "HostConfig.KernelMemoryTCP": "version 1 only: test_kernel_memory"},
    "stats": {"memory_stats.commitbytes": WINDOWS, "memory_stats.commitpeakbytes": WINDOWS, "memory_stats.privateworkingset": WINDOWS, "networks{}.endpoint_id": WINDOWS,
              "networks{}.instance_id": WINDOWS, "storage_stats.": WINDOWS, "memory_stats.failcnt": "where a limit was hit", "memory_stats.max_usage": "version 1 only",
              "cpu_stats.cpu_usage.percpu_usage": "version 1 only", "precpu_stats.cpu_usage.percpu_usage": "of the sample before the sums are kept",
              "pids_stats.limit": "where there is one", "blkio_stats.": OLD},
    "info": {"CDISpecDirs": CDI, "DiscoveredDevices": CDI, "Containerd": CONTAINERD, "DefaultAddressPools": OTHERS, "FirewallBackend.Info": "nothing more to tell",
             "GenericResources[]": SWARM, "KernelMemoryTCP": "version 1 only", "Labels[]": OTHERS, "Plugins.Authorization[]": "no such plugins", "ProductLicense": "Docker's own",
             "RegistryConfig.Mirrors[]": OTHERS, "RegistryConfig.IndexConfigs{}.Mirrors[]": OTHERS, "Runtimes{}.runtimeArgs": "refused by name", "Runtimes{}.status": "not asked",
             "Swarm.": SWARM, "Warnings[]": "where the kernel lacks something"},
    "version": {"Experimental": "left out where it is not, as by Docker"},
    "list": {"[].SizeRw": "left out where it is 0, as by Docker", "[].NetworkSettings.Networks{}.Links[]": "not in lists", "[].NetworkSettings.Networks{}.DriverOpts{}": "not in lists",
             "[].NetworkSettings.Networks{}.IPAMConfig.LinkLocalIPs": "not in lists"},
    "df": {"Containers[].SizeRw": "left out where it is 0, as by Docker", "Containers[].NetworkSettings.Networks{}.Links[]": "not in lists",
           "Containers[].NetworkSettings.Networks{}.DriverOpts{}": "not in lists", "Containers[].NetworkSettings.Networks{}.IPAMConfig.LinkLocalIPs": "not in lists",
           "Images[].RepoDigests[]": "of pulled images", "Images[].Labels{}": "the image has none", "Volumes[].Status": "of other drivers"},
    "volumes": {"Volumes[].Status": "of other drivers", "Volumes[].UsageData": "in df alone", "Warnings[]": "there is nothing to warn of"},
    "volume": {"Status": "of other drivers", "UsageData": "in df alone"},
    "wait": {"Error": "where waiting failed"},
    "auth": {},
}

RICH = {
    "Image": "bb", "Cmd": ["sleep", "600"], "Labels": {"a": "b"}, "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "StopTimeout": 3, "StopSignal": "SIGINT",
    "Shell": ["/bin/sh"], "OnBuild": ["RUN true"], "ArgsEscaped": True, "MacAddress": "02:42:ac:11:00:77",
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 10 ** 8, "Timeout": 10 ** 9, "Retries": 2, "StartPeriod": 10 ** 8, "StartInterval": 10 ** 8},
    "HostConfig": {
        "NetworkMode": "bodynet", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}, "Annotations": {"x": "y"}, "Init": True,
        "Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 20}], "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}}, "Memory": 64 << 20, "PidsLimit": 50,
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/n", "CgroupPermissions": "r"}], "DeviceCgroupRules": ["c 1:3 r"],
        "Binds": ["/tmp:/host"], "CapAdd": ["NET_ADMIN"], "CapDrop": ["MKNOD"], "Dns": ["1.2.3.4"], "DnsOptions": ["ndots:3"], "DnsSearch": ["example.org"],
        "ExtraHosts": ["x:1.2.3.4"], "GroupAdd": ["5"], "SecurityOpt": ["no-new-privileges"], "Sysctls": {"net.ipv4.ip_forward": "0"}, "Tmpfs": {"/x": "size=1m"},
        "VolumesFrom": ["bodyother"], "Links": ["bodyother:alias"],
        "Mounts": [
            {"Type": "tmpfs", "Target": "/m", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o700}, "ReadOnly": True, "Consistency": "default"},
            {"Type": "volume", "Source": "bodyvol", "Target": "/n", "VolumeOptions": {"NoCopy": True, "Labels": {"l": "v"}, "DriverConfig": {"Name": "local", "Options": {}}}},
            {"Type": "volume", "Source": "bodytmp", "Target": "/o", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}}}},
            {"Type": "bind", "Source": "/tmp", "Target": "/p", "BindOptions": {"Propagation": "rprivate", "NonRecursive": True, "CreateMountpoint": True}},
        ]},
    "NetworkingConfig": {"EndpointsConfig": {"bodynet": {"Aliases": ["al"], "IPAMConfig": {"IPv4Address": "10.98.8.9"}, "DriverOpts": {"com.docker.network.endpoint.ifname": "eth9"}}}},
}
# Started not, and so free to ask for what this machine may not have.
IDLE = {
    "Image": "bb", "Cmd": ["true", "x"], "Entrypoint": ["env"],
    "HostConfig": {
        "NetworkMode": "bodynet", "DeviceRequests": [{"Driver": "x", "DeviceIDs": ["d"], "Capabilities": [["gpu"]], "Options": {"o": "v"}}, {"Count": 1}],
        **{f"BlkioDevice{way}{what}": [{"Path": "/dev/null", "Rate": 1000}] for way in ("Read", "Write") for what in ("Bps", "IOps")},
        "Mounts": [{"Type": "image", "Source": "bb", "Target": "/i", "ImageOptions": {"Subpath": "etc"}},
                   {"Type": "volume", "Source": "bodyvol", "Target": "/n", "VolumeOptions": {"Subpath": "sub"}},
                   {"Type": "bind", "Source": "/tmp", "Target": "/p", "ReadOnly": True, "BindOptions": {"ReadOnlyNonRecursive": True}},
                   {"Type": "bind", "Source": "/tmp", "Target": "/q", "ReadOnly": True, "BindOptions": {"ReadOnlyForceRecursive": True, "Propagation": "rprivate"}}]},
    "NetworkingConfig": {"EndpointsConfig": {"bodynet": {"IPAMConfig": {"IPv6Address": "2001:db8:98::9", "LinkLocalIPs": ["169.254.9.9"]}, "Links": ["bodyother:l"], "GwPriority": 4}}},
}


def paths_of(value, known, path="", out=None):
    """{path as the description writes it: types seen}. A key below a map whose keys are free is {}."""
    out = {} if out is None else out
    if path:
        out.setdefault(path, set()).add(type(value))
    if isinstance(value, dict):
        for k, v in value.items():
            named = f"{path}.{k}".lstrip(".")
            paths_of(v, known, path + "{}" if named not in known and path + "{}" in known else named, out)
    if isinstance(value, list):
        for v in value:
            paths_of(v, known, path + "[]", out)
    return out


def is_of(kind, seen):
    """null stands for any of Go's lists, maps and pointers."""
    return all(s is type(None) or (s is bool) == (kind == "boolean") and issubclass(s, TYPES[kind]) for s in seen)


def is_absent(body, path, absent):
    """Named as absent, or below what is."""
    def below(name):
        return path == name or path.startswith(name if name.endswith(".") else name + ".") or path.startswith(name + "[") or path.startswith(name + "{")
    return any(below(n) for n in absent.get(body, {})) or any(re.search(rf"(^|[.\]}}]){re.escape(n)}($|[.\[{{])", path) for n in absent["*"])


def remove_all(engine):
    for n in ("bodyrich", "bodyidle", "bodyother"):
        engine.request("DELETE", f"/containers/{n}?force=1&v=1")
    for v in ("bodyvol", "bodytmp"):
        engine.request("DELETE", f"/volumes/{v}?force=1")
    engine.request("DELETE", "/networks/bodynet")


def sample(engine):
    """{body: [answers]} from containers, volumes and events that have something of everything."""
    make = lambda n, b: engine.post("/containers/create?name=" + n, b)  # noqa: E731
    engine.post("/networks/create", {"Name": "bodynet", "EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "10.98.8.0/24"}, {"Subnet": "2001:db8:98::/64"}]}})
    assert make("bodyother", {"Image": "bb", "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "bodynet"}}).status == 201
    assert engine.post("/containers/bodyother/start").status == 204
    created = make("bodyrich", RICH)
    assert created.status == 201, created.body
    idle = make("bodyidle", IDLE)
    assert idle.status == 201, idle.body
    started = engine.post("/containers/bodyrich/start")
    assert started.status == 204, started.body
    wait_for(lambda: engine.inspect("bodyrich")["State"]["Health"]["Log"], "a health check ran")
    x = engine.post("/containers/bodyrich/exec", {"Cmd": ["touch", "/new"], "User": "root"}).json
    engine.post(f"/exec/{x['Id']}/start", {"Detach": False})
    busy = engine.post("/containers/bodyrich/exec", {"Cmd": ["sleep", "600"]}).json
    engine.post(f"/exec/{busy['Id']}/start", {"Detach": True})
    get = lambda p: engine.get(p).json  # noqa: E731
    out = {
        "created": [created.json], "inspect": [get("/containers/bodyrich/json?size=1"), get("/containers/bodyidle/json")], "list": [get("/containers/json?all=1&size=1")],
        "top": [get("/containers/bodyrich/top")], "changes": [get("/containers/bodyrich/changes")], "stats": [get("/containers/bodyrich/stats?stream=0")],
        "updated": [engine.post("/containers/bodyrich/update", {"CpuShares": 100}).json], "exec created": [x], "exec inspect": [get(f"/exec/{i['Id']}/json") for i in (x, busy)],
        "info": [get("/info")], "version": [get("/version")], "df": [get("/system/df")], "volumes": [get("/volumes")],
        "volume": [get("/volumes/bodyvol"), get("/volumes/bodytmp")],
    }
    engine.post("/containers/bodyrich/stop?t=0")
    out["wait"] = [engine.post("/containers/bodyrich/wait").json]
    lines = engine.get('/events?since=0&until=%.3f&filters={"container":["bodyrich"]}' % (time.time() + 0.1)).body.decode().splitlines()
    out["event"] = [json.loads(line) for line in lines]
    engine.request("DELETE", "/containers/bodyidle?v=1")
    engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "Labels": {"bodies": "1"}, "Volumes": {"/v": {}}})
    out["prune"] = [engine.post('/containers/prune?filters={"label":["bodies"]}').json]
    out["volume prune"] = [engine.post("/volumes/prune").json]
    return out


@pytest.fixture(scope="module")
def answers(engine):
    remove_all(engine)
    try:
        yield sample(engine)
    finally:
        remove_all(engine)


ANSWERS = sorted(set(BODIES) - {"create", "update", "exec create", "exec start", "volume create", "network create", "network connect", "network disconnect", "auth"})


@pytest.mark.parametrize("body", ANSWERS)
def test_an_answer_has_each_field_in_its_type_and_no_other(answers, body):
    known, got = BODIES[body], {}
    for answer in answers[body]:
        paths_of(answer, known, "", got)
    # An event's older names, and the free map of details.
    also = {"event": {"status", "id", "from"}}.get(body, set())
    unknown = [p for p in got if p not in known and p not in also and not p.startswith("Components[].Details.")]
    assert unknown == []
    assert {p: s for p, s in got.items() if p in known and not is_of(known[p], s)} == {}
    assert [p for p in known if p not in got and not is_absent(body, p, ABSENT)] == []


WRONG = {"string": 5, "integer": "5x", "boolean": "yes", "array": 5, "object": 5, "number": "x"}
REQUESTS = ["create", "update", "exec create", "exec start", "volume create", "network create", "network connect", "network disconnect"]
# Words for what is wrong before its type could be, by the beginning of the path.
OTHERWISE = {"ClusterVolumeSpec": "swarm", "DriverOpts{}": "invalid option", "Labels{}": "abel"}


def build(path, leaf):
    """A body with `leaf` at the path."""
    value = leaf
    for token in reversed(re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path)):
        key = "80/tcp" if "Ports" in path or "PortBindings" in path else "/k" if path.startswith("Volumes") else "k"
        value = [value] if token == "[]" else {key: value} if token == "{}" else {token: value}
    return value


def merge(into, more):
    for k, v in more.items():
        if isinstance(v, dict) and isinstance(into.get(k), dict):
            merge(into[k], v)
        else:
            into[k] = v
    return into


@pytest.fixture(scope="module")
def running(engine):
    engine.docker("run", "-d", "--name", "bodyrun", "bb", "sleep", "6000")
    yield "bodyrun"
    engine.request("DELETE", "/containers/bodyrun?force=1")


def send(engine, running, body, wrong):
    if body == "exec start":
        x = engine.post(f"/containers/{running}/exec", {"Cmd": ["true"]}).json["Id"]
        return engine.post(f"/exec/{x}/start", merge({"Detach": True}, wrong))
    where, base = {
        "create": ("/containers/create?name=bodywrong", {"Image": "bb", "Cmd": ["true"]}), "update": (f"/containers/{running}/update", {}),
        "exec create": (f"/containers/{running}/exec", {"Cmd": ["true"]}), "volume create": ("/volumes/create", {"Name": "bodywrong"}),
        "network create": ("/networks/create", {"Name": "bodywrong"}), "network connect": ("/networks/bridge/connect", {"Container": running}),
        "network disconnect": ("/networks/bridge/disconnect", {"Container": running}),
    }[body]
    return engine.post(where, merge(base, wrong))


@pytest.mark.parametrize("body", REQUESTS)
def test_another_type_is_refused_by_the_fields_name_at_any_depth(engine, running, body):
    taken = {}
    for path, kind in BODIES[body].items():
        a = send(engine, running, body, build(path, WRONG[kind]))
        names = re.findall(r"[A-Za-z0-9]+", path)
        # What cannot be changed at all is refused by the name of the whole.
        words = [w for p, w in OTHERWISE.items() if path.startswith(p)] or names[-1:] + (names[:1] if body == "update" else [])
        if a.status not in (400, 501, 503) or not any(w in a.message for w in words):
            taken[path] = (a.status, a.body)
    assert taken == {}


def test_kernel_memory(engine, name):
    """For TCP's buffers where the kernel can; of all kinds never."""
    can = os.path.exists("/sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes")
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "600"], "HostConfig": {"KernelMemoryTCP": 32 << 20}})
    assert a.status == 201, a.body
    assert bool(a.json["Warnings"]) is not can
    assert engine.inspect(name)["HostConfig"].get("KernelMemoryTCP") == (32 << 20 if can else None)
    assert engine.get("/info").json.get("KernelMemoryTCP", False) is can
    if can:
        assert engine.post(f"/containers/{name}/start").status == 204
        pid = engine.inspect(name)["State"]["Pid"]
        with open(f"/proc/{pid}/cgroup") as f:
            group = next(line.strip().split(":", 2)[2] for line in f if ":memory:" in line)
        with open(f"/sys/fs/cgroup/memory{group}/memory.kmem.tcp.limit_in_bytes") as f:
            assert int(f.read()) == 32 << 20
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"KernelMemory": 32 << 20}})
    assert a.status == 501 and "HostConfig.KernelMemory" in a.message


@pytest.mark.parametrize("field, value", [("BlkioDeviceReadBps", [{"Path": "/dev/null", "Rate": 1}]), ("CpuPercent", 5), ("IOMaximumIOps", 5), ("KernelMemoryTCP", 5 << 20), ("CpuCount", 1)])
def test_what_update_cannot_change_is_named_and_what_is_empty_is_nothing(engine, running, field, value):
    a = engine.post(f"/containers/{running}/update", {field: value})
    assert a.status == 501 and field in a.message
    assert engine.post(f"/containers/{running}/update", {field: type(value)()}).status == 200


def test_annotations_are_in_the_list(engine, name):
    engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Annotations": {"a": "b"}}})
    [c] = engine.get('/containers/json?all=1&filters={"name":["%s"]}' % name).json
    assert c["HostConfig"] == {"NetworkMode": "bridge", "Annotations": {"a": "b"}}


def test_a_container_that_never_ran_is_listed_with_all_its_networks(engine, name):
    nets = [name + "a", name + "b"]
    try:
        for i, n in enumerate(nets):
            engine.post("/networks/create", {"Name": n, "IPAM": {"Config": [{"Subnet": f"10.98.{20 + i}.0/24"}]}})
        a = engine.post(f"/containers/create?name={name}", {
            "Image": "bb", "Cmd": ["true"], "HostConfig": {"NetworkMode": nets[0]},
            "NetworkingConfig": {"EndpointsConfig": {nets[0]: {}, nets[1]: {"IPAMConfig": {"IPv4Address": "10.98.21.9"}, "GwPriority": 2}}}})
        assert a.status == 201, a.body
        for n in nets:
            [c] = engine.get('/containers/json?all=1&filters={"network":["%s"]}' % n).json
            assert sorted(c["NetworkSettings"]["Networks"]) == nets
        shown = c["NetworkSettings"]["Networks"]
        assert shown[nets[1]]["IPAMConfig"] == {"IPv4Address": "10.98.21.9"} and shown[nets[1]]["GwPriority"] == 2
        assert shown[nets[0]]["IPAMConfig"] is None
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1")
        for n in nets:
            engine.request("DELETE", f"/networks/{n}")
