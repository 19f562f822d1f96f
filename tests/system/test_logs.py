# SPDX-License-Identifier: Apache-2.0
"""What `logs` shows: which lines, of which stream, over rotated files, while they are written, and where a line has no end."""
import json
import os
import re
import subprocess
import threading
import time

import pytest

from harness import BERTH, CLIENTS, wait_for


def make(engine, name, script, opts=None, wait=True, **more):
    body = {"Image": "bb", "Cmd": ["sh", "-c", script], "HostConfig": {"LogConfig": {"Type": "json-file", "Config": opts or {}}}, **more}
    a = engine.post(f"/containers/create?name={name}", body)
    assert a.status == 201, a.body
    assert engine.post(f"/containers/{name}/start").status == 204
    if wait:
        assert engine.post(f"/containers/{name}/wait").status == 200


def frames(data):
    """[(stream, bytes)] of the multiplexed form."""
    out = []
    while data:
        size = int.from_bytes(data[4:8], "big")
        out.append((data[0], data[8:8 + size]))
        data = data[8 + size:]
    return out


def lines(engine, name, query="stdout=1&stderr=1"):
    a = engine.get(f"/containers/{name}/logs?{query}")
    assert a.status == 200, a.body
    return [text.decode().rstrip("\n") for _, text in frames(a.body)]


def files_of(engine, name):
    path = engine.inspect(name)["LogPath"]
    return sorted((f for f in os.listdir(os.path.dirname(path)) if f.startswith(os.path.basename(path))), key=lambda f: f.split(".log")[1])


COUNTED = "i=0; while [ $i -lt 2000 ]; do echo line $i of some length; i=$((i+1)); done"


@pytest.fixture(scope="module")
def rotated(engine):
    """2,000 lines in files of 20 kB, of which four are kept."""
    make(engine, "logrotated", COUNTED, {"max-size": "20k", "max-file": "4"})
    yield "logrotated"
    engine.request("DELETE", "/containers/logrotated?force=1")


def test_files_are_as_many_and_as_large_as_was_asked_for(engine, rotated):
    path = engine.inspect(rotated)["LogPath"]
    assert [f.split(".log")[1] for f in files_of(engine, rotated)] == ["", ".1", ".2", ".3"]
    assert all(os.stat(os.path.join(os.path.dirname(path), f)).st_size <= 20 * 1024 + 200 for f in files_of(engine, rotated))


def test_every_kept_line_is_shown_once_and_in_order(engine, rotated):
    shown = lines(engine, rotated)
    first = int(shown[0].split()[1])
    assert 0 < first < 1950 and shown == [f"line {i} of some length" for i in range(first, 2000)]


@pytest.mark.parametrize("tail", [0, 1, 7, 250, 500])
def test_a_tail_reaches_back_through_the_files(engine, rotated, tail):
    assert lines(engine, rotated, f"stdout=1&tail={tail}") == [f"line {i} of some length" for i in range(2000 - tail, 2000)]


def test_a_tail_of_more_than_there_is_is_all(engine, rotated):
    everything = lines(engine, rotated)
    assert lines(engine, rotated, "stdout=1&tail=100000") == lines(engine, rotated, "stdout=1&tail=all") == everything


def test_since_and_until_cut_in_the_middle_of_the_files(engine, rotated):
    stamped = [line.split(" ", 1) for line in lines(engine, rotated, "stdout=1&timestamps=1")]
    third, two_thirds = stamped[len(stamped) // 3][0], stamped[2 * len(stamped) // 3][0]
    times = [t for t, _ in stamped]
    assert times == sorted(times) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", times[0])
    want = [text for t, text in stamped if third <= t <= two_thirds]
    assert lines(engine, rotated, f"stdout=1&since={third}&until={two_thirds}") == want and len(want) > 100
    # The command line takes the very same times, and ages.
    p = engine.berth("logs", "--since", third, "--until", two_thirds, rotated)
    assert p.stdout.splitlines() == want
    assert engine.berth("logs", "--since", "1h", "--tail", "3", rotated).stdout.splitlines() == [f"line {i} of some length" for i in range(1997, 2000)]
    assert engine.berth("logs", "--until", "1h", rotated).stdout == ""


def test_following_a_log_that_rotates_under_it_misses_and_repeats_nothing(engine, name, client):
    script = "i=0; while [ $i -lt 3000 ]; do echo row $i; i=$((i+1)); [ $((i % 50)) = 0 ] && usleep 2000; done"
    make(engine, name, script, {"max-size": "64k", "max-file": "50"}, wait=False)
    out = engine.docker("logs", "-f", name, client=client).stdout.splitlines()
    assert out == [f"row {i}" for i in range(3000)]
    assert len(files_of(engine, name)) > 2


def test_a_follower_begins_with_the_tail_and_goes_on(engine, name):
    make(engine, name, "echo a; echo b; echo c; while [ ! -e /go ]; do usleep 20000; done; echo d; echo e >&2", wait=False)
    wait_for(lambda: len(lines(engine, name)) == 3, "it has begun")
    p = subprocess.Popen(engine.client_argv(BERTH, "logs", "-f", "--tail", "1", name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "c\n"
    engine.docker("exec", name, "touch", "/go")
    out, err = p.communicate(timeout=60)
    assert (out, err) == ("d\n", "e\n")


def test_following_until_a_time_ends_then(engine, name):
    make(engine, name, "echo a; sleep 6000", wait=False)
    wait_for(lambda: lines(engine, name) == ["a"], "it has begun")
    a = engine.get(f"/containers/{name}/logs?stdout=1&follow=1&until={time.time() + 0.3:.3f}")
    assert a.status == 200, a.body
    assert frames(a.body) == [(1, b"a\n")]


def test_streams_are_told_apart_and_chosen(engine, name):
    # Two pipes have no order of their own: each piece is written when the one before it is in the log.
    step = "while [ ! -e /step{} ]; do usleep 10000; done; "
    make(engine, name, "echo out; " + step.format(1) + "echo err >&2; " + step.format(2) + "printf tail", wait=False)
    for n in (1, 2):
        wait_for(lambda n=n: len(lines(engine, name)) == n, "it is in the log")
        engine.docker("exec", name, "touch", f"/step{n}")
    assert engine.post(f"/containers/{name}/wait").status == 200
    assert frames(engine.get(f"/containers/{name}/logs?stdout=1&stderr=1").body) == [(1, b"out\n"), (2, b"err\n"), (1, b"tail")]
    assert lines(engine, name, "stdout=1") == ["out", "tail"] and lines(engine, name, "stderr=true") == ["err"]
    a = engine.get(f"/containers/{name}/logs?stdout=0&stderr=0")
    assert a.status == 400 and "must choose at least one stream" in a.message


def test_a_terminals_log_is_raw(engine, name):
    make(engine, name, "echo out; echo err >&2", Tty=True)
    a = engine.get(f"/containers/{name}/logs?stdout=1&stderr=1")
    assert a.body == b"out\r\nerr\r\n"


def test_details_are_the_labels_and_environment_that_were_asked_for(engine, name):
    make(engine, name, "echo x", {"labels": "one,nosuch", "env": "TWO"}, Labels={"one": "1", "other": "no"}, Env=["TWO=two words", "THREE=3"])
    shown = lines(engine, name, "stdout=1&details=1")
    assert shown == ["TWO=two+words,one=1 x"] or shown == ["TWO=two%20words,one=1 x"], shown
    with open(engine.inspect(name)["LogPath"]) as f:
        assert json.loads(f.readline())["attrs"] == {"TWO": "two words", "one": "1"}
    assert lines(engine, name, "stdout=1") == ["x"]


def test_the_lines_of_all_runs_stay_together(engine, name):
    make(engine, name, "echo run")
    for _ in range(2):
        engine.post(f"/containers/{name}/start")
        engine.post(f"/containers/{name}/wait")
    assert lines(engine, name) == ["run"] * 3
    started = engine.inspect(name)["State"]["StartedAt"]
    assert lines(engine, name, f"stdout=1&since={started}") == ["run"]


@pytest.mark.parametrize("option, value, words", [
    ("max-size", "x", "max-size"), ("max-size", "-5", "max-size"), ("max-file", "0", "max-file"), ("max-file", "x", "max-file"), ("nosuch", "1", "unknown log opt 'nosuch'"),
    ("compress", "true", "LogConfig.Config.compress"), ("tag", "{{.ID}}", "LogConfig.Config.tag"), ("labels-regex", "a", "LogConfig.Config.labels-regex"),
    ("mode", "non-blocking", "LogConfig.Config.mode")])
def test_an_option_that_cannot_be_is_refused_by_name(engine, name, option, value, words):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {option: value}}}})
    assert a.status in (400, 501) and words in a.message, a.body


def test_to_wait_for_the_log_is_the_mode_there_is(engine, name):
    make(engine, name, "echo x", {"mode": "blocking"})
    assert lines(engine, name) == ["x"]


def test_without_a_driver_there_is_nothing_to_read_and_it_is_said(engine, name):
    engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["echo", "x"], "HostConfig": {"LogConfig": {"Type": "none"}}})
    engine.post(f"/containers/{name}/start")
    engine.post(f"/containers/{name}/wait")
    assert engine.inspect(name)["LogPath"] == ""
    p = engine.docker("logs", name, check=False)
    assert p.returncode == 1 and "configured logging driver does not support reading" in p.stderr


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


def test_p06_a_line_of_a_gigabyte_is_bounded_in_memory_and_on_disk(engine, name, tmp_path):
    block = tmp_path / "block"
    block.write_bytes(b"x" * (64 << 20))
    body = {"Image": "bb", "Cmd": ["sh", "-c", "read go; exec cat " + "/block " * 16], "OpenStdin": True, "StdinOnce": True,
            "HostConfig": {"Binds": [f"{block}:/block:ro"], "LogConfig": {"Type": "json-file", "Config": {"max-size": "4m", "max-file": "3"}}}}
    assert engine.post(f"/containers/create?name={name}", body).status == 201
    p = subprocess.Popen(engine.client_argv(CLIENTS[0], "start", "-i", "-a", name), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_for(lambda: engine.inspect(name)["State"]["Running"], "it runs")
    monitor, largest = parent_of(engine.inspect(name)["State"]["Pid"]), [0, 0]
    done = threading.Event()

    def watch():
        while not done.wait(0.02):
            look()

    def look():
        for i, pid in enumerate((monitor, engine.proc.pid)):
            try:
                largest[i] = max(largest[i], rss(pid))
            except (OSError, StopIteration):
                pass

    before = rss(engine.proc.pid)
    look()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        p.communicate(b"go\n", timeout=300)
    finally:
        done.set()
        watcher.join()
    assert engine.inspect(name)["State"]["ExitCode"] == 0
    assert 0 < largest[0] < 16 and largest[1] - before < 16, largest
    path = engine.inspect(name)["LogPath"]
    assert sum(os.stat(os.path.join(os.path.dirname(path), f)).st_size for f in files_of(engine, name)) < 13 << 20
    # It is one line to who reads it: pieces without an end, but for the last.
    shown = frames(engine.get(f"/containers/{name}/logs?stdout=1&tail=1").body)
    assert shown and {b for _, text in shown for b in text} == {ord("x")}
