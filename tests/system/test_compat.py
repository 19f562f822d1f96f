# SPDX-License-Identifier: Apache-2.0
"""Answers beside those of a real Docker, recorded in tests/compat/golden by tests/compat/record.py."""
import json
import os
import sys

import pytest

from harness import TOP, Daemon, busybox_tar

COMPAT = os.path.join(TOP, "tests", "compat")
sys.path.insert(0, COMPAT)
import scenario  # noqa: E402

with open(os.path.join(COMPAT, "golden", "docker.json")) as f:
    GOLDEN = json.load(f)["answers"]
with open(os.path.join(COMPAT, "differences.json")) as f:
    # {step: {path: why}}: where berth answers otherwise on purpose.
    DIFFERENCES = json.load(f)


@pytest.fixture(scope="module")
def answers():
    with Daemon() as d:
        d.docker("import", "--change", 'CMD ["sh"]', "--change", "ENV PATH=/bin", busybox_tar(), "compat:1")
        yield scenario.run(d)


def differences(want, got, path=""):
    """Where two JSON values differ, as {path: (want, got)}."""
    if path.endswith(".Mounts") and isinstance(want, list) and isinstance(got, list):
        # Docker lists them in the order of a Go map: any.
        want, got = (sorted(v, key=lambda m: m["Destination"]) for v in (want, got))
    if isinstance(want, dict) and isinstance(got, dict):
        out = {}
        for k in sorted(set(want) | set(got)):
            if k not in got:
                out[f"{path}.{k}"] = (want[k], "(missing)")
            elif k not in want:
                out[f"{path}.{k}"] = ("(missing)", got[k])
            else:
                out.update(differences(want[k], got[k], f"{path}.{k}"))
        return out
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        out = {}
        for i, (a, b) in enumerate(zip(want, got)):
            out.update(differences(a, b, f"{path}[{i}]"))
        return out
    return {} if want == got else {path: (want, got)}


@pytest.mark.parametrize("step", [s[0] for s in scenario.STEPS])
def test_the_answer_is_dockers(answers, step):
    found = differences(GOLDEN[step], answers[step])
    allowed = DIFFERENCES.get(step, {}) | DIFFERENCES.get("*", {})
    assert {k: v for k, v in found.items() if k not in allowed} == {}
