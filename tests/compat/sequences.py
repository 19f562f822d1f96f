# SPDX-License-Identifier: Apache-2.0
"""What happens, as events tell it: each action of ACTIONS with every event it makes, in their order.

run(engine) returns {action: [[type, action, {attribute: value}]]}, normalised as in scenario.py. Events that other threads
make, so that their place differs from run to run, are sorted where LOOSE says so.
"""
import json
import time
import urllib.parse

import scenario

NORMAL = {"execID": "<exec>", "container": "<id>"}


def busy(name, **more):
    return {"Image": "compat:1", "Cmd": ["sh", "-c", "while :; do sleep 0.2; done"], "StopTimeout": 0, "Labels": {"l": "v"}, **more}


def wait(e, name, seconds=60):
    return e.post(f"/containers/{name}/wait", timeout=seconds)


def make(e, name, body):
    a = e.post(f"/containers/create?name={name}", body)
    assert a.status == 201, a.body


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def run_once(e):
    make(e, "seq", {"Image": "compat:1", "Cmd": ["sh", "-c", "exit 3"]})
    e.post("/containers/seq/start")
    wait(e, "seq")


def start(e):
    make(e, "seq", busy("seq"))
    e.post("/containers/seq/start")


def rename(e):
    e.post("/containers/seq/rename?name=seq2")
    e.post("/containers/seq2/rename?name=seq")


def execute(e):
    x = e.post("/containers/seq/exec", {"Cmd": ["sh", "-c", "exit 4"], "AttachStdout": True}).json["Id"]
    e.post(f"/exec/{x}/start", {})
    until(lambda: not e.get(f"/exec/{x}/json").json["Running"])
    time.sleep(0.3)


def connect(e):
    e.post("/networks/create", {"Name": "seqnet", "Labels": {"n": "1"}})
    e.post("/networks/seqnet/connect", {"Container": "seq"})
    e.post("/networks/seqnet/disconnect", {"Container": "seq"})
    e.request("DELETE", "/networks/seqnet")


def volumes(e):
    e.post("/volumes/create", {"Name": "seqvol"})
    make(e, "seqv", {**busy("seqv"), "HostConfig": {"Binds": ["seqvol:/v:ro"]}})
    e.post("/containers/seqv/start")
    e.request("DELETE", "/containers/seqv?force=1")
    e.request("DELETE", "/volumes/seqvol")


def anonymous(e):
    make(e, "seqa", {**busy("seqa"), "Volumes": {"/v": {}}})
    e.request("DELETE", "/containers/seqa?v=1")


def oom(e):
    make(e, "seqo", {"Image": "compat:1", "Cmd": ["sh", "-c", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"],
                     "HostConfig": {"Memory": 8 << 20, "MemorySwap": 8 << 20, "NetworkMode": "none"}})
    e.post("/containers/seqo/start")
    wait(e, "seqo")
    time.sleep(0.3)
    e.request("DELETE", "/containers/seqo")


def health(e):
    make(e, "seqh", {**busy("seqh"), "Healthcheck": {"Test": ["CMD-SHELL", "test -e /ok"], "Interval": 2 * 10 ** 8, "Retries": 1}, "HostConfig": {"NetworkMode": "none"}})
    status = lambda: e.get("/containers/seqh/json").json["State"]["Health"]["Status"]  # noqa: E731
    e.post("/containers/seqh/start")
    until(lambda: status() == "unhealthy")
    x = e.post("/containers/seqh/exec", {"Cmd": ["touch", "/ok"]}).json["Id"]
    e.post(f"/exec/{x}/start", {"Detach": True})
    until(lambda: status() == "healthy")
    e.request("DELETE", "/containers/seqh?force=1")


def restarts(e):
    make(e, "seqr", {"Image": "compat:1", "Cmd": ["sh", "-c", "exit 1"], "HostConfig": {"NetworkMode": "none", "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1}}})
    e.post("/containers/seqr/start")
    until(lambda: e.get("/containers/seqr/json").json["State"]["Status"] == "exited")
    time.sleep(0.3)
    e.request("DELETE", "/containers/seqr")


def copies(e):
    tar = e.get("/containers/seq/archive?path=/etc/hello").body
    e.request("PUT", "/containers/seq/archive?path=/tmp", tar, headers={"Content-Type": "application/x-tar"})
    e.get("/containers/seq/export")


def images(e):
    e.post("/images/compat:1/tag?repo=seqtag&tag=x")
    e.request("DELETE", "/images/seqtag:x")
    e.post("/commit?container=seq&repo=seqcommit&tag=1", {})
    e.request("DELETE", "/images/seqcommit:1")


def prune(e):
    make(e, "seqp", busy("seqp"))
    e.post("/containers/prune")
    e.post("/networks/create", {"Name": "seqpnet"})
    e.post("/networks/prune")
    e.post("/volumes/create", {"Name": "seqpvol"})
    e.post('/volumes/prune?filters={"all":["true"]}')
    e.post("/images/prune")


def failed_start(e):
    make(e, "seqf", {"Image": "compat:1", "Cmd": ["nosuchprogram"]})
    e.post("/containers/seqf/start")
    e.request("DELETE", "/containers/seqf")


def simple(method, path, body=None):
    return lambda e: e.request(method, path, body)


ACTIONS = [
    ("run", run_once), ("remove", simple("DELETE", "/containers/seq")), ("start", start), ("rename", rename), ("exec", execute),
    ("update", simple("POST", "/containers/seq/update", {"CpuShares": 100})),
    ("pause", simple("POST", "/containers/seq/pause")), ("unpause", simple("POST", "/containers/seq/unpause")),
    ("copies", copies), ("network", connect), ("kill signal", simple("POST", "/containers/seq/kill?signal=CONT")),
    ("restart", simple("POST", "/containers/seq/restart?t=0")), ("stop", simple("POST", "/containers/seq/stop?t=0")),
    ("start again", simple("POST", "/containers/seq/start")), ("images", images), ("kill", simple("POST", "/containers/seq/kill")),
    ("start once more", simple("POST", "/containers/seq/start")), ("remove forced", simple("DELETE", "/containers/seq?force=1")),
    ("volumes", volumes), ("anonymous volume", anonymous), ("oom", oom), ("health", health), ("restart policy", restarts),
    ("prune", prune), ("failed start", failed_start),
]

# Docker's threads overtake one another here.
LOOSE = {"volumes", "kill", "remove forced", "run", "oom", "health", "restart policy", "stop", "restart"}


def normal(event):
    attributes = {}
    for k, v in event["Actor"].get("Attributes", {}).items():
        v = NORMAL.get(k, v)
        v = scenario.HEX.sub("<id>", v)
        attributes[k] = "<n>" if k in ("reclaimed", "execDuration") else v
    return [event["Type"], scenario.HEX.sub("<id>", event["Action"]), attributes]


def is_probe(event):
    """Health checks make as many exec events as there was time for."""
    return event[0] == "container" and event[2].get("name") == "seqh" and event[1].startswith("exec_")


def since(engine, begin, name):
    query = urllib.parse.urlencode({"since": "%.9f" % begin, "until": "%.9f" % time.time()})
    lines = engine.get("/events?" + query).body.decode().splitlines()
    events = [e for e in map(normal, map(json.loads, lines)) if not is_probe(e)]
    return sorted(events, key=lambda e: (e[0], e[1])) if name in LOOSE else events


def run(engine, whole=None, seconds=60):
    """whole(name, events): whether an action's events have all come. What was answered may still have consequences; where nobody can say, a while is waited."""
    out = {}
    for name, action in ACTIONS:
        begin = time.time()
        action(engine)
        time.sleep(0.05 if whole else 0.2)
        out[name] = since(engine, begin, name)
        end = time.monotonic() + seconds
        while whole and not whole(name, out[name]) and time.monotonic() < end:
            time.sleep(0.1)
            out[name] = since(engine, begin, name)
    return out
