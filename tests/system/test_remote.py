# SPDX-License-Identifier: Apache-2.0
"""From another machine: the page's own lines make certificates that a daemon and its clients take, and ssh leads to the daemon there."""
import os
import re
import stat

import pytest

from harness import BERTH, TOP, Daemon, run
from test_tls import free_port

PAGE = os.path.join(TOP, "docs/machine.md")


def clean(**more):
    return {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "BERTH_HOST"))} | more


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A directory in which the page's lines were run."""
    if not os.path.exists(PAGE):
        pytest.skip("no documents here")
    with open(PAGE) as f:
        lines = re.search(r"^    # a test runs these lines\n((?:    .*\n)+)", f.read(), re.M)[1]
    top = tmp_path_factory.mktemp("certificates")
    script = top / "make"
    script.write_text(f"cd {top}\n" + re.sub(r"^    ", "", lines, flags=re.M))
    run(["bash", "-eu", script])
    return top


@pytest.fixture(scope="module")
def far(made):
    """A daemon with the page's flags; (daemon, where it is)."""
    port = free_port()
    flags = ["-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", str(made / "ca.pem"), "--tlscert", str(made / "server.pem"), "--tlskey", str(made / "server-key.pem")]
    with Daemon(flags) as d:
        yield d, f"tcp://127.0.0.1:{port}"


def test_the_pages_lines_make_certificates_that_lead_to_the_daemon(far, made, tmp_path):
    daemon, where = far
    env = clean(DOCKER_CONFIG=str(tmp_path))
    files = ",".join(f"{key}={made / name}" for key, name in (("ca", "ca.pem"), ("cert", "client.pem"), ("key", "client-key.pem")))
    run([BERTH, "context", "create", "far", "--docker", f"host={where},{files}"], env=env)
    run([BERTH, "context", "use", "far"], env=env)
    assert run([BERTH, "info", "--format", "{{.ID}}"], env=env).stdout.strip() == daemon.get("/info").json["ID"]
    # docker's own variables do as well.
    (made / "by-name").mkdir(exist_ok=True)
    for name, as_ in (("ca.pem", "ca.pem"), ("client.pem", "cert.pem"), ("client-key.pem", "key.pem")):
        (made / "by-name" / as_).write_bytes((made / name).read_bytes())
    env = clean(DOCKER_HOST=where, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(made / "by-name"))
    assert run([BERTH, "info", "--format", "{{.ID}}"], env=env).stdout.strip() == daemon.get("/info").json["ID"]


def test_its_private_keys_are_nobody_elses_to_read(made):
    keys = [p for p in made.iterdir() if p.name.endswith("-key.pem")]
    assert len(keys) == 3 and {stat.S_IMODE(p.stat().st_mode) for p in keys} == {0o600}


def test_without_the_clients_certificate_nobody_gets_in(far, made, tmp_path):
    _, where = far
    p = run([BERTH, "-H", where, "--tlsverify", "--tlscacert", made / "ca.pem", "ps"], env=clean(DOCKER_CONFIG=str(tmp_path)), check=False)
    assert p.returncode == 1 and p.stdout == "" and "certificate" in p.stderr


@pytest.fixture
def ssh(engine, tmp_path):
    """A directory with an ssh that runs its command here as a user's shell does there, and what that machine has on its path."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    os.symlink("/bin/sh", there / "sh")
    (here / "ssh").write_text(f"""#!/bin/bash
printf '%s\\n' "$@" >>{tmp_path}/asked
while [ "$1" != -- ]; do shift; done
shift 2
PATH={there} BERTH_HOST=unix://{engine.sock} DOCKER_HOST=unix://{engine.sock} exec $SHELL -c "$*"
""")
    (here / "ssh").chmod(0o755)
    return tmp_path


def by_ssh(ssh, *words, shell="/bin/sh", **kw):
    return run([BERTH, "-H", "ssh://me@far:2222", *words], env=clean(PATH=f"{ssh}/here:/usr/bin:/bin", SHELL=shell, DOCKER_CONFIG=str(ssh)), **kw)


@pytest.mark.parametrize("name", ["berth", "docker"])
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash", "/usr/bin/fish", "/usr/bin/zsh"])
def test_ssh_leads_to_the_daemon_there_by_whichever_client_it_has(engine, ssh, name, shell):
    if not os.path.exists(shell):
        pytest.skip(f"no {shell} here")
    os.symlink(BERTH, ssh / "there" / name)
    assert by_ssh(ssh, "info", "--format", "{{.ID}}", shell=shell).stdout.strip() == engine.get("/info").json["ID"]
    words = (ssh / "asked").read_text().split("\n")
    assert words[:7] == ["-o", "ConnectTimeout=30", "-T", "-p", "2222", "--", "me@far"]


def test_ssh_carries_streams_both_ways(engine, ssh, name):
    os.symlink(BERTH, ssh / "there" / "berth")
    text = "word\n" * 50000
    p = by_ssh(ssh, "run", "-i", "--rm", "--network", "none", "--name", name, "bb", "sh", "-c", "cat; echo err >&2; exit 5", input=text, check=False)
    assert (p.returncode, p.stdout, p.stderr) == (5, text, "err\n")


def test_a_machine_without_a_client_is_said(ssh):
    p = by_ssh(ssh, "ps", check=False)
    assert p.returncode == 1 and "docker" in p.stderr and p.stdout == ""
