# SPDX-License-Identifier: Apache-2.0
"""Restart policies while the daemon runs: how often, with which pauses, and what ends them. (Without a daemon and after a reboot: test_daemon_away.py.)"""
import datetime
import json
import os
import signal
import time

import pytest

from harness import wait_for


def make(engine, name, script, policy, retries=0, **host):
    body = {"Image": "bb", "Cmd": ["sh", "-c", script], "HostConfig": {"RestartPolicy": {"Name": policy, "MaximumRetryCount": retries}, **host}}
    a = engine.post(f"/containers/create?name={name}", body)
    assert a.status == 201, a.body
    assert engine.post(f"/containers/{name}/start").status == 204


def state(engine, name):
    return engine.inspect(name)["State"]


def count(engine, name):
    return engine.inspect(name)["RestartCount"]


def events(engine, name, since):
    q = json.dumps({"container": [name]}).replace(" ", "")
    return [json.loads(line) for line in engine.get(f"/events?since={since:.6f}&until={time.time() + 0.05:.6f}&filters={q}").body.decode().splitlines()]


def test_pauses_double_from_a_tenth_of_a_second(engine, name):
    begun = time.time()
    make(engine, name, "exit 1", "always")
    wait_for(lambda: count(engine, name) >= 5, "five restarts")
    engine.post(f"/containers/{name}/stop")
    told = [(e["Action"], e["timeNano"] / 1e9) for e in events(engine, name, begun) if e["Action"] in ("die", "start")]
    gaps = [b[1] - a[1] for a, b in zip(told, told[1:]) if (a[0], b[0]) == ("die", "start")]
    # No longer pause can be proven on a busy machine, and no shorter one may be.
    assert all(gap >= 0.1 * 2 ** i - 0.02 for i, gap in enumerate(gaps[:5])), gaps


@pytest.mark.parametrize("retries", [1, 3])
def test_on_failure_tries_as_often_as_it_may(engine, name, retries):
    make(engine, name, "echo x; exit 7", "on-failure", retries)
    wait_for(lambda: state(engine, name)["Status"] == "exited", "it gives up")
    assert count(engine, name) == retries and state(engine, name)["ExitCode"] == 7
    assert engine.docker("logs", name).stdout == "x\n" * (retries + 1)


@pytest.mark.parametrize("policy, script", [("on-failure", "exit 0"), ("no", "exit 1"), ("no", "exit 0")])
def test_what_needs_no_other_run_gets_none(engine, name, policy, script):
    make(engine, name, script, policy)
    wait_for(lambda: state(engine, name)["Status"] == "exited", "it has ended")
    time.sleep(0.3)
    assert state(engine, name)["Status"] == "exited" and count(engine, name) == 0


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_a_good_end_is_an_end_too(engine, name, policy):
    make(engine, name, "exit 0", policy)
    wait_for(lambda: count(engine, name) >= 2, "it is begun anew")
    engine.post(f"/containers/{name}/stop")


def waiting(engine, name):
    """In a pause between two runs that lasts a while."""
    make(engine, name, "exit 5", "always")
    return wait_for(lambda: count(engine, name) >= 4 and (s := state(engine, name))["Status"] == "restarting" and s, "it waits")


def test_between_two_runs_it_is_restarting(engine, name):
    waiting(engine, name)

    def looked_at():
        before, [c] = state(engine, name), engine.get('/containers/json?filters={"name":["%s"]}' % name).json
        a, after = engine.post(f"/containers/{name}/exec", {"Cmd": ["true"]}), state(engine, name)
        return before["Restarting"] and after["Restarting"] and before["FinishedAt"] == after["FinishedAt"] and (before, c, a)
    s, c, a = wait_for(looked_at, "a pause that lasts while it is looked at")
    assert s["Running"] and s["Pid"] == 0 and s["ExitCode"] == 5
    assert c["State"] == "restarting" and c["Status"].startswith("Restarting (5) ")
    assert a.status == 409 and "is restarting, wait until the container is running" in a.message
    engine.post(f"/containers/{name}/stop")


@pytest.mark.parametrize("end", ["stop", "kill", "update"])
def test_it_can_be_ended_between_two_runs(engine, name, end):
    waiting(engine, name)
    if end == "update":
        assert engine.post(f"/containers/{name}/update", {"RestartPolicy": {"Name": "no"}}).status == 200
    else:
        assert engine.post(f"/containers/{name}/{end}").status == 204
    wait_for(lambda: state(engine, name)["Status"] == "exited", "it is over")
    n = count(engine, name)
    time.sleep(0.5)
    assert state(engine, name)["Status"] == "exited" and count(engine, name) == n


def test_a_stop_between_two_runs_tells_of_no_signal(engine, name):
    begun = time.time()
    # As if it had been killed, which it is not by the stop.
    make(engine, name, "exit 137", "always")
    wait_for(lambda: count(engine, name) >= 4 and state(engine, name)["Status"] == "restarting", "it waits")
    assert engine.post(f"/containers/{name}/stop?t=0").status == 204
    assert actions(engine, name, begun, "stop")[-2:] == ["die", "stop"]


def test_it_can_be_removed_between_two_runs(engine, name):
    waiting(engine, name)
    a = engine.request("DELETE", f"/containers/{name}")
    assert a.status == 409
    assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204
    assert engine.get(f"/containers/{name}/json").status == 404


def actions(engine, name, since, until):
    """What was told of it, up to the event `until`, without what networks tell."""
    told = []

    def came():
        told[:] = [e["Action"] for e in events(engine, name, since)]
        return until in told
    wait_for(came, f"the event {until}")
    return told


@pytest.mark.parametrize("how, told", [("POST stop?t=1", ["stop"]), ("POST kill?signal=TERM", []), ("POST kill", []), ("DELETE", ["destroy"])])
def test_the_end_of_a_wait_is_no_second_end_of_the_program(engine, name, how, told):
    # Where the wait was over before it could be ended, it is tried once more.
    wait_for(lambda: "start" not in end_of_wait(engine, name, how, told), "a wait is ended in time")


def end_of_wait(engine, name, how, told):
    engine.request("DELETE", f"/containers/{name}?force=1")
    before = waiting(engine, name)
    # All that is told after the end that it waits since.
    since = datetime.datetime.fromisoformat(before["FinishedAt"][:26].rstrip("Z") + "+00:00").timestamp() + 0.001
    method, _, verb = how.partition(" ")
    verb = "?force=1" if method == "DELETE" else "/" + verb
    assert engine.request(method, f"/containers/{name}{verb}").status == 204
    if method == "POST":
        wait_for(lambda: state(engine, name)["Status"] == "exited", "it is over")
        after = state(engine, name)
        engine.post(f"/containers/{name}/rename?name={name}x")
        engine.post(f"/containers/{name}x/rename?name={name}")
    said = actions(engine, name, since, "rename" if method == "POST" else "destroy")
    if "start" in said:
        return said
    assert [a for a in said if a != "rename"] == told
    if method == "POST":
        assert (after["ExitCode"], after["FinishedAt"], after["StartedAt"]) == (5, before["FinishedAt"], before["StartedAt"])
    return said


def test_a_restart_between_two_runs_begins_at_once_and_counts_anew(engine, name, tmp_path):
    make(engine, name, "[ -e /quiet/on ] && exec sleep 600; exit 5", "always", Binds=[f"{tmp_path}:/quiet"])
    wait_for(lambda: count(engine, name) >= 4 and state(engine, name)["Status"] == "restarting", "it waits")
    (tmp_path / "on").touch()
    since, before = time.time(), state(engine, name)["StartedAt"]
    assert engine.post(f"/containers/{name}/restart?t=0").status == 204
    assert state(engine, name)["StartedAt"] > before
    # Where its pause has ended by itself meanwhile, another run was stopped.
    if state(engine, name)["Running"] and "die" not in (said := actions(engine, name, since, "restart")):
        assert said == ["stop", "start", "restart"] and count(engine, name) == 0
    # What was asked for then is no part of the next end.
    since = time.time()
    os.kill(state(engine, name)["Pid"], signal.SIGKILL)
    wait_for(lambda: count(engine, name) == 1 and state(engine, name)["Running"], "it comes again")
    assert actions(engine, name, since, "start") == ["die", "start"]


def test_a_restart_is_counted_when_it_is_decided_on(engine, name):
    waiting(engine, name)

    def ends():
        return len([e for e in events(engine, name, 1) if e["Action"] == "die"])

    def still():
        before, now = ends(), engine.inspect(name)
        return now["State"]["Restarting"] and ends() == before and (now["RestartCount"], before)
    told, ended = wait_for(still, "a pause that lasts while it is looked at")
    assert told == ended
    engine.post(f"/containers/{name}/stop")


@pytest.mark.parametrize("how, told", [("stop?t=60", ["kill", "unpause", "die", "stop"]), ("kill", ["kill", "die"]), ("kill?signal=TERM", ["kill", "unpause", "die"]),
                                       ("restart?t=60", ["kill", "unpause", "die", "stop", "start", "restart"])])
def test_what_is_paused_is_let_go_for_a_signal_that_it_may_take(engine, name, how, told):
    make(engine, name, "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done", "no")
    wait_for(lambda: b"ready" in engine.get(f"/containers/{name}/logs?stdout=1").body, "the trap is set")
    assert engine.post(f"/containers/{name}/pause").status == 204
    since = time.time()
    assert engine.post(f"/containers/{name}/{how}").status == 204
    if "signal" in how:
        wait_for(lambda: state(engine, name)["Status"] == "exited", "it ends")
    said = actions(engine, name, since, told[-1])
    # The answer to `kill` and its event come after the signal, which may have worked by then.
    assert sorted(said) == sorted(told) and [a for a in said if a != "kill"] == told[1:]
    assert state(engine, name)["Paused"] is False


def monitor_of(engine, name):
    with open(f"/proc/{state(engine, name)['Pid']}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("policy, retries", [("always", 0), ("unless-stopped", 0), ("on-failure", 2)])
def test_a_container_whose_monitor_is_killed_is_restarted_by_the_daemon(engine, name, policy, retries):
    make(engine, name, "sleep 600", policy, retries)
    for n in range(1, 3):
        since = time.time()
        os.kill(monitor_of(engine, name), signal.SIGKILL)
        wait_for(lambda: count(engine, name) == n and state(engine, name)["Pid"] > 0, "it runs again")
        assert actions(engine, name, since, "start") == ["die", "start"]
    assert engine.docker("exec", name, "echo", "there").stdout == "there\n"
    os.kill(monitor_of(engine, name), signal.SIGKILL)
    if retries:
        wait_for(lambda: state(engine, name)["Status"] == "exited", "its tries are used up")
        assert (state(engine, name)["ExitCode"], count(engine, name)) == (137, retries)
    else:
        wait_for(lambda: count(engine, name) == 3 and state(engine, name)["Pid"] > 0, "it runs again")
        assert engine.post(f"/containers/{name}/stop?t=0").status == 204
        assert state(engine, name)["Status"] == "exited"


@pytest.mark.parametrize("policy", ["no", "always"])
def test_an_update_gives_no_policy_to_what_is_removed_at_its_end(engine, name, policy):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "600"], "HostConfig": {"AutoRemove": True}})
    assert a.status == 201
    a = engine.post(f"/containers/{name}/update", {"RestartPolicy": {"Name": policy}})
    assert a.status == (200 if policy == "no" else 409)
    assert policy == "no" or "Restart policy cannot be updated because AutoRemove is enabled for the container" in a.message


@pytest.mark.parametrize("how", ["stop?t=0", "kill", "kill?signal=TERM"])
def test_who_is_stopped_by_hand_stays_so(engine, name, how):
    make(engine, name, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done", "always")
    # The first process of a PID namespace does not hear a signal that it has no trap for yet.
    wait_for(lambda: b"ready" in engine.get(f"/containers/{name}/logs?stdout=1").body, "the trap is set")
    assert engine.post(f"/containers/{name}/{how}").status == 204
    wait_for(lambda: state(engine, name)["Status"] == "exited", "it ends")
    time.sleep(0.3)
    assert state(engine, name)["Status"] == "exited" and count(engine, name) == 0
    assert engine.post(f"/containers/{name}/start").status == 204
    # Killed by somebody else it comes again.
    os.kill(state(engine, name)["Pid"], signal.SIGKILL)
    wait_for(lambda: count(engine, name) == 1 and state(engine, name)["Running"], "it comes again")


def test_a_signal_that_is_no_stop_is_answered_by_the_policy(engine, name):
    make(engine, name, "while :; do sleep 0.05; done", "always")
    assert engine.post(f"/containers/{name}/kill?signal=USR1").status == 204
    time.sleep(0.2)
    assert state(engine, name)["Running"] and count(engine, name) == 0, "the first process of a namespace has no default action"


def test_volumes_network_and_log_are_the_same_in_every_run(engine, name):
    make(engine, name, "echo run >> /v/count; hostname -i; [ $(wc -l < /v/count) -ge 3 ] && exec sleep 600; exit 1", "on-failure", Binds=[f"{name}vol:/v"])
    try:
        wait_for(lambda: count(engine, name) == 2 and state(engine, name)["Status"] == "running" and len(engine.docker("logs", name).stdout.split()) == 3, "the third run")
        said = engine.docker("logs", name).stdout.split()
        assert len(set(said)) == 1 and said[0] == engine.inspect(name)["NetworkSettings"]["IPAddress"]
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1")
        engine.request("DELETE", f"/volumes/{name}vol")


def test_a_program_that_cannot_be_started_is_not_tried_for_ever(engine, name):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["nosuch"], "HostConfig": {"RestartPolicy": {"Name": "always"}}})
    a = engine.post(f"/containers/{name}/start")
    assert a.status == 400 and "nosuch" in a.message
    s = state(engine, name)
    assert s["ExitCode"] == 127 and s["Status"] == "created" and "nosuch" in s["Error"]
