# SPDX-License-Identifier: Apache-2.0
"""Proportional set sizes, and which processes belong together."""
from harness import run


def pss_kb(pid):
    try:
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def descendants(pid):
    """The process, and whoever comes from it."""
    children = {}
    for line in run(["ps", "-eo", "pid=,ppid="]).stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    out = [pid]
    for p in out:
        out += children.get(p, [])
    return out


def matching(pattern):
    """The processes whose command line has the pattern."""
    return {int(p) for p in run(["pgrep", "-f", pattern], check=False).stdout.split()}
