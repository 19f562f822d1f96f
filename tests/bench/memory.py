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
    out = [pid]
    for p in run(["ps", "-o", "pid=", "--ppid", str(pid)], check=False).stdout.split():
        out += descendants(int(p))
    return out


def matching(pattern):
    """The processes whose command line has the pattern."""
    return {int(p) for p in run(["pgrep", "-f", pattern], check=False).stdout.split()}
