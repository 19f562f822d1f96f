# SPDX-License-Identifier: Apache-2.0
"""A process of exec that was born and then cannot be watched, for want of a descriptor in its monitor: it is told as a failure, and neither runs on nor stays a zombie."""
import resource

import pytest

from harness import wait_for
from held import Held, faulty_daemon


@pytest.fixture(scope="module")
def d():
    with faulty_daemon() as daemon:
        yield daemon


def parent(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return sorted(int(p) for p in f.read().split())


def test_one_that_cannot_be_watched_is_killed_and_reaped(d):
    d.docker("run", "-d", "--name", "box", "bb", "sleep", "600")
    monitor = parent(d.inspect("box")["State"]["Pid"])
    before = children(monitor)
    usual = resource.prlimit(monitor, resource.RLIMIT_NOFILE)
    made = d.post("/containers/box/exec", {"Cmd": ["sleep", "700"], "Tty": True, "AttachStdin": True}).json["Id"]
    with Held(d, "monitor-exec/born", "POST", f"/exec/{made}/start", {"Tty": True}) as held:
        born = [p for p in children(monitor) if p not in before]
        assert len(born) == 1
        # Its terminal needs one more.
        resource.prlimit(monitor, resource.RLIMIT_NOFILE, (4, usual[1]))
        held.go()
        assert b"watch the process: Too many open files" in held.answer.body
    wait_for(lambda: children(monitor) == before, "it is dead and no zombie")
    resource.prlimit(monitor, resource.RLIMIT_NOFILE, usual)
    e = d.get(f"/exec/{made}/json").json
    assert not e["Running"] and e["ExitCode"] not in (0, None)
    # The container is as it was, and its monitor ends with it.
    assert d.docker("exec", "box", "echo", "well").stdout == "well\n"
    d.docker("rm", "-f", "box")
    wait_for(lambda: gone(monitor), "the monitor has ended")


def gone(pid):
    try:
        return parent(pid) is None
    except OSError:
        return True
