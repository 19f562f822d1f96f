# SPDX-License-Identifier: Apache-2.0
"""The units that are installed, under a real systemd: a socket that starts the daemon, its readiness, reload, restarts that containers outlive.

Runs where systemd is the first process: tests/vm has it (--mode systemd). The units are those of packaging/, under names and paths of their own."""
import json
import os
import re
import shutil
import tempfile

import pytest

from harness import BERTHD, TOP, Daemon, busybox_tar, run, wait_for
from test_systemd_cgroup import show, systemd_is_here

pytestmark = pytest.mark.skipif(not systemd_is_here(), reason="systemd is not the first process here")


class Installed(Daemon):
    """The units, started by their socket."""

    def __init__(self):
        super().__init__(top=tempfile.mkdtemp(prefix="berth-test-"))
        self.unit = os.path.basename(self.top)
        self.service, self.socket = self.unit + ".service", self.unit + ".socket"
        self.paths = {name: f"/run/systemd/system/{name}" for name in (self.service, self.socket)}

    def write(self):
        flags = [f for f in self.argv()[1:] if f not in ("-H", "unix://" + self.sock)]
        with open(os.path.join(TOP, "packaging/berth.service.in")) as f:
            text = f.read().replace("@sbindir@/berthd -H fd://", " ".join([BERTHD, "-H", "fd://", *flags])).replace("berth.socket", self.socket)
        assert BERTHD in text and self.socket in text
        with open(self.paths[self.service], "w") as f:
            f.write(text)
        with open(os.path.join(TOP, "packaging/berth.socket")) as f:
            text = f.read().replace("/run/berth.sock", self.sock)
        assert self.sock in text
        with open(self.paths[self.socket], "w") as f:
            f.write(text)
        run(["systemctl", "daemon-reload"])

    def start(self):
        if not os.path.exists(self.paths[self.service]):
            self.write()
        self.systemctl("start", self.socket)
        return self

    def systemctl(self, *args, **kw):
        return run(["systemctl", *args], **kw)

    def pid(self):
        return int(show(self.service, "MainPID")["MainPID"])

    def state(self, unit=None):
        return show(unit or self.service, "ActiveState")["ActiveState"]

    def journal(self):
        return run(["journalctl", "--no-pager", "-u", self.service], check=False).stdout

    def stop(self):
        try:
            for c in self.get("/containers/json?all=1").json:
                self.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
        finally:
            self.systemctl("stop", self.socket, self.service, check=False)
            for path in self.paths.values():
                os.unlink(path)
            self.systemctl("daemon-reload")
            run(["ip", "link", "del", self.bridge], check=False)
            shutil.rmtree(self.top, ignore_errors=True)


@pytest.fixture(scope="module")
def units():
    with Installed() as d:
        yield d


def test_the_units_are_in_order(units):
    p = run(["systemd-analyze", "verify", *units.paths.values()])
    assert (p.stdout, p.stderr) == ("", "")


def test_a_request_starts_the_daemon_which_then_says_that_it_is_ready(units):
    units.systemctl("stop", units.service, check=False)
    assert (units.state(), units.state(units.socket)) == ("inactive", "active")
    assert units.get("/_ping").status == 200
    wait_for(lambda: units.state() == "active", "systemd hears that the daemon is ready")
    assert open(f"/proc/{units.pid()}/comm").read() == "berthd\n"
    units.import_image(busybox_tar(), "bb:latest")


def test_only_root_and_the_socket_units_group_may_connect(units):
    mode = os.stat(units.sock)
    assert oct(mode.st_mode & 0o777) == "0o660" and mode.st_uid == 0


def test_a_container_outlives_a_restart_a_stop_and_a_crash(units):
    units.docker("run", "-d", "--name", "kept", "bb", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.2; done")
    first, daemon = units.inspect("kept")["State"], units.pid()
    units.systemctl("restart", units.service)
    assert units.inspect("kept")["State"]["Pid"] == first["Pid"] and units.pid() != daemon
    units.systemctl("stop", units.service)
    assert os.path.exists(f"/proc/{first['Pid']}")
    # The next request starts it again.
    assert units.inspect("kept")["State"]["Pid"] == first["Pid"]
    daemon = units.pid()
    os.kill(daemon, 9)
    wait_for(lambda: units.pid() not in (0, daemon), "systemd starts the daemon that was killed")
    state = units.inspect("kept")["State"]
    assert (state["Running"], state["Pid"], state["StartedAt"]) == (True, first["Pid"], first["StartedAt"])
    units.docker("stop", "kept")
    assert units.inspect("kept")["State"]["ExitCode"] == 5


def test_a_request_that_comes_while_the_daemon_is_replaced_is_answered(units):
    units.systemctl("stop", units.service)
    units.systemctl("start", "--no-block", units.service)
    assert units.get("/_ping").status == 200


def test_reload_reads_the_file_again_and_keeps_the_daemon(units):
    path = os.path.join(units.top, "daemon.json")
    daemon = units.pid()
    with open(path, "w") as f:
        json.dump({"labels": ["made=later"]}, f)
    try:
        units.systemctl("reload", units.service)
        wait_for(lambda: units.get("/info").json["Labels"] == ["made=later"], "the daemon has read its file")
        assert units.pid() == daemon
    finally:
        os.unlink(path)


def test_a_daemon_that_cannot_start_says_why_and_systemd_sees_it_fail(units):
    path = os.path.join(units.top, "daemon.json")
    with open(path, "w") as f:
        f.write("{ no json")
    try:
        units.systemctl("stop", units.service)
        assert units.systemctl("start", units.service, check=False).returncode != 0
        wait_for(lambda: re.search(r"daemon\.json", units.journal()) or not units.journal(), "the journal has the reason")
    finally:
        os.unlink(path)
    units.systemctl("reset-failed", units.service, units.socket, check=False)
    units.systemctl("start", units.socket)
    units.systemctl("start", units.service)
    assert units.get("/_ping").status == 200


def test_limits_and_delegation_are_those_of_an_engine(units):
    assert units.get("/_ping").status == 200
    p = show(units.service, "Delegate", "KillMode", "TasksMax", "LimitNOFILE", "OOMScoreAdjust", "NotifyAccess")
    assert (p["Delegate"], p["KillMode"], p["TasksMax"], p["OOMScoreAdjust"]) == ("yes", "process", "infinity", "-500")
    with open(f"/proc/{units.pid()}/limits") as f:
        assert re.search(r"^Max open files\s+1048576\s+1048576", f.read(), re.M)
    # What a container gets is its own: not the daemon's score, nor its place.
    units.docker("run", "-d", "--name", "placed", "bb", "sleep", "1000")
    pid = units.inspect("placed")["State"]["Pid"]
    with open(f"/proc/{pid}/oom_score_adj") as f:
        assert f.read() == "0\n"
    with open(f"/proc/{pid}/cgroup") as f:
        assert units.service not in f.read()
    units.docker("rm", "-f", "placed")
