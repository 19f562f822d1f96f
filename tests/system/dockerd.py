# SPDX-License-Identifier: Apache-2.0
"""Debian's own dockerd, with all that it keeps in a place of its own."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness import PATIENCE, run, wait_for
from hosts import enter


def remove_groups(name):
    """Other engines leave the parents of their groups behind."""
    def gone(path):
        for top, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(top)
            except OSError:  # what is in it is on its way out, or it is gone itself
                pass
        return not os.path.exists(path)

    for path in glob.glob(f"/sys/fs/cgroup/{name}") + glob.glob(f"/sys/fs/cgroup/*/{name}"):
        wait_for(lambda path=path: gone(path), f"{path} is empty")


class Dockerd:
    """`flags` are dockerd's; `ns` is the namespace of a host of hosts.py, or None for this one."""

    def __init__(self, *flags, ns=None):
        if not os.access("/usr/sbin/dockerd", os.X_OK):
            pytest.skip("no dockerd here")
        self.flags, self.ns, self.top = flags, ns, tempfile.mkdtemp(prefix="berth-dockerd-")
        self.socket = "unix://" + self.top + "/sock"
        self.process = None

    def start(self):
        argv = ["/usr/sbin/dockerd", "--data-root", self.top + "/data", "--exec-root", self.top + "/exec", "-p", self.top + "/pid", "-H", self.socket,
                "--cgroup-parent", "/" + os.path.basename(self.top), *self.flags]
        self.process = subprocess.Popen(enter(self.ns, *argv), stdin=subprocess.DEVNULL, stdout=open(self.top + "/log", "a"), stderr=subprocess.STDOUT)
        wait_for(lambda: self("version", check=False).returncode == 0, "a dockerd")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def __call__(self, *argv, **kw):
        return run(["/usr/bin/docker", "-H", self.socket, *argv], **kw)

    def close(self):
        self("rm", "-f", *self("ps", "-aq", check=False).stdout.split(), check=False)
        self.stop()
        for line in reversed(open("/proc/self/mountinfo").read().splitlines()):
            if self.top in line.split()[4]:
                run(["umount", "-l", line.split()[4]], check=False)
        time.sleep(0.2)
        shutil.rmtree(self.top, ignore_errors=True)
        remove_groups(os.path.basename(self.top))

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()
