# SPDX-License-Identifier: Apache-2.0
"""Requests whose answers must be Docker's, field by field.

run(engine) makes the requests of STEPS in order and returns {name: {"status", "body"}} with everything normalised that
differs from run to run: identifiers, times, addresses, paths, sizes. record.py keeps what a real Docker answers in golden/;
tests/system/test_compat.py compares.
"""
import json
import re

BIG = {
    "Hostname": "bighost", "Domainname": "example.org", "User": "user", "AttachStdin": False, "AttachStdout": True, "AttachStderr": True,
    "ExposedPorts": {"80/tcp": {}}, "Tty": False, "OpenStdin": True, "StdinOnce": True, "Env": ["A=1", "B=two words"],
    "Cmd": ["sh", "-c", "sleep 600"], "Image": "compat:1", "Volumes": {"/data": {}}, "WorkingDir": "/tmp", "Entrypoint": None,
    "Labels": {"l1": "v1", "l2": ""}, "StopSignal": "SIGUSR1", "StopTimeout": 3,
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 3600000000000, "Timeout": 1000000000, "Retries": 2, "StartPeriod": 1000000000},
    "HostConfig": {
        "Binds": ["/tmp:/hosttmp:ro"], "NetworkMode": "bridge", "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        "AutoRemove": False, "CapAdd": ["NET_ADMIN", "CAP_SYS_PTRACE"], "CapDrop": ["MKNOD"], "Dns": ["10.9.8.7"], "DnsSearch": ["example.org"],
        "DnsOptions": ["ndots:2"], "ExtraHosts": ["other:10.1.2.3"], "GroupAdd": ["2000"], "IpcMode": "private", "OomScoreAdj": 100,
        "PidMode": "", "Privileged": False, "ReadonlyRootfs": True, "SecurityOpt": ["no-new-privileges"], "Tmpfs": {"/run": "size=1m"},
        "ShmSize": 16777216, "Sysctls": {"net.ipv4.ip_forward": "0"}, "CpuShares": 512, "Memory": 67108864, "MemoryReservation": 33554432,
        "MemorySwap": -1, "NanoCpus": 500000000, "CpusetCpus": "0", "PidsLimit": 100,
        "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}], "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/mynull", "CgroupPermissions": "rwm"}], "Init": False,
        "CgroupnsMode": "private",
    },
}

MINIMAL = {"Image": "compat:1", "Cmd": ["sh", "-c", "echo out; echo err >&2; exit 3"]}

STEPS = [
    # name, method, path, body; {x} is the Id that step x answered
    ("ping", "GET", "/_ping", None),
    ("image inspect", "GET", "/images/compat:1/json", None),
    ("image list", "GET", "/images/json", None),
    ("image history", "GET", "/images/compat:1/history", None),
    ("image unknown", "GET", "/images/nosuch:1/json", None),
    ("image bad reference", "GET", "/images/UPPER:1/json", None),
    ("image remove unknown", "DELETE", "/images/nosuch", None),
    ("image tag", "POST", "/images/compat:1/tag?repo=compat2&tag=x", None),
    ("image tag unknown", "POST", "/images/nosuch/tag?repo=a&tag=b", None),
    ("image untag", "DELETE", "/images/compat2:x", None),
    ("create", "POST", "/containers/create?name=small", MINIMAL),
    ("created inspect", "GET", "/containers/small/json", None),
    ("created list", "GET", "/containers/json?all=1", None),
    ("create name in use", "POST", "/containers/create?name=small", MINIMAL),
    ("create bad name", "POST", "/containers/create?name=a%20b", MINIMAL),
    ("create short name", "POST", "/containers/create?name=x", MINIMAL),
    ("create unknown image", "POST", "/containers/create", {"Image": "nosuch:1"}),
    ("create no image", "POST", "/containers/create?name=noimage", {"Cmd": ["x"]}),
    ("create no image removed", "DELETE", "/containers/noimage", None),
    ("create no command", "POST", "/containers/create?name=nocommand", {"Image": "compat:1", "Entrypoint": []}),
    ("create no command removed", "DELETE", "/containers/nocommand", None),
    ("create little memory", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"Memory": 1024}}),
    ("create relative workdir", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "WorkingDir": "a"}),
    ("create bad bind", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"Binds": ["/a:/b:zz"]}}),
    ("create relative target", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"Binds": ["/a:b"]}}),
    ("create bad restart", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"RestartPolicy": {"Name": "sometimes"}}}),
    ("create retries with always", "POST", "/containers/create",
     {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 2}}}),
    ("create bad cap", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"CapAdd": ["NOSUCH"]}}),
    ("create bad cpuset", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"CpusetCpus": "99"}}),
    ("create bad stop signal", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "StopSignal": "NOSUCH"}),
    ("create bad log driver", "POST", "/containers/create", {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"LogConfig": {"Type": "nosuch"}}}),
    ("create bad log opt", "POST", "/containers/create",
     {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"bogus": "1"}}}}),
    ("create autoremove and restart", "POST", "/containers/create",
     {"Image": "compat:1", "Cmd": ["x"], "HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}}),
    ("create port without address", "POST", "/containers/create?name=badport", {"Image": "compat:1", "Cmd": ["x"], "ExposedPorts": {"x/tcp": {}}}),
    ("create port without address removed", "DELETE", "/containers/badport", None),
    ("start", "POST", "/containers/small/start", None),
    ("wait", "POST", "/containers/small/wait", None),
    ("exited inspect", "GET", "/containers/small/json", None),
    ("exited list", "GET", "/containers/json?all=1&size=1", None),
    ("start unknown", "POST", "/containers/nosuch/start", None),
    ("stop not running", "POST", "/containers/small/stop", None),
    ("kill not running", "POST", "/containers/small/kill", None),
    ("pause not running", "POST", "/containers/small/pause", None),
    ("exec not running", "POST", "/containers/small/exec", {"Cmd": ["true"]}),
    ("top not running", "GET", "/containers/small/top", None),
    ("rename to itself", "POST", "/containers/small/rename?name=small", None),
    ("rename empty", "POST", "/containers/small/rename?name=", None),
    ("logs without streams", "GET", "/containers/small/logs", None),
    ("wait bad condition", "POST", "/containers/small/wait?condition=nosuch", None),
    ("big", "POST", "/containers/create?name=big", BIG),
    ("big created", "GET", "/containers/big/json", None),
    ("big start", "POST", "/containers/big/start", None),
    ("big start again", "POST", "/containers/big/start", None),
    ("big running", "GET", "/containers/big/json", None),
    ("big list", "GET", "/containers/json", None),
    ("list bad filter", "GET", "/containers/json?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D", None),
    ("list bad json", "GET", "/containers/json?filters=x", None),
    ("list bad status", "GET", "/containers/json?filters=%7B%22status%22%3A%5B%22x%22%5D%7D", None),
    ("exec", "POST", "/containers/big/exec", {"Cmd": ["sh", "-c", "exit 7"], "AttachStdout": True, "Env": ["X=1"], "WorkingDir": "/"}),
    ("exec created", "GET", "/exec/{exec}/json", None),
    ("exec start", "POST", "/exec/{exec}/start", {"Detach": False, "Tty": False}),
    ("exec ended", "GET", "/exec/{exec}/json", None),
    ("exec start again", "POST", "/exec/{exec}/start", {"Detach": True}),
    ("exec no command", "POST", "/containers/big/exec", {"Cmd": []}),
    ("exec unknown", "GET", "/exec/nosuch/json", None),
    ("remove running", "DELETE", "/containers/big", None),
    ("pause", "POST", "/containers/big/pause", None),
    ("pause again", "POST", "/containers/big/pause", None),
    ("paused inspect", "GET", "/containers/big/json", None),
    ("exec paused", "POST", "/containers/big/exec", {"Cmd": ["true"]}),
    ("unpause", "POST", "/containers/big/unpause", None),
    ("unpause again", "POST", "/containers/big/unpause", None),
    ("kill bad signal", "POST", "/containers/big/kill?signal=NOSUCH", None),
    ("resize bad", "POST", "/containers/big/resize?h=x&w=1", None),
    ("image in use", "DELETE", "/images/compat:1", None),
    ("kill", "POST", "/containers/big/kill?signal=KILL", None),
    ("big wait", "POST", "/containers/big/wait", None),
    ("big exited", "GET", "/containers/big/json", None),
    ("missing program", "POST", "/containers/create?name=missing", {"Image": "compat:1", "Cmd": ["nosuchprogram"]}),
    ("missing start", "POST", "/containers/missing/start", None),
    ("missing inspect", "GET", "/containers/missing/json", None),
    ("denied program", "POST", "/containers/create?name=denied", {"Image": "compat:1", "Cmd": ["/etc/hello"]}),
    ("denied start", "POST", "/containers/denied/start", None),
    ("remove", "DELETE", "/containers/small", None),
    ("remove again", "DELETE", "/containers/small", None),
    ("remove big", "DELETE", "/containers/big?v=1", None),
    ("remove missing", "DELETE", "/containers/missing", None),
    ("remove denied", "DELETE", "/containers/denied", None),
    ("network list", "GET", "/networks", None),
    ("network host", "GET", "/networks/host", None),
    ("network unknown", "GET", "/networks/nosuch", None),
    ("network remove bridge", "DELETE", "/networks/bridge", None),
    ("volume list", "GET", "/volumes", None),
    ("volume create", "POST", "/volumes/create", {"Name": "compatvol", "Labels": {"a": "b"}}),
    ("volume inspect", "GET", "/volumes/compatvol", None),
    ("volume unknown", "GET", "/volumes/nosuch", None),
    ("volume bad name", "POST", "/volumes/create", {"Name": "a/b"}),
    ("volume remove", "DELETE", "/volumes/compatvol", None),
    ("swarm", "GET", "/swarm", None),
    ("plugins", "GET", "/plugins", None),
    ("unknown page", "GET", "/nosuch", None),
    ("not json", "POST", "/containers/create", "{"),
]

VOLATILE = {"Pid": 0, "Size": 0, "SizeRw": 0, "SizeRootFs": 0, "VirtualSize": 0, "SharedSize": 0, "ResolvConfPath": "", "HostnamePath": "", "HostsPath": "",
            "LogPath": "", "SandboxID": "", "SandboxKey": "", "EndpointID": "", "NetworkID": "", "MacAddress": "", "IPAddress": "", "Gateway": "",
            "Created": 0, "Source": "", "Mountpoint": ""}
HEX = re.compile(r"\b[0-9a-f]{64}\b")
SHORT = re.compile(r"\b[0-9a-f]{12}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
ADDRESS = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")


def normal(value, key=""):
    """The value without what differs from run to run; its shape and everything else stays."""
    if isinstance(value, dict):
        if key == "GraphDriver":
            return {"Name": value.get("Name"), "Data": sorted(value.get("Data") or {})}
        return {HEX.sub("<id>", k): normal(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [normal(v, key) for v in value]
    if key in VOLATILE and value:
        return "<" + key + ">"
    if isinstance(value, str):
        value = HEX.sub("<id>", value)
        value = "<time>" if TIME.fullmatch(value) and not value.startswith("0001") else value
        if key == "Status":
            value = re.sub(r"(Less than a second|About a minute|\d+ \w+)", "<age>", value)
        if key in ("Hostname", "message", "Name", "Names", "DNSNames"):
            value = SHORT.sub("<id12>", value)
    return value


def body_of(answer):
    text = answer.body.decode("utf-8", "replace")
    try:
        return normal(json.loads(text))
    except ValueError:
        return HEX.sub("<id>", text)


def run(engine, steps=STEPS):
    """engine: has request(method, path, body). Returns the normalised answers by step."""
    ids, out = {}, {}
    for name, method, path, body in steps:
        path = re.sub(r"\{([\w ]+)\}", lambda m: ids.get(m.group(1), "none"), path)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        answer = engine.request(method, "/v1.51" + path, body, headers=headers)
        try:
            ids[name] = json.loads(answer.body)["Id"]
        except (ValueError, KeyError, TypeError):
            pass
        out[name] = {"status": answer.status, "body": body_of(answer)}
    return out
