#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write down who reaches whom with Docker: usage: record_reachability.py [ROOT]   (a tree that has dockerd in it; without: the machine's own)

Needs root. dockerd runs in a network namespace of its own, so nobody else's rules are touched.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../system"))

from hosts import Wire, enter  # noqa: E402
from reachability import Scene, to_text  # noqa: E402

GOLDEN = os.path.join(HERE, "golden/reachability.tsv")


def start_dockerd(wire, root, top):
    """In a mount namespace of its own, where `root` is the tree and `top` is its /tmp/dockerd."""
    inside = "/tmp/dockerd" if root else top
    dockerd = (f"exec dockerd --data-root {inside}/data --exec-root {inside}/exec -p {inside}/pid -H unix://{inside}/sock")
    if root:
        script = (f"mount --bind {root} {root}; for m in proc sys dev; do mount --rbind /$m {root}/$m; done; mkdir -p {root}/tmp/dockerd {root}/oldroot; "
                  f"mount --bind {top} {root}/tmp/dockerd; cd {root}; pivot_root . oldroot; umount -l /oldroot; {dockerd}")
    else:
        script = dockerd
    with open(top + "/log", "w") as log:
        return subprocess.Popen(enter(wire.host, "unshare", "-m", "--propagation", "private", "sh", "-ec", script), stdout=log, stderr=log)


def main():
    root = os.path.realpath(sys.argv[1]) if len(sys.argv) > 1 else None
    top = tempfile.mkdtemp(prefix="reach-dockerd-")
    with Wire() as wire:
        daemon = start_dockerd(wire, root, top)

        def docker(*argv, check=True):
            return subprocess.run(["docker", "-H", f"unix://{top}/sock", *argv], capture_output=True, text=True, check=check)
        try:
            for _ in range(300):
                if docker("version", check=False).returncode == 0:
                    break
                time.sleep(0.1)
            print("Docker", docker("version", "-f", "{{.Server.Version}}").stdout.strip())
            with Scene(docker, wire) as scene:
                table = scene.look()
            with open(GOLDEN, "w") as f:
                f.write(to_text(table))
            print(sum(map(len, table.values())), "answers in", os.path.relpath(GOLDEN))
        finally:
            daemon.terminate()
            daemon.wait()
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
