#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record the commands and flags of a docker client from its --help. usage: record_cli.py DOCKER [ARGUMENT...]

Writes golden/cli.tsv: the command, the flag, its letter, what its value is called (nothing for a switch). A command without flags has one
line with nothing behind its name. Commands of plugins (build among them) are left out: they come from wherever a plugin is installed."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGINS = {"bake", "build", "builder", "buildx", "compose"}


def parse(text):
    """The words of the commands below, and {flag: (letter, value)}, of one --help."""
    commands, flags, section = [], {}, ""
    for line in text.splitlines():
        if re.match(r"\S.*:$", line):
            section = line
        elif "Commands:" in section and (m := re.match(r"  ([a-z][a-z0-9-]*)(\*?) ", line)):
            if not m[2]:
                commands.append(m[1])
        elif "Options:" in section and (m := re.match(r"  (?:-(\S), |    )--([a-z0-9-]+)(?: (\S+))?(?:  |$)", line)):
            flags[m[2]] = (m[1] or "", m[3] or "")
    return commands, flags


def walk(help_of, path=()):
    """The program itself and every command that is no group, with its flags."""
    commands, flags = parse(help_of(path))
    if not commands or not path:
        yield " ".join(path), flags
    for word in commands:
        if word not in PLUGINS:
            yield from walk(help_of, path + (word,))


if __name__ == "__main__":
    def ask(*words):
        return subprocess.run([*sys.argv[1:], *words], capture_output=True, text=True, check=True).stdout

    with open(os.path.join(HERE, "golden", "cli.tsv"), "w") as out:
        out.write("# " + ask("--version").split(",")[0] + "\n")
        for command, flags in walk(lambda path: ask(*path, "--help")):
            for flag, (letter, value) in sorted(flags.items()) or [("", ("", ""))]:
                out.write("\t".join((command, flag, letter, value)).rstrip("\t") + "\n")
