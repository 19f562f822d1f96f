# SPDX-License-Identifier: Apache-2.0
"""Restarts that the daemon makes itself (docs/decisions/0060 and 0072), and somebody who wants something else at that moment: one side waits at a step of its own until the other has had its way."""
import json
import os
import signal
import time
import urllib.parse

import pytest

import orphans
from harness import wait_for
from held import Asked, Held, Step, faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def rid_of_all(d):
    yield
    for c in d.get("/containers/json?all=1").json:
        d.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")


def make(d, name, **host):
    a = d.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "600"], "StopTimeout": 0, "HostConfig": host})
    assert a.status == 201, a.body
    assert d.post(f"/containers/{name}/start").status == 204


def state(d, name):
    return d.inspect(name)["State"]


def kill_the_monitor_of(d, name):
    os.kill(orphans.monitors(d)[d.inspect(name)["Id"]], signal.SIGKILL)


def all_is_done(d):
    """What the daemon had to do later it has done: it does that in turn, and this is the last."""
    d.docker("run", "--rm", "--name", "done", "bb", "true")
    wait_for(lambda: d.get("/containers/done/json").status == 404, "it is removed")


def test_a_stop_while_a_revival_begins_ends_what_it_begins(d):
    make(d, "box", RestartPolicy={"Name": "always"})
    with Step(d, "revive/begun") as step:
        kill_the_monitor_of(d, "box")
        step.reached()
        assert state(d, "box")["Status"] == "exited"
        stop = Asked(d, "POST", "/containers/box/stop")
        # No moment at which it could be said not to run.
        stop.join(0.3)
        assert stop.answer is None, stop.answer.status
        step.go()
        assert stop.answered().status == 204
    s = state(d, "box")
    assert (s["Status"], s["Pid"]) == ("exited", 0)
    all_is_done(d)
    assert state(d, "box")["Status"] == "exited"
    assert d.inspect("box")["RestartCount"] == 1, "it had begun"


def test_a_stop_as_soon_as_the_end_is_seen_takes_the_revival_back(d):
    make(d, "box", RestartPolicy={"Name": "always"})
    with Step(d, "end/let-go") as step:
        kill_the_monitor_of(d, "box")
        step.reached()
        assert state(d, "box")["Status"] == "exited"
        assert d.post("/containers/box/stop").status == 304
        step.go()
        assert d.post("/containers/box/wait").status == 200
    all_is_done(d)
    assert (state(d, "box")["Status"], d.inspect("box")["RestartCount"]) == ("exited", 0)
    # Its policy is as it was: who starts it has it begun again.
    assert d.post("/containers/box/start").status == 204
    kill_the_monitor_of(d, "box")
    wait_for(lambda: d.inspect("box")["RestartCount"] == 1 and state(d, "box")["Running"], "it runs again")


def test_one_that_shares_nothing_is_not_begun_again_where_its_monitor_could_not(d, tmp_path):
    """Its program is gone by its second run, which is final: Docker does not try that again."""
    once = tmp_path / "once"
    once.write_text("#!/bin/sh\nwhile [ ! -e /data/go ]; do sleep 0.05; done\nrm /data/once\nexit 1\n")
    once.chmod(0o755)
    a = d.post("/containers/create?name=box", {"Image": "bb", "Cmd": ["/data/once"], "HostConfig": {"Binds": [f"{tmp_path}:/data"], "RestartPolicy": {"Name": "always"}}})
    assert a.status == 201, a.body
    assert d.post("/containers/box/start").status == 204
    with Step(d, "revive/begun") as step:
        (tmp_path / "go").write_text("")
        wait_for(lambda: state(d, "box")["Status"] == "exited" and state(d, "box")["Error"], "its restart has failed")
        error = state(d, "box")["Error"]
        all_is_done(d)
        assert not step.is_reached()
    s = state(d, "box")
    assert (s["Status"], s["ExitCode"], s["Error"], d.inspect("box")["RestartCount"]) == ("exited", 127, error, 1)


def test_a_stop_at_any_moment_of_an_end_is_the_last_word(d):
    make(d, "box", RestartPolicy={"Name": "always"})
    for _ in range(8):
        kill_the_monitor_of(d, "box")
        assert d.post("/containers/box/stop").status in (204, 304)
        assert state(d, "box")["Status"] == "exited"
        all_is_done(d)
        assert state(d, "box")["Status"] == "exited"
        assert d.post("/containers/box/start").status == 204


def test_a_forced_removal_while_a_revival_begins_removes_what_it_begins(d):
    make(d, "box", RestartPolicy={"Name": "always"})
    with Step(d, "revive/begun") as step:
        kill_the_monitor_of(d, "box")
        step.reached()
        removal = Asked(d, "DELETE", "/containers/box?force=1&v=1")
        removal.join(0.3)
        assert removal.answer is None, removal.answer.status
        step.go()
        a = removal.answered()
        assert a.status == 204, a.body
    assert d.get("/containers/box/json").status == 404
    all_is_done(d)
    assert d.get("/containers/box/json").status == 404


def told(d, name, *actions):
    """What was told of it, of these, up to now."""
    # In a second that is not over more may be told yet: it waits for that.
    until = int(time.time()) + 1
    filters = json.dumps({"container": [name]})
    lines = d.get(f"/events?since=1&until={until}&filters={urllib.parse.quote(filters)}").body.decode().splitlines()
    return [e["Action"] for e in map(json.loads, lines) if e["Action"] in actions]


@pytest.mark.parametrize("policy", ["no", "always"])
def test_a_restart_of_what_ends_by_itself_meanwhile_expects_no_end_of_the_next_run(d, policy):
    make(d, "box", RestartPolicy={"Name": policy})
    with Held(d, "restart/found", "POST", "/containers/box/restart?t=0") as held:
        # By the monitor, so that its policy asks for a start by the daemon, or by none.
        kill_the_monitor_of(d, "box")
        if policy == "no":
            wait_for(lambda: state(d, "box")["Status"] == "exited", "it has ended")
            assert d.post("/containers/box/wait").status == 200
        else:
            wait_for(lambda: d.inspect("box")["RestartCount"] == 1 and state(d, "box")["Running"], "it runs again")
        held.go()
        assert held.answer.status == 204
    assert state(d, "box")["Running"]
    before = told(d, "box", "stop")
    os.kill(state(d, "box")["Pid"], signal.SIGKILL)
    if policy == "no":
        assert d.post("/containers/box/wait").status == 200
    else:
        wait_for(lambda: d.inspect("box")["RestartCount"] >= 1 and state(d, "box")["Running"], "it runs again")
    assert told(d, "box", "stop") == before, "nobody had asked for that end"


@pytest.fixture
def three(d):
    """`middle` joins `first`, and so is restarted by a stop and a start; `last` joins `middle`, and its policy wants it to run."""
    make(d, "first")
    make(d, "middle", NetworkMode="container:first", IpcMode="shareable")
    make(d, "last", IpcMode="container:middle", RestartPolicy={"Name": "always"})


def end_and_let_fail(d, name):
    """Its policy has it begun again, which fails, by its monitor and then by the daemon."""
    os.kill(state(d, name)["Pid"], signal.SIGKILL)

    def failed():
        s = state(d, name)
        return s["Status"] == "exited" and s["Error"] and "has ended" not in s["Error"]
    wait_for(failed, "the daemon's start has failed")


def test_who_shares_waits_for_a_restart_that_has_ended_the_other_and_not_started_it_yet(d, three):
    with Held(d, "restart-anew/ended", "POST", "/containers/middle/restart?t=0") as held:
        assert state(d, "middle")["Status"] == "exited"
        end_and_let_fail(d, "last")
        held.go()
        assert held.answer.status == 204
    wait_for(lambda: state(d, "last")["Running"], "it runs again")
    assert os.readlink(f"/proc/{state(d, 'last')['Pid']}/ns/ipc") == os.readlink(f"/proc/{state(d, 'middle')['Pid']}/ns/ipc")


def test_who_shares_gives_up_where_the_restart_that_it_waits_for_fails(d, three):
    with Held(d, "restart-anew/ended", "POST", "/containers/middle/restart?t=0") as held:
        end_and_let_fail(d, "last")
        assert d.post("/containers/first/stop").status == 204
        held.go()
        assert held.answer.status == 409 and "non running container" in held.answer.message
    all_is_done(d)
    for name in ("first", "middle"):
        assert d.post(f"/containers/{name}/start").status == 204
    all_is_done(d)
    assert state(d, "last")["Status"] == "exited"
