# SPDX-License-Identifier: Apache-2.0
"""The same command line makes the same request: what berth asks a daemon for is what docker 28 asks, parameter by parameter and field by field."""
import json
import os
import sys

import pytest

from harness import BERTH, TOP

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import asked as compat  # noqa: E402

# Where they differ, and why.
DIFFERENT = {
    "create --kernel-memory 64m bb": "docker takes it and does nothing; refused by name",
    "update --blkio-weight 200 --kernel-memory 1m web": "docker takes it and does nothing; refused by name",
    "create --use-api-socket=false bb": "refused by name",
    "create --mac-address 02:00:00:00:00:02 bb": "the field of daemons before 1.44 is sent besides",
    "system prune -f": "there is no build cache to prune",
    "system prune -af --filter until=10h": "there is no build cache to prune",
    "system prune -af --volumes --filter label=x": "there is no build cache to prune",
}


@pytest.fixture(scope="module")
def recorder():
    with compat.Recorder() as r:
        yield r


@pytest.fixture(scope="module")
def golden():
    with open(compat.GOLDEN) as f:
        return json.load(f)


def test_every_line_was_recorded(golden):
    assert list(golden) == compat.LINES
    assert set(DIFFERENT) <= set(golden)


@pytest.mark.parametrize("line", [line for line in compat.LINES if line not in DIFFERENT])
def test_berth_asks_what_docker_asks(recorder, golden, line):
    asked = recorder.ask(BERTH, line)
    assert asked["requests"] == golden[line], asked["said"]


@pytest.mark.parametrize("line", DIFFERENT)
def test_what_differs_still_differs(recorder, golden, line):
    """A line that became the same leaves the list."""
    assert recorder.ask(BERTH, line)["requests"] != golden[line]
