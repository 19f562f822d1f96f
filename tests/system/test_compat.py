# SPDX-License-Identifier: Apache-2.0
"""Answers beside those of a real Docker, recorded in tests/compat/golden by tests/compat/record.py."""
import json
import os
import re
import sys

import pytest

from harness import TOP, Daemon, busybox_tar

COMPAT = os.path.join(TOP, "tests", "compat")
sys.path.insert(0, COMPAT)
import scenario  # noqa: E402
import scenario_images  # noqa: E402
import scenario_life  # noqa: E402
import scenario_shapes  # noqa: E402
import scenario_status  # noqa: E402
import sequences  # noqa: E402


def load(name):
    with open(os.path.join(COMPAT, name)) as f:
        return json.load(f)


# Differences are {step: {path: why}}: where berth answers otherwise on purpose.
GOLDEN = {"docker": load("golden/docker.json")["answers"], "images": load("golden/images.json")["answers"],
          "life": load("golden/life.json")["answers"], "shapes": load("golden/shapes.json")["answers"], "status": load("golden/status.json")["answers"]}
DIFFERENCES = {"docker": load("differences.json"), "images": load("differences_images.json"), "life": load("differences_life.json"),
               "shapes": load("differences_shapes.json"), "status": load("differences_status.json")}
EVENTS = load("golden/events.json")["answers"]
EVENTS_ELSE = load("differences_events.json")


@pytest.fixture(scope="module")
def answers():
    with Daemon() as d, open(busybox_tar(), "rb") as f:
        images = scenario_images.run(d, f.read())
        d.docker("import", "--change", 'CMD ["sh"]', "--change", "ENV PATH=/bin", busybox_tar(), "compat:1")
        shapes = json.loads(json.dumps(scenario_shapes.run(d)))
        yield {"docker": scenario.run(d), "images": images, "life": scenario_life.run(d), "shapes": shapes, "status": scenario_status.run(d),
               "events": sequences.run(d, lambda action, events: len(without(events, EVENTS_ELSE.get(action, {}))) >= len(without(EVENTS[action], EVENTS_ELSE.get(action, {}))))}


def differences(want, got, path=""):
    """Where two JSON values differ, as {path: (want, got)}."""
    if path.endswith(".Mounts") and isinstance(want, list) and isinstance(got, list):
        # Docker lists them in the order of a Go map: any.
        want, got = (sorted(v, key=lambda m: m.get("Destination") or m["Target"]) for v in (want, got))
    if all(isinstance(v, list) and all(isinstance(c, dict) and set(c) == {"Path", "Kind"} for c in v) for v in (want, got)):
        # The changes of a container: in the order of a directory of Docker's.
        want, got = (sorted(v, key=lambda c: c["Path"]) for v in (want, got))
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


@pytest.mark.parametrize("of, step", [(of, step) for of in GOLDEN for step in GOLDEN[of]])
def test_the_answer_is_dockers(answers, of, step):
    found = differences(GOLDEN[of][step], answers[of][step])
    allowed = DIFFERENCES[of].get(step, {}) | DIFFERENCES[of].get("*", {})
    assert {k: v for k, v in found.items() if k not in allowed} == {}


@pytest.mark.parametrize("of", sorted(GOLDEN))
def test_every_step_is_compared(answers, of):
    assert set(GOLDEN[of]) == set(answers[of])


def listed():
    """(endpoint, code) of what the description lists; a builder's session and plugins are not here."""
    with open(os.path.join(COMPAT, "endpoints.tsv")) as f:
        for line in f:
            if not line.startswith(("#", "GET\t/plugins", "POST\t/plugins", "DELETE\t/plugins", "POST\t/session")):
                method, path, codes, _ = line.split("\t")
                for code in codes.split(","):
                    yield f"{method} {path}", int(code)


def explained():
    """{endpoint: codes} of docs/status-codes.md."""
    out = {}
    with open(os.path.join(TOP, "docs", "status-codes.md")) as f:
        for endpoint, codes in re.findall(r"^\| `([A-Z]+ \S+)` \| ([\d, ]+) \|", f.read(), re.M):
            out.setdefault(endpoint, set()).update(int(c) for c in codes.split(","))
    return out


def test_each_listed_status_code_is_provoked_or_explained(answers):
    got, why = {}, explained()
    for step, answer in answers["status"].items():
        got.setdefault(step.rsplit(" ", 1)[0], set()).add(answer["status"])
    missing = [f"{e} {c}" for e, c in listed() if c != 500 and c not in got.get(e, ()) and c not in why.get(e, ())]
    needless = [f"{e} {c}" for e, codes in why.items() for c in codes if c in got.get(e, ()) or (e, c) not in set(listed())]
    assert (missing, needless) == ([], [])


def test_what_is_refused_has_changed_nothing_and_says_why(answers):
    # A HEAD has no body.
    refused = {k: a for k, a in answers["status"].items() if a["status"] >= 400}
    assert len(refused) > 100
    assert {k: a["changed"] for k, a in refused.items() if a["changed"]} == {}
    assert [k for k, a in refused.items() if "HEAD" not in k and "head of" not in k and not (isinstance(a["body"], dict) and a["body"].get("message"))] == []


def without(events, left_out):
    """Without those whose "type action" is left out on purpose."""
    return [e for e in events if f"{e[0]} {e[1]}" not in left_out]


@pytest.mark.parametrize("action", [a[0] for a in sequences.ACTIONS])
def test_the_events_of_an_action_are_dockers(answers, action):
    left_out = EVENTS_ELSE.get(action, {})
    assert without(answers["events"][action], left_out) == without(EVENTS[action], left_out)
