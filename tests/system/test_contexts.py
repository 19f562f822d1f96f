# SPDX-License-Identifier: Apache-2.0
"""Contexts: made, changed, exported, imported and removed by berth, in the very files that docker uses."""
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from harness import BERTH, PATIENCE, run
from test_cli_like_docker import DOCKER


class Home:
    """A configuration directory of its own, and a directory to work in."""

    def __init__(self, path):
        self.config, self.work = str(path / "config"), str(path / "work")
        os.mkdir(self.work)
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=x",
             "-keyout", self.work + "/key.pem", "-out", self.work + "/cert.pem"])
        shutil.copy(self.work + "/cert.pem", self.work + "/ca.pem")
        with open(self.work + "/text", "w") as f:
            f.write("no PEM\n")

    def read(self, name):
        with open(os.path.join(self.work, name)) as f:
            return f.read()

    def say(self, program, *words, stdin=b""):
        env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        env["DOCKER_CONFIG"] = self.config
        p = subprocess.run([program, *words], input=stdin, capture_output=True, env=env, cwd=self.work, timeout=PATIENCE)
        return p.returncode, p.stdout, p.stderr.decode().replace(self.config, "CONFIG")

    def berth(self, *words, code=0, **kw):
        p = self.say(BERTH, *words, **kw)
        assert p[0] == code, p
        return p[1].decode() if code == 0 else p[2]

    def inspect(self, name):
        return json.loads(self.berth("context", "inspect", name))[0]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_a_context_leads_to_its_daemon(engine, home):
    home.berth("context", "create", "here", "--docker", "host=unix://" + engine.sock, "--description", "a test")
    assert home.berth("--context", "here", "version", "--format", "{{.Server.Os}}") == "linux\n"
    home.berth("context", "use", "here")
    assert home.berth("images", "-q") != "" and home.berth("context", "show") == "here\n"
    home.berth("context", "update", "here", "--docker", "host=unix:///nonexistent/sock")
    assert "unix:///nonexistent/sock" in home.berth("images", code=1)
    assert home.inspect("here")["Metadata"] == {"Description": "a test"}


def test_keys_are_kept_where_nobody_else_reads_them(home):
    home.berth("context", "create", "far", "--docker", "host=tcp://192.0.2.1:2376,ca=ca.pem,cert=cert.pem,key=key.pem")
    c = home.inspect("far")
    assert c["TLSMaterial"] == {"docker": ["ca.pem", "cert.pem", "key.pem"]} and c["Endpoints"]["docker"]["SkipTLSVerify"] is False
    place = c["Storage"]["TLSPath"]
    assert os.stat(place).st_mode & 0o777 == 0o700
    for name in ("ca.pem", "cert.pem", "key.pem"):
        path = os.path.join(place, "docker", name)
        assert os.stat(path).st_mode & 0o777 == 0o600 and home.read(path) == home.read(name)
    home.berth("context", "rm", "far")
    assert not os.path.exists(place) and not os.path.exists(c["Storage"]["MetadataPath"])


def test_export_and_import_carry_all_of_it(home):
    home.berth("context", "create", "far", "--description", "d", "--docker", "host=tcp://192.0.2.1:2376,ca=ca.pem,cert=cert.pem,key=key.pem,skip-tls-verify=1")
    home.berth("context", "export", "far")
    file = os.path.join(home.work, "far.dockercontext")
    assert os.stat(file).st_mode & 0o777 == 0o600
    assert run(["tar", "-tf", file]).stdout.split() == ["meta.json", "tls", "tls/docker", "tls/docker/ca.pem", "tls/docker/cert.pem", "tls/docker/key.pem"]
    assert "file exists" in home.berth("context", "export", "far", code=1)
    code, archive, _ = home.say(BERTH, "context", "export", "far", "-")
    assert code == 0 and archive == open(file, "rb").read()
    home.berth("context", "import", "back", "far.dockercontext")
    home.berth("context", "import", "again", "-", stdin=archive)
    for name in ("back", "again"):
        c, far = home.inspect(name), home.inspect("far")
        assert [c[k] for k in ("Metadata", "Endpoints", "TLSMaterial")] == [far[k] for k in ("Metadata", "Endpoints", "TLSMaterial")]
        assert home.read(os.path.join(c["Storage"]["TLSPath"], "docker", "key.pem")) == home.read("key.pem")


@pytest.mark.parametrize("entry", ["../../escaped", "/tmp/berth-escaped", "tls/docker/../../../escaped", "tls/kubernetes/ca.pem"])
def test_an_archive_reaches_nothing_but_its_context(home, entry):
    buf = io.BytesIO()
    with tarfile.open(fileobj=buf, mode="w") as t:
        for name, data in (("meta.json", b'{"Endpoints":{"docker":{"Host":"unix:///x"}}}'), (entry, b"x")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    assert f"unexpected file in the context: {entry}" in home.berth("context", "import", "evil", "-", stdin=buf.getvalue(), code=1)
    assert not os.path.exists(os.path.join(home.config, "contexts"))


COMMANDS = """
context create aa --docker host=tcp://192.0.2.1:2376,ca=ca.pem --description hello
context create bb --docker host=unix:///x,skip-tls-verify=true
context create cc --from aa
context create aa
context create default
context create a
context create ff --docker foo=bar
context create gg --docker host=unix:///x,skip-tls-verify=maybe
context create gg --docker host=tcp://x,ca=nosuch
context create gg --docker host=tcp://x:1,cert=ca.pem,key=ca.pem
context create gg --docker host=tcp://x:1,cert=text,key=key.pem
context create gg --docker host=tcp://x:1,cert=text,key=text
context create gg --docker host=tcp://x:1,ca=text
context create hh --docker host=unix:///x,ca=text
context create gg --from nosuch
context create gg --docker from=nosuch
context create gg --from aa --docker host=unix:///y
context create gg --docker foo
context create gg extra
context update bb --description bbb
context update bb --docker host=unix:///y
context update nosuch --description x
context update default --description x
context export bb
context export bb
context export aa a.ctx
context export nosuch
context import imp a.ctx
context import imp a.ctx
context import impb bb.dockercontext
context import default a.ctx
context import xx text
context import xx nosuch
context ls --format {{.Name}}|{{.Description}}|{{.Error}}
context ls -q
context inspect aa hh bb cc imp impb
context inspect nosuch
context use imp
context show
context rm nosuch
context rm imp
context rm aa nosuch bb
context rm -f imp
context show
context rm -f nosuch
context rm default
context use nosuch
""".strip().split("\n")


@pytest.mark.skipif(not DOCKER, reason="no docker 28 here")
def test_docker_and_berth_say_the_same_of_contexts(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "b").mkdir()
    docker, berth = Home(tmp_path / "d"), Home(tmp_path / "b")
    for line in COMMANDS:
        code, out, err = docker.say(DOCKER, *line.split())
        out = out.replace(docker.config.encode(), berth.config.encode())
        # Help differs: only what is said before it counts.
        want, got = (code, out, err), berth.say(BERTH, *line.split())
        if "Usage:" in err:
            want, got = ((w[0], w[1], w[2].split("\n\n")[0].replace("docker", "berth")) for w in (want, got))
        assert got == want, line


@pytest.mark.skipif(not DOCKER, reason="no docker 28 here")
def test_each_program_uses_what_the_other_made(engine, home):
    for maker, user in ((BERTH, DOCKER), (DOCKER, BERTH)):
        own = os.path.basename(maker)
        assert home.say(maker, "context", "create", own, "--docker", f"host=unix://{engine.sock},ca=ca.pem")[0] == 0
        assert home.say(user, "--context", own, "version", "--format", "{{.Server.Os}}")[1] == b"linux\n"
        assert home.say(maker, "context", "export", own)[0] == 0
        assert home.say(user, "context", "import", own + "-imported", own + ".dockercontext")[0] == 0
        assert home.inspect(own + "-imported")["TLSMaterial"] == {"docker": ["ca.pem"]}
        assert home.say(user, "context", "rm", own)[0] == 0
        assert home.say(maker, "context", "inspect", own)[0] == 1
