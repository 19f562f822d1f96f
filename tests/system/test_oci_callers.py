# SPDX-License-Identifier: Apache-2.0
"""berth-runtime under those who call OCI runtimes: Debian's podman, containerd with its runc shim, and dockerd. Each runs, execs, stops and limits."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from dockerd import Dockerd, remove_groups
from harness import PATIENCE, RUNTIME, run, wait_for
from test_oci_runtime import make_root


TRAPS = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done"


def limit_of(pid, v1, v2):
    """What the kernel holds the process to: a file of its memory or pids group, as a number."""
    lines = [line.split(":", 2) for line in open(f"/proc/{pid}/cgroup").read().splitlines()]
    controller = v1.split(".")[0]
    for _, controllers, path in lines:
        if controller in controllers.split(","):
            return int(open(f"/sys/fs/cgroup/{controller}{path}/{v1}").read())
    path = next(path for _, controllers, path in lines if controllers == "")
    top = "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
    return int(open(f"{top}{path}/{v2}").read())


def memory_of(pid):
    return limit_of(pid, "memory.limit_in_bytes", "memory.max")


def processes_of(pid):
    return limit_of(pid, "pids.max", "pids.max")


class Podman:
    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="berth-podman-")
        self.root = self.top + "/rootfs"
        make_root(self.root)
        # The command by which podman cleans up after an end gets no --runtime-flag: the place for the state stands here.
        self.runtime = self.top + "/runtime"
        with open(self.runtime, "w") as f:
            f.write(f'#!/bin/sh\nexec {RUNTIME} --root {self.top}/state "$@"\n')
        os.chmod(self.runtime, 0o755)
        return self

    def __call__(self, *argv, **kw):
        return run(["podman", "--root", self.top + "/root", "--runroot", self.top + "/run", "--tmpdir", self.top + "/tmp", "--storage-driver", "vfs",
                    "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", self.runtime, *argv], **kw)

    def run(self, *flags, args, **kw):
        return self("run", *flags, "--network", "none", "--rootfs", self.root, *args, **kw)

    def __exit__(self, *_):
        self("rm", "-f", "-t", "0", "-a", check=False)
        run(["umount", "-l", self.top + "/root/overlay", self.top + "/root/vfs", self.top + "/root"], check=False)
        shutil.rmtree(self.top, ignore_errors=True)
        remove_groups("libpod_parent")


@pytest.fixture(scope="module")
def podman():
    if not shutil.which("podman"):
        pytest.skip("no podman here")
    with Podman() as p:
        yield p


def test_podman_runs_on_it(podman):
    assert podman.run("--rm", args=["sh", "-c", "echo hello; exit 4"], check=False).stdout == "hello\n"
    p = podman.run("--rm", args=["nosuch"], check=False)
    assert p.returncode == 127 and "nosuch" in p.stderr
    assert podman.run("--rm", args=["/etc/passwd"], check=False).returncode == 126


def test_podman_execs_limits_and_stops_on_it(podman):
    podman.run("-d", "--name", "c", "-m", "64m", "--pids-limit", "99", args=["sh", "-c", TRAPS])
    wait_for(lambda: "ready" in podman("logs", "c").stdout, "the trap is set")
    assert podman("inspect", "-f", "{{.OCIRuntime}}", "c").stdout.strip() == podman.runtime
    pid = int(podman("inspect", "-f", "{{.State.Pid}}", "c").stdout)
    assert (memory_of(pid), processes_of(pid)) == (64 << 20, 99)
    assert podman("exec", "c", "sh", "-c", "echo in; exit 6", check=False).returncode == 6
    assert podman("exec", "-t", "c", "tty").stdout.strip() == "/dev/pts/0"
    assert podman("exec", "-u", "7:8", "-w", "/tmp", "-e", "A=b", "c", "sh", "-c", "echo $(id -u) $(pwd) $A").stdout == "7 /tmp b\n"
    assert podman("exec", "c", "nosuch", check=False).returncode == 127
    assert podman("top", "c", "pid").returncode == 0
    podman("pause", "c")
    assert podman("inspect", "-f", "{{.State.Status}}", "c").stdout == "paused\n"
    podman("unpause", "c")
    podman("stop", "-t", "20", "c")
    assert podman("inspect", "-f", "{{.State.ExitCode}}", "c").stdout == "7\n"
    podman("start", "c")
    podman("kill", "c")
    podman("rm", "-f", "-t", "0", "c")
    assert not os.path.exists(f"/proc/{pid}")


class OurDockerd(Dockerd):
    """A dockerd with our runtime added, without any network."""

    def __init__(self):
        super().__init__("--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--add-runtime", "berth=" + RUNTIME, "--default-runtime", "berth")

    def start(self):
        super().start()
        root = self.top + "/image"
        make_root(root)
        tar = run(["tar", "-C", root, "-c", "."], binary=True).stdout
        run(["/usr/bin/docker", "-H", self.socket, "import", "-", "bb"], input=tar, binary=True)

    def run(self, *flags, args, **kw):
        return self("run", *flags, "--network", "none", "bb", *args, **kw)


@pytest.fixture(scope="module")
def dockerd():
    with OurDockerd() as d:
        yield d


def test_dockerd_runs_on_it(dockerd):
    p = dockerd.run("--rm", args=["sh", "-c", "echo hello; exit 4"], check=False)
    assert (p.returncode, p.stdout) == (4, "hello\n")
    assert dockerd.run("--rm", args=["nosuch"], check=False).returncode == 127
    assert dockerd.run("--rm", args=["/etc/passwd"], check=False).returncode == 126
    assert dockerd.run("--rm", "-t", args=["tty"]).stdout.strip() == "/dev/pts/0"


def test_dockerd_execs_limits_and_stops_on_it(dockerd):
    dockerd.run("-d", "--name", "c1", "-m", "64m", "--pids-limit", "99", args=["sh", "-c", TRAPS])
    wait_for(lambda: "ready" in dockerd("logs", "c1").stdout, "the trap is set")
    assert dockerd("inspect", "-f", "{{.HostConfig.Runtime}}", "c1").stdout == "berth\n"
    pid = int(dockerd("inspect", "-f", "{{.State.Pid}}", "c1").stdout)
    assert (memory_of(pid), processes_of(pid)) == (64 << 20, 99)
    assert dockerd("exec", "c1", "sh", "-c", "echo in; exit 6", check=False).returncode == 6
    assert dockerd("exec", "-t", "c1", "tty").stdout.strip() == "/dev/pts/0"
    assert dockerd("exec", "c1", "nosuch", check=False).returncode in (126, 127)
    dockerd("pause", "c1")
    dockerd("unpause", "c1")
    dockerd("update", "-m", "100m", "--memory-swap", "100m", "--pids-limit", "50", "c1")
    assert (memory_of(pid), processes_of(pid)) == (100 << 20, 50)
    assert "sleep" in dockerd("top", "c1").stdout
    dockerd("stop", "-t", "20", "c1")
    assert dockerd("inspect", "-f", "{{.State.ExitCode}}", "c1").stdout == "7\n"
    dockerd("rm", "c1")
    assert not os.path.exists(f"/proc/{pid}")


def test_dockerd_hears_of_the_end_for_want_of_memory(dockerd):
    begun = time.time()
    # It outlives the one that is killed: what containerd tells of that and of the container's own end have no order.
    dockerd.run("-d", "--name", "hungry", "-m", "16m", "--memory-swap", "16m", args=["sh", "-c", "cat /dev/zero | tail -c 64m; code=$?; while [ ! -e /go ]; do sleep 0.1; done; exit $code"])
    wait_for(lambda: dockerd("events", "--since", f"{begun:.9f}", "--until", f"{time.time():.9f}", "--filter", "event=oom").stdout, "it is told")
    dockerd("exec", "hungry", "touch", "/go")
    assert dockerd("wait", "hungry").stdout == "137\n"
    state = dockerd("inspect", "-f", "{{.State.ExitCode}} {{.State.OOMKilled}}", "hungry").stdout.split()
    dockerd("rm", "hungry")
    assert state[0] != "0" and state[1] == "true"


class Containerd:
    """containerd by itself: its shim for runc is told to call us (BinaryName)."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="berth-ctrd-")
        self.root = self.top + "/rootfs"
        make_root(self.root)
        with open(self.top + "/config.toml", "w") as f:
            f.write(f'version = 2\nroot = "{self.top}/data"\nstate = "{self.top}/state"\n'
                    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]\n'
                    f'[grpc]\n  address = "{self.top}/sock"\n[ttrpc]\n  address = "{self.top}/ttrpc"\n')
        self.process = subprocess.Popen(["/usr/bin/containerd", "-c", self.top + "/config.toml"], stdin=subprocess.DEVNULL, stdout=open(self.top + "/log", "w"),
                                        stderr=subprocess.STDOUT)
        wait_for(lambda: self("version", check=False).returncode == 0, "a containerd")
        return self

    def __call__(self, *argv, **kw):
        return run(["ctr", "--address", self.top + "/sock", *argv], **kw)

    def run(self, name, *flags, args, **kw):
        return self("run", "--runc-binary", RUNTIME, "--runc-root", self.top + "/runc", *flags, "--rootfs", self.root, name, *args, **kw)

    def pid(self, name):
        lines = [line.split() for line in self("tasks", "ls").stdout.splitlines()]
        return next(int(line[1]) for line in lines if line[0] == name)

    def __exit__(self, *_):
        for name in self("containers", "ls", "-q", check=False).stdout.split():
            self("tasks", "kill", "-s", "KILL", name, check=False)
            self("tasks", "rm", "-f", name, check=False)
            self("containers", "rm", name, check=False)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        shutil.rmtree(self.top, ignore_errors=True)
        remove_groups("default")


@pytest.fixture(scope="module")
def containerd():
    if not shutil.which("ctr") or not os.access("/usr/bin/containerd", os.X_OK):
        pytest.skip("no containerd here")
    with Containerd() as c:
        yield c


def test_containerds_shim_runs_on_it(containerd):
    p = containerd.run("r1", "--rm", args=["/bin/sh", "-c", "echo hello; exit 4"], check=False)
    assert (p.returncode, p.stdout) == (4, "hello\n")
    p = containerd.run("r2", "--rm", args=["/bin/nosuch"], check=False)
    assert p.returncode == 1 and "/bin/nosuch" in p.stderr and "no such file or directory" in p.stderr
    containerd("containers", "rm", "r2", check=False)


def test_containerds_shim_execs_limits_and_stops_on_it(containerd):
    containerd.run("c2", "-d", "--memory-limit", str(64 << 20), "--cpu-quota", "20000", "--cpu-period", "50000", args=["/bin/sh", "-c", TRAPS.replace("echo ready", "mkdir /tmp/ready")])
    wait_for(lambda: os.path.exists(containerd.root + "/tmp/ready"), "the trap is set")
    assert os.path.exists(f"{containerd.top}/runc/default/c2/state.json")
    pid = containerd.pid("c2")
    assert memory_of(pid) == 64 << 20
    p = containerd("tasks", "exec", "--exec-id", "e1", "c2", "/bin/sh", "-c", "echo in; exit 6", check=False)
    assert (p.returncode, p.stdout) == (6, "in\n")
    assert str(pid) in containerd("tasks", "ps", "c2").stdout
    containerd("tasks", "pause", "c2")
    assert "PAUSED" in containerd("tasks", "ls").stdout
    containerd("tasks", "resume", "c2")
    assert "memory" in containerd("tasks", "metrics", "c2").stdout
    containerd("tasks", "kill", "-s", "TERM", "c2")
    wait_for(lambda: "STOPPED" in containerd("tasks", "ls").stdout, "the end")
    assert "non-zero exit code 7" in containerd("tasks", "rm", "c2", check=False).stderr
    assert not os.path.exists(f"/proc/{pid}") and not os.path.exists(f"{containerd.top}/runc/default/c2")
    containerd("containers", "rm", "c2")
