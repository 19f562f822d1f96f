# SPDX-License-Identifier: Apache-2.0
"""--init: our own first process passes signals on, reaps orphans, and ends as the program ends."""
import json
import os
import pty
import signal
import subprocess

import pytest

from harness import BUILD, Daemon, PATIENCE, busybox_tar, run, wait_for

INIT = os.path.join(BUILD, "berth-init")
# Orphans: their parents have gone before them. Says how many there are, ends them, and itself when all have been reaped.
ORPHANS = """orphans() { grep -ls '^PPid:.1$' /proc/[0-9]*/status | cut -d/ -f3 | grep -vx $$; }
for i in 1 2 3 4 5; do (sh -c 'sleep 600 & exit 0'); done; orphans | wc -l; kill $(orphans); while orphans >/dev/null; do sleep 0.05; done"""


def started(engine, name, client=None):
    """A container with an init, whose program runs: before, its signals are those of a first process."""
    engine.docker("run", "-d", "--init", "--name", name, "bb", "sh", "-c", "echo here; exec sleep 600", client=client)
    wait_for(lambda: engine.docker("logs", name).stdout, "its program")


def test_the_init_is_the_first_process_and_the_program_its_child(engine, client):
    out = engine.docker("run", "--rm", "--init", "bb", "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline; echo; grep PPid /proc/$$/status; readlink /proc/1/exe", client=client).stdout.split("\n")
    assert out[0].startswith("/sbin/docker-init -- sh -c")
    assert out[1].split() == ["PPid:", "1"] and out[2] == "/sbin/docker-init"


def test_orphans_are_reaped_with_an_init_and_stay_without(engine, name):
    assert engine.docker("run", "--rm", "--init", "bb", "sh", "-c", ORPHANS).stdout == "5\n"
    # A first process that reaps nothing: what it got stays dead and listed.
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "(sleep 600 &); exec sleep 601")
    # Not before it is one: a shell reaps whatever it finds.
    ended = "tr '\\0' ' ' </proc/1/cmdline | grep -q 'sleep 601' && kill $(grep -ls '^PPid:.1$' /proc/[0-9]*/status | cut -d/ -f3)"
    wait_for(lambda: engine.docker("exec", name, "sh", "-c", ended, check=False).returncode == 0, "the orphan's end")
    wait_for(lambda: engine.docker("exec", name, "sh", "-c", "grep -l 'State:.Z' /proc/[0-9]*/status | wc -l").stdout == "1\n", "an orphan that nobody reaps")


@pytest.mark.parametrize("sig,code", [("TERM", 143), ("INT", 130), ("USR1", 138), ("KILL", 137), ("HUP", 129), ("34", 162)])
def test_a_signal_ends_a_program_that_has_no_handler(engine, client, name, sig, code):
    """As the first process itself it would be deaf to all but SIGKILL."""
    started(engine, name, client)
    engine.docker("kill", "-s", sig, name, client=client)
    assert engine.docker("wait", name, client=client).stdout == f"{code}\n"


def test_stop_is_quick_with_an_init(engine, name):
    started(engine, name)
    engine.docker("stop", "-t", "100", name)
    assert engine.inspect(name)["State"]["ExitCode"] == 143


@pytest.mark.parametrize("argv,code,words", [(["sh", "-c", "exit 7"], 7, ""), (["nosuch"], 127, "nosuch: No such file"), (["/etc"], 126, "/etc: Permission denied"), (["sh", "-c", "kill -9 $$"], 137, "")])
def test_codes_are_the_programs(engine, client, argv, code, words):
    p = engine.docker("run", "--rm", "--init", "bb", *argv, client=client, check=False)
    assert p.returncode == code and words in p.stderr


def test_inspect_shows_what_was_asked_for_and_not_what_was_made_of_it(engine, name):
    engine.docker("create", "--init", "--name", name, "bb", "echo", "x")
    c = engine.inspect(name)
    assert c["HostConfig"]["Init"] is True and (c["Path"], c["Args"]) == ("echo", ["x"])
    assert c["Config"]["Cmd"] == ["echo", "x"]
    assert json.loads(engine.docker("info", "-f", "{{json .InitBinary}}").stdout) == "berth-init"


def test_users_read_only_roots_and_no_capabilities_are_no_hindrance(engine):
    p = engine.docker("run", "--rm", "--init", "-u", "1000", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "bb", "id", "-u")
    assert p.stdout == "1000\n"


def test_the_inits_program_cannot_be_written_from_inside(engine):
    p = engine.docker("run", "--rm", "--init", "--cap-add", "SYS_PTRACE", "bb", "sh", "-c", "echo x > /sbin/docker-init; echo x > /proc/1/exe; grep ' /sbin/docker-init ' /proc/self/mountinfo")
    assert p.stdout.split()[5].startswith("ro,") and p.stderr.count("Read-only file system") + p.stderr.count("Text file busy") == 2


def test_another_containers_process_namespace_gets_none(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    p = engine.docker("run", "--rm", "--init", "--pid", f"container:{name}", "bb", "tr", "\\0", " ", check=False, input="")
    assert p.returncode == 0
    assert engine.docker("run", "--rm", "--init", "--pid", f"container:{name}", "bb", "sh", "-c", "ps | grep -c [d]ocker-init; true").stdout == "0\n"


def test_a_terminal_is_the_programs(engine, name):
    """Control and C reaches it, and the shell has job control."""
    master, slave = pty.openpty()
    p = subprocess.Popen(engine.client_argv("/usr/bin/docker", "run", "-it", "--init", "--name", name, "bb", "sh", "-c", "trap 'echo got it; exit 9' INT; echo ready; while :; do sleep 0.1; done"),
                         stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    seen = b""
    try:
        while b"ready" not in seen:
            seen += os.read(master, 1000)
        os.write(master, b"\x03")
        assert p.wait(PATIENCE) == 9
    finally:
        p.kill()
        os.close(master)


def test_the_daemon_can_give_one_to_all_and_a_container_can_decline():
    with Daemon(["--init"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        assert d.docker("run", "--rm", "bb", "readlink", "/proc/1/exe").stdout == "/sbin/docker-init\n"
        assert d.docker("run", "--rm", "--init=false", "bb", "readlink", "/proc/1/exe").stdout == "/bin/busybox\n"


def test_a_wrong_place_is_refused_at_the_start_of_the_daemon(tmp_path):
    d = Daemon(["--init-path", str(tmp_path / "nothing")])
    with pytest.raises(AssertionError, match="--init-path"):
        d.start()
    run(["rm", "-rf", d.top])


# By itself, without a container: it is a subreaper then.

def test_the_program_starts_with_every_signal_as_the_init_found_it():
    line = "grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status"
    # The kernel's view of both, less what python and sh themselves ignore.
    assert run([INIT, "--", "/bin/busybox", "sh", "-c", line]).stdout == run(["/bin/busybox", "sh", "-c", line]).stdout


def test_ignored_children_of_the_caller_do_not_make_it_wait_for_ever():
    p = subprocess.run([INIT, "/bin/busybox", "sh", "-c", "exit 4"], preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), timeout=PATIENCE)
    assert p.returncode == 4


def test_without_a_program_it_says_how():
    for args in ([], ["--"]):
        p = run([INIT, *args], check=False)
        assert p.returncode == 2 and "usage:" in p.stderr


def test_a_stopped_program_is_no_ended_program():
    p = subprocess.Popen([INIT, "/bin/busybox", "sleep", "600"])
    try:
        children = f"/proc/{p.pid}/task/{p.pid}/children"
        child = int(wait_for(lambda: open(children).read().strip(), "a child"))
        os.kill(child, signal.SIGSTOP)
        wait_for(lambda: open(f"/proc/{child}/stat").read().split()[2] == "T", "the stop")
        assert p.poll() is None
        os.kill(p.pid, signal.SIGCONT)
        wait_for(lambda: open(f"/proc/{child}/stat").read().split()[2] != "T", "the continuation")
        os.kill(p.pid, signal.SIGTERM)
        assert p.wait(PATIENCE) == 143
    finally:
        p.kill()
