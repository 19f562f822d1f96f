# SPDX-License-Identifier: Apache-2.0
"""Who is told that it is attached sees what comes of a signal that it sends then, through another connection: as `docker attach` does, which passes signals on."""
import contextlib
import socket

import pytest

from harness import PATIENCE, wait_for

TRAPS = "trap 'echo got' USR1; trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 1 & wait $!; done"


def until(s, want, got=b""):
    """What comes up to and with `want`."""
    while want not in got:
        piece = s.recv(65536)
        assert piece, got
        got += piece
    return got


@contextlib.contextmanager
def attached(engine, name):
    """From the moment on at which it is told so."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        s.sendall(b"POST /containers/%s/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" % name.encode())
        assert until(s, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        yield s


@pytest.fixture
def trapping(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", TRAPS)
    wait_for(lambda: "ready" in engine.docker("logs", name).stdout, "the traps are set")
    return name


def test_what_a_signal_brings_is_seen_by_whoever_was_attached_before_it(engine, trapping):
    for _ in range(60):
        with attached(engine, trapping) as s:
            assert engine.post(f"/containers/{trapping}/kill?signal=USR1").status == 204
            until(s, b"got\n")


def test_the_last_words_of_a_container_that_is_stopped_are_seen(engine, trapping):
    for n in range(5):
        with attached(engine, trapping) as s:
            assert engine.post(f"/containers/{trapping}/stop?t=600").status == 204
            until(s, b"bye\n")
        assert engine.inspect(trapping)["State"]["ExitCode"] == 5
        engine.docker("start", trapping)
        wait_for(lambda: engine.docker("logs", trapping).stdout.count("ready") == n + 2, "the traps are set")


def test_the_last_words_of_a_container_that_is_restarted_are_seen(engine, trapping):
    for n in range(5):
        with attached(engine, trapping) as s:
            assert engine.post(f"/containers/{trapping}/restart?t=600").status == 204
            until(s, b"bye\n")
        wait_for(lambda: engine.docker("logs", trapping).stdout.count("ready") == n + 2, "the traps are set")
