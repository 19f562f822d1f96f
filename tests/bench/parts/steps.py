# SPDX-License-Identifier: Apache-2.0
"""What the kernel alone takes for each step of a start (steps.c), so that what misses its aim can be compared with what it is made of"""
import os
import shutil
import tempfile

from harness import BUILD, run
from image import TRUE

ORDER, OPTIONAL = 90, True
GROUPS = "/sys/fs/cgroup"


def hierarchies():
    """The control groups in which groups may be made: one on version 2, one a hierarchy on version 1."""
    if os.path.exists(GROUPS + "/cgroup.controllers"):
        return [GROUPS]
    tops = {os.path.realpath(os.path.join(GROUPS, name)) for name in os.listdir(GROUPS)}
    return sorted(top for top in tops if os.path.exists(top + "/cgroup.procs"))


def measure(bench):
    top = tempfile.mkdtemp(prefix="berth-steps-")
    try:
        lines = run([os.path.join(BUILD, "bench/steps"), top, TRUE, *hierarchies()]).stdout.splitlines()
    finally:
        shutil.rmtree(top)
    print(f"{'':<54} {'least':>9}      {'median':>9}")
    for line in lines:
        least, median, name = line.split(" ", 2)
        print(f"{name:<54} {float(least):>9.1f} us   {float(median):>9.1f} us")
