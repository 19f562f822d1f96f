# SPDX-License-Identifier: Apache-2.0
"""Events of one container have an order that clients rely on, whoever of the daemon's threads is slow."""
import json
import time

import pytest

from harness import wait_for
from held import Held, faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


def told(d, container):
    until = int(time.time()) + 1
    lines = d.get(f'/events?since=1&until={until}&filters={{"container":["{container}"]}}').body.decode().splitlines()
    return [json.loads(line)["Action"] for line in lines]


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_a_kill_is_told_before_the_end_that_it_brings(d, signal):
    name = "killed-by-" + signal.lower()
    d.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    # The program has its trap, or it would be as deaf to TERM as each first process.
    wait_for(lambda: d.docker("exec", name, "grep", "-q", "^SigCgt:.*[4-7c-f]...$", "/proc/1/status", check=False).returncode == 0, "it has its trap")
    with Held(d, "kill/sent", "POST", f"/containers/{name}/kill?signal={signal}") as held:
        wait_for(lambda: d.inspect(name)["State"]["Status"] == "exited", "it has ended, and the daemon knows")
        held.go()
        assert held.answer.status == 204
    actions = [a for a in told(d, name) if a in ("kill", "die")]
    assert actions == ["kill", "die"]
    assert d.request("DELETE", f"/containers/{name}").status == 204


def test_a_kill_of_what_does_not_run_is_not_told(d):
    d.docker("create", "--name", "still", "bb", "true")
    assert d.post("/containers/still/kill").status == 409
    assert "kill" not in told(d, "still")
    assert d.request("DELETE", "/containers/still").status == 204
