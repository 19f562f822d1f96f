# SPDX-License-Identifier: Apache-2.0
"""A container whose end is known and not told yet: what the program had is being let go of. One side waits at a step of its own (docs/decisions/0006) until the other has had its way."""
import os
import signal
import threading

import pytest

from harness import wait_for
from held import faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


@pytest.fixture
def ended(d):
    """A container that `inspect` calls exited, and whose daemon stands before it lets go of its network; go() lets it go on."""
    d.docker("run", "-d", "--name", "box", "-v", "/data", "bb", "sleep", "600")
    fault = os.path.join(d.top, "fault")
    with open(fault + ".new", "w") as f:
        f.write("wait end/let-go")
    os.rename(fault + ".new", fault)

    def go():
        if os.path.exists(fault + ".held"):
            os.unlink(fault + ".held")
    try:
        os.kill(d.inspect("box")["State"]["Pid"], signal.SIGKILL)
        wait_for(lambda: os.path.exists(fault + ".held") and d.inspect("box")["State"]["Status"] == "exited", "its end is known")
        yield go
    finally:
        go()
        d.request("DELETE", "/containers/box?force=1&v=1")


class Asked(threading.Thread):
    """A request, and its answer once it is there."""

    def __init__(self, d, method, path):
        super().__init__()
        self.d, self.method, self.path, self.answer = d, method, path, None
        self.start()

    def run(self):
        self.answer = self.d.request(self.method, self.path)

    def answered(self):
        self.join()
        return self.answer


def test_what_is_started_again_at_once_keeps_its_network(d, ended):
    start = Asked(d, "POST", "/containers/box/start")
    # Longer than a start waits for a monitor that lingers.
    start.join(2.5)
    assert start.answer is None, "it waits until what the last run had is let go of"
    ended()
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
    ended()
    assert removal.answered().status == 204
    assert d.get("/containers/box/json").status == 404
