# SPDX-License-Identifier: Apache-2.0
"""Containers that live in the namespaces of another one (--network, --pid, --ipc container:X), while that one restarts, is renamed, and goes."""
import os
import signal
import threading
import time

import pytest

import orphans
from harness import wait_for

MODES = {"NetworkMode": "net", "PidMode": "pid", "IpcMode": "ipc"}


@pytest.fixture
def donor(engine, name):
    n = name + "d"
    make(engine, n, HostConfig={"IpcMode": "shareable"})
    yield n
    for each in (n, n + "2"):
        engine.request("DELETE", f"/containers/{each}?force=1&v=1")


def make(engine, name, start=True, **body):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "600"], "StopTimeout": 0, **body})
    assert a.status == 201, a.body
    if start:
        a = engine.post(f"/containers/{name}/start")
        assert a.status == 204, a.body
    return engine.inspect(name)["Id"]


def pid(engine, name):
    return engine.inspect(name)["State"]["Pid"]


def namespace(engine, name, kind):
    return os.readlink(f"/proc/{pid(engine, name)}/ns/{kind}")


@pytest.mark.parametrize("mode", sorted(MODES))
def test_a_restart_finds_the_others_namespaces_of_today(engine, name, donor, mode):
    kind = MODES[mode]
    make(engine, name, HostConfig={mode: "container:" + donor})
    assert engine.inspect(name)["HostConfig"][mode] == "container:" + engine.inspect(donor)["Id"]
    assert engine.post(f"/containers/{donor}/stop?t=0").status == 204
    assert engine.post(f"/containers/{donor}/start").status == 204
    assert engine.post(f"/containers/{name}/restart?t=0").status == 204
    assert namespace(engine, name, kind) == namespace(engine, donor, kind)
    assert engine.post(f"/containers/{donor}/rename?name={donor}2").status == 204
    assert engine.post(f"/containers/{name}/restart?t=0").status == 204
    assert namespace(engine, name, kind) == namespace(engine, donor + "2", kind)


@pytest.mark.parametrize("mode", sorted(MODES))
def test_its_policy_joins_the_others_namespaces_of_today(engine, name, donor, mode):
    kind = MODES[mode]
    make(engine, name, HostConfig={mode: "container:" + donor, "RestartPolicy": {"Name": "always"}})
    assert engine.post(f"/containers/{donor}/restart?t=0").status == 204
    # Whose first process ends takes all of its pid namespace along; of the others nobody learns.
    if mode != "PidMode":
        os.kill(pid(engine, name), signal.SIGKILL)
    wait_for(lambda: engine.inspect(name)["RestartCount"] >= 1 and pid(engine, name) > 0, "it runs again")


    def is_in():
        try:
            return namespace(engine, name, kind) == namespace(engine, donor, kind)
        except OSError:  # It ended between the question for its process and the look at it: its policy has it begin again.
            return False
    wait_for(is_in, "it is in the new namespace")


class Held:
    """A container's monitor that stands still: nobody hears of the container's end, nor is it restarted or removed."""

    def __init__(self, engine, name):
        self.monitor = orphans.monitors(engine)[engine.inspect(name)["Id"]]

    def __enter__(self):
        os.kill(self.monitor, signal.SIGSTOP)

    def __exit__(self, *exc):
        os.kill(self.monitor, signal.SIGCONT)


def has_tried(engine, name):
    """After its monitor, which says that the other one has ended, the daemon has failed to start it."""
    def failed():
        s = engine.inspect(name)["State"]
        return s["Status"] == "exited" and s["Error"] and "has ended" not in s["Error"]
    wait_for(failed, "the daemon's start has failed")


def test_who_shares_waits_until_the_other_runs_again(engine, name, donor):
    make(engine, name, HostConfig={"PidMode": "container:" + donor, "RestartPolicy": {"Name": "always"}})
    engine.post(f"/containers/{donor}/update", {"RestartPolicy": {"Name": "always"}})
    for _ in range(2):
        first = pid(engine, donor)
        with Held(engine, donor):
            os.kill(first, signal.SIGKILL)
            has_tried(engine, name)
        wait_for(lambda: pid(engine, donor) not in (0, first), "the other one runs again")
        wait_for(lambda: engine.inspect(name)["State"]["Running"], "it runs again, too")
        assert namespace(engine, name, "pid") == namespace(engine, donor, "pid")


def test_who_shares_and_is_stopped_while_it_waits_stays_so(engine, name, donor):
    make(engine, name, HostConfig={"PidMode": "container:" + donor, "RestartPolicy": {"Name": "always"}})
    engine.post(f"/containers/{donor}/update", {"RestartPolicy": {"Name": "always"}})
    first = pid(engine, donor)
    with Held(engine, donor):
        os.kill(first, signal.SIGKILL)
        has_tried(engine, name)
        assert engine.post(f"/containers/{name}/stop").status == 304
    wait_for(lambda: pid(engine, donor) not in (0, first), "the other one runs again")
    # Whoever waited would be started before this one, which begins after it.
    assert engine.post(f"/containers/{donor}/restart?t=0").status == 204
    assert engine.inspect(name)["State"]["Status"] == "exited"


def test_who_shares_gives_up_when_the_other_has_been_removed_at_last(engine, name, donor):
    make(engine, name, HostConfig={"PidMode": "container:" + donor, "RestartPolicy": {"Name": "always"}})
    first, gone = pid(engine, donor), []
    with Held(engine, donor):
        remover = threading.Thread(target=lambda: gone.append(engine.request("DELETE", f"/containers/{donor}?force=1").status))
        remover.start()
        told = '/events?since=1&until=%d&filters={"event":["kill"],"container":["' + donor + '"]}'
        wait_for(lambda: engine.get(told % (time.time() + 1)).body, "its removal has begun")
        os.kill(first, signal.SIGKILL)
        has_tried(engine, name)
    remover.join()
    assert gone == [204]
    wait_for(lambda: "No such container" in engine.inspect(name)["State"]["Error"], "it gives up")


@pytest.mark.parametrize("mode", sorted(MODES))
def test_no_run_begins_in_namespaces_whose_owner_has_gone(engine, name, donor, mode):
    make(engine, name, HostConfig={mode: "container:" + donor, "RestartPolicy": {"Name": "always"}})
    assert engine.request("DELETE", f"/containers/{donor}?force=1").status == 204
    if mode != "PidMode":
        os.kill(pid(engine, name), signal.SIGKILL)
    said = wait_for(lambda: (s := engine.inspect(name)["State"])["Status"] == "exited" and "No such container" in s["Error"] and s, "it gives up")
    assert said["Pid"] == 0


def test_a_restart_removes_nothing_that_is_removed_at_its_end(engine, name, donor):
    make(engine, name, HostConfig={"NetworkMode": "container:" + donor, "AutoRemove": True})
    assert engine.post(f"/containers/{name}/restart?t=0").status == 204
    assert engine.inspect(name)["State"]["Running"]
    assert engine.post(f"/containers/{name}/stop?t=0").status == 204
    wait_for(lambda: engine.get(f"/containers/{name}/json").status == 404, "now it is removed")


@pytest.mark.parametrize("mode", sorted(MODES))
def test_a_start_that_finds_nobody_to_join_removes_what_is_removed_at_its_end(engine, name, donor, mode):
    make(engine, name, start=False, HostConfig={mode: "container:" + donor, "AutoRemove": True})
    assert engine.post(f"/containers/{donor}/kill").status == 204
    a = engine.post(f"/containers/{name}/start")
    assert a.status in (400, 409), a.body
    assert engine.get(f"/containers/{name}/json").status == 404
