# SPDX-License-Identifier: Apache-2.0
"""Containers that live in the namespaces of another one (--network, --pid, --ipc container:X), while that one restarts, is renamed, and goes."""
import os
import signal

import pytest

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
