# SPDX-License-Identifier: Apache-2.0
"""What the kernel alone needs (floor.c), measured in the same run."""
import os
import shutil
import statistics
import tempfile

from harness import BUILD, run
from image import TRUE

FLOOR = os.path.join(BUILD, "bench/floor")


def floors(root):
    """Milliseconds of a start, and of a further process in a container."""
    top = tempfile.mkdtemp(prefix="berth-floor-")
    try:
        for d in ("upper", "work", "m"):
            os.mkdir(os.path.join(top, d))
        args = [FLOOR, "60", root, top + "/upper", top + "/work", top + "/m"]
        start = [int(x) for x in run([*args, "/bin/true"]).stdout.split()]
        execs = [int(x) for x in run([*args, TRUE, "exec"]).stdout.split()]
        return statistics.median(start) / 1000, statistics.median(execs) / 1000
    finally:
        shutil.rmtree(top)
