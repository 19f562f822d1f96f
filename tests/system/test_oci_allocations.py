# SPDX-License-Identifier: Apache-2.0
"""Each allocation of create, start, exec and delete fails once: the command does its work all the same or says what it attempted, and nothing is left.

tests/faults builds the runtime with an allocator that can be told to; the JSON library's allocations count, but for those of its scanner. By habit each STRIDE-th allocation is tried, always the same ones;
BERTH_FAULTS=all tries every one.
"""
import json
import os
import re
import subprocess

import pytest

from harness import BUILD, PATIENCE, wait_for
from test_oci_faults import BARE, assert_nothing_left, bundle, delete

STRIDE = 1 if os.environ.get("BERTH_FAULTS") == "all" else 3
PROGRAM = os.path.join(BUILD, "tests/faults/berth-runtime-short")

pytestmark = pytest.mark.skipif(not os.access(PROGRAM, os.X_OK), reason="the runtime with a failing allocator is not built here")


class Attempt:
    def __init__(self, b, nth, *argv, may_say="\0"):
        report, out, answer = b.top + "/report", b.top + "/stderr", b.top + "/stdout"
        if os.path.exists(report):
            os.unlink(report)
        with open(out, "w") as stderr, open(answer, "w") as stdout:
            self.code = subprocess.run([PROGRAM, "--root", b.state, *argv], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, timeout=PATIENCE,
                                       env=dict(os.environ, FAIL_ALLOCATION=str(nth), FAIL_REPORT=report)).returncode
        self.said, self.answer = open(out).read(), open(answer).read()
        self.what = f"{argv[0]}: allocation {nth}: exit {self.code}: {self.said}"
        # Whoever crashes or aborts has no word to say at the end.
        assert self.code in (0, 1, 255), self.what
        self.seen = int(open(report).read())
        # Who has no memory for a text has not found it wrong, and a container that cannot be looked at has not ended.
        assert may_say in self.said or "invalid" not in self.said and "stopped" not in self.said and "already running" not in self.said and "does not exist" not in self.said, self.what
        assert self.code == 0 or (re.search(r'level=error msg="[^"]*\w+', self.said) and not BARE.search(self.said)), self.what


def points(b, argv, before=lambda: None):
    before()
    first = Attempt(b, 0, *argv)
    assert first.code == 0 and first.seen > 20, first.what
    yield first
    for nth in range(1, first.seen + 1, STRIDE):
        before()
        yield Attempt(b, nth, *argv)


def created(b):
    def again():
        # Its standard streams are kept by the container, so they must not be pipes that we wait for.
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        subprocess.run([PROGRAM, "--root", b.state, "create", "--bundle", b.bundle, b.id], check=True, **quiet)
    return again


@pytest.fixture
def b(request):
    made = bundle(*request.param)
    yield made
    made.__exit__()


@pytest.mark.parametrize("b", [("true",)], indirect=True, ids=["true"])
def test_each_allocation_of_create_can_fail(b):
    for a in points(b, ["create", "--bundle", b.bundle, b.id]):
        if a.code == 0 or "remove" in a.said:
            delete(b)
        assert_nothing_left(b, a.what)


@pytest.mark.parametrize("b", [("true",)], indirect=True, ids=["true"])
def test_each_allocation_of_start_can_fail(b):
    for a in points(b, ["start", b.id], created(b)):
        delete(b)
        assert_nothing_left(b, a.what)


@pytest.mark.parametrize("b", [("sleep", "1000")], indirect=True, ids=["sleep"])
def test_each_allocation_of_exec_can_fail_and_the_container_lives_on(b):
    created(b)()
    b("start", b.id)
    for a in points(b, ["exec", b.id, "true"]):
        assert b.status() == "running", a.what
    delete(b)
    assert_nothing_left(b, "exec")


@pytest.mark.parametrize("b", [("true",)], indirect=True, ids=["true"])
def test_each_allocation_of_delete_can_fail_and_another_ends_it(b):
    for a in points(b, ["delete", "--force", b.id], created(b)):
        delete(b)
        assert_nothing_left(b, a.what)


@pytest.fixture(scope="module")
def lives():
    """A container that lives, with annotations and two processes."""
    b = bundle("sh", "-c", "sleep 1000 & wait")
    b.config["annotations"] = {"a.b": "c", "d": "e" * 100}
    b("list")
    created(b)()
    b("start", b.id)
    # The second one is at first what the first one is.
    wait_for(lambda: re.search("^ *[0-9]+ sleep 1000$", b("ps", b.id, "-o", "pid,args").stdout, re.M), "its processes")
    yield b
    b.__exit__()


def shape(value):
    """What a text of JSON has in it, its numbers aside."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return 0 if isinstance(value, int) else value


def same(text):
    try:
        return shape(json.loads(text))
    except ValueError:
        return text


QUESTIONS = {"state": ["ID"], "list": ["--format", "json"], "ps": ["--format", "json", "ID"], "events": ["--stats", "ID"], "features": [], "list -q": [], "ps-table": ["ID", "-o", "pid,args"]}


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_each_allocation_of_a_question_can_fail_and_no_answer_lacks_anything(lives, question):
    """Either the whole answer or an error."""
    b = lives
    wait_for(lambda: len(json.loads(b("ps", "--format", "json", b.id).stdout)) == 2, "its processes")
    argv = [question.split()[0].split("-")[0], *question.split()[1:], *(b.id if a == "ID" else a for a in QUESTIONS[question])]
    whole = None
    for a in points(b, argv):
        whole = whole or same(a.answer)
        assert a.code != 0 or same(a.answer) == whole, (a.what, a.answer)
    assert whole


@pytest.mark.parametrize("command,undo,after", [("pause", "resume", "paused"), ("resume", "pause", "running")])
def test_each_allocation_of_pause_and_resume_can_fail(lives, command, undo, after):
    """Success means that it is so; after a failure it is as before or done, and the next one works."""
    b = lives

    def before():
        want = "running" if command == "pause" else "paused"
        if b.status() != want:
            b(undo, b.id)
        assert b.status() == want
    try:
        for a in points(b, [command, b.id], before):
            assert a.code != 0 or b.status() == after, a.what
    finally:
        if b.status() == "paused":
            b("resume", b.id)


def test_each_allocation_of_update_can_fail(lives):
    b, turn = lives, [0]

    def limit():
        return json.loads(b("events", "--stats", b.id).stdout)["data"]["pids"]["limit"]

    def before():
        turn[0] += 1
        b("update", "--pids-limit", "50", b.id)
    for a in points(b, ["update", "--pids-limit", "77", b.id], before):
        assert limit() == 77 if a.code == 0 else limit() in (50, 77), a.what
    assert turn[0] > 10


def test_each_allocation_of_kill_can_fail(lives):
    """The signal was sent, or an error says why not."""
    for a in points(lives, ["kill", lives.id, "0"]):
        assert lives.status() == "running", a.what


@pytest.mark.parametrize("b", [("true",)], indirect=True, ids=["true"])
def test_each_allocation_of_run_can_fail(b):
    for a in points(b, ["run", "--bundle", b.bundle, b.id]):
        if a.code != 0:
            delete(b)
        assert_nothing_left(b, a.what)


@pytest.mark.parametrize("b", [("sleep", "1000")], indirect=True, ids=["sleep"])
def test_each_allocation_of_the_deletion_of_a_container_that_runs_can_fail(b):
    """Success means that nothing is left of it; without --force it is refused all the while, and lives on."""
    def begun():
        created(b)()
        b("start", b.id)
    for a in points(b, ["delete", "--force", b.id], begun):
        if a.code == 0:
            assert_nothing_left(b, a.what)
        delete(b)
        assert_nothing_left(b, a.what)
    begun()
    for nth in range(1, 60, STRIDE):
        refused = Attempt(b, nth, "delete", b.id, may_say="cannot delete container")
        assert refused.code != 0 and b.status() == "running", refused.what
