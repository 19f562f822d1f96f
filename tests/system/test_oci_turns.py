# SPDX-License-Identifier: Apache-2.0
"""Who is about a container from the OCI command line, one after the other, where one of them hangs, is stopped, or finds another container under the name (decisions 0079, 0083)."""
import concurrent.futures
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess

import pytest

from dockerd import remove_groups
from harness import PATIENCE, RUNTIME, run, wait_for
from test_oci_runtime import Bundle

QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def oci():
    with Bundle() as b:
        yield b


def begin(oci, *argv, **kw):
    oci.write()
    return subprocess.Popen([RUNTIME, "--root", oci.state, *argv], **{**QUIET, **kw})


def create(oci):
    oci.args("sleep", "1000")
    oci.write()
    subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, oci.id], check=True, timeout=PATIENCE, **QUIET)


def hang(oci, kind):
    """The first hook of this kind says that it is there, and hangs; a later one does not."""
    script = f"[ ! -e {oci.top}/begun ] || exit 0; echo $$ > {oci.top}/n; mv {oci.top}/n {oci.top}/begun; while [ ! -e {oci.top}/go ]; do sleep 0.02; done"
    oci.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/usr/bin:/bin"]}]}


def hook(oci):
    """A descriptor of the hook that hangs."""
    wait_for(lambda: os.path.exists(oci.top + "/begun"), "the hook")
    return os.pidfd_open(int(open(oci.top + "/begun").read()))


def let_go(oci):
    open(oci.top + "/go", "w").close()


def ended(pidfd):
    return bool(select.select([pidfd], [], [], PATIENCE)[0])


def lock_path(oci):
    return os.path.join(oci.state, oci.id, "lock")


def is_held(oci):
    """By another process than this one."""
    with open(lock_path(oci), "r+") as f:
        try:
            fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def waits_for_lock(pid):
    return any("->" in line and str(pid) in line.split() for line in open("/proc/locks"))


# ---- deleted by force while somebody hangs -------------------------------------------


def hangs_creating(oci):
    hang(oci, "createRuntime")
    oci.args("sleep", "1000")
    return begin(oci, "run", "--bundle", oci.bundle, oci.id)


def hangs_starting(oci):
    hang(oci, "poststart")
    create(oci)
    return begin(oci, "start", oci.id)


def hangs_deleting(oci):
    hang(oci, "poststop")
    create(oci)
    oci("start", oci.id)
    oci("kill", oci.id, "KILL")
    wait_for(lambda: oci.status() == "stopped", "the end")
    return begin(oci, "delete", oci.id)


def hangs_at_the_end_of_its_run(oci):
    hang(oci, "poststop")
    oci.args("true")
    return begin(oci, "run", "--bundle", oci.bundle, oci.id)


HANGS = [hangs_creating, hangs_starting, hangs_deleting, hangs_at_the_end_of_its_run]


def delete_while_it_hangs(hangs):
    """Returns how it was, for the one who hangs, and what the next container of the name is like when all are let go."""
    with Bundle() as oci:
        p = hangs(oci)
        first = hook(oci)
        forced = run([RUNTIME, "--root", oci.state, "delete", "--force", oci.id], check=False)
        seen = {"forced": (forced.returncode, forced.stderr), "who hung": p.wait(PATIENCE), "hook ended": ended(first), "left": os.listdir(oci.state)}
        os.close(first)
        del oci.config["hooks"]
        create(oci)
        let_go(oci)
        seen["next"] = oci.status()
        oci("start", oci.id)
        pid = json.loads(oci("state", oci.id).stdout)["pid"]
        seen["its group"] = json.loads(oci("ps", "--format", "json", oci.id).stdout) == [pid]
        seen["its exec"] = oci("exec", oci.id, "echo", "in").stdout
        return seen


def delete_from_another_pid_namespace():
    """Who holds the lock is not to be seen from there, so it is not ended, and nothing is touched."""
    with Bundle() as oci:
        p = hangs_starting(oci)
        os.close(hook(oci))
        argv = ["unshare", "--pid", "--fork", "--mount-proc", RUNTIME, "--root", oci.state, "delete", "--force", oci.id]
        deletion = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)
        seen = {"code": deletion.returncode, "said": "another process is about it, which cannot be ended from here" in deletion.stderr, "lock": is_held(oci), "status": oci.status()}
        let_go(oci)
        return {**seen, "start": p.wait(PATIENCE)}


def test_who_hangs_over_a_container_that_is_deleted_by_force_does_not_reach_the_next_of_its_name():
    """Beside each other, for each takes the ten seconds that a deletion by force waits."""
    with concurrent.futures.ThreadPoolExecutor(len(HANGS) + 1) as pool:
        elsewhere = pool.submit(delete_from_another_pid_namespace)
        seen = list(pool.map(delete_while_it_hangs, HANGS))
    expected = {"forced": (0, ""), "who hung": -signal.SIGKILL, "hook ended": True, "left": [], "next": "created", "its group": True, "its exec": "in\n"}
    assert dict(zip([h.__name__ for h in HANGS], seen)) == {h.__name__: expected for h in HANGS}
    assert elsewhere.result() == {"code": 1, "said": True, "lock": True, "status": "running", "start": 0}


# ---- another container of the name ------------------------------------------------------


def end_init(oci):
    pid = json.loads(oci("state", oci.id).stdout)["pid"]
    pidfd = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert ended(pidfd)
    os.close(pidfd)


def test_a_start_that_finds_another_container_under_the_name_holds_the_lock_of_that_one(oci):
    create(oci)
    with open(lock_path(oci), "r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        p = begin(oci, "start", oci.id)
        wait_for(lambda: waits_for_lock(p.pid), "the lock is waited for")
        end_init(oci)
        shutil.rmtree(os.path.join(oci.state, oci.id))
        hang(oci, "poststart")
        create(oci)
        assert not is_held(oci)
    os.close(hook(oci))
    assert is_held(oci) and p.poll() is None
    let_go(oci)
    assert p.wait(PATIENCE) == 0
    assert oci.status() == "running" and not is_held(oci)


def test_a_start_whose_container_is_deleted_before_its_turn_says_that_there_is_none(oci):
    create(oci)
    with open(lock_path(oci), "r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        p = begin(oci, "start", oci.id, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: waits_for_lock(p.pid), "the lock is waited for")
        end_init(oci)
        shutil.rmtree(os.path.join(oci.state, oci.id))
    assert "container does not exist" in p.communicate(timeout=PATIENCE)[1] and p.returncode == 1
    # Nobody knows of it any more.
    remove_groups("berth-" + oci.id)


def test_one_that_has_no_lock_is_started_and_deleted_all_the_same(oci):
    """An earlier version made it."""
    create(oci)
    os.unlink(lock_path(oci))
    oci("start", oci.id)
    assert oci.status() == "running"
    oci("delete", "--force", oci.id)
    assert os.listdir(oci.state) == []


@pytest.mark.parametrize("files", [[], ["lock"], ["lock", "config.json"]], ids=str)
def test_what_has_no_state_is_no_container_and_goes_all_the_same(oci, files):
    """What a killed creation leaves, or another deletion has not removed yet: that one has deleted it, and says so."""
    for argv, code in ((["delete"], 1), (["delete", "--force"], 0)):
        os.makedirs(os.path.join(oci.state, oci.id))
        for name in files:
            open(os.path.join(oci.state, oci.id, name), "w").close()
        p = oci(*argv, oci.id, check=False)
        assert p.returncode == code and ("container does not exist" in p.stderr) == (code == 1)
        assert os.listdir(oci.state) == []


# ---- a foreground run that is told to end ------------------------------------------------


def reaped(pidfd):
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_run_whose_container_another_deletes_can_be_told_to_end(oci, sig):
    hang(oci, "poststop")
    oci.args("sh", "-c", "echo up; exec sleep 1000")
    p = begin(oci, "run", "--bundle", oci.bundle, oci.id, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    init = os.pidfd_open(json.loads(oci("state", oci.id).stdout)["pid"])
    # It hears nothing of the end before the other one has the lock.
    os.kill(p.pid, signal.SIGSTOP)
    deletion = begin(oci, "delete", "--force", oci.id)
    os.close(hook(oci))
    os.kill(p.pid, signal.SIGCONT)
    wait_for(lambda: reaped(init), "the run has seen the end")
    assert p.poll() is None
    os.close(init)
    p.send_signal(sig)
    said = p.communicate(timeout=PATIENCE)[1]
    assert p.returncode == 137 and f"is left to process {deletion.pid}, which is about it" in said
    let_go(oci)
    assert deletion.wait(PATIENCE) == 0 and os.listdir(oci.state) == []


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_what_a_run_hears_while_its_own_hook_hangs_is_for_the_hook(oci, sig):
    hang(oci, "poststop")
    oci.args("sh", "-c", "exit 7")
    p = begin(oci, "run", "--bundle", oci.bundle, oci.id)
    first = hook(oci)
    p.send_signal(sig)
    assert p.wait(PATIENCE) == 7 and ended(first)
    os.close(first)
    assert os.listdir(oci.state) == []


def test_a_run_that_waits_for_another_goes_on_when_that_one_is_killed(oci):
    """What is left is its own again."""
    hang(oci, "poststop")
    oci.args("sh", "-c", "echo up; exec sleep 1000")
    p = begin(oci, "run", "--bundle", oci.bundle, oci.id, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    os.kill(p.pid, signal.SIGSTOP)
    deletion = begin(oci, "delete", "--force", oci.id)
    first = hook(oci)
    os.kill(p.pid, signal.SIGCONT)
    deletion.kill()
    deletion.wait(PATIENCE)
    assert p.wait(PATIENCE) == 137 and ended(first)
    os.close(first)
    assert os.listdir(oci.state) == []
