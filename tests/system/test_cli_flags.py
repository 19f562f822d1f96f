# SPDX-License-Identifier: Apache-2.0
"""Every command and every flag of docker 28 is there, with the same letter and a value where docker's has one, or is refused by name."""
import os
import subprocess
import sys

import pytest

from harness import BERTH, TOP

COMPAT = os.path.join(TOP, "tests", "compat")
sys.path.insert(0, COMPAT)
import record_cli  # noqa: E402

# Refused whole, with the reason.
REFUSED = ("checkpoint", "config", "node", "plugin", "secret", "service", "stack", "swarm", "trust", "volume update")
# Words that a command wants before it looks at its flags.
ARGUMENTS = {"volume create": ["v"], "volume ls": [], "start": ["c"], "container start": ["c"], "images": [], "image ls": []}
NOWHERE = "unix:///nonexistent/berth.sock"


def recorded():
    """{command: {flag: (letter, value)}}, as tests/compat/record_cli.py wrote it down."""
    commands = {}
    with open(os.path.join(COMPAT, "golden", "cli.tsv")) as f:
        for line in f.read().splitlines()[1:]:
            command, flag, letter, value = (line.split("\t") + [""] * 3)[:4]
            flags = commands.setdefault(command, {})
            if flag:
                flags[flag] = (letter, value)
    return commands


DOCKER = recorded()
OURS = [c for c in DOCKER if not any((c + " ").startswith(r + " ") for r in REFUSED)]
THEIRS = [c for c in DOCKER if c not in OURS]


def berth(*words):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
    return subprocess.run([BERTH, "-H", NOWHERE, *words], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=60)


def refusal(command, flag, value):
    """What is said to a flag that help does not show: it must name the flag, and not call it unknown."""
    given = {"": "", "bytes": "=1m", "int": "=1"}.get(value, "=x")
    p = berth(*command.split(), f"--{flag}{given}", *ARGUMENTS.get(command, ["x", "x"]))
    return p.returncode != 0 and f"--{flag}" in p.stderr and "not supported" in p.stderr, p.stderr


def test_the_record_is_of_docker_28_and_complete():
    assert len(DOCKER) > 150 and sum(map(len, DOCKER.values())) > 1000
    assert "run" in OURS and "swarm init" in THEIRS and DOCKER["run"]["detach"] == ("d", "")


@pytest.mark.parametrize("command", OURS)
def test_every_flag_is_there_or_refused_by_name(command):
    p = berth(*command.split(), "--help")
    assert p.returncode == 0 and p.stdout.startswith(f"Usage:  berth {command}".rstrip()), p.stdout + p.stderr
    ours, wrong = record_cli.parse(p.stdout)[1], {}
    for flag, (letter, value) in DOCKER[command].items():
        if flag == "help":
            continue
        if flag in ours:
            if ours[flag][0] != letter or bool(ours[flag][1]) != bool(value):
                wrong[flag] = (ours[flag], (letter, value))
            continue
        refused, said = refusal(command, flag, value)
        if not refused:
            wrong[flag] = said
    assert wrong == {}


@pytest.mark.parametrize("command", THEIRS)
def test_a_command_that_cannot_be_is_refused_by_name(command):
    for words in (command.split(), [*command.split(), "x", "--help"], ["help", *command.split()]):
        p = berth(*words)
        assert p.returncode == 1 and "is not supported: " in p.stderr and p.stdout == "", p
        assert f"'berth {' '.join(command.split()[:2])}'" in p.stderr


def test_a_command_that_nobody_has_is_unknown():
    for words in (["nosuch"], ["volume", "nosuch"], ["swarmx", "init"], ["help", "nosuch"]):
        p = berth(*words)
        assert p.returncode == 1 and "unknown command" in p.stderr and "not supported" not in p.stderr


@pytest.mark.parametrize("words", [["pull", "a"], ["push", "a"], ["create", "a"], ["run", "a"]], ids=lambda w: w[0])
def test_nothing_unsigned_is_taken_where_signatures_are_asked_for(words):
    def ask(trust, *flags):
        env = {**os.environ, "DOCKER_CONTENT_TRUST": trust}
        return subprocess.run([BERTH, "-H", NOWHERE, words[0], *flags, *words[1:]], capture_output=True, text=True, env=env, timeout=60)

    for trust in ("1", "true", "nonsense"):
        assert "DOCKER_CONTENT_TRUST is set" in ask(trust).stderr and ask(trust).returncode == 1
    for p in (ask("0"), ask(""), ask("1", "--disable-content-trust")):
        assert "Cannot connect to the Docker daemon" in p.stderr
    p = ask("", "--disable-content-trust=false")
    assert p.returncode == 125 and "content trust is not supported" in p.stderr
