# SPDX-License-Identifier: Apache-2.0
"""Each status code that Docker's API lists for an endpoint (endpoints.tsv), provoked by a request, and the odd forms that requests come in.

run(engine) returns {name: {"status", "body", "changed"}}; "changed" is what a refused request has changed, and must be empty. A name begins with the endpoint and the code
that its description lists, or with "form"."""
import http.client
import json
import re
import socket
from urllib.parse import quote

import scenario

SLEEP = {"Image": "compat:1", "Cmd": ["sleep", "600"], "StopTimeout": 0}
TRUE = {"Image": "compat:1", "Cmd": ["true"]}
UPGRADE = {"Upgrade": "tcp", "Connection": "Upgrade"}
WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13", "Origin": "http://localhost"}
TEXT, TAR = {"Content-Type": "text/plain"}, {"Content-Type": "application/x-tar"}
NOWHERE = "127.0.0.1:1/nosuch"  # nobody listens there
# Two blocks of zeros: an archive with nothing in it.
EMPTY_TAR = b"\0" * 1024
SAVED = b"the image as it is saved"


def hello_tar():
    block = bytearray(b"hello".ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"00000000005\0" + b"00000000000\0" + b" " * 8 + b"0" + b"\0" * 355)
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"world".ljust(512, b"\0") + EMPTY_TAR


def filters(**f):
    return "filters=" + quote(json.dumps(f))


# What the steps need: made first, removed last.
SETUP = [
    ("POST", "/containers/create?name=sup", SLEEP), ("POST", "/containers/sup/start", None),
    ("POST", "/containers/create?name=snew", TRUE),
    ("POST", "/containers/create?name=send", TRUE), ("POST", "/containers/send/start", None), ("POST", "/containers/send/wait", None),
    ("POST", "/containers/create?name=spaused", SLEEP), ("POST", "/containers/spaused/start", None), ("POST", "/containers/spaused/pause", None),
    ("POST", "/containers/create?name=sro", {**SLEEP, "HostConfig": {"ReadonlyRootfs": True, "Tmpfs": {"/t": ""}}}), ("POST", "/containers/sro/start", None),
    ("POST", "/volumes/create", {"Name": "svol"}), ("POST", "/containers/create?name=susing", {**TRUE, "HostConfig": {"Binds": ["svol:/v"]}}),
    ("POST", "/networks/create", {"Name": "snet", "IPAM": {"Config": [{"Subnet": "10.213.77.0/24"}]}}),
]
CLEANUP = [("DELETE", f"/containers/{n}?force=1&v=1", None) for n in ("sup", "snew", "send", "spaused", "sro", "susing", "smade", "sgone", "sbusy", "sbusy2", "sterm")] + [
    ("DELETE", "/volumes/svol", None), ("DELETE", "/volumes/smade", None), ("DELETE", "/networks/snet", None), ("DELETE", "/networks/smade", None),
    ("DELETE", "/images/smade:1", None), ("DELETE", "/images/smade:2", None), ("DELETE", "/images/smade:3", None)]

# endpoint → [(code, path, body, more…)]; more: headers, or what else send() takes; and notes where one code has several steps.
CODES = {
    "GET /containers/json": [(200, "/containers/json?all=1&limit=1&" + filters(name=["^/snew$"]), None), (400, "/containers/json?limit=x", None)],
    "POST /containers/create": [
        (201, "/containers/create?name=smade", SLEEP), (400, "/containers/create?name=a%20b", TRUE), (404, "/containers/create", {"Image": "nosuch:1"}),
        (409, "/containers/create?name=sup", TRUE)],
    "GET /containers/{id}/json": [(200, "/containers/snew/json", None), (404, "/containers/nosuch/json", None)],
    "GET /containers/{id}/top": [(200, "/containers/sup/top?ps_args=-o%20pid", None, {"head": True}), (404, "/containers/nosuch/top", None), (500, "/containers/sup/top?ps_args=--nosuch", None)],
    "GET /containers/{id}/logs": [(200, "/containers/send/logs?stdout=1", None), (404, "/containers/nosuch/logs?stdout=1", None)],
    "GET /containers/{id}/changes": [(200, "/containers/snew/changes", None), (404, "/containers/nosuch/changes", None)],
    "GET /containers/{id}/export": [(200, "/containers/snew/export", None, {"head": True}), (404, "/containers/nosuch/export", None)],
    "GET /containers/{id}/stats": [(200, "/containers/snew/stats?stream=0", None, {"head": True}), (404, "/containers/nosuch/stats?stream=0", None)],
    "POST /containers/{id}/resize": [(200, "/containers/sup/resize?h=10&w=10", None), (404, "/containers/nosuch/resize?h=1&w=1", None)],
    "POST /containers/{id}/start": [
        (204, "/containers/smade/start", None), (304, "/containers/sup/start", None), (400, "/containers/snew/start", {"HostConfig": {}}),
        (404, "/containers/nosuch/start", None)],
    "POST /containers/{id}/stop": [(204, "/containers/sro/stop?t=0", None), (304, "/containers/send/stop", None), (404, "/containers/nosuch/stop", None)],
    "POST /containers/{id}/restart": [(204, "/containers/sup/restart?t=0", None), (404, "/containers/nosuch/restart", None)],
    "POST /containers/{id}/kill": [(204, "/containers/sup/kill?signal=WINCH", None), (404, "/containers/nosuch/kill", None), (409, "/containers/snew/kill", None)],
    "POST /containers/{id}/update": [(200, "/containers/snew/update", {"CpuShares": 512}), (404, "/containers/nosuch/update", {"CpuShares": 512})],
    "POST /containers/{id}/rename": [
        (204, "/containers/smade/rename?name=sgone", None), (404, "/containers/nosuch/rename?name=x1", None), (409, "/containers/snew/rename?name=sup", None)],
    "POST /containers/{id}/pause": [(204, "/containers/sup/pause", None), (404, "/containers/nosuch/pause", None)],
    "POST /containers/{id}/unpause": [(204, "/containers/sup/unpause", None), (404, "/containers/nosuch/unpause", None), (500, "/containers/sup/unpause", None)],
    "POST /containers/{id}/attach": [
        (101, "/containers/sup/attach?stream=1&stdout=1", None, {"headers": UPGRADE}), (200, "/containers/sup/attach?stream=1&stdout=1", None, {"head": True}),
        (400, "/containers/sup/attach?stream=1&detachKeys=nosuch-key", None), (404, "/containers/nosuch/attach?stream=1", None)],
    "GET /containers/{id}/attach/ws": [
        (101, "/containers/sup/attach/ws?stream=1&stdout=1", None, {"headers": WEBSOCKET, "head": True}),
        (400, "/containers/sup/attach/ws?stream=1&detachKeys=nosuch-key", None, {"headers": WEBSOCKET, "head": True}),
        (404, "/containers/nosuch/attach/ws?stream=1", None, {"headers": WEBSOCKET, "head": True})],
    "POST /containers/{id}/wait": [(200, "/containers/send/wait", None), (400, "/containers/send/wait?condition=nosuch", None), (404, "/containers/nosuch/wait", None)],
    "DELETE /containers/{id}": [
        (204, "/containers/sgone?force=1", None), (400, "/containers/sup?link=1", None), (404, "/containers/nosuch", None), (409, "/containers/sup", None)],
    "HEAD /containers/{id}/archive": [
        (200, "/containers/snew/archive?path=/etc", None), (400, "/containers/snew/archive", None), (404, "/containers/snew/archive?path=/nosuch", None)],
    "GET /containers/{id}/archive": [
        (200, "/containers/snew/archive?path=/etc/hello", None, {"head": True}), (400, "/containers/snew/archive?path=", None), (404, "/containers/nosuch/archive?path=/", None)],
    "PUT /containers/{id}/archive": [
        (200, "/containers/snew/archive?path=/tmp", hello_tar(), {"headers": TAR}), (400, "/containers/snew/archive?path=/etc/passwd", EMPTY_TAR, {"headers": TAR}),
        (403, "/containers/sro/archive?path=/etc", hello_tar(), {"headers": TAR}), (404, "/containers/snew/archive?path=/nosuch", EMPTY_TAR, {"headers": TAR})],
    "POST /containers/prune": [(200, "/containers/prune?" + filters(label=["nobody=has"]), None)],
    "GET /images/json": [(200, "/images/json?" + filters(reference=["nosuch"]), None)],
    "POST /images/create": [
        (200, "/images/create?fromSrc=-&repo=smade&tag=1", hello_tar(), {"headers": TAR, "head": True}), (500, f"/images/create?fromImage={NOWHERE}&tag=1", None)],
    "GET /images/{name}/json": [(200, "/images/compat:1/json", None, {"head": True}), (404, "/images/nosuch:1/json", None)],
    "GET /images/{name}/history": [(200, "/images/compat:1/history", None, {"head": True}), (404, "/images/nosuch:1/history", None)],
    "POST /images/{name}/push": [(200, f"/images/{NOWHERE}:1/push", None, {"headers": {"X-Registry-Auth": "e30="}})],
    "POST /images/{name}/tag": [
        (201, f"/images/compat:1/tag?repo={NOWHERE}&tag=1", None), (400, "/images/compat:1/tag?repo=UPPER", None), (404, "/images/nosuch:1/tag?repo=smade", None)],
    "DELETE /images/{name}": [
        (200, f"/images/{NOWHERE}:1", None), (404, "/images/nosuch:1", None), (409, "/images/compat:1", None)],
        "POST /images/prune": [(200, "/images/prune?" + filters(label=["nobody=has"]), None)],
    "POST /auth": [(500, "/auth", {"username": "u", "password": "p", "serveraddress": "127.0.0.1:1"})],
    "GET /info": [(200, "/info", None, {"head": True})],
    "GET /version": [(200, "/version", None, {"head": True})],
    "GET /_ping": [(200, "/_ping", None)],
    "HEAD /_ping": [(200, "/_ping", None)],
    "POST /commit": [(201, "/commit?container=snew&repo=smade&tag=2", {}, {"head": True}), (404, "/commit?container=nosuch", {})],
    "GET /events": [(200, "/events?since=1&until=2", None), (400, "/events?since=2&until=1", None)],
    "GET /system/df": [(200, "/system/df", None, {"head": True})],
    "GET /images/{name}/get": [(200, "/images/compat:1/get", None, {"head": True})],
    "GET /images/get": [(200, "/images/get?names=compat:1", None, {"head": True})],
    "POST /images/load": [(200, "/images/load?quiet=1", SAVED, {"headers": TAR, "head": True})],
    "POST /containers/{id}/exec": [
        (201, "/containers/sup/exec", {"Cmd": ["true"]}, {"head": True}), (404, "/containers/nosuch/exec", {"Cmd": ["true"]}), (409, "/containers/spaused/exec", {"Cmd": ["true"]})],
    "POST /exec/{id}/start": [(200, "/exec/{e1}/start", {"Detach": True}), (404, "/exec/nosuch/start", {"Detach": True}), (409, "/exec/{e1}/start", {"Detach": True})],
    "POST /exec/{id}/resize": [
        (200, "/exec/{e2}/resize?h=10&w=10", None), (400, "/exec/{e2}/resize?h=x&w=10", None), (404, "/exec/nosuch/resize?h=1&w=1", None), (500, "/exec/{e3}/resize?h=1&w=1", None)],
    "GET /exec/{id}/json": [(200, "/exec/{e2}/json", None, {"head": True}), (404, "/exec/nosuch/json", None)],
    "GET /volumes": [(200, "/volumes?" + filters(name=["nosuch"]), None)],
    "POST /volumes/create": [(201, "/volumes/create", {"Name": "smade"})],
    "GET /volumes/{name}": [(200, "/volumes/svol", None), (404, "/volumes/nosuch", None)],
    "PUT /volumes/{name}": [(503, "/volumes/svol?version=1", {"Spec": {}})],
    "DELETE /volumes/{name}": [(204, "/volumes/smade", None), (404, "/volumes/nosuch", None), (409, "/volumes/svol", None)],
    "POST /volumes/prune": [(200, "/volumes/prune?" + filters(label=["nobody=has"]), None)],
    "GET /networks": [(200, "/networks?" + filters(name=["nosuch"]), None)],
    "GET /networks/{id}": [(200, "/networks/snet", None), (404, "/networks/nosuch", None)],
    "POST /networks/create": [
        (201, "/networks/create", {"Name": "smade", "IPAM": {"Config": [{"Subnet": "10.213.78.0/24"}]}}),
        (400, "/networks/create", {"Name": "sbad", "IPAM": {"Config": [{"Subnet": "x"}]}}), (403, "/networks/create", {"Name": "bridge"}),
        (404, "/networks/create", {"Name": "sbad", "Driver": "nosuch"}), (409, "/networks/create", {"Name": "snet"})],
    "DELETE /networks/{id}": [(204, "/networks/smade", None), (403, "/networks/bridge", None), (404, "/networks/nosuch", None)],
    "POST /networks/{id}/connect": [
        (200, "/networks/snet/connect", {"Container": "sup"}), (403, "/networks/snet/connect", {"Container": "sup"}),
        (400, "/networks/snet/connect", {"Container": "spaused", "EndpointConfig": {"IPAMConfig": {"IPv4Address": "x"}}}),
        (404, "/networks/nosuch/connect", {"Container": "sup"})],
    "POST /networks/{id}/disconnect": [
        (200, "/networks/snet/disconnect", {"Container": "sup"}), (404, "/networks/nosuch/disconnect", {"Container": "sup"}),
        (500, "/networks/snet/disconnect", {"Container": "sup"})],
    "POST /networks/prune": [(200, "/networks/prune?" + filters(label=["nobody=has"]), None)],
    "GET /distribution/{name}/json": [(500, f"/distribution/{NOWHERE}:1/json", None)],
    "POST /build/prune": [(200, "/build/prune", None)],
}

FORMS = [
    # How a request may come: (what it shows, method, path, body, more…)
    ("unknown path", "GET", "/nosuch/path", None), ("unknown path below a container", "GET", "/containers/sup/nosuch", None), ("root", "GET", "/", None),
    ("a slash at the end", "GET", "/containers/json/", None), ("two slashes", "GET", "//containers//json", None),
    ("no such method", "PATCH", "/containers/json", None), ("get of what is posted", "GET", "/containers/sup/stop", None), ("delete of a list", "DELETE", "/volumes", None),
    ("head of a list", "HEAD", "/containers/json", None), ("head of inspect", "HEAD", "/containers/snew/json", None), ("head of version", "HEAD", "/version", None),
    ("version too new", "GET", "/version", None, {"prefix": "/v1.99"}), ("version too old", "GET", "/version", None, {"prefix": "/v1.11"}),
    ("version of another major", "GET", "/version", None, {"prefix": "/v2.0"}), ("no version at all", "GET", "/_ping", None, {"prefix": ""}),
    ("version in letters", "GET", "/version", None, {"prefix": "/vx"}), ("version in three parts", "GET", "/_ping", None, {"prefix": "/v1.40.1"}),
    ("text where json is due", "POST", "/containers/create?name=sbad", json.dumps(TRUE).encode(), {"headers": TEXT}),
    ("form where json is due", "POST", "/volumes/create", b"Name=x", {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}),
    ("json with a charset", "POST", "/volumes/create", b'{"Name":"svol"}', {"headers": {"Content-Type": "application/json; charset=utf-8"}}),
    ("json without a type", "POST", "/volumes/create", b'{"Name":"svol"}', {"headers": {}}),
    ("a body of no bytes to create", "POST", "/containers/create", b"", {"headers": {"Content-Type": "application/json"}}),
    ("no body to create", "POST", "/containers/create", None), ("null to create", "POST", "/containers/create", b"null"),
    ("a list to create", "POST", "/containers/create", []), ("a text to create", "POST", "/containers/create", b'"x"'),
    ("two values to create", "POST", "/volumes/create", b'{"Name":"svol"} {"Name":"svol"}'), ("half a value to create", "POST", "/volumes/create", b'{"Name":'),
    ("a number for a name", "POST", "/volumes/create", {"Name": 5}), ("a field of any name", "POST", "/volumes/create", {"Name": "svol", "NoSuchField": 1}),
    ("names of fields in other letters", "POST", "/volumes/create", {"nAME": "svol"}),
    ("no body to exec", "POST", "/containers/sup/exec", None), ("no body to update", "POST", "/containers/sup/update", None),
    ("no body to connect", "POST", "/networks/snet/connect", None), ("no body to commit", "POST", "/commit?container=nosuch", None),
    ("no body to exec start", "POST", "/exec/nosuch/start", None), ("no body to auth", "POST", "/auth", None), ("no body to a network", "POST", "/networks/create", None),
    ("a body to stop", "POST", "/containers/send/stop", {"x": 1}), ("a body to a list", "GET", "/volumes?" + filters(name=["nosuch"]), {"x": 1}),
    ("chunks to create", "POST", "/volumes/create", [b'{"Name":', b'"svol"}'], {"chunks": True}), ("chunks of nothing", "POST", "/containers/create", [b""], {"chunks": True}),
    ("all=1 and all=0", "GET", "/containers/json?all=1&all=0&" + filters(name=["^/snew$"]), None), ("all=0 and all=1", "GET", "/containers/json?all=0&all=1&" + filters(name=["^/snew$"]), None),
    *[(f"all={v}", "GET", f"/containers/json?all={v}&" + filters(name=["^/snew$"]), None)
      for v in ("1", "t", "T", "true", "TRUE", "True", "yes", "on", "y", "x", "2", "0", "f", "F", "false", "FALSE", "False", "no", "none", "", "nO", "%20", "%20false%20")],
    ("all without a value", "GET", "/containers/json?all&" + filters(name=["^/snew$"]), None), ("an unknown parameter", "GET", "/containers/json?nosuch=1&" + filters(name=["^/nosuch$"]), None),
    *[(f"limit={v}", "GET", f"/containers/json?all=1&limit={v}&" + filters(name=["^/snew$"]), None) for v in ("-1", "0", "1", "99999999999999999999", "1.5", "%201", "")],
    ("filters as a map of maps", "GET", "/containers/json?all=1&filters=" + quote('{"name":{"^/snew$":true}}'), None),
    ("filters with false", "GET", "/containers/json?all=1&filters=" + quote('{"name":{"^/snew$":false}}'), None),
    ("filters with a text", "GET", "/containers/json?all=1&filters=" + quote('{"name":"snew"}'), None), ("filters with numbers", "GET", "/containers/json?all=1&filters=" + quote('{"name":[1]}'), None),
    ("filters as a list", "GET", "/containers/json?filters=%5B%5D", None), ("filters of nothing", "GET", "/containers/json?all=0&filters=&" + "limit=0&nosuch=1&x=" + "1", None, {"head": True}),
    ("filters that are null", "GET", "/volumes?filters=null", None, {"head": True}), ("filters without values", "GET", "/containers/json?all=1&filters=" + quote('{"name":[]}'), None, {"head": True}),
    *[(f"filter {k}={v} of {p}", "GET", f"/{p}?" + filters(**{k: [v]}), None) for p, k, v in (
        ("containers/json", "status", "nosuch"), ("containers/json", "health", "nosuch"), ("containers/json", "exited", "x"), ("containers/json", "is-task", "x"), ("containers/json", "isolation", "nosuch"),
        ("containers/json", "before", "nosuch"), ("containers/json", "since", "nosuch"), ("containers/json", "network", "nosuch"), ("containers/json", "volume", "nosuch"),
        ("containers/json", "ancestor", "nosuch"), ("containers/json", "publish", "x"), ("containers/json", "expose", "80/nosuch"), ("containers/json", "expose", "99999"),
        ("images/json", "dangling", "x"), ("images/json", "before", "nosuch"), ("networks", "type", "nosuch"), ("networks", "dangling", "x"), ("networks", "scope", "nosuch"), ("networks", "driver", "nosuch"),
        ("volumes", "dangling", "x"))],
    *[(f"{k}={v} of logs", "GET", f"/containers/send/logs?stdout=1&{k}={v}", None) for k, v in (
        ("tail", "x"), ("tail", "-1"), ("tail", "0"), ("since", "x"), ("since", "-1"), ("until", "x"), ("timestamps", "x"), ("follow", "no"))],
    *[(f"{k}={v} of stop", "POST", f"/containers/send/stop?{k}={v}", None) for k, v in (("t", "x"), ("t", "-1"), ("t", ""), ("signal", "nosuch"), ("signal", ""), ("signal", "SIGRTMIN%2B1"), ("signal", "99"))],
    *[(f"signal={v} of kill", "POST", f"/containers/sup/kill?signal={v}", None) for v in ("nosuch", "0", "65", "999", "sigwinch", "WINCH", "28")],
    *[(f"{q} of resize", "POST", f"/containers/sup/resize?{q}", None) for q in ("h=1", "w=1", "h=-1&w=1", "h=65536&w=1", "h=99999999999&w=1", "h=0&w=0")],
    *[(f"{q} of events", "GET", f"/events?{q}", None) for q in ("since=x&until=1", "until=x", "since=1.5&until=2", "since=2020-01-01&until=1", "since=1&until=2&" + filters(type=["nosuch"]))],
    ("name of create twice", "POST", "/containers/create?name=sup&name=sother", TRUE), ("name of create with a slash", "POST", "/containers/create?name=/sup", TRUE),
    ("platform of create that is none", "POST", "/containers/create?platform=a/b/c/d", TRUE), ("platform of create that the image is not for", "POST", "/containers/create?platform=windows", TRUE),
    ("path of archive without a slash", "HEAD", "/containers/snew/archive?path=etc/hello", None), ("path of archive with dots", "HEAD", "/containers/snew/archive?path=/../../etc/hello", None),
    ("copy over a directory", "PUT", "/containers/snew/archive?path=/etc&noOverwriteDirNonDir=x", EMPTY_TAR, {"headers": TAR}),
    ("copy of what is no archive", "PUT", "/containers/snew/archive?path=/tmp", b"x" * 600, {"headers": TAR}),
    ("types of df", "GET", "/system/df?type=volume&type=container", None, {"head": True}), ("an empty type of df", "GET", "/system/df?type=", None, {"head": True}),
    ("tag without a repository", "POST", "/images/compat:1/tag", None), ("a digest as a tag", "POST", "/images/compat:1/tag?repo=smade&tag=a:b", None),
    ("images/get without names", "GET", "/images/get", None), ("images/get of nothing", "GET", "/images/get?names=nosuch:1", None), ("save of nothing", "GET", "/images/nosuch:1/get", None),
    ("load of what is no archive", "POST", "/images/load", b"x" * 600, {"headers": TAR}), ("search without a term", "GET", "/images/search", None),
    ("search with a bad limit", "GET", f"/images/search?term={NOWHERE}&limit=1000", None),
    ("import of an unknown change", "POST", "/images/create?fromSrc=-&repo=sbad&changes=NOSUCH", hello_tar(), {"headers": TAR}),
    ("commit with an unknown change", "POST", "/commit?container=snew&repo=sbad&changes=NOSUCH%20x", {}), ("commit to a bad name", "POST", "/commit?container=snew&repo=UPPER", {}),
    ("commit without a container", "POST", "/commit", {}), ("link of a container that has none", "DELETE", "/containers/sup/db?link=1", None),
    ("negative size of a copy", "POST", "/containers/sup/update", {"Memory": -1}), ("wait in other letters", "POST", "/containers/send/wait?condition=Not-Running", None),
    ("wait without a condition", "POST", "/containers/send/wait?condition=", None), ("rename without a name", "POST", "/containers/snew/rename", None),
    ("connect to none", "POST", "/networks/none/connect", {"Container": "sup"}), ("connect nobody", "POST", "/networks/snet/connect", {"Container": "nosuch"}),
    ("connect without a name", "POST", "/networks/snet/connect", {}), ("disconnect nobody", "POST", "/networks/snet/disconnect", {"Container": "nosuch"}),
    ("inspect of a network in no scope", "GET", "/networks/snet?scope=swarm", None), ("verbose network that is no boolean", "GET", "/networks/snet?verbose=x", None),
]


class Stream(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def send(engine, method, path, body, headers=None, head=False, prefix="/v1.51", chunks=False):
    """(status, body or None): `head`: of an answer below 400 only the status is looked at, for it may never end."""
    c = Stream(engine.sock, 60)
    try:
        if isinstance(body, (dict, list)) and not chunks:
            body = json.dumps(body).encode()
        if headers is None:
            headers = {"Content-Type": "application/json"} if body is not None else {}
        c.request(method, prefix + path, body=iter(body) if chunks else body, headers=headers, encode_chunked=chunks)
        r = c.getresponse()
        return r.status, (None if r.status == 101 or (head and r.status < 400) else r.read())
    finally:
        c.close()


def world(engine):
    """Everything that a refused request might have changed."""
    containers = [[c["Names"], c["State"], c["HostConfig"]["NetworkMode"], sorted(c["NetworkSettings"]["Networks"])] for c in engine.get("/v1.51/containers/json?all=1").json]
    return {"containers": sorted(containers), "volumes": sorted(v["Name"] for v in engine.get("/v1.51/volumes").json["Volumes"] or []),
            "networks": sorted(n["Name"] for n in engine.get("/v1.51/networks").json), "images": sorted(t for i in engine.get("/v1.51/images/json").json for t in i["RepoTags"] or [i["Id"]])}


def body_of(data):
    if data is None:
        return None
    text = data.decode("utf-8", "replace")
    try:
        return scenario.normal(json.loads(text))
    except ValueError:
        return scenario.HEX.sub("<id>", text)


def steps():
    """(name, method, path, body, more)"""
    for endpoint, codes in CODES.items():
        for code, path, body, *more in codes:
            yield (f"{endpoint} {code}", endpoint.split()[0], path, body, *more)
    for name, method, path, body, *more in FORMS:
        yield ("form: " + name, method, path, body, *more)


def run(engine):
    for method, path, body in SETUP:
        assert engine.request(method, "/v1.51" + path, body).status < 400, path
    execs = {}
    for name in ("e1", "e2", "e3"):
        execs[name] = engine.post("/v1.51/containers/sup/exec", {"Cmd": ["true"] if name == "e1" else ["sleep", "600"], "Tty": name == "e2"}).json["Id"]
    out, before = {}, world(engine)
    try:
        for name, method, path, body, *more in steps():
            if name == "POST /exec/{id}/resize 200":  # sup was restarted meanwhile
                execs["e2"] = engine.post("/v1.51/containers/sup/exec", {"Cmd": ["sleep", "600"], "Tty": True}).json["Id"]
                assert engine.post(f"/v1.51/exec/{execs['e2']}/start", {"Detach": True}).status == 200
            if name == "POST /exec/{id}/resize 500":
                execs["e3"] = engine.post("/v1.51/containers/sup/exec", {"Cmd": ["true"]}).json["Id"]
            if name == "POST /exec/{id}/start 200":
                execs["e1"] = engine.post("/v1.51/containers/sup/exec", {"Cmd": ["true"]}).json["Id"]
            if name == "POST /exec/{id}/start 409":  # who runs is told otherwise than who has run
                while engine.get(f"/v1.51/exec/{execs['e1']}/json").json["Running"]:
                    pass
            if body is SAVED:
                body = engine.get("/v1.51/images/compat:1/get").body
            path = re.sub(r"\{(e\d)\}", lambda m: execs[m.group(1)], path)
            status, answer = send(engine, method, path, body, **(more[0] if more else {}))
            after = world(engine)
            changed = {k: [v, after[k]] for k, v in before.items() if after[k] != v} if status >= 400 else {}
            before = after
            out[name] = {"status": status, "body": body_of(answer), "changed": changed}
    finally:
        for method, path, body in CLEANUP:
            engine.request(method, "/v1.51" + path, body)
    return out
