# SPDX-License-Identifier: Apache-2.0
"""Health checks: each field, the states, their events and log, and what is made of an unhealthy container."""
import json
import time

import pytest

from harness import wait_for

MS = 10 ** 6


def make(engine, name, test, start=True, host=None, **check):
    times = {"Interval": 100 * MS, "Timeout": 5000 * MS, **check}
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sleep", "6000"], "StopSignal": "KILL", "Healthcheck": {"Test": test, **times}, "HostConfig": host or {}})
    assert a.status == 201, a.body
    if start:
        assert engine.post(f"/containers/{name}/start").status == 204


def health(engine, name):
    return engine.inspect(name)["State"].get("Health")


def becomes(engine, name, status):
    return wait_for(lambda: (h := health(engine, name))["Status"] == status and h, f"it is {status}")


def do(engine, name, *cmd):
    x = engine.post(f"/containers/{name}/exec", {"Cmd": list(cmd)}).json["Id"]
    engine.post(f"/exec/{x}/start", {"Detach": False})


def actions(engine, name, since, last):
    """What events told of since then, up to `last`: it is told after it has come to be, and so is all that was before."""
    q = json.dumps({"container": [name], "type": ["container"]}).replace(" ", "")

    def told():
        lines = engine.get(f"/events?since={since}&until={time.time():.6f}&filters={q}").body.decode().splitlines()
        found = [json.loads(line)["Action"] for line in lines]
        return last(found) and found
    return wait_for(told, "events tell of it")


def test_starting_then_healthy_then_unhealthy_then_healthy_again(engine, name):
    begun = time.time()
    make(engine, name, ["CMD-SHELL", "test -e /ok"], Retries=2)
    assert health(engine, name)["Status"] in ("starting", "unhealthy")
    becomes(engine, name, "unhealthy")
    do(engine, name, "touch", "/ok")
    assert becomes(engine, name, "healthy")["FailingStreak"] == 0
    do(engine, name, "rm", "/ok")
    assert becomes(engine, name, "unhealthy")["FailingStreak"] >= 2
    told = [a for a in actions(engine, name, begun, lambda found: found.count("health_status: unhealthy") == 2) if a.startswith("health_status")]
    assert told == ["health_status: unhealthy", "health_status: healthy", "health_status: unhealthy"]


def test_each_check_is_an_exec_that_events_tell_of(engine, name):
    begun = time.time()
    make(engine, name, ["CMD", "true"])
    becomes(engine, name, "healthy")
    told = actions(engine, name, begun, lambda found: "health_status: healthy" in found)
    assert told.index("exec_create: true") < told.index("exec_start: true") < told.index("exec_die") < told.index("health_status: healthy")
    # It is one of the container's execs while it runs, as with Docker, and none afterwards.
    wait_for(lambda: not engine.inspect(name)["ExecIDs"], "a check has ended")


def test_the_log_keeps_five_with_their_times_codes_and_output(engine, name):
    make(engine, name, ["CMD-SHELL", "n=$(cat /n 2>/dev/null || echo 0); echo $((n+1)) >/n; echo run $n; echo err >&2; exit $((n % 2))"], Interval=50 * MS, Retries=100)
    log = wait_for(lambda: (entries := health(engine, name)["Log"]) and len(entries) == 5 and entries[0]["Output"] != "run 0\nerr\n" and entries, "more than five checks ran")
    numbers = [int(e["Output"].split()[1]) for e in log]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert [e["ExitCode"] for e in log] == [n % 2 for n in numbers]
    assert all(e["Output"] == f"run {n}\nerr\n" for e, n in zip(log, numbers))
    assert all(e["Start"] <= e["End"] for e in log) and all(a["End"] <= b["Start"] for a, b in zip(log, log[1:]))


def test_output_is_cut_with_dots(engine, name):
    make(engine, name, ["CMD-SHELL", "head -c 5000 /dev/zero | tr '\\0' x"])
    log = wait_for(lambda: health(engine, name)["Log"], "it ran")
    assert log[0]["Output"] == "x" * 4096 + "..."


def test_output_byte_by_byte_is_kept_whole(engine, name):
    make(engine, name, ["CMD-SHELL", "i=0; while [ $i -lt 600 ]; do printf y; i=$((i+1)); done"])
    log = wait_for(lambda: health(engine, name)["Log"], "it ran")
    assert log[0]["Output"] == "y" * 600


def test_a_check_that_takes_too_long_is_killed_and_failed(engine, name):
    make(engine, name, ["CMD", "sleep", "777"], Timeout=200 * MS, Retries=1)
    h = becomes(engine, name, "unhealthy")
    assert h["Log"][0]["ExitCode"] == -1 and h["Log"][0]["Output"] == "Health check exceeded timeout (200ms)"
    engine.post(f"/containers/{name}/pause")
    assert [r for r in engine.get(f"/containers/{name}/top").json["Processes"] if "777" in r[-1]][1:] == [], "those before are gone"
    engine.post(f"/containers/{name}/unpause")


def test_a_program_that_is_not_there_is_a_failure_that_says_so(engine, name):
    make(engine, name, ["CMD", "nosuchprogram"], Retries=1)
    h = becomes(engine, name, "unhealthy")
    assert h["Log"][0]["ExitCode"] != 0 and "nosuchprogram" in h["Log"][0]["Output"]


def test_failures_in_the_start_period_do_not_count_and_a_success_ends_it(engine, name):
    make(engine, name, ["CMD-SHELL", "test -e /ok"], Retries=1, StartPeriod=3600 * 1000 * MS, StartInterval=50 * MS)
    wait_for(lambda: len(health(engine, name)["Log"]) >= 3, "three checks failed")
    h = health(engine, name)
    assert h["Status"] == "starting" and h["FailingStreak"] == 0
    do(engine, name, "touch", "/ok")
    becomes(engine, name, "healthy")
    do(engine, name, "rm", "/ok")
    becomes(engine, name, "unhealthy")


def test_in_the_start_period_the_start_interval_counts(engine, name):
    """With an interval of an hour nothing would be seen."""
    make(engine, name, ["CMD", "true"], Interval=3600 * 1000 * MS, StartPeriod=3600 * 1000 * MS, StartInterval=50 * MS)
    becomes(engine, name, "healthy")
    done = len(health(engine, name)["Log"])
    time.sleep(0.3)
    assert len(health(engine, name)["Log"]) == done, "healthy: from now on it is the interval"


def test_the_shell_of_the_image_runs_shell_checks(engine, name):
    body = {"Image": "bb", "Cmd": ["sleep", "6000"], "Shell": ["/bin/echo", "shelled"], "Healthcheck": {"Test": ["CMD-SHELL", "what"], "Interval": 100 * MS}}
    engine.post(f"/containers/create?name={name}", body)
    engine.post(f"/containers/{name}/start")
    log = wait_for(lambda: health(engine, name)["Log"], "it ran")
    assert log[0]["Output"] == "shelled what\n"


def test_checks_are_made_as_the_containers_user_in_its_directory_and_environment(engine, name):
    body = {"Image": "bb", "Cmd": ["sleep", "6000"], "User": "user", "WorkingDir": "/tmp", "Env": ["A=b"], "Healthcheck": {"Test": ["CMD-SHELL", "id -un; pwd; echo $A"], "Interval": 100 * MS}}
    engine.post(f"/containers/create?name={name}", body)
    engine.post(f"/containers/{name}/start")
    log = wait_for(lambda: health(engine, name)["Log"], "it ran")
    assert log[0]["Output"].split() == ["user", "/tmp", "b"]


def test_none_and_no_healthcheck_switch_the_images_off(engine, name):
    image = name + ":1"
    engine.docker("import", "--change", 'HEALTHCHECK --interval=100ms --retries=1 CMD false', __import__("harness").busybox_tar(), image)
    try:
        engine.berth("run", "-d", "--name", name, image, "sleep", "6000")
        assert engine.inspect(name)["Config"]["Healthcheck"]["Test"] == ["CMD-SHELL", "false"]
        becomes(engine, name, "unhealthy")
        engine.docker("rm", "-f", name)
        engine.berth("run", "-d", "--name", name, "--no-healthcheck", image, "sleep", "6000")
        assert engine.inspect(name)["Config"]["Healthcheck"]["Test"] == ["NONE"] and health(engine, name) is None
        assert "(" not in engine.berth("ps", "--filter", f"name={name}", "--format", "{{.Status}}").stdout
    finally:
        engine.request("DELETE", f"/containers/{name}?force=1")
        engine.docker("rmi", image)


def test_flags_of_the_command_line_become_the_check(engine, name, client):
    engine.docker("create", "--name", name, "--health-cmd", "true", "--health-interval", "1m30s", "--health-timeout", "5s", "--health-retries", "4", "--health-start-period", "2s", "bb", "true", client=client)
    assert engine.inspect(name)["Config"]["Healthcheck"] == {
        "Test": ["CMD-SHELL", "true"], "Interval": 90 * 1000 * MS, "Timeout": 5000 * MS, "Retries": 4, "StartPeriod": 2000 * MS}


def test_a_list_shows_and_filters_by_health(engine, name):
    make(engine, name, ["CMD", "true"])
    becomes(engine, name, "healthy")
    assert "(healthy)" in engine.berth("ps", "--filter", f"name={name}", "--format", "{{.Status}}").stdout
    for status, found in (("healthy", [name]), ("unhealthy", []), ("none", [])):
        got = engine.get('/containers/json?filters={"health":["%s"],"name":["%s"]}' % (status, name)).json
        assert [c["Names"][0][1:] for c in got] == found


def test_a_stopped_container_is_not_checked_and_a_started_one_begins_anew(engine, name):
    make(engine, name, ["CMD", "true"])
    becomes(engine, name, "healthy")
    engine.post(f"/containers/{name}/stop?t=0")
    log = health(engine, name)["Log"]
    time.sleep(0.3)
    assert health(engine, name)["Log"] == log
    begun = time.time()
    engine.post(f"/containers/{name}/start")
    h = becomes(engine, name, "healthy")
    new = [e for e in h["Log"] if e not in log]
    assert new and all(e["Start"] > log[-1]["End"] for e in new), "what was found before stays, and is no more"
    assert actions(engine, name, begun, lambda found: "health_status: healthy" in found).count("start") == 1


def test_a_paused_container_is_not_found_unhealthy(engine, name):
    make(engine, name, ["CMD", "true"], Retries=1)
    becomes(engine, name, "healthy")
    engine.post(f"/containers/{name}/pause")
    time.sleep(0.4)
    # What is not checked is called unhealthy, as by Docker; no check has failed.
    assert health(engine, name)["Status"] == "unhealthy" and health(engine, name)["FailingStreak"] == 0
    engine.post(f"/containers/{name}/unpause")
    assert all(e["ExitCode"] == 0 for e in becomes(engine, name, "healthy")["Log"])


@pytest.mark.parametrize("limit", [0, 1])
def test_on_unhealthy_makes_a_new_run_as_often_as_it_may(engine, name, limit):
    begun = time.time()
    make(engine, name, ["CMD", "false"], Retries=1, host={"RestartPolicy": {"Name": "on-unhealthy", "MaximumRetryCount": limit}})
    if limit == 0:
        wait_for(lambda: engine.inspect(name)["RestartCount"] >= 2, "it is begun anew twice")
    else:
        wait_for(lambda: engine.inspect(name)["RestartCount"] == 1 and health(engine, name)["Status"] == "unhealthy", "it is unhealthy once more")
        # Nothing better would come: it goes on as it is.
        wait_for(lambda: health(engine, name)["FailingStreak"] >= 4, "it is checked on")
        state = engine.inspect(name)
        assert state["State"]["Running"] and state["RestartCount"] == 1
    told = actions(engine, name, begun, lambda found: found.count("start") >= 2)
    assert told.index("health_status: unhealthy") < told.index("die")


def test_on_unhealthy_is_a_failure_policy_too_and_leaves_a_good_end_alone(engine, name):
    for code, again in ((3, True), (0, False)):
        engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["sh", "-c", f"exit {code}"], "HostConfig": {"RestartPolicy": {"Name": "on-unhealthy", "MaximumRetryCount": 1}}})
        engine.post(f"/containers/{name}/start")
        wait_for(lambda: engine.inspect(name)["State"]["Status"] == "exited", "it has ended")
        assert engine.inspect(name)["RestartCount"] == (1 if again else 0)
        engine.request("DELETE", f"/containers/{name}?force=1")
    out = engine.berth("create", "--name", name, "--restart", "on-unhealthy:3", "bb", "true")
    assert out.returncode == 0 and engine.inspect(name)["HostConfig"]["RestartPolicy"] == {"Name": "on-unhealthy", "MaximumRetryCount": 3}


def test_the_next_daemon_goes_on_checking(fresh):
    make(fresh, "checked", ["CMD-SHELL", "test -e /ok"], Retries=1)
    becomes(fresh, "checked", "unhealthy")
    fresh.kill()
    fresh.start()
    before = health(fresh, "checked")
    assert before["Status"] == "unhealthy" and before["Log"]
    do(fresh, "checked", "touch", "/ok")
    becomes(fresh, "checked", "healthy")


@pytest.mark.parametrize("how", ["restart", "stop", "kill"])
def test_what_was_found_before_a_start_stays_to_be_read(engine, name, how):
    """As Docker keeps it: who looks after a restart finds why it was."""
    hour = 3600 * 1000 * MS
    make(engine, name, ["CMD-SHELL", "echo found"], Interval=hour, StartPeriod=hour, StartInterval=50 * MS)
    # One probe, and the next in an hour.
    found = becomes(engine, name, "healthy")["Log"]
    assert [e["Output"] for e in found] == ["found\n"]
    engine.docker(how, *(["-t", "0"] if how != "kill" else []), name)
    if how != "restart":
        assert becomes(engine, name, "unhealthy")["Log"] == found
        engine.docker("start", name)
    after = health(engine, name)
    assert after["FailingStreak"] == 0 and after["Log"][:1] == found
    wait_for(lambda: [e["Output"] for e in health(engine, name)["Log"]] == ["found\n"] * 2, "the new run's follows it")
