# SPDX-License-Identifier: Apache-2.0
"""Every query parameter that Docker's description lists (tests/compat/endpoints.tsv) has an effect: the same request with and without it, or with two of its values, differs.

EFFECTS has for each what is seen without and with it; ELSEWHERE names the test that sees it; NONE says why there is nothing to see."""
import io
import json
import os
import re
import select
import socket
import tarfile
import time
import uuid
from urllib.parse import quote

import pytest

from harness import PATIENCE, TOP, busybox_tar, wait_for

SKIPPED = ("/plugins", "/session", "/build\t")


def every_parameter():
    with open(os.path.join(TOP, "tests", "compat", "endpoints.tsv")) as f:
        for line in f:
            method, path, _, names = line.rstrip("\n").split("\t") if not line.startswith("#") else ("", "", "", "-")
            if names != "-" and not (path + "\t").startswith(SKIPPED):
                yield from (f"{method} {path} {name}" for name in names.split(","))


class World:
    """A container that runs and has written, one that has ended, one that was only made; an image of its own."""

    def __init__(self, engine):
        self.e, self.own = engine, "p" + uuid.uuid4().hex[:8]
        self.label = {"own": self.own}
        self.image = self.own + ":1"
        engine.import_image(busybox_tar(), self.image, "LABEL own=" + self.own)
        self.run = self.make("run", "echo out; echo err >&2; sleep 1; echo later; exec sleep 6000")
        self.end = self.make("end", "echo out; exit 3")
        self.new = self.make("new", "true", start=False)
        wait_for(lambda: b"later" in self.logs("stdout=1") and self.e.inspect(self.end)["State"]["Status"] == "exited", "the containers have written")

    def make(self, name, script="exec sleep 6000", start=True, **more):
        body = {"Image": self.image, "Cmd": ["sh", "-c", script], "Labels": self.label, "StopTimeout": 0, **more}
        a = self.e.post(f"/containers/create?name={self.own}{name}", body)
        assert a.status == 201, a.body
        assert not start or self.e.post(f"/containers/{self.own}{name}/start").status == 204
        return self.own + name

    def fresh(self, *args, **kw):
        return self.make(uuid.uuid4().hex[:6], *args, **kw)

    def filters(self, **f):
        return "filters=" + quote(json.dumps({"label": ["own=" + self.own], **f}))

    def ps(self, query):
        return [c["Names"][0] for c in self.e.get(f"/containers/json?{self.filters()}&{query}").json]

    def logs(self, query, ref=None):
        return self.e.get(f"/containers/{ref or self.run}/logs?{query}").body

    def status(self, method, path, body=None, **kw):
        return self.e.request(method, path, body, **kw).status

    def code(self, ref):
        return self.e.post(f"/containers/{ref}/wait").json["StatusCode"]

    def done(self):
        for c in self.e.get("/containers/json?all=1&" + self.filters()).json:
            self.e.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
        for i in self.e.get("/images/json?" + self.filters()).json:
            self.e.request("DELETE", f"/images/{i['Id']}?force=1")


@pytest.fixture(scope="module")
def world(engine):
    w = World(engine)
    yield w
    w.done()


def tar_of(name, data=b"x", uid=0):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        info = tarfile.TarInfo(name)
        info.size, info.uid = len(data), uid
        t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def put(w, query, data):
    """What a copy into a container is answered with, and the owner of what it made."""
    ref = w.fresh("true", start=False, User="1000")
    status = w.status("PUT", f"/containers/{ref}/archive?path=/tmp&{query}", data, headers={"Content-Type": "application/x-tar"})
    a = w.e.get(f"/containers/{ref}/archive?path=/tmp/f")
    return status, tarfile.open(fileobj=io.BytesIO(a.body)).next().uid if a.status == 200 else None


def after_signal(w, path):
    """How a container ends that tells signals apart."""
    ref = w.fresh("trap 'exit 11' USR1; trap 'exit 12' TERM; echo ready; while :; do sleep 0.05; done", StopTimeout=60)
    wait_for(lambda: b"ready" in w.logs("stdout=1", ref), "the traps are set")
    assert w.status("POST", path.format(ref)) == 204
    return w.code(ref)


def restarted_by(w, query):
    ref = w.fresh("trap 'echo usr1; exit 11' USR1; trap 'echo term; exit 12' TERM; echo ready; while :; do sleep 0.05; done", StopTimeout=60)
    wait_for(lambda: b"ready" in w.logs("stdout=1", ref), "the traps are set")
    assert w.status("POST", f"/containers/{ref}/restart?{query}") == 204
    wait_for(lambda: w.logs("stdout=1", ref).count(b"ready") == 2, "it runs again")
    return b"usr1" in w.logs("stdout=1", ref), b"term" in w.logs("stdout=1", ref)


def killed_after(w, how, query):
    """Whether a container that takes its time over SIGTERM was waited for."""
    ref = w.fresh("trap 'sleep 1.5; echo waited; exit' TERM; echo ready; while :; do sleep 0.05; done", StopTimeout=60)
    wait_for(lambda: b"ready" in w.logs("stdout=1", ref), "the trap is set")
    assert w.status("POST", f"/containers/{ref}/{how}?{query}") == 204
    return b"waited" in w.logs("stdout=1", ref)


def attached(w, query, say=b"", script="echo before; cat; echo after >&2"):
    """What an attached client hears; without the container's start if it has written before."""
    ref = w.fresh(script, OpenStdin=True, StdinOnce=True)
    wait_for(lambda: b"before" in w.logs("stdout=1", ref), "it has written")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(w.e.sock)
        s.sendall(f"POST /containers/{ref}/attach?{query} HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n".encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += s.recv(4096)
        if say:  # who is sent no stream may have been told all already, and be hung up on
            s.sendall(say)
        s.shutdown(socket.SHUT_WR)
        if "stdin=1" not in query and "stream=1" in query:
            w.e.post(f"/containers/{ref}/kill?signal=KILL")
        while chunk := s.recv(4096):
            heard += chunk
    return [word in heard.split(b"\r\n\r\n", 1)[1] for word in (b"before", b"after", b"said")]


def websocket(w, query):
    """What an attached WebSocket is sent before it ends, of one that writes to both streams whenever it is told to: it may be attached some time after the answer."""
    ref = w.fresh("trap 'echo err >&2; echo out' USR1; echo before; while :; do sleep 0.05; done")
    wait_for(lambda: b"before" in w.logs("stdout=1", ref), "it has written")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(w.e.sock)
        s.sendall((f"GET /containers/{ref}/attach/ws?{query} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += s.recv(4096)
        if not heard.startswith(b"HTTP/1.1 101"):
            return heard.split(b" ")[1], []
        wanted = [word for word, stream in ((b"out", "stdout=1"), (b"err", "stderr=1")) if stream in query and "stream=1" in query]
        end = time.monotonic() + PATIENCE
        while not all(word in heard.split(b"\r\n\r\n", 1)[1] for word in wanted):
            assert time.monotonic() < end, heard
            w.e.post(f"/containers/{ref}/kill?signal=USR1")
            if select.select([s], [], [], 0.3)[0]:
                heard += s.recv(4096)
        w.e.post(f"/containers/{ref}/kill?signal=KILL")
        while chunk := s.recv(4096):
            heard += chunk
    text = heard.split(b"\r\n\r\n", 1)[1]
    return heard.split(b" ")[1], [word in text for word in (b"before", b"out", b"err")]


def committed(w, query):
    tag = uuid.uuid4().hex[:8]
    a = w.e.post(f"/commit?container={w.new}&repo={w.own}&tag={tag}&{query}", {})
    assert a.status == 201, a.body
    return w.e.get(f"/images/{w.own}:{tag}/json").json


def paused_by(w, query):
    begun = int(time.time()) - 1
    assert w.status("POST", f"/commit?container={w.run}&{query}", {}) == 201
    seen = w.e.get(f"/events?since={begun}&until={int(time.time()) + 1}&filters=" + quote(json.dumps({"event": ["pause"], "container": [w.run]}))).body
    return b'"pause"' in seen


def imported(w, query):
    tag = uuid.uuid4().hex[:8]
    a = w.e.request("POST", f"/images/create?fromSrc=-&repo={w.own}&tag={tag}&changes=LABEL%20own={w.own}&{query}", tar_of("f", tag.encode()), headers={"Content-Type": "application/x-tar"})
    assert a.status == 200, a.body
    return w.e.get(f"/images/{w.own}:{tag}/json").json


def volumes_left(w, query):
    ref = w.fresh("true", Volumes={"/data": {}})
    name = w.e.inspect(ref)["Mounts"][0]["Name"]
    w.code(ref)
    assert w.status("DELETE", f"/containers/{ref}?{query}") == 204
    return w.status("GET", "/volumes/" + name), w.status("DELETE", f"/volumes/{name}?force=1")


def unlinked(w, query):
    linked, alias = w.fresh("true", start=False, HostConfig={"Links": [w.run + ":db"]}), "db"
    assert w.status("DELETE", f"/containers/{linked}/{alias}?{query}") == (204 if query == "link=1" else 404)
    return len(w.e.inspect(linked)["HostConfig"]["Links"] or [])


def terminal(w, attach, start=""):
    """Whether a terminal's client that says "said" hears it, or is let go by its first letter."""
    ref = w.fresh("echo before; cat", start=False, OpenStdin=True, Tty=True)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(w.e.sock)
        s.sendall(f"POST /containers/{ref}/attach?stream=1&stdin=1&stdout=1{attach} HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n".encode())
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += s.recv(4096)
        assert w.status("POST", f"/containers/{ref}/start{start}") == 204
        while b"before" not in heard:
            heard += s.recv(4096)
        s.sendall(b"said\n")
        while b"said" not in heard and (chunk := s.recv(4096)):
            heard += chunk
    return b"said" in heard


def waited(w, condition):
    """Whether a wait for something that has ended already comes back at once: else it waits for the next end."""
    ref = w.fresh("exit 3")
    w.code(ref)
    with socket.socket(socket.AF_UNIX) as s:
        # That nothing comes can be seen for a moment only; for what comes there is time.
        s.settimeout(PATIENCE if condition == "not-running" else 0.5)
        s.connect(w.e.sock)
        s.sendall(f"POST /containers/{ref}/wait?condition={condition} HTTP/1.0\r\n\r\n".encode())
        heard = b""
        try:
            while chunk := s.recv(4096):
                heard += chunk
        except TimeoutError:
            pass
        return b"StatusCode" in heard


def resized(w, query):
    ref = w.fresh("echo ready; sleep 600", Tty=True)
    assert w.status("POST", f"/containers/{ref}/resize?{query}") == 200
    x = w.e.post(f"/containers/{ref}/exec", {"Cmd": ["sh", "-c", "stty size < /dev/pts/0 2>/dev/null || stty size < /proc/1/fd/0"], "AttachStdout": True}).json["Id"]
    return w.e.post(f"/exec/{x}/start", {"Detach": False}).body


def exec_resized(w, query):
    x = w.e.post(f"/containers/{w.run}/exec", {"Cmd": ["sh", "-c", "echo ready; until s=$(stty size) && [ -n \"$s\" ] && [ \"$s\" != '0 0' ]; do sleep 0.05; done; echo $s"], "Tty": True, "AttachStdout": True}).json["Id"]
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(w.e.sock)
        body = b'{"Tty":true}'
        s.sendall(f"POST /exec/{x}/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        heard = b""
        while b"ready" not in heard:
            heard += s.recv(4096)
        assert w.status("POST", f"/exec/{x}/resize?{query}") == 200
        while chunk := s.recv(4096):
            heard += chunk
    return re.findall(rb"(\d+) (\d+)\r\n", heard)


def removed(w, query):
    """What removing one of an image's two names, or its id, is answered with."""
    image = imported(w, "")
    w.e.post(f"/images/{image['Id']}/tag?repo={w.own}&tag=other")
    return w.status("DELETE", f"/images/{image['Id']}?{query}")


def pruned(w, path, **filters):
    """What a prune that may take nothing of others takes: all are kept by a label that nobody has."""
    return w.e.post(f"/{path}/prune?filters=" + quote(json.dumps(filters))).status


def events(w, query):
    return w.e.get("/events?" + query).body.count(b"\n")


def saved(w, query):
    return w.e.get("/images/get?" + query)


def loaded(w, query):
    ref = imported(w, "")["RepoTags"][0]
    data = w.e.get(f"/images/{ref}/get").body
    w.e.request("DELETE", f"/images/{ref}")
    return w.e.request("POST", "/images/load?" + query, data, headers={"Content-Type": "application/x-tar"})


OTHER = quote(json.dumps({"os": "linux", "architecture": "s390x"}))
EFFECTS = {
    "GET /containers/json all": lambda w: (w.ps(""), w.ps("all=1")),
    "GET /containers/json limit": lambda w: (w.ps("all=1"), w.ps("limit=1")),
    "GET /containers/json size": lambda w: tuple("SizeRootFs" in w.e.get(f"/containers/json?{w.filters()}&{q}").json[0] for q in ("", "size=1")),
    "GET /containers/json filters": lambda w: (w.ps("all=1"), w.e.get("/containers/json?all=1&" + w.filters(exited=["3"])).json),
    "POST /containers/create name": lambda w: (w.status("GET", f"/containers/{w.new}x/json"), w.status("GET", f"/containers/{w.make('newx', start=False)}/json")),
    "POST /containers/create platform": lambda w: (201, w.status("POST", "/containers/create?platform=linux/s390x", {"Image": w.image, "Cmd": ["true"]})),
    "GET /containers/{id}/json size": lambda w: tuple("SizeRw" in w.e.get(f"/containers/{w.run}/json?{q}").json for q in ("", "size=1")),
    "GET /containers/{id}/top ps_args": lambda w: tuple(w.e.get(f"/containers/{w.run}/top?{q}").json["Titles"] for q in ("", "ps_args=-o%20pid")),
    "GET /containers/{id}/logs follow": lambda w: (w.logs("stdout=1&stderr=1", w.end), w.logs("stdout=1&stderr=1&follow=1", w.fresh("sleep 0.5; echo late"))),
    "GET /containers/{id}/logs stdout": lambda w: (w.logs("stderr=1"), w.logs("stderr=1&stdout=1")),
    "GET /containers/{id}/logs stderr": lambda w: (w.logs("stdout=1"), w.logs("stderr=1&stdout=1")),
    "GET /containers/{id}/logs since": lambda w: (w.logs("stdout=1"), w.logs("stdout=1&since=%d" % (time.time() + 60))),
    "GET /containers/{id}/logs until": lambda w: (w.logs("stdout=1"), w.logs("stdout=1&until=1000")),
    "GET /containers/{id}/logs timestamps": lambda w: (w.logs("stdout=1"), w.logs("stdout=1&timestamps=1")),
    "GET /containers/{id}/logs tail": lambda w: (w.logs("stdout=1"), w.logs("stdout=1&tail=1")),
    "GET /containers/{id}/stats one-shot": lambda w: tuple("system_cpu_usage" in w.e.get(f"/containers/{w.run}/stats?stream=0&{q}").json["precpu_stats"] for q in ("", "one-shot=1")),
    "POST /containers/{id}/resize h": lambda w: (resized(w, "h=10&w=20"), resized(w, "h=11&w=20")),
    "POST /containers/{id}/resize w": lambda w: (resized(w, "h=10&w=20"), resized(w, "h=10&w=21")),
    "POST /containers/{id}/start detachKeys": lambda w: (terminal(w, "", "?detachKeys=x"), terminal(w, "", "?detachKeys=s")),
    "POST /containers/{id}/stop signal": lambda w: (after_signal(w, "/containers/{}/stop"), after_signal(w, "/containers/{}/stop?signal=USR1")),
    "POST /containers/{id}/stop t": lambda w: (killed_after(w, "stop", ""), killed_after(w, "stop", "t=0")),
    "POST /containers/{id}/restart signal": lambda w: (restarted_by(w, ""), restarted_by(w, "signal=USR1")),
    "POST /containers/{id}/restart t": lambda w: (killed_after(w, "restart", ""), killed_after(w, "restart", "t=0")),
    "POST /containers/{id}/kill signal": lambda w: (137 if w.status("POST", f"/containers/{w.fresh()}/kill") == 204 else 0, after_signal(w, "/containers/{}/kill?signal=USR1")),
    "POST /containers/{id}/rename name": lambda w: (w.status("POST", f"/containers/{w.new}/rename"), w.status("POST", f"/containers/{w.fresh()}/rename?name={w.own}renamed")),
    "POST /containers/{id}/attach detachKeys": lambda w: (terminal(w, "&detachKeys=x"), terminal(w, "&detachKeys=s")),
    "POST /containers/{id}/attach logs": lambda w: (attached(w, "stream=1&stdin=1&stdout=1"), attached(w, "stream=1&stdin=1&stdout=1&logs=1")),
    "POST /containers/{id}/attach stream": lambda w: (attached(w, "logs=1&stdout=1"), attached(w, "logs=1&stdout=1&stdin=1&stream=1", b"said\n")),
    "POST /containers/{id}/attach stdin": lambda w: (attached(w, "stream=1&stdout=1&stderr=1", b"said\n"), attached(w, "stream=1&stdin=1&stdout=1&stderr=1", b"said\n")),
    "POST /containers/{id}/attach stdout": lambda w: (attached(w, "stream=1&stdin=1&stderr=1", b"said\n"), attached(w, "stream=1&stdin=1&stdout=1&stderr=1", b"said\n")),
    "POST /containers/{id}/attach stderr": lambda w: (attached(w, "stream=1&stdin=1&stdout=1", b"said\n"), attached(w, "stream=1&stdin=1&stdout=1&stderr=1", b"said\n")),
    "GET /containers/{id}/attach/ws detachKeys": lambda w: (websocket(w, "stream=1&stdout=1")[0], websocket(w, "stream=1&stdout=1&detachKeys=nosuch-key")[0]),
    "GET /containers/{id}/attach/ws logs": lambda w: (websocket(w, "stream=1&stdout=1"), websocket(w, "stream=1&stdout=1&logs=1")),
    "GET /containers/{id}/attach/ws stream": lambda w: (websocket(w, "logs=1&stdout=1"), websocket(w, "logs=1&stdout=1&stream=1")),
    "GET /containers/{id}/attach/ws stdout": lambda w: (websocket(w, "stream=1&stderr=1"), websocket(w, "stream=1&stderr=1&stdout=1")),
    "GET /containers/{id}/attach/ws stderr": lambda w: (websocket(w, "stream=1&stdout=1"), websocket(w, "stream=1&stderr=1&stdout=1")),
    "POST /containers/{id}/wait condition": lambda w: (waited(w, "not-running"), waited(w, "next-exit")),
    "DELETE /containers/{id} v": lambda w: (volumes_left(w, ""), volumes_left(w, "v=1")),
    "DELETE /containers/{id} force": lambda w: (w.status("DELETE", f"/containers/{w.run}"), w.status("DELETE", f"/containers/{w.fresh()}?force=1")),
    "DELETE /containers/{id} link": lambda w: (unlinked(w, ""), unlinked(w, "link=1")),
    "HEAD /containers/{id}/archive path": lambda w: tuple(w.e.request("HEAD", f"/containers/{w.run}/archive?path={p}").headers["X-Docker-Container-Path-Stat"] for p in ("/etc", "/etc/passwd")),
    "GET /containers/{id}/archive path": lambda w: tuple(w.e.get(f"/containers/{w.run}/archive?path={p}").body for p in ("/etc/hello", "/etc/passwd")),
    "PUT /containers/{id}/archive path": lambda w: tuple(w.status("PUT", f"/containers/{w.new}/archive?path={p}", tar_of("f"), headers={"Content-Type": "application/x-tar"}) for p in ("/tmp", "/nosuch")),
    "PUT /containers/{id}/archive noOverwriteDirNonDir": lambda w: tuple(
        w.status("PUT", f"/containers/{w.fresh('true', start=False)}/archive?path=/&{q}", tar_of("www"), headers={"Content-Type": "application/x-tar"}) for q in ("", "noOverwriteDirNonDir=1")),
    "PUT /containers/{id}/archive copyUIDGID": lambda w: (put(w, "", tar_of("f")), put(w, "copyUIDGID=1", tar_of("f"))),
    "POST /containers/prune filters": lambda w: (pruned(w, "containers", label=["nobody=has"]), pruned(w, "containers", nosuch=["x"])),
    "GET /images/json filters": lambda w: tuple(len(w.e.get("/images/json?" + w.filters(**f)).json) for f in ({}, {"reference": ["nosuch"]})),
    "GET /images/json shared-size": lambda w: tuple(w.e.get(f"/images/json?{w.filters()}&{q}").json[0]["SharedSize"] for q in ("", "shared-size=1")),
    "POST /images/create fromSrc": lambda w: (w.status("POST", "/images/create"), 200 if imported(w, "") else 0),
    "POST /images/create repo": lambda w: (w.status("GET", f"/images/{w.own}r:latest/json"), imported(w, "") and w.status("POST", f"/images/{w.image}/tag?repo={w.own}r")),
    "POST /images/create tag": lambda w: tuple(imported(w, "")["RepoTags"] for _ in range(2)),
    "POST /images/create message": lambda w: (imported(w, "")["Comment"], imported(w, "message=hello")["Comment"]),
    "POST /images/create changes": lambda w: (imported(w, "")["Config"]["Env"], imported(w, "changes=ENV%20A=b")["Config"]["Env"]),
    "POST /images/create platform": lambda w: (imported(w, "")["Architecture"], imported(w, "platform=linux/s390x")["Architecture"]),
    "GET /images/{name}/json platform": lambda w: (w.status("GET", f"/images/{w.image}/json"), w.status("GET", f"/images/{w.image}/json?platform={OTHER}")),
    "GET /images/{name}/history platform": lambda w: (w.status("GET", f"/images/{w.image}/history"), w.status("GET", f"/images/{w.image}/history?platform={OTHER}")),
    "POST /images/{name}/push platform": lambda w: (200, w.status("POST", f"/images/{w.own}/push?tag=1&platform={OTHER}")),
    "POST /images/{name}/tag repo": lambda w: (w.status("POST", f"/images/{w.image}/tag"), w.status("POST", f"/images/{w.image}/tag?repo={w.own}")),
    "POST /images/{name}/tag tag": lambda w: (w.status("GET", f"/images/{w.own}:tagged/json"), w.status("POST", f"/images/{w.image}/tag?repo={w.own}&tag=tagged") and w.status("GET", f"/images/{w.own}:tagged/json")),
    "DELETE /images/{name} force": lambda w: (removed(w, ""), removed(w, "force=1")),
    "DELETE /images/{name} platforms": lambda w: (w.status("DELETE", f"/images/{imported(w, '')['RepoTags'][0]}"), w.status("DELETE", f"/images/{imported(w, '')['RepoTags'][0]}?platforms={OTHER}")),
    "POST /images/prune filters": lambda w: (pruned(w, "images", label=["nobody=has"]), pruned(w, "images", nosuch=["x"])),
    "POST /commit container": lambda w: (w.status("POST", "/commit", {}), w.status("POST", f"/commit?container={w.new}", {})),
    "POST /commit repo": lambda w: (w.e.get(f"/images/{w.e.post(f'/commit?container={w.new}', {}).json['Id']}/json").json["RepoTags"], committed(w, "")["RepoTags"]),
    "POST /commit tag": lambda w: tuple(committed(w, "")["RepoTags"] for _ in range(2)),
    "POST /commit comment": lambda w: (committed(w, "")["Comment"], committed(w, "comment=hello")["Comment"]),
    "POST /commit author": lambda w: (committed(w, "")["Author"], committed(w, "author=me")["Author"]),
    "POST /commit pause": lambda w: (paused_by(w, "pause=0"), paused_by(w, "")),
    "POST /commit changes": lambda w: (committed(w, "")["Config"]["User"], committed(w, "changes=USER%20user")["Config"]["User"]),
    "GET /events since": lambda w: (events(w, "since=1&until=%d" % time.time()), events(w, "since=%d&until=%d" % (time.time() + 5, time.time() + 6))),
    "GET /events until": lambda w: (events(w, "since=1&until=2"), events(w, "since=1&until=%d" % time.time())),
    "GET /events filters": lambda w: (events(w, "since=1&until=%d" % time.time()), events(w, "since=1&until=%d&filters=" % time.time() + quote(json.dumps({"container": [w.run]})))),
    "GET /system/df type": lambda w: tuple(w.e.get("/system/df?" + q).json["Volumes"] is None for q in ("", "type=container")),
    "GET /images/{name}/get platform": lambda w: (w.status("GET", f"/images/{w.image}/get"), w.status("GET", f"/images/{w.image}/get?platform={OTHER}")),
    "GET /images/get names": lambda w: (saved(w, "").status, saved(w, "names=" + w.image).status),
    "GET /images/get platform": lambda w: (saved(w, "names=" + w.image).status, saved(w, f"names={w.image}&platform={OTHER}").status),
    "POST /images/load quiet": lambda w: (b"progressDetail" in loaded(w, "quiet=0").body, b"progressDetail" in loaded(w, "quiet=1").body),
    "POST /images/load platform": lambda w: (b'"error' in loaded(w, "").body, b'"error' in loaded(w, "platform=" + OTHER).body or loaded(w, "platform=" + OTHER).status >= 400),
    "POST /exec/{id}/resize h": lambda w: (exec_resized(w, "h=10&w=20"), exec_resized(w, "h=11&w=20")),
    "POST /exec/{id}/resize w": lambda w: (exec_resized(w, "h=10&w=20"), exec_resized(w, "h=10&w=21")),
    "GET /volumes filters": lambda w: (w.status("GET", "/volumes?filters=" + quote(json.dumps({"name": ["x"]}))), w.status("GET", "/volumes?filters=" + quote(json.dumps({"nosuch": ["x"]})))),
    "DELETE /volumes/{name} force": lambda w: (w.status("DELETE", "/volumes/nosuch"), w.status("DELETE", "/volumes/nosuch?force=1")),
    "POST /volumes/prune filters": lambda w: (pruned(w, "volumes", label=["nobody=has"]), pruned(w, "volumes", nosuch=["x"])),
    "GET /networks filters": lambda w: tuple(len(w.e.get("/networks?" + q).json) for q in ("", "filters=" + quote(json.dumps({"name": ["^bridge$"]})))),
    "GET /networks/{id} verbose": lambda w: (w.status("GET", "/networks/bridge?verbose=1"), w.status("GET", "/networks/bridge?verbose=maybe")),
    "GET /networks/{id} scope": lambda w: (w.status("GET", "/networks/bridge?scope=local"), w.status("GET", "/networks/bridge?scope=swarm")),
    "POST /networks/prune filters": lambda w: (pruned(w, "networks", label=["nobody=has"]), pruned(w, "networks", nosuch=["x"])),
}

ELSEWHERE = {
    "GET /containers/{id}/stats stream": "test_traps.py::test_long_calls_side_by_side",
    "GET /containers/{id}/attach/ws stdin": "test_websocket.py::test_input_and_output_travel_in_frames",
    "POST /images/create fromImage": "test_registry.py::test_what_is_pushed_is_pulled_again_the_same",
    "POST /images/{name}/push tag": "test_registry.py::test_all_tags_are_pulled_and_pushed",
    "GET /images/search term": "test_registry_ways.py::test_search_asks_the_registry_that_the_term_names",
    "GET /images/search limit": "test_registry_ways.py::test_search_asks_the_registry_that_the_term_names",
    "GET /images/search filters": "test_registry_ways.py::test_search_asks_the_registry_that_the_term_names",
}

NONE = {
    "GET /images/json all": "images that only others are built on come from builds, of which there are none here, and from commits, which have names",
    "GET /images/json digests": "digests are answered always, as by Docker",
    "GET /images/json manifests": "an image here is of one platform and has no manifests of others, as in Docker's overlay2 store",
    "GET /images/{name}/json manifests": "the same; with a platform it is refused",
    "DELETE /images/{name} noprune": "a parent without a name is there only after a build",
    "PUT /volumes/{name} version": "there are no cluster volumes: 503",
    **{f"POST /build/prune {n}": "builds are not offered, so nothing is cached" for n in ("keep-storage", "reserved-space", "max-used-space", "min-free-space", "all", "filters")},
}


@pytest.mark.parametrize("parameter", sorted(EFFECTS))
def test_a_parameter_has_an_effect(world, parameter):
    without, with_it = EFFECTS[parameter](world)
    assert without != with_it


def test_every_listed_parameter_is_looked_at_once():
    names = [*EFFECTS, *ELSEWHERE, *NONE]
    assert sorted(names) == sorted(set(every_parameter()))


@pytest.mark.parametrize("parameter", sorted(ELSEWHERE))
def test_the_test_of_a_parameter_is_there(parameter):
    file, test = ELSEWHERE[parameter].split("::")
    with open(os.path.join(TOP, "tests", "system", file)) as f:
        text = f.read()
    assert f"def {test}(" in text
