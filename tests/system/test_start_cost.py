# SPDX-License-Identifier: Apache-2.0
"""What a start may cost, counted rather than timed: transactions of the database."""
import os
import struct

import pytest

from harness import wait_for

FRAME = struct.Struct(">II8sII")  # sqlite.org/fileformat2.html, "WAL frames": page, size after commit, salts, checksums


def commits(daemon):
    """Transactions in the write-ahead log since it was begun anew."""
    path = os.path.join(daemon.data, "berth.db-wal")
    with open(path, "rb") as f:
        head = f.read(32)
        page, salts = struct.unpack(">I", head[8:12])[0], head[16:24]
        n = 0
        while True:
            frame = f.read(FRAME.size)
            if len(frame) < FRAME.size:
                return n
            _, size, own, _, _ = FRAME.unpack(frame)
            if own != salts:
                return n
            n += size > 0
            f.seek(page, os.SEEK_CUR)


@pytest.mark.parametrize("network", ["none", "bridge"])
def test_a_run_takes_at_most_four_transactions(fresh, network):
    before = commits(fresh)
    fresh.berth("run", "--rm", "--network", network, "bb", "true")
    # creation, endpoints taken, endpoints given back, removal
    assert 1 <= commits(fresh) - before <= 4


def test_each_step_takes_one_transaction(fresh):
    before = commits(fresh)
    fresh.berth("create", "--name", "step", "--network", "none", "bb", "sleep", "1000")
    assert commits(fresh) - before == 1
    before = commits(fresh)
    fresh.berth("start", "step")
    assert commits(fresh) - before == 1  # the endpoints; that it runs stands in the journal
    before = commits(fresh)
    fresh.berth("kill", "step")
    wait_for(lambda: not fresh.inspect("step")["State"]["Running"], "it ends")
    wait_for(lambda: fresh.inspect("step")["NetworkSettings"]["Networks"]["none"]["EndpointID"] == "", "its endpoint is given back")
    assert commits(fresh) - before <= 2
    before = commits(fresh)
    fresh.berth("rm", "step")
    assert commits(fresh) - before == 1


def test_what_was_not_stored_is_known_after_a_crash(fresh):
    fresh.berth("run", "-d", "--name", "on", "bb", "sleep", "1000")
    before = fresh.inspect("on")
    fresh.kill()
    fresh.start()
    after = fresh.inspect("on")
    assert after["State"] == before["State"]
    assert after["NetworkSettings"]["Networks"] == before["NetworkSettings"]["Networks"]
    assert after["NetworkSettings"]["IPAddress"] != ""


def test_a_container_removed_at_its_end_is_removed_when_it_ends_without_a_daemon(fresh):
    fresh.berth("run", "-d", "--rm", "--name", "gone", "bb", "sleep", "2")
    pid = fresh.inspect("gone")["State"]["Pid"]
    fresh.kill()
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "it ends")
    fresh.start()
    wait_for(lambda: fresh.get("/containers/gone/json").status == 404, "it is removed")
    wait_for(lambda: os.listdir(os.path.join(fresh.data, "containers")) == [], "its files are gone")
    wait_for(lambda: not [n for n in os.listdir(os.path.join(fresh.data, "overlay2")) if n.endswith("-removing")], "its layer is gone")


def test_a_creation_that_was_cut_short_is_swept(fresh):
    fresh.berth("create", "--name", "half", "bb", "true")
    container = fresh.inspect("half")["Id"]
    fresh.kill()
    os.unlink(os.path.join(fresh.data, "image/overlay2/layerdb/mounts", container, "mount-id"))
    fresh.start()
    assert fresh.get("/containers/half/json").status == 404
    assert not os.path.exists(os.path.join(fresh.data, "containers", container))
