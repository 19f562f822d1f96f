#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Medians and ratios, berth beside the kernel's floor and (PEER=docker) beside Docker; each figure's runs are interleaved,
so that a slow moment of the machine meets both. Nothing is asserted: the README quotes what this prints."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system"))
from harness import BERTH, BUILD, Daemon, UnixConnection, run  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "30"))
TRUE, FLOOR = os.path.join(BUILD, "bench/true"), os.path.join(BUILD, "bench/floor")
LINES = 1000000  # of 80 bytes
rows = []


def image_root():
    """/bin/true (static, tiny), and busybox for the figures that need a shell."""
    root = tempfile.mkdtemp(prefix="berth-bench-")
    for d in ("bin", "proc", "sys", "dev", "etc", "tmp"):
        os.makedirs(os.path.join(root, d))
    shutil.copy(TRUE, os.path.join(root, "bin/true"))
    shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
    for name in ("sh", "sleep", "yes", "head", "dd"):
        os.symlink("busybox", os.path.join(root, "bin", name))
    return root


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


class Engine:
    """One side of the comparison: a client's command line on a socket."""

    def __init__(self, name, client, sock, tar, pids):
        self.name, self.client, self.sock, self.pids = name, client, sock, pids
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        self.made = 0
        self.run("import", tar, "bench:1")

    def argv(self, *args):
        return [self.client, "-H", "unix://" + self.sock, *args]

    def run(self, *args, check=True):
        return run(self.argv(*args), env=self.env, timeout=600, check=check)

    def ms(self, *args):
        start = time.perf_counter()
        p = subprocess.run(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        took = (time.perf_counter() - start) * 1000
        if p.returncode != 0:
            raise AssertionError(f"{self.name} {args}: {p.stderr.decode()}")
        return took


def interleaved(engines, what, rounds=ROUNDS):
    """The median of what(engine) for each, the engines taking turns, after one turn that does not count."""
    for e in engines:
        what(e)
    got = {e.name: [] for e in engines}
    for _ in range(rounds):
        for e in engines:
            got[e.name].append(what(e))
    return {k: statistics.median(v) for k, v in got.items()}


def row(label, values, unit, more_is_better=False, floor=None):
    rows.append({"figure": label, "unit": unit, "floor": floor, **values})
    b, d = values["berth"], values.get("docker")
    text = f"{label:<50} {b:>9.2f} {unit:<4}"
    text += f" {floor:>8.2f} {b / floor:>5.1f}x" if floor else " " * 16
    if d:
        text += f" {d:>9.2f} {unit:<4} {b / d if more_is_better else d / b:>6.1f}x"
    print(text, flush=True)


def floors(root):
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


def fifty(e):
    """Milliseconds each, for 50 `run -d` on the bridge, 8 at a time."""
    e.made += 1
    names = [f"fifty{e.made}x{i}" for i in range(50)]
    start = time.perf_counter()
    running = []
    for n in names:
        running.append(subprocess.Popen(e.argv("run", "-d", "--name", n, "bench:1", "sleep", "600"), env=e.env,
                                        stdout=subprocess.DEVNULL))
        if len(running) == 8:
            running.pop(0).wait()
    for p in running:
        p.wait()
    took = (time.perf_counter() - start) * 1000 / 50
    start = time.perf_counter()
    e.run("rm", "-f", *names)
    e.removed = (time.perf_counter() - start) * 1000
    return took


def write_lines(e):
    e.run("run", "-d", "--name", "logger", "--network", "none", "bench:1", "sh", "-c", f"yes {'x' * 79} | head -n {LINES}")
    e.run("wait", "logger")


def log_speed(e):
    """MB/s of output into the log, until the container has ended."""
    start = time.perf_counter()
    write_lines(e)
    took = time.perf_counter() - start
    e.run("rm", "logger")
    return LINES * 80 / 1e6 / took


def read_logs(e):
    """MB/s of output that `logs` gives back."""
    write_lines(e)
    took = min(e.ms("logs", "logger") for _ in range(3)) / 1000
    e.run("rm", "logger")
    return LINES * 80 / 1e6 / took


def stream_speed(e):
    """MB/s of `run` with its output on stdout, not logged."""
    took = e.ms("run", "--rm", "--network", "none", "--log-driver", "none", "bench:1", "dd", "if=/dev/zero", "bs=65536", "count=4096")
    return 65536 * 4096 / 1e6 / (took / 1000)


def monitors():
    return {int(p) for p in run(["pgrep", "-f", "berth-runtime|spawner|containerd-shim"], check=False).stdout.split()}


def memory(e):
    """MB of the idle daemon's processes, and for each running container of the processes that hold it, by PSS."""
    time.sleep(10)  # idle: nobody has asked for anything for a while
    idle = sum(pss_kb(p) for p in e.pids())
    names = [f"mem{i}" for i in range(20)]
    before = monitors()
    for n in names:
        e.run("run", "-d", "--name", n, "--network", "none", "bench:1", "sleep", "600")
    each = sum(pss_kb(p) for p in monitors() - before) / len(names)
    e.run("rm", "-f", *names)
    return idle / 1024, each / 1024


def daemon_start():
    """Milliseconds from exec to the first answer."""
    times = []
    with Daemon() as d:
        for _ in range(10):
            d.terminate()
            start = time.perf_counter()
            d.proc = subprocess.Popen(d.argv(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while True:
                c = UnixConnection(d.sock)
                try:
                    c.request("GET", "/_ping")
                    c.getresponse().read()
                    break
                except OSError:
                    time.sleep(0.0005)
                finally:
                    c.close()
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def figures(engines, floor, exec_floor):
    print(f"{'':<50} {'berth':>14} {'floor':>15} {'docker':>14} {'ratio':>7}")
    run_none = ("run", "--rm", "--network", "none", "bench:1", "/bin/true")
    row("run --rm --network none IMAGE true", interleaved(engines, lambda e: e.ms(*run_none)), "ms", floor=floor)
    row("run --rm IMAGE true, on the default bridge", interleaved(engines, lambda e: e.ms("run", "--rm", "bench:1", "/bin/true")), "ms",
        floor=floor)
    for e in engines:
        e.run("run", "-d", "--name", "target", "bench:1", "sleep", "600")
    row("exec CONTAINER true", interleaved(engines, lambda e: e.ms("exec", "target", "/bin/true")), "ms", floor=exec_floor)
    for e in engines:
        e.run("rm", "-f", "target")
    row("50 run -d on the bridge, 8 at a time, each", interleaved(engines, fifty, 3), "ms")
    row("rm -f of those 50", {e.name: e.removed for e in engines}, "ms")
    for e in engines:
        for i in range(100):
            e.run("create", "--name", f"ps{i}", "--network", "none", "bench:1", "/bin/true")
    row("ps -a with 100 containers", interleaved(engines, lambda e: e.ms("ps", "-a"), 15), "ms")
    for e in engines:
        e.run("rm", *[f"ps{i}" for i in range(100)])
    got = {e.name: memory(e) for e in engines}
    row("idle daemon, PSS", {k: v[0] for k, v in got.items()}, "MB")
    row("each running container beside its program, PSS", {k: v[1] for k, v in got.items()}, "MB")
    row("json-file log, 80-byte lines", interleaved(engines, log_speed, 3), "MB/s", more_is_better=True)
    row("logs of 1,000,000 lines", interleaved(engines, read_logs, 1), "MB/s", more_is_better=True)
    row("run with its output on stdout", interleaved(engines, stream_speed, 3), "MB/s", more_is_better=True)
    row("daemon: from exec to its first answer", {"berth": daemon_start()}, "ms")


def own_peer(tar):
    """Debian's dockerd in a private root. Returns the engine and a function that takes it down."""
    top = tempfile.mkdtemp(prefix="berth-peer-")
    run(["ip", "link", "add", "bthbench0", "type", "bridge"])
    run(["ip", "addr", "add", "10.198.0.1/24", "dev", "bthbench0"])
    sock = top + "/sock"
    with open(top + "/log", "w") as log:
        proc = subprocess.Popen(["/usr/sbin/dockerd", "--data-root", top + "/data", "--exec-root", top + "/exec", "-p", top + "/pid",
                                 "-H", "unix://" + sock, "--bridge", "bthbench0"], stdout=log, stderr=log)

    def down():
        proc.terminate()
        proc.wait()
        run(["ip", "link", "del", "bthbench0"], check=False)
        shutil.rmtree(top, ignore_errors=True)
    for _ in range(300):
        if subprocess.run(["/usr/bin/docker", "-H", "unix://" + sock, "version"], capture_output=True).returncode == 0:
            break
        time.sleep(0.1)
    return Engine("docker", "/usr/bin/docker", sock, tar, lambda: descendants(proc.pid)), down


def peer(tar):
    sock = os.environ.get("PEER_SOCKET")
    if not sock:
        return own_peer(tar)
    pids = lambda: [int(p) for p in run(["pgrep", "-x", "dockerd|containerd"], check=False).stdout.split()]
    return Engine("docker", "/usr/bin/docker", sock, tar, pids), lambda: None


def main():
    top = tempfile.mkdtemp(prefix="berth-bench-")
    tar, root, down = top + "/image.tar", image_root(), lambda: None
    run(["tar", "-C", root, "--numeric-owner", "-cf", tar, "."])
    try:
        with Daemon() as d:
            engines = [Engine("berth", BERTH, d.sock, tar, lambda: descendants(d.proc.pid))]
            if os.environ.get("PEER") == "docker":
                docker, down = peer(tar)
                engines.append(docker)
            time.sleep(1)
            figures(engines, *floors(root))
    finally:
        down()
        shutil.rmtree(root)
        shutil.rmtree(top)
    with open(os.path.join(BUILD, "bench", "result.json"), "w") as f:
        json.dump(rows, f, indent=1)


if __name__ == "__main__":
    main()
