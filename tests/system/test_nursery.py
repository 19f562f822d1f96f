# SPDX-License-Identifier: Apache-2.0
"""Where on the disk containers' directories are made: src/store/nursery.h. What they hold must not depend on it."""
import contextlib
import os
import stat

from harness import wait_for


def directories(daemon, container):
    return [f"{daemon.data}/{top}/{container}" for top in ("containers", "overlay2", "image/overlay2/layerdb/mounts")]


def nurseries(daemon):
    return os.listdir(daemon.data + "/image/overlay2/nursery")


def held(daemon):
    """What is in the nurseries. Another one may be taken at any moment after a removal."""
    found = []
    for n in nurseries(daemon):
        with contextlib.suppress(FileNotFoundError):
            found += os.listdir(f"{daemon.data}/image/overlay2/nursery/{n}")
    return found


def come_and_go(daemon, n):
    """So many containers, made and removed, and removed from the disk."""
    for _ in range(n):
        container = daemon.post("/containers/create", {"Image": "bb", "Cmd": ["true"]}).json["Id"]
        assert daemon.request("DELETE", "/containers/" + container).status == 204
    wait_for(lambda: not [d for d in os.listdir(daemon.data + "/overlay2") if d.endswith("-removing")], "the directories are gone")


def test_directories_are_the_same_whether_a_nursery_was_used_or_not(fresh):
    """Two of them: made before anything was removed, and after."""
    ids = [fresh.docker("create", "bb", "echo", "here").stdout.strip()]
    come_and_go(fresh, 24)
    ids.append(fresh.docker("create", "bb", "echo", "here").stdout.strip())
    modes = [[stat.S_IMODE(os.stat(d).st_mode) for d in directories(fresh, c)] for c in ids]
    assert modes[0] == modes[1] == [0o710, 0o710, 0o700]
    assert [sorted(os.listdir(d)) for d in directories(fresh, ids[0])] == [sorted(os.listdir(d)) for d in directories(fresh, ids[1])]
    assert [fresh.docker("start", "-a", c).stdout for c in ids] == ["here\n", "here\n"]
    assert held(fresh) == []


def test_no_nursery_outlives_its_daemon_by_more_than_a_start(fresh):
    come_and_go(fresh, 24)
    os.makedirs(fresh.data + "/image/overlay2/nursery/left/new")
    fresh.kill()
    fresh.start()
    assert nurseries(fresh) == []
    come_and_go(fresh, 24)
    fresh.terminate()
    assert nurseries(fresh) == []
    fresh.start()


def test_a_data_root_of_before_gets_one(fresh):
    fresh.terminate()
    os.rmdir(fresh.data + "/image/overlay2/nursery")
    fresh.start()
    come_and_go(fresh, 24)
    assert fresh.docker("run", "--rm", "bb", "echo", "here").stdout == "here\n"


def test_one_that_is_taken_away_is_done_without(fresh):
    come_and_go(fresh, 24)
    for n in nurseries(fresh):
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(f"{fresh.data}/image/overlay2/nursery/{n}")
    assert fresh.docker("run", "--rm", "bb", "echo", "here").stdout == "here\n"
    come_and_go(fresh, 24)
    assert fresh.docker("run", "--rm", "bb", "echo", "here").stdout == "here\n"
