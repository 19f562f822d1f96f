# SPDX-License-Identifier: Apache-2.0
"""Each allocation of create, start, exec and delete fails once: the command does its work all the same or says what it attempted, and nothing is left.

tests/faults builds the runtime with an allocator that can be told to. By habit each STRIDE-th allocation is tried, always the same ones;
BERTH_FAULTS=all tries every one.
"""
import os
import re
import subprocess

import pytest

from harness import BUILD, PATIENCE
from test_oci_faults import BARE, assert_nothing_left, bundle, delete

STRIDE = 1 if os.environ.get("BERTH_FAULTS") == "all" else 3
PROGRAM = os.path.join(BUILD, "tests/faults/berth-runtime-short")

pytestmark = pytest.mark.skipif(not os.access(PROGRAM, os.X_OK), reason="the runtime with a failing allocator is not built here")


class Attempt:
    def __init__(self, b, nth, *argv):
        report, out = b.top + "/report", b.top + "/stderr"
        if os.path.exists(report):
            os.unlink(report)
        with open(out, "w") as stderr:
            self.code = subprocess.run([PROGRAM, "--root", b.state, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, timeout=PATIENCE,
                                       env=dict(os.environ, FAIL_ALLOCATION=str(nth), FAIL_REPORT=report)).returncode
        self.said = open(out).read()
        self.what = f"{argv[0]}: allocation {nth}: exit {self.code}: {self.said}"
        # Whoever crashes or aborts has no word to say at the end.
        assert self.code in (0, 1, 255), self.what
        self.seen = int(open(report).read())
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
