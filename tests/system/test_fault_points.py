# SPDX-License-Identifier: Apache-2.0
"""A death at each step: the daemon, a monitor, an init. What the steps are the sources say: docs/decisions/0006."""
import http.client
import os
import re
import signal
import time

import pytest

import orphans
from harness import PATIENCE, TOP, wait_for
from held import faulty_daemon


def points():
    found = set()
    for top, _, names in os.walk(os.path.join(TOP, "src")):
        for name in names:
            if name.endswith(".c"):
                with open(os.path.join(top, name)) as f:
                    for call in re.findall(r"bt_fault_point\(([^;]*)\);", f.read()):
                        found.update(re.findall(r'"([a-z-]+/[a-z-]+)"', call))
    return sorted(found)


POINTS = points()
COUNT = "i=0; while :; do i=$((i+1)); echo line $i; usleep 3000; done"


class Bench:
    """One daemon for all points, and a container that nothing may disturb."""

    def __init__(self, daemon):
        self.d, self.known, self.n = daemon, set(), 0
        self.fault = os.path.join(daemon.top, "fault")
        self.d.docker("run", "-d", "--name", "steady", "bb", "sh", "-c", COUNT)
        self.pid = self.d.inspect("steady")["State"]["Pid"]

    def ask(self, method, path, body=None):
        """A request whose daemon may die under it."""
        try:
            return self.d.request(method, path, body)
        except (OSError, http.client.HTTPException):
            return None

    def create(self, name, *cmd, **host):
        return self.ask("POST", f"/containers/create?name={name}",
                        {"Image": "bb", "Cmd": list(cmd) or ["sleep", "600"], "Volumes": {"/vol": {}}, "HostConfig": host})

    def running(self, name, *cmd, **host):
        assert self.create(name, *cmd, **host).status == 201
        assert self.ask("POST", f"/containers/{name}/start").status == 204

    def state(self, name):
        return self.d.inspect(name)["State"]


@pytest.fixture(scope="module")
def bench():
    with faulty_daemon() as d:
        yield Bench(d)


def exec_one(b, name):
    made = b.ask("POST", f"/containers/{name}/exec", {"Cmd": ["sh", "-c", "echo ran >> /ran; exit 7"]})
    b.exec = made.json["Id"] if made else None
    return b.ask("POST", f"/exec/{b.exec}/start", {"Detach": True}) if made else None


def ends_soon(b, name):
    return b.create(name, "sh", "-c", "echo first; sleep 0.2; echo last; exit 17") and b.ask("POST", f"/containers/{name}/start")


# group → (what comes before the point is armed, what passes it)
SCENARIOS = {
    "create": (None, lambda b, n: b.create(n)),
    "start": (lambda b, n: b.create(n), lambda b, n: b.ask("POST", f"/containers/{n}/start")),
    "end": (None, ends_soon),
    "exec": (lambda b, n: b.running(n), exec_one),
    "stop": (lambda b, n: b.running(n), lambda b, n: b.ask("POST", f"/containers/{n}/stop?t=0")),
    "kill": (lambda b, n: b.running(n), lambda b, n: b.ask("POST", f"/containers/{n}/kill")),
    "attach": (lambda b, n: b.running(n), lambda b, n: b.ask("POST", f"/containers/{n}/attach?stream=1&stdout=1")),
    "restart": (lambda b, n: b.running(n), lambda b, n: b.ask("POST", f"/containers/{n}/restart?t=0")),
    # By a stop and a start, since whose network it has may be another process by now.
    "restart-anew": (lambda b, n: b.running(n, NetworkMode="container:steady"), lambda b, n: b.ask("POST", f"/containers/{n}/restart?t=0")),
    # By the daemon, since its monitor is dead.
    "revive": (lambda b, n: b.running(n, RestartPolicy={"Name": "always"}),
               lambda b, n: os.kill(orphans.monitors(b.d)[b.d.inspect(n)["Id"]], signal.SIGKILL)),
    "rename": (lambda b, n: b.create(n), lambda b, n: b.ask("POST", f"/containers/{n}/rename?name={n}-new")),
    "rm": (lambda b, n: b.running(n), lambda b, n: b.ask("DELETE", f"/containers/{n}?force=1&v=1")),
    "prune": (lambda b, n: (b.create(n), b.create(n + "-two")), lambda b, n: b.ask("POST", "/containers/prune")),
    "volume": (None, lambda b, n: b.ask("POST", "/volumes/create", {"Name": n})),
    "volume-rm": (lambda b, n: b.ask("POST", "/volumes/create", {"Name": n}), lambda b, n: b.ask("DELETE", f"/volumes/{n}")),
    "volume-prune": (lambda b, n: b.ask("POST", "/volumes/create", {"Name": n}),
                     lambda b, n: b.ask("POST", '/volumes/prune?filters={"all":["1"]}')),
    "monitor": (lambda b, n: b.create(n), lambda b, n: b.ask("POST", f"/containers/{n}/start")),
    "monitor-end": (None, ends_soon),
    "monitor-exec": (lambda b, n: b.running(n), exec_one),
    "init": (lambda b, n: b.create(n), lambda b, n: b.ask("POST", f"/containers/{n}/start")),
}
# Who dies: the daemon, unless it is said here.
NOT_THE_DAEMON = ("monitor", "monitor-end", "monitor-exec", "init")


def test_every_point_has_a_scenario():
    assert len(POINTS) > 40, "they are not found"
    assert {p.split("/")[0] for p in POINTS} == set(SCENARIOS)


@pytest.mark.parametrize("point", POINTS)
def test_a_death_at(bench, point):
    group = point.split("/")[0]
    before, passes = SCENARIOS[group]
    bench.n += 1
    name = f"c{bench.n}"
    if before:
        before(bench, name)
    with open(bench.fault + ".new", "w") as f:
        f.write(point)
    os.rename(bench.fault + ".new", bench.fault)
    passes(bench, name)
    wait_for(lambda: not os.path.exists(bench.fault), f"{point} is passed")
    if group not in NOT_THE_DAEMON:
        assert bench.d.proc.wait(timeout=PATIENCE) == -9
        bench.d.start()
    assert bench.d.proc.poll() is None
    check_the_hit(bench, group, point, name)
    check_the_others(bench)


def check_the_hit(b, group, point, name):
    """Complete where it had been promised; and whole or absent in any case."""
    if group == "end" or point in ("monitor-end/told", "monitor-end/journalled"):
        wait_for(lambda: b.state(name)["Status"] == "exited", "its end is known")
        assert b.state(name)["ExitCode"] == 17
        assert b.d.docker("logs", name).stdout == "first\nlast\n"
    if group == "stop":
        # A stop that was not asked of the monitor has not happened.
        wait_for(lambda: b.state(name)["Running"] is (point == "stop/begun"), "it is stopped")
    if group == "kill":
        wait_for(lambda: not b.state(name)["Running"], "it is dead")
    if group in ("restart", "revive"):
        wait_for(lambda: b.state(name)["Running"], "it runs again")
    if group == "exec" and b.exec:
        wait_for(lambda: b.ask("GET", f"/exec/{b.exec}/json").json["ExitCode"] in ((7,) if point in ("exec/done", "exec/ended") else (7, None)),
                 "its code is known")
    if group == "rename":
        assert [b.ask("GET", f"/containers/{n}/json").status for n in (name, name + "-new")] == (
            [200, 404] if point == "rename/begun" else [404, 200])
    if group in ("rm", "volume-rm", "prune") and not point.endswith("begun"):
        kind = "volumes/%s" if group == "volume-rm" else "containers/%s/json"
        if point not in ("volume-rm/claimed", "volume-rm/data") and group != "prune":
            assert b.ask("GET", "/" + kind % name).status == 404
    for c in b.d.get("/containers/json?all=1").json:
        b.known.add(c["Id"])
        if c["Names"][0] == "/steady":
            continue
        if group == "create" and c["State"] == "created":
            assert b.ask("POST", f"/containers/{c['Id']}/start").status == 204
        problems = orphans.find(b.d, b.known) if group == "create" else []
        assert problems == []
        assert b.d.request("DELETE", f"/containers/{c['Id']}?force=1&v=1").status == 204
    for v in b.d.get("/volumes").json["Volumes"] or []:
        assert os.path.isdir(v["Mountpoint"]), "a volume that is there can be used"
        used = b.d.inspect("steady")["Mounts"]
        if v["Name"] not in [m.get("Name") for m in used]:
            assert b.d.request("DELETE", f"/volumes/{v['Name']}").status == 204


def check_the_others(b):
    state = b.state("steady")
    assert (state["Running"], state["Pid"]) == (True, b.pid)
    problems = []

    def settled():
        problems[:] = orphans.find(b.d, b.known)
        return not problems
    try:
        wait_for(settled, "what is left goes")
    except AssertionError:
        assert problems == []
    assert b.d.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"


def test_no_byte_of_what_ran_on_is_missing(bench):
    bench.d.docker("stop", "-t", "0", "steady")
    lines = bench.d.docker("logs", "steady").stdout.splitlines()
    assert lines == [f"line {i}" for i in range(1, len(lines) + 1)]
    assert len(lines) > 100
    bench.d.docker("start", "steady")
    bench.pid = bench.d.inspect("steady")["State"]["Pid"]


@pytest.mark.parametrize("what", ["create", "start", "exec", "stop", "restart", "rename", "rm", "prune", "volume-rm"])
def test_a_client_that_goes_in_the_middle_leaves_nothing_half_made(bench, what):
    """The request is sent and the connection closed at once; nobody reads the answer."""
    before, passes = SCENARIOS[what]
    for i in range(3):
        bench.n += 1
        name = f"gone{bench.n}"
        if before:
            before(bench, name)
        real = bench.d.request

        def hang_up(method, path, body=None, **_):
            import json
            from harness import UnixConnection
            c = UnixConnection(bench.d.sock)
            c.request(method, path, body=json.dumps(body) if body else None, headers={"Content-Type": "application/json"})
            time.sleep(0.001 * i)
            c.close()

        bench.d.request = hang_up
        try:
            passes(bench, name)
        finally:
            bench.d.request = real
        wait_for(bench.d.answers, "the daemon goes on")
        for c in bench.d.get("/containers/json?all=1").json:
            if c["Names"][0] != "/steady":
                bench.d.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")

    def clean():
        """What was asked for may still be under way."""
        for c in bench.d.get("/containers/json?all=1").json:
            if c["Names"][0] != "/steady":
                bench.d.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
        for v in bench.d.get("/volumes").json["Volumes"] or []:
            bench.d.request("DELETE", f"/volumes/{v['Name']}")
        return len(bench.d.get("/containers/json?all=1").json) == 1
    wait_for(clean, "everything can be removed")
    check_the_others(bench)
