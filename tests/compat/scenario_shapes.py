# SPDX-License-Identifier: Apache-2.0
"""Answers whose values are a machine's own, compared by their shape; headers and streams, compared by what they hold.

run(engine) returns {name: {"status", "headers", "body"}}, as scenario.run does. A shape has "int" for each number and so on; lists of what is alike are one."""
import base64
import json
import re

import scenario

# What clients read from the head of an answer.
HEADERS = ("Content-Type", "Api-Version", "Ostype", "Docker-Experimental", "Builder-Version", "Cache-Control", "Pragma", "X-Docker-Container-Path-Stat")
KINDS = {str: "text", int: "int", float: "float", bool: "bool", type(None): "null"}
# Maps whose keys differ from machine to machine: their values are alike.
FREE = {"stats", "Runtimes", "IndexConfigs", "Labels", "Details", "networks"}
# Lists of pairs, or of what a machine has: how many, and which, is its own.
OWN = {"DriverStatus", "Warnings", "SecurityOptions", "Log", "Network", "Volume", "percpu_usage", "CDISpecDirs", "InsecureRegistryCIDRs", "DefaultAddressPools", "FirewallBackend"}


def shape(value, key=""):
    if isinstance(value, dict):
        if key in FREE:
            return {"*": sorted({json.dumps(shape(v), sort_keys=True) for v in value.values()})}
        return {k: shape(v, k) for k, v in sorted(value.items())}
    if isinstance(value, list):
        kinds = sorted({json.dumps(shape(v), sort_keys=True) for v in value})
        return kinds[:1] if key in OWN else kinds
    return KINDS[type(value)]


def head_of(answer):
    out = {}
    for name in HEADERS:
        value = answer.headers.get(name)
        if value is not None and name == "X-Docker-Container-Path-Stat":
            stat = json.loads(base64.b64decode(value))
            value = {**stat, "mtime": "<time>", "size": "<size>" if stat["mode"] & 1 << 31 else stat["size"]}
        if value is not None:
            out[name] = value
    return out


def frames(data):
    """[(stream, text)] of a multiplexed stream."""
    out = []
    while len(data) >= 8:
        size = int.from_bytes(data[4:8], "big")
        out.append([data[0], scenario.TIME.sub("<time>", data[8:8 + size].decode())])
        data = data[8 + size:]
    return out


def names_of_tar(data):
    """Sizes and names of an archive's first entries, without a library's own view of them."""
    out, at = [], 0
    while data[at:at + 1].strip(b"\0") and len(out) < 20:
        block = data[at:at + 512]
        name, size = block[:100].rstrip(b"\0").decode(), int(block[124:135], 8)
        out.append([name, chr(block[156]), size, block[100:107].decode(), block[108:115].decode()])
        at += 512 + (size + 511) // 512 * 512
    return out


# The two streams have an order only where each waits until what the other has said is in the log.
TALK = {"Image": "compat:1", "Cmd": ["sh", "-c", "n=0; trap 'n=$((n + 1))' USR1; w() { until [ $n = $1 ]; do sleep 0.02; done; }; echo one; w 1; echo two >&2; w 2; echo three; printf four; sleep 600"],
        "Labels": {"shape": "1"}}
ENDS = {"Image": "compat:1", "Cmd": ["sh", "-c", "exit 5"]}

GETS = [
    # name, method, path, body, what is made of the body
    ("info", "GET", "/info", None, "shape"),
    ("version", "GET", "/version", None, "shape"),
    ("ping", "GET", "/_ping", None, "text"),
    ("ping head", "HEAD", "/_ping", None, "text"),
    ("stats", "GET", "/containers/talk/stats?stream=0", None, "shape"),
    ("stats one-shot", "GET", "/containers/talk/stats?stream=0&one-shot=1", None, "shape"),
    ("stats of stopped", "GET", "/containers/idle/stats?stream=0", None, "shape"),
    ("top", "GET", "/containers/talk/top", None, "titles"),
    ("top aux", "GET", "/containers/talk/top?ps_args=aux", None, "titles"),
    ("top columns", "GET", "/containers/talk/top?ps_args=-o%20pid,comm", None, "titles"),
    ("top without pid", "GET", "/containers/talk/top?ps_args=-o%20comm", None, "json"),
    ("df", "GET", "/system/df", None, "shape"),
    ("df of two", "GET", "/system/df?type=container&type=volume", None, "shape"),
    ("logs", "GET", "/containers/talk/logs?stdout=1&stderr=1", None, "frames"),
    ("logs stdout", "GET", "/containers/talk/logs?stdout=1", None, "frames"),
    ("logs stderr", "GET", "/containers/talk/logs?stderr=1", None, "frames"),
    ("logs tail", "GET", "/containers/talk/logs?stdout=1&stderr=1&tail=1", None, "frames"),
    ("logs tail none", "GET", "/containers/talk/logs?stdout=1&stderr=1&tail=0", None, "frames"),
    ("logs tail words", "GET", "/containers/talk/logs?stdout=1&tail=some", None, "frames"),
    ("logs tail negative", "GET", "/containers/talk/logs?stdout=1&tail=-5", None, "frames"),
    ("logs times", "GET", "/containers/talk/logs?stdout=1&timestamps=1", None, "frames"),
    ("logs details", "GET", "/containers/talk/logs?stdout=1&details=1", None, "frames"),
    ("logs future", "GET", "/containers/talk/logs?stdout=1&since=4000000000", None, "frames"),
    ("logs past", "GET", "/containers/talk/logs?stdout=1&until=1000", None, "frames"),
    ("archive head", "HEAD", "/containers/talk/archive?path=/etc/hello", None, "text"),
    ("archive head directory", "HEAD", "/containers/talk/archive?path=/etc", None, "text"),
    ("archive head link", "HEAD", "/containers/talk/archive?path=/bin/sh", None, "text"),
    ("archive head device", "HEAD", "/containers/talk/archive?path=/dev/null", None, "text"),
    ("archive get", "GET", "/containers/talk/archive?path=/etc/hello", None, "tar"),
    ("archive get directory", "GET", "/containers/talk/archive?path=/home", None, "tar"),
    ("archive get of directory", "GET", "/containers/talk/archive?path=/home/.", None, "tar"),
    ("archive get of file as directory", "GET", "/containers/talk/archive?path=/etc/hello/", None, "json"),
    ("archive put no archive", "PUT", "/containers/talk/archive?path=/tmp", "no archive at all, and long enough to be none" * 20, "json"),
    ("archive put into nothing", "PUT", "/containers/talk/archive?path=/nosuch", "", "json"),
    ("archive put without path", "PUT", "/containers/talk/archive", "", "json"),
    ("wait ended", "POST", "/containers/ends/wait", None, "json"),
    ("wait ended not-running", "POST", "/containers/ends/wait?condition=not-running", None, "json"),
    ("changes", "GET", "/containers/ends/changes", None, "json"),
    ("exec unknown start", "POST", "/exec/nosuch/start", {}, "json"),
    ("exec unknown resize", "POST", "/exec/nosuch/resize?h=1&w=1", None, "json"),
    ("list by nothing", "GET", "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22nosuch%22%5D%7D", None, "json"),
    ("list by exit", "GET", "/containers/json?all=1&filters=%7B%22exited%22%3A%5B%225%22%5D%7D", None, "shape"),
    ("list by bad exit", "GET", "/containers/json?all=1&filters=%7B%22exited%22%3A%5B%22x%22%5D%7D", None, "json"),
    ("list by bad health", "GET", "/containers/json?all=1&filters=%7B%22health%22%3A%5B%22x%22%5D%7D", None, "json"),
    ("list by bad is-task", "GET", "/containers/json?all=1&filters=%7B%22is-task%22%3A%5B%22x%22%5D%7D", None, "json"),
    ("list before unknown", "GET", "/containers/json?all=1&filters=%7B%22before%22%3A%5B%22nosuch%22%5D%7D", None, "json"),
    ("list since unknown", "GET", "/containers/json?all=1&filters=%7B%22since%22%3A%5B%22nosuch%22%5D%7D", None, "json"),
    ("list bad limit", "GET", "/containers/json?limit=x", None, "json"),
    ("list bad bool", "GET", "/containers/json?all=maybe", None, "shape"),
    ("events of one", "GET", "/events?since=1&until={now}&filters=%7B%22container%22%3A%5B%22{ends}%22%5D%7D", None, "lines"),
    ("events until alone", "GET", "/events?until={now}&filters=%7B%22container%22%3A%5B%22{ends}%22%5D%7D", None, "lines"),
    ("events since zero", "GET", "/events?since=0&until={now}&filters=%7B%22container%22%3A%5B%22{ends}%22%5D%2C%22event%22%3A%5B%22die%22%5D%7D", None, "lines"),
    ("volumes prune", "POST", "/volumes/prune", None, "json"),
    ("networks prune", "POST", "/networks/prune", None, "json"),
    ("images prune", "POST", "/images/prune", None, "json"),
    ("update nothing", "POST", "/containers/talk/update", {}, "json"),
    ("update text", "POST", "/containers/talk/update", {"Memory": "64m"}, "status"),
    ("update devices", "POST", "/containers/talk/update", {"Devices": []}, "json"),
    ("kill twice", "POST", "/containers/ends/kill", None, "json"),
    ("kill number", "POST", "/containers/talk/kill?signal=0", None, "json"),
    ("kill bad number", "POST", "/containers/talk/kill?signal=99", None, "json"),
    ("stop twice", "POST", "/containers/ends/stop", None, "text"),
    ("resize without numbers", "POST", "/containers/talk/resize", None, "json"),
    ("auth bad", "POST", "/auth", {"username": "u", "password": "p", "serveraddress": "http://127.0.0.1:1"}, "status"),
    ("commit bad change", "POST", "/commit?container=talk&changes=NOSUCH%20x", {}, "json"),
    ("commit bad reference", "POST", "/commit?container=talk&repo=UPPER", {}, "json"),
]


def now():
    import time
    return "%.3f" % (time.time() + 0.3)


def titles(answer):
    body = json.loads(answer.body)
    return {"Titles": body["Titles"], "columns": sorted({len(p) for p in body["Processes"]}), "some": len(body["Processes"]) > 0}


def lines(answer):
    out = []
    for line in answer.body.decode().splitlines():
        event = json.loads(line)
        out.append([event["Type"], scenario.HEX.sub("<id>", event["Action"]), sorted(event), sorted(event["Actor"]["Attributes"])])
    return out


MADE = {
    "shape": lambda a: shape(json.loads(a.body)), "text": lambda a: a.body.decode(), "json": scenario.body_of, "titles": titles, "frames": lambda a: frames(a.body),
    "tar": lambda a: names_of_tar(a.body), "status": lambda a: None, "lines": lines,
}


def run(engine):
    out = {}
    ids = {}
    for name, body in (("talk", TALK), ("ends", ENDS), ("idle", ENDS)):
        ids[name] = json.loads(engine.request("POST", "/containers/create?name=" + name, body).body)["Id"]
    engine.request("POST", "/containers/talk/start")
    engine.request("POST", "/containers/ends/start")
    engine.request("POST", "/containers/ends/wait")
    try:
        # Until it has said everything.
        for word in (b"one", b"two", b"three"):
            while word not in engine.request("GET", "/containers/talk/logs?stdout=1&stderr=1").body:
                pass
            if word != b"three":
                engine.request("POST", "/containers/talk/kill?signal=USR1")
        for name, method, path, body, made in GETS:
            headers = {"Content-Type": "application/x-tar" if "archive" in path else "application/json"} if body is not None else {}
            answer = engine.request(method, "/v1.51" + path.replace("{now}", now()).replace("{ends}", ids["ends"]), body, headers=headers)
            good = answer.status < 400
            out[name] = {"status": answer.status, "headers": head_of(answer), "body": (MADE[made] if good or made == "status" else scenario.body_of)(answer)}
            message = out[name]["body"].get("message") if isinstance(out[name]["body"], dict) else None
            if message:
                out[name]["body"]["message"] = re.sub(r"127\.0\.0\.1:\d+(->\S+)?", "<address>", message)
    finally:
        for name in ("talk", "ends", "idle"):
            engine.request("DELETE", f"/containers/{name}?force=1&v=1")
    return out
