# SPDX-License-Identifier: Apache-2.0
"""Words that others have chosen, printed by berth to a terminal: none of them is a command to it. A pipe gets them as they are."""
import http.server
import json
import os
import pty
import socketserver
import subprocess
import threading
import time

import pytest

from harness import BERTH, busybox_tar, wait_for
from liar import Answer, Liar

# Clears the screen, sets the title, writes the clipboard; the same introduced by one character of the second set; back over the line.
EVIL = "\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07\x9b2J\rhidden\x08\x7f"
SHOWN = "^[[2J^[]0;owned^G"


def on_terminal(engine, *args):
    """What `berth ARGS` writes to a terminal, as text."""
    master, slave = pty.openpty()
    env = {**os.environ, "DOCKER_CONFIG": os.path.join(engine.top, "docker-config")}
    p = subprocess.Popen(engine.client_argv(BERTH, *args), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    said = b""
    try:
        while chunk := os.read(master, 65536):
            said += chunk
    except OSError:  # EIO: nobody writes any more
        pass
    os.close(master)
    p.wait()
    return said.decode()


def is_harmless(text):
    """No control character but ends of lines, and none of the second set."""
    return not [c for c in text.replace("\r\n", "\n") if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]


@pytest.fixture
def box(engine, name):
    script = f"touch '/tmp/{EVIL}' /ready; while :; do sleep 1; done; : '{EVIL}'"
    body = {"Image": "bb", "Cmd": ["sh", "-c", script], "Labels": {"evil": EVIL, EVIL: "1"}}
    assert engine.post(f"/containers/create?name={name}", body).status == 201
    assert engine.post(f"/containers/{name}/start").status == 204
    wait_for(lambda: engine.docker("exec", name, "test", "-e", "/ready", check=False).returncode == 0, "the container is ready")
    return name


@pytest.mark.parametrize("args", [["ps", "--no-trunc"], ["ps", "--format", "{{.Labels}}"], ["ps", "--format", "table {{.Label \"evil\"}}"], ["top"], ["diff"],
                                  ["events", "--since", "1", "--until", "NOW", "--filter", "type=container"], ["inspect"], ["ps", "--format", "json"]],
                         ids=lambda a: "-".join(a[:1] + a[2:3])[:24])
def test_p06_what_is_in_a_container_is_shown_and_not_obeyed(engine, box, args):
    args = [str(int(time.time()) + 1) if a == "NOW" else a for a in args]
    said = on_terminal(engine, *args, *([box] if args[0] in ("top", "diff", "inspect") else []))
    assert "owned" in said and is_harmless(said), repr(said)
    # Of processes it is ps(1) on the host that says "?".
    assert args == ["top"] or SHOWN in said or "\\u001b[2j" in said.lower() or "\\x1b[2j" in said.lower()


def test_p06_a_pipe_gets_labels_as_they_are(engine, box):
    assert EVIL in engine.berth("ps", "--format", "{{.Label \"evil\"}}", "--filter", f"name={box}", binary=True).stdout.decode()


def test_p06_the_history_of_an_image_is_shown_and_not_obeyed(engine):
    ref = "evilhistory:1"
    engine.berth("import", "-m", EVIL, "-c", f"LABEL a='{EVIL}'", busybox_tar(), ref)
    try:
        for args in (["history", "--no-trunc", ref], ["history", "--format", "{{.Comment}}", ref], ["images", "--format", "{{.Repository}}"], ["image", "inspect", ref]):
            assert is_harmless(on_terminal(engine, *args)), args
        assert SHOWN in on_terminal(engine, "history", ref)
    finally:
        engine.request("DELETE", f"/images/{ref}?force=1")


@pytest.mark.parametrize("what", ["error", "page", "status", "header"])
def test_p06_what_a_registry_says_is_shown_and_not_obeyed(engine, what):
    answers = {"error": Answer(403, json.dumps({"errors": [{"code": "DENIED", "message": EVIL}]}).encode()),
               "page": Answer(500, EVIL.encode()),
               "status": Answer(404, json.dumps({"errors": [{"code": EVIL, "message": "x", "detail": EVIL}]}).encode()),
               "header": Answer(200, b"{}", {"Content-Type": "text/\x1b[2Jowned"})}
    with Liar() as liar:
        liar.replace("GET .*/manifests/.*", lambda h, a: answers[what])
        liar.replace("HEAD .*/manifests/.*", lambda h, a: answers[what])
        for args in (["pull", f"{liar.name}/a:1"], ["run", "--rm", f"{liar.name}/a:1", "true"]):
            said = on_terminal(engine, *args)
            assert said and is_harmless(said), repr(said)


@pytest.mark.parametrize("kind,path,body", [("network", "/networks/create", {"Name": EVIL}), ("volume", "/volumes/create", {"Name": EVIL}), ("tag", "/images/bb/tag?repo=%1b%5b2J&tag=1", None),
                                            ("container", "/containers/create?name=a%1b%5b2J", {"Image": "bb"}), ("exec", "/containers/create?name=%c2%9bx", {"Image": "bb"})])
def test_p06_no_name_is_a_command(engine, kind, path, body):
    a = engine.post(path, body)
    if kind == "network" and a.status == 201:
        # As with docker, a network's name is any text.
        said = on_terminal(engine, "network", "ls")
        engine.request("DELETE", "/networks/" + a.json["Id"])
        assert is_harmless(said), repr(said)
        return
    assert a.status == 400, a.body


class EvilDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers each request with what is in `says` for the end of its path, or with a warning."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do(self):
            body = json.dumps(next((v for k, v in self.server.says.items() if self.path.endswith(k)), {"Id": "1234", "Warning": EVIL})).encode()
            self.send_response(201 if self.command == "POST" else 200)
            for name, value in {"Api-Version": "1.51", "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do

    def __init__(self, path, top):
        self.says, self.path, self.top = {}, path, top
        super().__init__(path, self.Handler)

    def client_argv(self, client, *args):
        return [client, "-H", "unix://" + self.path, *args]


@pytest.fixture
def evil(tmp_path, engine):
    with EvilDaemon(f"{tmp_path}/s", engine.top) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def poisoned(value):
    """The same with each text a command, and the names of networks and of runtimes too."""
    if isinstance(value, dict):
        return {EVIL if k.endswith(("/8", "runc")) else k: poisoned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(v) for v in value] or [EVIL]
    return EVIL if isinstance(value, str) else value


def test_p06_what_a_daemon_says_of_itself_is_shown_and_not_obeyed(evil, engine):
    evil.says["/info"] = {**poisoned(engine.get("/info").json), "SecurityOptions": [f"name={EVIL},profile={EVIL}"], "Warnings": [EVIL], "Labels": [EVIL]}
    said = on_terminal(evil, "info")
    assert said.count("owned") > 15 and is_harmless(said), repr(said)


def test_p06_the_version_that_a_daemon_tells_is_shown_and_not_obeyed(evil, engine):
    known = engine.get("/version").json
    evil.says["/version"] = {**poisoned(known), "ApiVersion": known["ApiVersion"], "MinAPIVersion": known["MinAPIVersion"]}
    said = on_terminal(evil, "version")
    assert said.count("owned") > 5 and is_harmless(said), repr(said)


def test_p06_events_of_a_command_are_shown_and_not_obeyed(engine, box):
    """A health check of a foreign image's is such a command, too."""
    engine.docker("exec", box, "true", EVIL)
    said = on_terminal(engine, "events", "--since", "1", "--until", str(int(time.time()) + 1), "--filter", "container=" + box)
    assert "exec_create: true " + SHOWN in said and is_harmless(said), repr(said)


@pytest.mark.parametrize("template", ["{{.Action}}", "{{json .Action}}", "json"])
def test_p06_events_by_a_template_are_shown_and_not_obeyed(engine, box, template):
    engine.docker("exec", box, "true", EVIL)
    said = on_terminal(engine, "events", "--since", "1", "--until", str(int(time.time()) + 1), "--filter", "container=" + box, "--format", template)
    assert "owned" in said and is_harmless(said), repr(said)


@pytest.mark.parametrize("args", [["create", "bb"], ["run", "-d", "bb"], ["info", "--format", "json"]], ids=lambda a: a[0])
def test_p06_an_answer_of_a_daemon_is_shown_and_not_obeyed(evil, args):
    evil.says = {"/containers/create": {"Id": "\x1b[2Jowned\x9b2J\x7f"}, "/info": {"ID": "owned\x9b2J\x7f"}}
    said = on_terminal(evil, *args)
    assert "owned" in said and is_harmless(said), repr(said)


def test_p06_a_warning_is_shown_and_not_obeyed(evil):
    said = on_terminal(evil, "network", "create", "x")
    assert "WARNING: " + SHOWN in said and is_harmless(said), repr(said)


@pytest.mark.parametrize("args", [["ps", "--" + EVIL], ["-" + EVIL], ["run", "--memory", EVIL, "bb"], ["nosuch" + EVIL], ["rename", EVIL], ["ps", "--filter", EVIL], ["info", EVIL],
                                  ["context", "use", EVIL], ["context", "export", EVIL], ["load", "-i", "/nosuch" + EVIL], ["inspect", "--type", EVIL, "x"], ["inspect", "-f", "{{" + EVIL, "x"],
                                  ["events", "--format", "{{" + EVIL], ["port", EVIL, EVIL], ["start", EVIL], ["import", "/nosuch" + EVIL], ["network", EVIL], ["logs", "--since", EVIL, "x"]],
                         ids=lambda a: "-".join(w.split("\x1b")[0] for w in a))
def test_p06_a_mistake_is_shown_and_not_obeyed(engine, args):
    """What is on the command line may have come from anywhere: a file's name, a page's text."""
    said = on_terminal(engine, *args)
    assert said and is_harmless(said), repr(said)
