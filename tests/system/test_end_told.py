# SPDX-License-Identifier: Apache-2.0
"""A container whose end is known and not told yet: what the program had is being let go of. One side waits at a step of its own (docs/decisions/0006) until the other has had its way."""
import os
import signal

import pytest

from held import Asked, Step, faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


@pytest.fixture
def ended(d):
    """A container that `inspect` calls exited, and whose daemon stands before it lets go of its network; go() lets it go on."""
    d.docker("run", "-d", "--name", "box", "-v", "/data", "bb", "sleep", "600")
    try:
        with Step(d, "end/let-go") as step:
            os.kill(d.inspect("box")["State"]["Pid"], signal.SIGKILL)
            step.reached()
            assert d.inspect("box")["State"]["Status"] == "exited", "its end is known"
            yield step
    finally:
        d.request("DELETE", "/containers/box?force=1&v=1")


def test_what_is_started_again_at_once_keeps_its_network(d, ended):
    start = Asked(d, "POST", "/containers/box/start")
    # Longer than a start waits for a monitor that lingers.
    start.join(2.5)
    assert start.answer is None, "it waits until what the last run had is let go of"
    ended.go()
    assert start.answered().status == 204
    box = d.inspect("box")
    assert box["State"]["Running"] and box["NetworkSettings"]["IPAddress"]
    [there] = d.get("/networks/bridge").json["Containers"].values()
    assert there["Name"] == "box"
    inside = d.docker("exec", "box", "ip", "-4", "-o", "addr", "show", "scope", "global").stdout
    assert box["NetworkSettings"]["IPAddress"] + "/" in inside


def test_what_is_removed_at_once_has_its_end_told_before(d, ended):
    removal = Asked(d, "DELETE", "/containers/box?v=1")
    removal.join(0.3)
    assert removal.answer is None
    ended.go()
    assert removal.answered().status == 204
    assert d.get("/containers/box/json").status == 404
