# SPDX-License-Identifier: Apache-2.0
"""`berth enter`: into a container from the host, where the daemon, the monitor or the container's own program is no help."""
import json
import os
import pty
import signal
import subprocess
import time

import pytest

from harness import BERTH, PATIENCE, run, wait_for


def enter(daemon, *args, flags=(), check=True, env=None):
    return run([BERTH, "-H", "unix://" + daemon.sock, "enter", *flags, *args], check=check, env=env)


def start(daemon, name, *flags, cmd=("sleep", "6000")):
    daemon.docker("run", "-d", "--name", name, *flags, "bb", *cmd)
    return daemon.inspect(name)


@pytest.fixture
def web(engine, name):
    return start(engine, name, "-h", "h1", "-e", "A=b", "-e", "TWO=two words")


def test_it_sees_what_the_container_sees(engine, web, name):
    out = enter(engine, name, "sh", "-c", "hostname; echo $A; echo $TWO; cat /proc/1/comm; cat /etc/hello; pwd; cat /proc/net/dev | grep -c eth0").stdout.splitlines()
    assert out == ["h1", "b", "two words", "sleep", "hello from the image", "/", "1"]


def test_all_its_namespaces_are_the_containers(engine, web, name):
    pid = web["State"]["Pid"]
    kinds = ("mnt", "uts", "ipc", "net", "pid")
    got = enter(engine, name, "sh", "-c", "".join(f"readlink /proc/self/ns/{k};" for k in kinds)).stdout.split()
    assert got == [os.readlink(f"/proc/{pid}/ns/{k}") for k in kinds]


def test_the_environment_is_the_containers_and_not_the_callers(engine, web, name):
    env = {**os.environ, "OF_THE_CALLER": "1", "TERM": "vt100"}
    out = enter(engine, name, "env", env=env).stdout.splitlines()
    assert "A=b" in out and "TERM=vt100" in out and not [line for line in out if line.startswith("OF_THE_CALLER")]


def test_docker_enters_way_works(engine, web, name):
    """inspect gives nsenter its target: flags before or after the name."""
    for argv in (("--format", "{{.State.Pid}}", name), (web["Id"], "--format", "{{.State.Pid}}")):
        pid = engine.docker("inspect", *argv).stdout.strip()
        assert pid == str(web["State"]["Pid"])
    out = run(["nsenter", "--target", pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--", "/bin/sh", "-c", "hostname; ls /etc/hello; cat /proc/1/comm"]).stdout.split()
    assert out == ["h1", "/etc/hello", "sleep"]


def test_codes_are_the_programs(engine, web, name):
    assert enter(engine, name, "sh", "-c", "exit 9", check=False).returncode == 9
    assert enter(engine, name, "sh", "-c", "kill -9 $$", check=False).returncode == 137
    p = enter(engine, name, "nosuch", check=False)
    assert p.returncode == 127 and "nosuch" in p.stderr
    p = enter(engine, name, "/etc/hello", check=False)
    assert p.returncode == 126
    p = enter(engine, "nosuchcontainer", "true", check=False)
    assert p.returncode == 1 and "No such container: nosuchcontainer" in p.stderr
    engine.docker("create", "--name", name + "x", "bb", "true")
    try:
        p = enter(engine, name + "x", "true", check=False)
        assert p.returncode == 1 and "is not running" in p.stderr
    finally:
        engine.docker("rm", name + "x")


def test_a_program_that_is_stuck_or_frozen_is_no_hindrance(engine, web, name):
    os.kill(web["State"]["Pid"], signal.SIGSTOP)
    try:
        assert enter(engine, name, "cat", "/etc/hello").stdout == "hello from the image\n"
    finally:
        os.kill(web["State"]["Pid"], signal.SIGCONT)
    engine.docker("pause", name)
    try:
        # A paused container takes no exec; who enters from the host stays in the host's control group.
        assert engine.post(f"/containers/{name}/exec", {"Cmd": ["true"]}).status == 409
        assert enter(engine, name, "cat", "/etc/hello").stdout == "hello from the image\n"
    finally:
        engine.docker("unpause", name)


def test_by_pid_nothing_is_asked(engine, web, name):
    p = run([BERTH, "-H", "unix:///nonexistent/sock", "enter", f"pid:{web['State']['Pid']}", "hostname"])
    assert p.stdout == "h1\n"


def test_a_terminal_is_passed_on(engine, web, name):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(BERTH, [BERTH, "-H", "unix://" + engine.sock, "enter", name])
    try:
        os.write(fd, b"echo in-$(hostname); tty; exit 5\n")
        said = b""
        end = time.monotonic() + PATIENCE
        while b"in-h1" not in said and time.monotonic() < end:
            said += os.read(fd, 4096)
        assert b"in-h1" in said
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    finally:
        os.close(fd)


def monitor_of(daemon, c):
    """The process that has the container's journal open."""
    for p in os.listdir("/proc"):
        if not p.isdigit():
            continue
        try:
            fds = [os.readlink(f"/proc/{p}/fd/{fd}") for fd in os.listdir(f"/proc/{p}/fd")]
        except OSError:
            continue
        if any(f.endswith(f"containers/{c['Id']}/journal") for f in fds) and int(p) != daemon.proc.pid:
            return int(p)
    raise AssertionError("no monitor")


def stopped(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "T"


def test_a_daemon_and_a_monitor_that_are_stuck_are_no_hindrance(fresh):
    web = start(fresh, "web", "-h", "h1")
    monitor = monitor_of(fresh, web)
    stuck = [fresh.proc.pid, monitor]
    for pid in stuck:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: all(map(stopped, stuck)), "both are stuck")
        for name in ("web", web["Id"], web["Id"][:12]):
            assert enter(fresh, name, "hostname", flags=["--data-root", fresh.data]).stdout == "h1\n"
        # Where its containers are is known of the default daemon alone, and said instead of waited for.
        p = enter(fresh, "web", "hostname", check=False)
        assert p.returncode == 1 and "--data-root" in p.stderr
    finally:
        for pid in stuck:
            os.kill(pid, signal.SIGCONT)
    assert enter(fresh, "web", "hostname").stdout == "h1\n"


def test_a_daemon_and_a_monitor_that_are_dead_are_no_hindrance(fresh):
    web = start(fresh, "web", "-h", "h1")
    start(fresh, "joins", "--pid", "host", "-h", "h2")
    fresh.docker("rename", "web", "other")
    monitor = monitor_of(fresh, web)
    fresh.kill()
    os.kill(monitor, signal.SIGKILL)
    local = ["--data-root", fresh.data]
    assert enter(fresh, "other", "hostname", flags=local).stdout == "h1\n"
    assert enter(fresh, "/other", "hostname", flags=local).stdout == "h1\n"
    assert enter(fresh, "joins", "hostname", flags=local).stdout == "h2\n"
    p = enter(fresh, "web", "hostname", flags=local, check=False)
    assert p.returncode == 1 and "No such container: web" in p.stderr, "it is called otherwise now"
    p = enter(fresh, "x", "hostname", flags=["--data-root", "/nonexistent"], check=False)
    assert p.returncode == 1 and "/nonexistent" in p.stderr
    os.kill(web["State"]["Pid"], signal.SIGKILL)
    wait_for(lambda: enter(fresh, "other", "hostname", flags=local, check=False).returncode == 1, "it is seen to be dead")
    fresh.start()


def test_the_file_that_others_read_has_name_and_id(engine, web, name):
    """Fluent Bit finds a container's name there."""
    root = engine.get("/info").json["DockerRootDir"]
    path = f"{root}/containers/{web['Id']}/config.v2.json"
    with open(path) as f:
        told = json.load(f)
    assert told["Name"] == "/" + name and told["ID"] == web["Id"] and told["Created"] == web["Created"]
    engine.docker("rename", name, name + "new")
    try:
        with open(path) as f:
            assert json.load(f)["Name"] == f"/{name}new"
    finally:
        engine.docker("rename", name + "new", name)


def test_help_says_how(engine):
    p = subprocess.run([BERTH, "enter", "--help"], capture_output=True, text=True)
    assert p.returncode == 0 and "--data-root" in p.stdout and "pid:PID" in p.stdout
