# SPDX-License-Identifier: Apache-2.0
"""Archives: load, save and rmi of the image of three layers

The image is the one that the part "transfer" makes, saved once without compression and kept below BUILD/bench.
"""
import os
import time

from parts.transfer import KEPT, make_image

ORDER, OPTIONAL = 61, True


def archive(e):
    """The image as `save` writes it; the engine has it no more afterwards."""
    path = KEPT + "/saved.tar"
    if not os.path.exists(path):
        make_image(e)
        e.run("save", "-o", path + ".new", "three:full")
        e.run("rmi", "three:full", "three:node", "three:base")
        os.rename(path + ".new", path)
    return path


def measure(bench):
    path = archive(bench.berth)
    took = {what: {e.name: [] for e in bench.engines} for what in ("load", "save", "rmi")}
    # The first round brings the archive into the page cache and does not count.
    for counts in (False, True, True, True):
        for e in bench.engines:
            for what, args in (("load", ("load", "-q", "-i", path)), ("save", ("save", "three:full")), ("rmi", ("rmi", "three:full"))):
                ms = e.ms(*args)
                if counts:
                    took[what][e.name].append(ms / 1000)
            time.sleep(3)  # layers are removed behind
    bench.row("load, 740 MB", took["load"], "s")
    bench.row("save", took["save"], "s")
    bench.row("rmi, as long as its caller waits", took["rmi"], "s", target=0.5)
