# SPDX-License-Identifier: Apache-2.0
"""The sides of the comparison."""
import os
import shutil
import subprocess
import tempfile
import time

from harness import BERTH, run
from memory import descendants, matching

DOCKERS = [p for p in ("/usr/local/bin/docker", "/usr/bin/docker") if os.access(p, os.X_OK)]


class Engine:
    """One side: a command line on a socket. `pids` gives the daemon's processes, `holders` those that hold containers."""

    def __init__(self, name, client, sock, pids, holders):
        self.name, self.client, self.sock, self.pids, self.holders = name, client, sock, pids, holders
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}

    def argv(self, *args):
        return [self.client, "-H", "unix://" + self.sock, *args]

    def run(self, *args, check=True, timeout=1200):
        return run(self.argv(*args), env=self.env, timeout=timeout, check=check)

    def ms(self, *args):
        """Milliseconds that the command takes."""
        start = time.perf_counter()
        p = subprocess.run(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        took = (time.perf_counter() - start) * 1000
        if p.returncode != 0:
            raise AssertionError(f"{self.name} {args}: {p.stderr.decode()}")
        return took

    def at_once(self, commands, width):
        """Milliseconds for all commands, `width` of them at a time."""
        start = time.perf_counter()
        running = []
        for args in commands:
            running.append(subprocess.Popen(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
            if len(running) == width:
                self.see_off(running.pop(0))
        for p in running:
            self.see_off(p)
        return (time.perf_counter() - start) * 1000

    def see_off(self, p):
        """A figure of commands that failed would be none."""
        if p.wait() != 0:
            raise AssertionError(f"{self.name} {p.args}: exit {p.returncode}")


def berth_engine(daemon):
    def holders():
        # Monitors are children of the spawner, whose command line they keep.
        return set(descendants(daemon.proc.pid)) & matching("^berth-runtime spawner")
    return Engine("berth", BERTH, daemon.sock, lambda: descendants(daemon.proc.pid), holders)


def shims():
    return matching("containerd-shim")


def in_memory(prefix):
    """A directory for what is in /run unless told otherwise, as sockets and pids: that is a tmpfs where systemd is."""
    return tempfile.mkdtemp(prefix=prefix, dir="/dev/shm")


def own_peer(top):
    """Debian's dockerd in a private root and a private network namespace: its tables and bridges go with it."""
    os.makedirs(top)
    sock, states = top + "/sock", in_memory("berth-bench-peer-")
    script = ('ip link set lo up; ip link add bthbench0 type bridge; ip addr add 10.198.0.1/24 dev bthbench0; exec /usr/sbin/dockerd '
              f'--data-root {top}/data --exec-root {states} -p {top}/pid -H unix://{sock} --bridge bthbench0')
    with open(top + "/log", "w") as log:
        proc = subprocess.Popen(["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", script], stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log)

    def down():
        proc.terminate()
        proc.wait()
        shutil.rmtree(top, ignore_errors=True)
        shutil.rmtree(states, ignore_errors=True)
    for _ in range(300):
        if subprocess.run(["/usr/bin/docker", "-H", "unix://" + sock, "version"], capture_output=True).returncode == 0:
            return Engine("docker", "/usr/bin/docker", sock, lambda: descendants(proc.pid), shims), down
        time.sleep(0.1)
    with open(top + "/log") as log:
        said = log.read()[-2000:]
    down()
    raise AssertionError("dockerd does not serve:\n" + said)


def peer_engine(top):
    """Docker, and a function that takes it down."""
    sock = os.environ.get("PEER_SOCKET")
    if not sock:
        return own_peer(top)
    pids = lambda: [int(p) for p in run(["pgrep", "-x", "dockerd|containerd"], check=False).stdout.split()]  # noqa: E731
    return Engine("docker", os.environ.get("PEER_CLIENT", DOCKERS[0]), sock, pids, shims), lambda: None
