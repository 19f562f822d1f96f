# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random instants under load: the daemon, monitors, inits, clients. BERTH_KILLS says how many (a few dozen where nothing does),
BERTH_KILLS_SEED repeats a run."""
import contextlib
import http.client
import os
import random
import subprocess
import threading
import time

import orphans
from harness import BERTH, CLIENTS, PATIENCE, wait_for

KILLS = int(os.environ.get("BERTH_KILLS", "40"))
SEED = int(os.environ.get("BERTH_KILLS_SEED", str(random.randrange(1 << 30))))
COUNT = "i=0; while [ ! -e /stop ]; do i=$((i+1)); echo line $i; [ $((i % 50)) = 0 ] && usleep 20000; done; exit 17"


class Load:
    """Clients that do what clients do, and remember what they were promised."""

    def __init__(self, daemon, number):
        self.d, self.random, self.number = daemon, random.Random(SEED + number), number
        self.stop = threading.Event()
        self.client, self.n = None, 0
        self.promised = {}  # name → exit code, of containers that a client was told to have been started
        self.thread = threading.Thread(target=self.work)

    def call(self, *args):
        client = self.random.choice([CLIENTS[0], BERTH])
        env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        self.client = subprocess.Popen(self.d.client_argv(client, *args), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        return self.client.wait(timeout=PATIENCE)

    def once(self):
        self.n += 1
        name, code = f"load{self.number}x{self.n}", self.n % 100
        what = self.random.choice(["run", "run", "exec", "stop", "restart", "rename", "rm", "volume"])
        if what == "volume":
            self.call("volume", "create", name)
            self.call("volume", "rm", name)
            return
        if what == "run":
            if self.call("run", "-d", "--name", name, "bb", "sh", "-c", f"echo out {self.n}; exit {code}") == 0:
                self.promised[name] = (code, f"out {self.n}\n")
            return
        self.call("run", "-d", "-v", "/anonymous", "--name", name, "bb", "sleep", "600")
        args = {"exec": ["exec", name, "true"], "stop": ["stop", "-t", "0", name], "restart": ["restart", "-t", "0", name],
                "rename": ["rename", name, name + "n"], "rm": ["rm", "-f", "-v", name]}[what]
        self.call(*args)
        self.call("rm", "-f", "-v", self.random.choice([name, name + "n"]))

    def work(self):
        while not self.stop.is_set():
            self.once()


def strike(daemon, chance, loads, spared):
    """One SIGKILL. A container whose monitor or init is struck has ended by it."""
    victim = chance.choice(["daemon", "daemon", "monitor", "init", "client"])
    if victim == "daemon":
        daemon.kill()
        time.sleep(chance.random() * 0.05)
        daemon.start()
        return victim
    if victim == "client":
        client = chance.choice(loads).client
        if client:
            client.kill()
        return victim
    targets = {i: p for i, p in orphans.monitors(daemon).items() if i not in spared}
    if not targets:
        return None
    ident, pid = chance.choice(sorted(targets.items()))
    if victim == "init":
        try:
            pid = daemon.inspect(ident)["State"]["Pid"]
        except (AssertionError, OSError, http.client.HTTPException):
            return None
    try:
        if pid > 1:
            os.kill(pid, 9)
    except ProcessLookupError:
        return None
    daemon.struck.add(ident)
    return victim


def nothing_left(daemon, known):
    """What is being removed may take a moment."""
    problems = ["not looked at"]

    def settled():
        try:
            problems[:] = orphans.find(daemon, known)
        except AssertionError as e:
            problems[:] = [f"it changes while it is looked at: {e}"]
        return not problems
    with contextlib.suppress(AssertionError):
        wait_for(settled, "everything is as ps shows it")
    assert problems == []


def test_sigkills_at_random_under_load_lose_nothing(fresh):
    print(f"BERTH_KILLS_SEED={SEED}")
    chance, known, fresh.struck = random.Random(SEED), set(), set()
    spared = {}
    for i in range(2):
        fresh.docker("run", "-d", "--name", f"count{i}", "bb", "sh", "-c", COUNT)
        spared[fresh.inspect(f"count{i}")["Id"]] = fresh.inspect(f"count{i}")["State"]["Pid"]
    loads = [Load(fresh, i) for i in range(2)]
    for load in loads:
        load.thread.start()
    done = {}
    try:
        while sum(done.values()) < KILLS:
            time.sleep(chance.random() * 0.2)
            struck = strike(fresh, chance, loads, spared)
            if struck:
                done[struck] = done.get(struck, 0) + 1
            known.update(c["Id"] for c in fresh.get("/containers/json?all=1").json)
    finally:
        for load in loads:
            load.stop.set()
        for load in loads:
            load.thread.join()
    print(f"{done}; {sum(len(x.promised) for x in loads)} containers whose start was confirmed")
    for ident, pid in spared.items():
        state = fresh.inspect(ident)["State"]
        assert (state["Running"], state["Pid"]) == (True, pid), "what nobody struck runs on"
        open(f"/proc/{pid}/root/stop", "w").close()
        assert fresh.docker("wait", ident).stdout == "17\n"
        lines = fresh.docker("logs", ident, timeout=5 * PATIENCE).stdout.splitlines()
        assert lines == [f"line {k}" for k in range(1, len(lines) + 1)] and len(lines) > 1000
    for name, (code, out) in [x for load in loads for x in load.promised.items()]:
        ident = fresh.inspect(name)["Id"]
        got = int(fresh.docker("wait", name).stdout)
        if ident in fresh.struck:
            assert got in (code, 137), name
        else:
            assert (got, fresh.docker("logs", name).stdout) == (code, out), name
    nothing_left(fresh, known)
    for c in fresh.get("/containers/json?all=1").json:
        assert fresh.request("DELETE", f"/containers/{c['Id']}?force=1&v=1").status == 204
    for v in fresh.get("/volumes").json["Volumes"] or []:
        # Those whose client was struck between creating and removing, and of containers that were renamed.
        assert fresh.request("DELETE", f"/volumes/{v['Name']}").status == 204
    assert fresh.get("/containers/json?all=1").json == []
    nothing_left(fresh, known)
