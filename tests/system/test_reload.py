# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what Docker reloads counts at once, what does not is named in the log, and a file that cannot be read changes nothing."""
import json
import os
import shutil
import signal

import pytest

from harness import Daemon, busybox_tar, run, wait_for
from liar import Liar

# Attributes of Docker's event that berth has, with what a daemon without options answers.
DEFAULTS = {"debug": "false", "default-ipc-mode": "private", "default-runtime": "berth-runtime", "default-shm-size": "67108864", "insecure-registries": "[]",
            "labels": "[]", "live-restore": "true", "registry-mirrors": "[]", "runtimes": "berth-runtime:berth-runtime", "shutdown-timeout": "15"}


class Reloaded:
    """A daemon and the file it reads."""

    def __init__(self, daemon):
        self.d = daemon
        self.file = os.path.join(daemon.top, "daemon.json")
        self.at = 0

    def log_since(self):
        with open(self.d.log) as f:
            f.seek(self.at)
            return f.read()

    def hup(self, values, said="reloaded "):
        """Write the file (a text, or what JSON is made of), send SIGHUP; what the daemon logged."""
        self.at = os.stat(self.d.log).st_size
        with open(self.file, "w") as f:
            f.write(values if isinstance(values, str) else json.dumps(values))
        self.d.proc.send_signal(signal.SIGHUP)
        wait_for(lambda: said in self.log_since() and self.log_since().endswith("\n"), "the daemon says so")
        return self.log_since()

    def events(self):
        now = self.d.get("/info").json["SystemTime"]
        a = self.d.get(f"/events?since=1&until={now}&filters=" + '{"type":{"daemon":true},"event":{"reload":true}}'.replace('"', "%22"))
        return [json.loads(x) for x in a.body.splitlines()]


@pytest.fixture(scope="module")
def served():
    with Daemon() as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield Reloaded(d)


@pytest.fixture
def reloaded(served):
    """Every test begins with Docker's defaults, said by name: what does not stand in the file would stay."""
    served.hup({"debug": False, "labels": [], "insecure-registries": [], "registry-mirrors": [], "runtimes": {}, "default-runtime": "berth-runtime",
                "default-shm-size": "64m", "default-ipc-mode": "private", "shutdown-timeout": 15, "log-level": "info"})
    return served


def info(r):
    return r.d.get("/info").json


def test_a_reload_is_an_event_with_all_that_counts(reloaded):
    reloaded.hup({"labels": ["a=b", "c=d"], "shutdown-timeout": 3, "insecure-registries": ["r.example:5000"], "registry-mirrors": ["https://m.example"],
                  "runtimes": {"other": {"path": "/bin/other"}}})
    last = reloaded.events()[-1]
    own = info(reloaded)
    assert last["Type"] == "daemon" and last["Action"] == "reload" and last["Actor"]["ID"] == own["ID"] and last["scope"] == "local"
    got = last["Actor"]["Attributes"]
    assert got.pop("default-cgroupns-mode") in ("host", "private") and got.pop("name") == own["Name"]
    assert got == {**DEFAULTS, "labels": '["a=b","c=d"]', "shutdown-timeout": "3", "insecure-registries": '["r.example:5000"]',
                   "registry-mirrors": '["https://m.example"]', "runtimes": "berth-runtime:berth-runtime other:/bin/other"}


def test_labels_and_registries_show_in_info(reloaded):
    reloaded.hup({"labels": ["a=b"], "insecure-registries": ["r.example:5000"], "registry-mirrors": ["https://m.example"]})
    now = info(reloaded)
    assert now["Labels"] == ["a=b"] and "r.example:5000" in now["RegistryConfig"]["InsecureRegistryCIDRs"]
    assert now["RegistryConfig"]["Mirrors"] == ["https://m.example"]


def test_what_no_longer_stands_in_the_file_stays(reloaded):
    reloaded.hup({"labels": ["a=b"], "debug": True})
    reloaded.hup({})
    assert info(reloaded)["Labels"] == ["a=b"] and info(reloaded)["Debug"] is True


def test_debug_messages_come_and_go(reloaded):
    reloaded.hup({"debug": True})
    assert info(reloaded)["Debug"] is True
    reloaded.at = os.stat(reloaded.d.log).st_size
    reloaded.d.get("/containers/nobody/json")
    wait_for(lambda: reloaded.log_since() != "", "a request that failed is a debug message")
    reloaded.hup({"debug": False})
    assert info(reloaded)["Debug"] is False
    reloaded.at = os.stat(reloaded.d.log).st_size
    reloaded.d.get("/containers/nobody/json")
    assert reloaded.log_since() == ""


def test_a_mirror_is_asked_from_then_on(reloaded):
    with Liar() as mirror:
        reloaded.hup({"registry-mirrors": [mirror.url]})
        reloaded.d.docker("pull", "some/where:1", check=False)
        assert mirror.requests("GET /v2/some/where/manifests/1")
    with Liar() as other:
        reloaded.hup({"registry-mirrors": {"docker.io": [other.url]}})
        reloaded.d.docker("pull", "some/thing:1", check=False)
        assert other.requests("GET /v2/some/thing/manifests/1")


@pytest.mark.skipif(not shutil.which("runc"), reason="needs runc")
def test_a_runtime_is_registered_and_becomes_the_default(reloaded):
    d = reloaded.d
    made = d.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Runtime": "second"}})
    assert made.status == 400 and made.message == "unknown or invalid runtime name: second"
    reloaded.hup({"runtimes": {"second": {"path": shutil.which("runc")}}, "default-runtime": "second"})
    assert info(reloaded)["DefaultRuntime"] == "second" and "second" in info(reloaded)["Runtimes"]
    assert d.docker("run", "--name", "byrunc", "--network", "none", "bb", "echo", "by runc").stdout == "by runc\n"
    assert d.inspect("byrunc")["HostConfig"]["Runtime"] == "second"
    # Who was made with a runtime that is gone is told so, and starts again once it is back.
    reloaded.hup({"runtimes": {}, "default-runtime": "berth-runtime"})
    assert d.docker("run", "--rm", "--network", "none", "bb", "echo", "by ours").stdout == "by ours\n"
    reloaded.hup({"runtimes": {"second": {"path": shutil.which("runc")}}})
    assert d.docker("start", "-a", "byrunc").stdout == "by runc\n"
    d.docker("rm", "byrunc")


def test_defaults_of_containers_count_for_new_ones(reloaded):
    d = reloaded.d
    d.docker("create", "--name", "before", "bb", "true")
    reloaded.hup({"default-shm-size": "16m", "default-ipc-mode": "shareable"})
    d.docker("create", "--name", "after", "bb", "true")
    before, after = d.inspect("before")["HostConfig"], d.inspect("after")["HostConfig"]
    assert (before["ShmSize"], before["IpcMode"]) == (64 << 20, "private")
    assert (after["ShmSize"], after["IpcMode"]) == (16 << 20, "shareable")
    d.docker("rm", "before", "after")


def test_what_counts_from_the_next_start_is_named(reloaded):
    said = reloaded.hup({"mtu": 1400, "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 50, "Hard": 150}}, "labels": ["x=y"]})
    line = next(x for x in said.splitlines() if "from the next start" in x)
    assert line.endswith("counts from the next start only: default-ulimits, mtu")
    assert info(reloaded)["Labels"] == ["x=y"]
    # Named as long as it differs from what the daemon was started with.
    assert "mtu" in reloaded.hup({"mtu": 1400}) and "from the next start" not in reloaded.hup({})
    assert reloaded.d.docker("run", "--rm", "bb", "cat", "/sys/class/net/eth0/mtu").stdout == "1500\n"


@pytest.mark.parametrize("text, why", [
    ("{", "daemon.json"),
    ('{"labels": "a=b"}', 'the value of "labels" must be an array of strings'),
    ('{"nosuch": 1}', "nosuch"),
    ('{"bip": "10.1.2.3/24"}', "specified both as a flag and in the configuration file: bip"),
    ('{"default-runtime": "nosuch"}', "specified default runtime 'nosuch' does not exist"),
    ('{"authorization-plugins": ["p"]}', "authorization-plugins"),
], ids=["syntax", "type", "unknown", "flag", "runtime", "authorization"])
def test_a_file_that_cannot_be_taken_changes_nothing(reloaded, text, why):
    reloaded.hup({"labels": ["kept=1"]})
    before = len(reloaded.events())
    said = reloaded.hup(text, said="the configuration was not reloaded")
    assert why in said
    assert info(reloaded)["Labels"] == ["kept=1"] and len(reloaded.events()) == before
    assert reloaded.d.proc.poll() is None


def test_a_default_runtime_that_does_not_exist_ends_a_start(tmp_path):
    d = Daemon(["--default-runtime", "nosuch"])
    try:
        p = run(d.argv(), check=False)
        assert p.returncode != 0 and "specified default runtime 'nosuch' does not exist" in p.stderr
    finally:
        shutil.rmtree(d.top, ignore_errors=True)


def test_reloads_beside_requests_lose_neither(reloaded):
    """Readers hold the configuration that they began with, whatever comes meanwhile."""
    d = reloaded.d
    for i in range(20):
        with open(reloaded.file, "w") as f:
            json.dump({"labels": [f"n={i}"] * 50, "runtimes": {f"r{i}": {"path": "/bin/true"}}}, f)
        d.proc.send_signal(signal.SIGHUP)
        for _ in range(3):
            got = d.get("/info").json
            assert len(got["Labels"]) in (0, 50) and len(set(got["Labels"])) <= 1
        assert d.post("/containers/create?name=between", {"Image": "bb", "Cmd": ["true"]}).status == 201
        assert d.request("DELETE", "/containers/between").status == 204
    wait_for(lambda: info(reloaded)["Labels"] == ["n=19"] * 50, "the last reload counts")
