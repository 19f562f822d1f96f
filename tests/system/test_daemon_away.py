# SPDX-License-Identifier: Apache-2.0
"""What happens while no daemon runs is known, and told, when one is back."""
import glob
import json
import os
import signal
import subprocess
import time

from harness import CLIENTS, PATIENCE, WHEN_TOLD, run, tell, wait_for


def events(daemon, since, kind="container"):
    """Those from `since` up to now, oldest first as the daemon tells them."""
    filters = '{"type":["%s"]}' % kind
    answer = daemon.get(f"/events?since={since:.9f}&until={time.time():.9f}&filters={filters}")
    assert answer.status == 200
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def exec_create(daemon, name, *cmd, **more):
    answer = daemon.post(f"/containers/{name}/exec", {"Cmd": list(cmd), "AttachStdout": True, "AttachStderr": True, **more})
    assert answer.status == 201, answer.body
    return answer.json["Id"]


def exec_start(daemon, ident):
    assert daemon.post(f"/exec/{ident}/start", {"Detach": True}).status == 200


def exec_state(daemon, ident):
    answer = daemon.get(f"/exec/{ident}/json")
    assert answer.status == 200, answer.body
    return answer.json


def exec_file(daemon, ident):
    """What the monitor, and then the daemon, have written down of an exec: its end first, and last that it was told."""
    [path] = glob.glob(f"{daemon.exec}/containers/*/execs/{ident}")
    with open(path) as f:
        return f.read()


def zombies_of(pid):
    """Children of a process that nobody has reaped."""
    out = []
    for p in run(["ps", "-o", "pid=,stat=", "--ppid", str(pid)], check=False).stdout.splitlines():
        if p.split()[1].startswith("Z"):
            out.append(p)
    return out


def has_ended(pid):
    """Also one that nobody reaps any more."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def parent_of(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])


def test_execs_are_known_to_the_next_daemon(fresh):
    fresh.docker("run", "-d", "--name", "cc", "bb", "sleep", "600")
    monitor = parent_of(fresh.inspect("cc")["State"]["Pid"])
    ended, away, stays, never = [exec_create(fresh, "cc", "sh", "-c", c)
                                 for c in ("exit 5", "while [ ! -e /go ]; do usleep 10000; done; exit 7", "sleep 600", "exit 3")]
    for ident in (ended, away, stays):
        exec_start(fresh, ident)
    wait_for(lambda: exec_state(fresh, ended)["ExitCode"] == 5 and "\ntold\n" in exec_file(fresh, ended), "the first has ended")
    before = exec_state(fresh, stays)
    second = exec_state(fresh, away)["Pid"]
    begun = time.time()
    fresh.kill()
    tell(fresh_pid(monitor))
    wait_for(lambda: "\nended " in exec_file(fresh, away), "the second ends while no daemon runs")
    assert not os.path.exists(f"/proc/{second}")
    over = time.time()
    time.sleep(0.1)
    fresh.start()
    assert exec_state(fresh, ended)["ExitCode"] == 5
    gone = exec_state(fresh, away)
    assert (gone["Running"], gone["ExitCode"]) == (False, 7)
    still = exec_state(fresh, stays)
    assert (still["Running"], still["Pid"], still["ProcessConfig"]) == (True, before["Pid"], before["ProcessConfig"])
    assert set(fresh.inspect("cc")["ExecIDs"]) == {stays, never}
    # Told with its true time, and told once.
    died = [e for e in events(fresh, begun) if e["Action"] == "exec_die"]
    assert [(e["Actor"]["Attributes"]["execID"], e["Actor"]["Attributes"]["exitCode"]) for e in died] == [(away, "7")]
    assert begun * 1e9 < died[0]["timeNano"] < over * 1e9
    # One that was made but not begun can still be begun.
    assert exec_state(fresh, never)["ExitCode"] is None
    exec_start(fresh, never)
    wait_for(lambda: exec_state(fresh, never)["ExitCode"] == 3, "it runs")
    os.kill(still["Pid"], signal.SIGTERM)
    wait_for(lambda: exec_state(fresh, stays)["ExitCode"] == 143 and "\ntold\n" in exec_file(fresh, stays), "the end of one that ran on is heard")
    assert zombies_of(monitor) == []
    begun = time.time()
    fresh.kill()
    fresh.start()
    assert exec_state(fresh, stays)["ExitCode"] == 143
    assert [e for e in events(fresh, begun - 60) if e["Action"] == "exec_die"] == []


def fresh_pid(monitor):
    """The container's own program: the child of its monitor that is its pid 1."""
    for p in run(["ps", "-o", "pid=", "--ppid", str(monitor)]).stdout.split():
        if open(f"/proc/{p}/status").read().split("NSpid:")[1].splitlines()[0].split()[-1] == "1":
            return p
    raise AssertionError("no init below the monitor")


def test_the_terminal_of_an_exec_can_be_resized_and_read_after_a_restart(fresh):
    fresh.docker("run", "-d", "--name", "cc", "bb", "sleep", "600")
    ident = exec_create(fresh, "cc", "sh", "-c", "trap 'stty size > /size; exit 9' WINCH; echo ready > /ready; while :; do usleep 10000; done", Tty=True)
    exec_start(fresh, ident)
    wait_for(lambda: fresh.docker("exec", "cc", "cat", "/ready", check=False).stdout == "ready\n", "it waits")
    fresh.kill()
    fresh.start()
    assert fresh.post(f"/exec/{ident}/resize?h=33&w=99").status in (200, 201)
    wait_for(lambda: exec_state(fresh, ident)["ExitCode"] == 9, "it is told of the size")
    assert fresh.docker("exec", "cc", "cat", "/size").stdout == "33 99\n"


def test_ends_and_restarts_become_events_with_their_times(fresh):
    fresh.docker("run", "-d", "--name", "again", "--restart", "on-failure:2", "bb", "sh", "-c", "while [ ! -e /go ]; do usleep 10000; done; exit 4")
    fresh.docker("run", "-d", "--name", "dies", "bb", "sh", "-c", "while [ ! -e /go ]; do usleep 10000; done; exit 23")
    pid, other = [fresh.inspect(n)["State"]["Pid"] for n in ("dies", "again")]
    monitors = [parent_of(pid), parent_of(other)]
    begun = time.time()
    fresh.kill()
    time.sleep(1)
    for p in (pid, other):
        open(f"/proc/{p}/root/go", "w").close()
    # A monitor goes when its container has ended for good.
    for p in monitors:
        wait_for(lambda p=p: has_ended(p), "both end while no daemon runs")
    time.sleep(1)
    fresh.start()
    assert [fresh.inspect(n)["State"]["Status"] for n in ("dies", "again")] == ["exited"] * 2
    seen = events(fresh, begun - 60)
    of = lambda name: [(e["Action"], e["Actor"]["Attributes"].get("exitCode")) for e in seen if e["Actor"]["Attributes"]["name"] == name]
    assert of("dies") == [("die", "23")]
    assert of("again") == [("die", "4"), ("start", None)] * 2 + [("die", "4")]
    times = [e["timeNano"] for e in seen]
    assert times == sorted(times)
    state = fresh.inspect("dies")["State"]
    end = next(e for e in seen if e["Actor"]["Attributes"]["name"] == "dies")
    assert abs(time.time() - end["timeNano"] / 1e9) > 1, "the time is that of the end"
    assert state["FinishedAt"][:19] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end["timeNano"] / 1e9))
    assert int(end["Actor"]["Attributes"]["execDuration"]) >= 1
    assert (fresh.inspect("again")["State"]["ExitCode"], fresh.inspect("again")["RestartCount"]) == (4, 2)


def test_a_kill_for_want_of_memory_is_told_when_the_daemon_is_back(fresh):
    fresh.docker("run", "-d", "--name", "oom", "-m", "16m", "bb", "sh", "-c", "while [ ! -e /go ]; do usleep 10000; done; tail /dev/zero; exit $?")
    pid = fresh.inspect("oom")["State"]["Pid"]
    begun = time.time()
    fresh.kill()
    with open(f"/proc/{pid}/root/go", "w"):
        pass
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "it ends")
    fresh.start()
    # The state is there before its event.
    actions = wait_for(lambda: (a := [e["Action"] for e in events(fresh, begun)]) and "die" in a and a, "its monitor has told of it")
    assert "oom" in actions and actions[-1] == "die"
    assert fresh.inspect("oom")["State"]["ExitCode"] == 137
    assert fresh.inspect("oom")["State"]["OOMKilled"] is True


def test_the_monitor_goes_on_restarting_while_no_daemon_runs(fresh):
    fresh.docker("run", "-d", "--name", "loop", "--restart", "always", "bb", "sh", "-c", "echo x >> /count; exit 1")
    wait_for(lambda: fresh.inspect("loop")["RestartCount"] >= 1, "it begins to restart")
    fresh.kill()
    before = len(open(upper(fresh, "loop")).read())
    wait_for(lambda: len(open(upper(fresh, "loop")).read()) >= before + 4, "two more runs without a daemon")
    fresh.start()
    now = fresh.inspect("loop")
    assert now["RestartCount"] >= before // 2 + 1
    assert now["State"]["Status"] in ("restarting", "running")
    fresh.docker("stop", "-t", "1", "loop")
    assert fresh.inspect("loop")["State"]["Status"] == "exited"


def upper(daemon, name):
    """The file /count of a container, as it lies in its writable layer."""
    for top, _, names in os.walk(os.path.join(daemon.data, "overlay2")):
        if "count" in names:
            return os.path.join(top, "count")
    raise AssertionError("no /count")


def power_off(daemon):
    """The machine goes down: no process, and nothing of /run, is left; the data root stays."""
    daemon.kill()
    for c in os.listdir(os.path.join(daemon.exec, "containers")):
        # The monitor first, so that it can write nothing down; with it goes what it watches.
        for pid in run(["fuser", os.path.join(daemon.data, "containers", c, "journal")], check=False).stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        for path in run(["find", "/sys/fs/cgroup", "-type", "d", "-name", c], check=False).stdout.split():
            for pid in open(path + "/cgroup.procs").read().split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            wait_for(lambda: rmdir(path), "the cgroup is empty")
    run(["rm", "-rf", daemon.exec])


def rmdir(path):
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def test_after_a_reboot_policies_start_what_they_should_and_in_order(fresh):
    def create(name, *flags, cmd=("sleep", "600")):
        fresh.docker("run", "-d", "--name", name, *flags, "bb", *cmd)
    create("base", "--restart", "unless-stopped")
    create("plain")
    create("always", "--restart", "always")
    create("failed", "--restart", "on-failure")
    create("fails", "--restart", "on-failure:1", cmd=("sh", "-c", "exit 1"))
    create("stopped", "--restart", "unless-stopped")
    create("alwaysstopped", "--restart", "always")
    create("done", "--restart", "on-failure", cmd=("true",))
    fresh.docker("create", "--name", "never", "--restart", "always", "bb", "sleep", "600")
    # Younger than what it joins, although its name and the order of creation say otherwise.
    fresh.docker("rm", "-f", "base")
    create("base", "--restart", "unless-stopped")
    create("joins", "--restart", "always", "--network", "container:base")
    fresh.docker("stop", "-t", "1", "stopped", "alwaysstopped")
    wait_for(lambda: fresh.inspect("fails")["State"]["Status"] == "exited" and fresh.inspect("done")["State"]["Status"] == "exited",
             "the short ones have ended")
    power_off(fresh)
    begun = time.time()
    fresh.start()
    running = {"base", "always", "failed", "alwaysstopped", "joins"}
    wait_for(lambda: {n for n in running if fresh.inspect(n)["State"]["Running"]} == running, "they are started again")
    for name in ("plain", "stopped", "done", "fails", "never"):
        assert fresh.inspect(name)["State"]["Running"] is False, name
    assert fresh.inspect("plain")["State"]["ExitCode"] == 255, "as after a reboot with Docker"
    assert fresh.inspect("never")["State"]["Status"] == "created"
    # The last one runs before its event is there.
    order = wait_for(lambda: (o := [e["Actor"]["Attributes"]["name"] for e in events(fresh, begun) if e["Action"] == "start"]) and len(o) >= len(running) and o, "all starts are told")
    assert order == ["always", "failed", "alwaysstopped", "base", "joins"]
    assert fresh.docker("exec", "joins", "true").returncode == 0


def test_a_client_that_waits_is_answered_by_the_next_daemon(fresh):
    """docker wait breaks with its daemon; started again it gets the code of an end in between."""
    fresh.docker("run", "-d", "--name", "cc", "bb", "sh", "-c", WHEN_TOLD + "exit 31")
    pid = fresh.inspect("cc")["State"]["Pid"]
    p = subprocess.Popen(fresh.client_argv(CLIENTS[0], "wait", "cc"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    fresh.kill()
    assert p.wait(timeout=PATIENCE) != 0
    p.stdout.close()
    tell(pid)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "it ends while no daemon runs")
    fresh.start()
    assert fresh.docker("wait", "cc").stdout == "31\n"
