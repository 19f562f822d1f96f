# SPDX-License-Identifier: Apache-2.0
"""What of a daemon speaks of containers, and is not what `ps -a` shows: rows, directories, layers, cgroups, monitors, sockets."""
import contextlib
import glob
import os
import shutil
import signal
import sqlite3
import tempfile

from harness import wait_for


def listing(path):
    return set(os.listdir(path)) if os.path.isdir(path) else set()


def all_stopped(pid):
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(path) as f:
                if f.read().rsplit(")", 1)[1].split()[0] not in "TtZX":
                    return False
        except OSError:
            pass
    return True


@contextlib.contextmanager
def standing_still(daemon):
    running = daemon.proc.poll() is None
    if running:
        daemon.proc.send_signal(signal.SIGSTOP)
        # Each of its threads stops when it next leaves the kernel.
        wait_for(lambda: all_stopped(daemon.proc.pid), "the daemon stands still")
    try:
        yield
    finally:
        if running:
            daemon.proc.send_signal(signal.SIGCONT)


def rows(daemon, query):
    """Of a copy: nobody else reads the database while its daemon has it. The daemon stands still for that moment."""
    with tempfile.TemporaryDirectory() as top:
        with standing_still(daemon):
            for path in glob.glob(daemon.data + "/berth.db*"):
                shutil.copy(path, top)
        with contextlib.closing(sqlite3.connect(top + "/berth.db")) as db:
            return {r[0] for r in db.execute(query)}


def monitors(daemon):
    """The containers that a monitor below this daemon's data root holds the journal of: id → pid."""
    found = {}
    for comm in glob.glob("/proc/[0-9]*/comm"):
        try:
            if open(comm).read().strip() != "berth-monitor":
                continue
            for fd in glob.glob(os.path.dirname(comm) + "/fd/*"):
                target = os.readlink(fd)
                if target.startswith(daemon.data + "/containers/") and target.endswith("/journal"):
                    found[target.split("/")[-2]] = int(comm.split("/")[2])
        except OSError:
            pass
    return found


def cgroups(ids):
    """Those of the ids that have a cgroup in some hierarchy."""
    found = set()
    for _, dirs, _ in os.walk("/sys/fs/cgroup"):
        found.update(d for d in dirs if d in ids)
    return found


def find(daemon, known):
    """A list of texts, each an orphan. `known`: every id that was ever seen; the present ones are added."""
    containers = daemon.get("/containers/json?all=1").json
    ids = {c["Id"] for c in containers}
    alive = {c["Id"] for c in containers if c["State"] in ("running", "paused", "restarting")}
    running = {c["Id"] for c in containers if c["State"] in ("running", "paused")}
    known |= ids
    volumes = {v["Name"] for v in daemon.get("/volumes").json["Volumes"] or []}
    out = []

    def same(what, got, want):
        out.extend(f"{what}: {x} is left" for x in sorted(got - want))
        out.extend(f"{what}: {x} is missing" for x in sorted(want - got))

    def within(what, got, want):
        out.extend(f"{what}: {x} is left" for x in sorted(got - want))

    same("row of a container", rows(daemon, "SELECT id FROM containers"), ids)
    same("directory of a container", listing(daemon.data + "/containers"), ids)
    same("row of a writable layer", rows(daemon, "SELECT id FROM rw_layers"), ids)
    within("run directory", listing(daemon.exec + "/containers"), ids)
    layers = rows(daemon, "SELECT cache_id FROM layers")
    overlay = {d for d in listing(daemon.data + "/overlay2") if d != "l"}
    same("directory of a layer", {d.removesuffix("-init") for d in overlay}, layers | ids)
    same("row of a volume", rows(daemon, "SELECT name FROM volumes"), volumes)
    same("directory of a volume", {d for d in listing(daemon.data + "/volumes") if not d.endswith(".db")}, volumes)
    within("address", rows(daemon, "SELECT container_id FROM endpoints"), alive)
    same("cgroup", cgroups(known), running)
    same("monitor", set(monitors(daemon)), alive)
    # An init that no monitor watches would be the child of nobody here.
    for c in alive:
        pid = daemon.inspect(c)["State"]["Pid"]
        if c in running and not os.path.exists(f"/proc/{pid}"):
            out.append(f"process: {pid} of {c} is missing")
    return out
