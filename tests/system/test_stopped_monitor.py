# SPDX-License-Identifier: Apache-2.0
"""A container's monitor that does not answer: here it is stopped, as a debugger, a freezer or a stuck disk does it. What does not need it is done, what needs it errs in words once its time is over and
is not done later, nobody else waits for it, and once it goes on all is well."""
import contextlib
import json
import os
import signal
import threading
import time
import urllib.parse

import pytest

from harness import Daemon, busybox_tar, wait_for
from test_monitor_links import monitor_of

LOOP = "trap 'exit 3' TERM; while :; do sleep 1 & wait $!; done"
WORDS = "monitor does not answer"
# What is asked of a monitor. Each of a container of its own, named after it.
NEEDS = {
    "stop": ("POST", "/containers/{}/stop?t=600", None),
    "restart": ("POST", "/containers/{}/restart?t=600", None),
    "kill": ("POST", "/containers/{}/kill", None),
    "kill-term": ("POST", "/containers/{}/kill?signal=TERM", None),
    "remove": ("DELETE", "/containers/{}?force=1", None),
    "resize": ("POST", "/containers/{}/resize?h=10&w=10", None),
    "policy": ("POST", "/containers/{}/update", {"RestartPolicy": {"Name": "always"}}),
    "policy-limits": ("POST", "/containers/{}/update", {"RestartPolicy": {"Name": "always"}, "Memory": 64 << 20, "MemorySwap": 64 << 20}),
}
# What the daemon does without it.
DOES_NOT = {
    "start": ("POST", "/containers/{}/start", None, 304),
    "inspect": ("GET", "/containers/{}/json", None, 200),
    "logs": ("GET", "/containers/{}/logs?stdout=1", None, 200),
    "stats": ("GET", "/containers/{}/stats?stream=0", None, 200),
    "top": ("GET", "/containers/{}/top", None, 200),
    "changes": ("GET", "/containers/{}/changes", None, 200),
    "copy": ("GET", "/containers/{}/archive?path=/etc", None, 200),
    "commit": ("POST", "/commit?container={}", {}, 201),
    "limits": ("POST", "/containers/{}/update", {"Memory": 64 << 20, "MemorySwap": 64 << 20}, 200),
    "remove without force": ("DELETE", "/containers/{}", None, 409),
    "pause": ("POST", "/containers/{}/pause", None, 204),
    "attach to what is paused": ("POST", "/containers/{}/attach?stream=1", None, 409),
    "unpause": ("POST", "/containers/{}/unpause", None, 204),
    "rename": ("POST", "/containers/{}/rename?name=renamed", None, 204),
}


class Stopped:
    """A daemon whose containers' monitors are stopped, and what it answers to requests for them."""

    def __init__(self, d):
        self.d, self.answers = d, {}
        names = list(NEEDS) + ["exec", "attach", "free"]
        for name in names:
            d.docker("run", "-d", "--name", name, "bb", "sh", "-c", LOOP)
        self.monitors = {name: monitor_of(d, name) for name in names}
        self.pids = {name: d.inspect(name)["State"]["Pid"] for name in names}
        self.exec_id = d.post("/containers/exec/exec", {"Cmd": ["touch", "/ran"], "AttachStdout": True}).json["Id"]
        self.all(signal.SIGSTOP)
        self.threads = [threading.Thread(target=self.ask, args=(name,)) for name in [*NEEDS, "exec", "attach"]]
        for t in self.threads:
            t.start()

    def all(self, number):
        for monitor in self.monitors.values():
            # Those of containers that have gone are none any more.
            with contextlib.suppress(ProcessLookupError):
                os.kill(monitor, number)

    def ask(self, name):
        # They are given half a minute, which the machine may stretch.
        if name in NEEDS:
            method, path, body = NEEDS[name]
            self.answers[name] = self.d.request(method, path.format(name), body, timeout=600)
        elif name == "exec":
            self.answers[name] = self.d.post(f"/exec/{self.exec_id}/start", {"Detach": False}, timeout=600)
        else:
            self.answers[name] = self.d.post("/containers/attach/attach?stream=1&stdout=1", timeout=600)

    def answered(self):
        for t in self.threads:
            t.join()
        return self.answers


@pytest.fixture(scope="module")
def stopped():
    with Daemon() as d:
        d.import_image(busybox_tar(), "bb:latest")
        s = Stopped(d)
        try:
            yield s
        finally:
            s.all(signal.SIGCONT)


def test_what_does_not_need_it_is_done(stopped):
    for what, (method, path, body, status) in DOES_NOT.items():
        answer = stopped.d.request(method, path.format("free"), body)
        assert answer.status == status, (what, answer.body)
    d = stopped.d
    assert d.inspect("renamed")["HostConfig"]["Memory"] == memory_limit(d, "renamed") == 64 << 20
    listed = {c["Names"][0]: c["State"] for c in d.get("/containers/json?all=1").json}
    assert len(listed) == len(stopped.monitors) and set(listed.values()) == {"running"}
    filters = json.dumps({"container": [d.inspect("renamed")["Id"]]})
    answer = d.get("/events?" + urllib.parse.urlencode({"since": 0, "until": f"{time.time():.9f}", "filters": filters}))
    events = [json.loads(line)["Action"] for line in answer.body.splitlines()]
    assert {"start", "pause", "unpause", "rename"} <= set(events)


def memory_limit(d, name):
    """What the kernel has."""
    return d.get(f"/containers/{name}/stats?stream=0&one-shot=1").json["memory_stats"]["limit"]


def test_other_containers_do_not_wait(stopped):
    d = stopped.d
    assert d.docker("run", "--name", "other", "bb", "echo", "fine").stdout == "fine\n"
    assert d.docker("rm", "other").returncode == 0
    d.docker("run", "-d", "--name", "another", "bb", "sleep", "600")
    assert d.docker("exec", "another", "echo", "fine").stdout == "fine\n"
    assert d.docker("restart", "-t", "0", "another").returncode == 0
    assert d.docker("rm", "-f", "another").returncode == 0
    for path in ("/info", "/system/df", "/images/json", "/volumes"):
        assert d.get(path).status == 200


def test_each_request_that_needs_it_errs_in_words(stopped):
    answers = stopped.answered()
    for name in NEEDS:
        assert answers[name].status == 500 and WORDS in answers[name].message, (name, answers[name].body)
    # Their answers had begun: they end.
    assert answers["exec"].status in (200, 500) and answers["attach"].status == 200 and answers["attach"].body == b""
    assert stopped.d.get(f"/exec/{stopped.exec_id}/json").json["Running"] is False


def test_nothing_of_it_is_done_later_and_all_is_well_again(stopped):
    stopped.answered()
    d = stopped.d
    stopped.all(signal.SIGCONT)
    d.post("/containers/renamed/rename?name=free")
    for name in stopped.monitors:
        # It comes to this behind all that it was asked before.
        assert d.docker("exec", name, "echo", "fine").stdout == "fine\n"
        state = d.inspect(name)
        assert (state["State"]["Running"], state["State"]["Pid"], state["RestartCount"]) == (True, stopped.pids[name], 0), name
    for name in ("policy", "policy-limits"):
        assert d.inspect(name)["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert d.inspect("policy-limits")["HostConfig"]["Memory"] == 0 and memory_limit(d, "policy-limits") != 64 << 20
    assert d.docker("exec", "exec", "test", "-e", "/ran", check=False).returncode == 1
    assert d.docker("stop", "-t", "600", "stop").returncode == 0 and d.inspect("stop")["State"]["ExitCode"] == 3
    assert d.docker("kill", "kill").returncode == 0 and d.inspect("kill")["State"]["ExitCode"] == 137
    assert d.docker("rm", "-f", "remove").returncode == 0 and d.get("/containers/remove/json").status == 404
    d.docker("update", "--restart", "always", "policy")
    os.kill(stopped.pids["policy"], signal.SIGKILL)
    wait_for(lambda: d.inspect("policy")["RestartCount"] == 1, "the monitor restarts it")
