# SPDX-License-Identifier: Apache-2.0
"""Options of run and create that other tests do not look at: files they read and write, other containers, signals and ends."""
import os
import signal
import subprocess
import time

import pytest

from harness import PATIENCE, wait_for


@pytest.fixture
def run(engine, client):
    """run(flags…, image and command) → its output."""
    return lambda *args, **kw: engine.docker("run", "--rm", *args, client=client, **kw)


def is_ready(engine, name):
    """Before its traps are set a first process is deaf to all but SIGKILL."""
    wait_for(lambda: b"ready" in engine.get(f"/containers/{name}/logs?stdout=1").body, "the trap is set")


def test_env_file(run, tmp_path):
    f = tmp_path / "env"
    f.write_text("# a comment\nA=1\nB=two words\n\nC=\nFROM_HOST\nNOT_SET\nQUOTED=\"q\"\n")
    os.environ["FROM_HOST"] = "here"
    try:
        out = run("--env-file", str(f), "-e", "A=over", "bb", "env").stdout.splitlines()
    finally:
        del os.environ["FROM_HOST"]
    assert {"A=over", "B=two words", "C=", 'QUOTED="q"'} <= set(out)
    assert not [line for line in out if line.startswith("NOT_SET") or line.startswith("#")]
    p = run("--env-file", "/nonexistent", "bb", "env", check=False)
    assert p.returncode == 125 and "/nonexistent" in p.stderr
    f.write_text("with space=1\n")
    p = run("--env-file", str(f), "bb", "env", check=False)
    assert p.returncode == 125 and "with space" in p.stderr


def test_label_file(engine, client, name, tmp_path):
    f = tmp_path / "labels"
    f.write_text("# no\none=1\ntwo=\nthree=a=b\n")
    engine.docker("create", "--name", name, "--label-file", str(f), "--label", "one=over", "bb", "true", client=client)
    assert engine.inspect(name)["Config"]["Labels"] == {"one": "over", "two": "", "three": "a=b"}


def test_cidfile_is_refused_where_it_is_there(run, tmp_path):
    f = tmp_path / "cid"
    f.write_text("x")
    p = run("--cidfile", str(f), "bb", "true", check=False)
    assert p.returncode == 125 and "ontainer ID file found" in p.stderr and f.read_text() == "x"


def test_host_gateway_is_the_hosts_address_on_the_network(engine, run):
    out = run("--add-host", "up:host-gateway", "--add-host", "far:10.1.2.3", "--add-host", "six:2001:db8::1", "bb", "cat", "/etc/hosts").stdout
    lines = [line.split() for line in out.splitlines()]
    assert [engine.bip.split("/")[0], "up"] in lines and ["10.1.2.3", "far"] in lines and ["2001:db8::1", "six"] in lines


def test_volumes_from(engine, run, name):
    engine.docker("create", "--name", name, "-v", "/own", "-v", "/tmp:/bound:ro", "bb", "true")
    assert run("--volumes-from", name, "bb", "sh", "-c", "echo kept > /own/x; touch /bound/x 2>&1 || true").stdout.count("Read-only") == 1
    assert run("--volumes-from", name, "bb", "cat", "/own/x").stdout == "kept\n"
    p = run("--volumes-from", name + ":ro", "bb", "touch", "/own/y", check=False)
    assert p.returncode == 1 and "Read-only" in p.stderr
    # What is given besides goes before.
    assert run("--volumes-from", name, "--tmpfs", "/own", "bb", "ls", "/own").stdout == ""
    p = run("--volumes-from", "nosuch", "bb", "true", check=False)
    assert p.returncode == 125 and "nosuch" in p.stderr


def test_link(engine, run, name):
    engine.docker("run", "-d", "--name", name, "-e", "SECRET=s", "--expose", "80", "bb", "sleep", "600")
    address = engine.inspect(name)["NetworkSettings"]["IPAddress"]
    out = run("--link", f"{name}:db", "bb", "sh", "-c", "grep db /etc/hosts; env; ping -c 1 -W 30 db >/dev/null && echo reached").stdout
    hosts = next(line for line in out.splitlines() if line.startswith(address))
    assert hosts.split()[1:] == ["db", engine.inspect(name)["Id"][:12], name] and "reached" in out
    assert "DB_ENV_SECRET=s" in out and f"DB_PORT_80_TCP_ADDR={address}" in out and "DB_PORT_80_TCP_PORT=80" in out


def test_pid_of_another_container(engine, run, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "4711")
    assert "sleep 4711" in run("--pid", f"container:{name}", "bb", "ps").stdout
    p = run("--pid", "container:nosuch", "bb", "ps", check=False)
    assert p.returncode != 0 and "nosuch" in p.stderr


def test_stop_signal_and_stop_timeout(engine, client, name):
    engine.docker("run", "-d", "--name", name, "--stop-signal", "USR1", "bb", "sh", "-c", "trap 'exit 9' USR1; trap '' TERM; echo ready; while :; do sleep 0.05; done", client=client)
    is_ready(engine, name)
    engine.docker("stop", "-t", "100", name, client=client)
    assert engine.inspect(name)["State"]["ExitCode"] == 9
    engine.docker("rm", name)
    engine.docker("run", "-d", "--name", name, "--stop-timeout", "1", "bb", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", client=client)
    is_ready(engine, name)
    engine.docker("stop", name, client=client)
    assert engine.inspect(name)["State"]["ExitCode"] == 137
    engine.docker("start", name)
    # A time and a signal of the call go before.
    assert engine.post(f"/containers/{name}/stop?t=0&signal=INT").status == 204
    assert engine.inspect(name)["State"]["ExitCode"] in (130, 137)


def test_without_a_time_limit_a_stop_waits_for_its_end(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'sleep 1; exit 4' TERM; echo ready; while :; do sleep 0.05; done")
    is_ready(engine, name)
    assert engine.post(f"/containers/{name}/stop?t=-1").status == 204
    assert engine.inspect(name)["State"]["ExitCode"] == 4


@pytest.mark.parametrize("sig", ["TERM", "INT", "USR1", "HUP"])
def test_a_signal_to_the_client_is_the_programs(engine, client, name, sig):
    """As systemd stops a unit whose program is the client."""
    p = subprocess.Popen(engine.client_argv(client, "run", "--rm", "--name", name, "bb", "sh", "-c", f"trap 'exit 42' {sig}; echo ready; while :; do sleep 0.05; done"), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert p.stdout.readline() == b"ready\n"
    p.send_signal(getattr(signal, "SIG" + sig))
    assert p.wait(timeout=PATIENCE) == 42
    p.stdout.close()
    wait_for(lambda: engine.get(f"/containers/{name}/json").status == 404, "it is gone")


@pytest.mark.parametrize("who, script", [("the init", "exec tail /dev/zero"), ("a child", "tail /dev/zero; sleep 0.2; exit 3")])
def test_want_of_memory_is_told(engine, name, who, script):
    begun = time.time()
    engine.docker("run", "--name", name, "-m", "8m", "--memory-swap", "8m", "bb", "sh", "-c", script, check=False)
    s = engine.inspect(name)["State"]
    assert s["OOMKilled"] is True and s["ExitCode"] == (137 if who == "the init" else 3)
    lines = engine.get('/events?since=%.3f&until=%.3f&filters={"container":["%s"],"event":["oom"]}' % (begun, time.time() + 0.1, name)).body.splitlines()
    assert len(lines) >= 1


def test_rm_takes_anonymous_volumes_along_and_no_others(engine, run, name):
    before = {v["Name"] for v in engine.get("/volumes").json["Volumes"]}
    run("-v", "/anonymous", "-v", f"{name}:/named", "bb", "true")
    wait_for(lambda: {v["Name"] for v in engine.get("/volumes").json["Volumes"]} - before == {name}, "the anonymous one goes")
    engine.request("DELETE", f"/volumes/{name}")


def test_a_paused_container_can_be_stopped_and_killed(engine, name):
    for how in ("stop?t=1", "kill", "restart?t=0"):
        engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done")
        engine.docker("pause", name)
        assert engine.post(f"/containers/{name}/{how}").status == 204
        assert engine.inspect(name)["State"]["Status"] == ("running" if "restart" in how else "exited")
        engine.docker("rm", "-f", name)
