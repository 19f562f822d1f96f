# SPDX-License-Identifier: Apache-2.0
"""systemd's driver for control groups, with a real systemd: a container's group is a scope, whose properties are its limits.

Runs where systemd is the first process: tests/vm has it (--mode systemd)."""
import json
import os
import shutil
import subprocess

import pytest

from harness import Daemon, PATIENCE, RUNTIME, busybox_tar, run, wait_for
from test_oci_runtime import Bundle

V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def systemd_is_here():
    return os.path.isdir("/run/systemd/system") and open("/proc/1/comm").read() == "systemd\n"


pytestmark = pytest.mark.skipif(not systemd_is_here(), reason="systemd is not the first process here")


def show(unit, *names):
    """Properties of a unit, as systemd has them."""
    out = run(["systemctl", "show", unit, *(f"--property={n}" for n in names)]).stdout
    return dict(line.split("=", 1) for line in out.splitlines())


def group_file(unit, name):
    path = show(unit, "ControlGroup")["ControlGroup"]
    return open(f"/sys/fs/cgroup{path}/{name}").read().strip()


def units(pattern):
    return [line.split()[0] for line in run(["systemctl", "list-units", "--all", "--plain", "--no-legend", pattern]).stdout.splitlines()]


class SystemdBundle(Bundle):
    def __call__(self, *argv, **kw):
        return super().__call__("--systemd-cgroup", *argv, **kw)

    def create(self, *argv):
        self.args(*(argv or ("sleep", "1000")))
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(self.config, f)
        # A container keeps the standard streams, so they must not be pipes that we wait for.
        with open(self.top + "/errors", "w+") as errors:
            p = subprocess.run([RUNTIME, "--systemd-cgroup", "--root", self.state, "create", "--bundle", self.bundle, self.id], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=errors, timeout=PATIENCE)
            errors.seek(0)
            p.stderr = errors.read()
        return p

    def start(self, *argv):
        p = self.create(*argv)
        assert p.returncode == 0, p.stderr
        self("start", self.id)


@pytest.fixture
def oci():
    with SystemdBundle() as b:
        b.config["linux"]["cgroupsPath"] = f"berthtest-deep.slice:pre:{b.id}"
        b.scope = f"pre-{b.id}.scope"
        yield b


def test_the_group_is_a_delegated_scope_in_its_slice(oci):
    oci.start()
    p = show(oci.scope, "ControlGroup", "Slice", "Delegate", "ActiveState", "Transient")
    assert p == {"ControlGroup": f"/berthtest.slice/berthtest-deep.slice/{oci.scope}", "Slice": "berthtest-deep.slice", "Delegate": "yes",
                 "ActiveState": "active", "Transient": "yes"}
    pid = json.loads(oci("state", oci.id).stdout)["pid"]
    assert group_file(oci.scope, "cgroup.procs").split() == [str(pid)]
    # Other commands find the group without being told of the driver again.
    assert json.loads(run([RUNTIME, "--root", oci.state, "ps", "--format", "json", oci.id]).stdout) == [pid]
    assert oci("exec", oci.id, "cat", "/proc/self/cgroup").stdout.strip().endswith("0::/")


def test_without_a_path_it_is_in_the_systems_slice(oci):
    del oci.config["linux"]["cgroupsPath"]
    oci.start()
    assert show(f"berth-{oci.id}.scope", "Slice")["Slice"] == "system.slice"


@pytest.mark.skipif(not V2, reason="names of version 2")
def test_limits_are_properties_and_files_and_survive_a_reload(oci):
    with open("/sys/devices/system/cpu/online") as f:
        cpus = f.read().strip()
    oci.config["linux"]["resources"].update({
        "memory": {"limit": 96 << 20, "reservation": 32 << 20, "swap": 160 << 20},
        "cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": cpus},
        "pids": {"limit": 77},
    })
    oci.start()
    p = show(oci.scope, "MemoryMax", "MemoryLow", "MemorySwapMax", "CPUWeight", "CPUQuotaPerSecUSec", "TasksMax", "AllowedCPUs", "DevicePolicy")
    assert p == {"MemoryMax": str(96 << 20), "MemoryLow": str(32 << 20), "MemorySwapMax": str(64 << 20), "CPUWeight": "20", "CPUQuotaPerSecUSec": "500ms",
                 "TasksMax": "77", "AllowedCPUs": cpus, "DevicePolicy": "strict"}

    def files():
        return [group_file(oci.scope, n) for n in ("memory.max", "memory.low", "memory.swap.max", "cpu.weight", "cpu.max", "pids.max", "cpuset.cpus")]

    before = files()
    assert before == [str(96 << 20), str(32 << 20), str(64 << 20), "20", "50000 100000", "77", cpus]
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "set-property", "--runtime", oci.scope, "IOWeight=50"])
    assert files() == before


@pytest.mark.skipif(not V2, reason="names of version 2")
def test_update_changes_the_property_with_the_file(oci):
    oci.start()
    oci("update", "--memory", "64m", "--pids-limit", "20", "--cpu-quota", "25000", "--cpu-period", "50000", oci.id)
    assert show(oci.scope, "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec") == {"MemoryMax": str(64 << 20), "TasksMax": "20", "CPUQuotaPerSecUSec": "500ms"}
    run(["systemctl", "daemon-reload"])
    assert [group_file(oci.scope, n) for n in ("memory.max", "pids.max", "cpu.max")] == [str(64 << 20), "20", "25000 50000"]


@pytest.mark.skipif(not V2, reason="names of version 2")
def test_what_an_update_leaves_alone_stays_also_after_a_reload(oci):
    oci.config["linux"]["resources"].update({"memory": {"limit": 64 << 20, "swap": 96 << 20}, "cpu": {"quota": 25000, "period": 50000}})
    oci.start()

    def files():
        return [group_file(oci.scope, n) for n in ("memory.max", "memory.swap.max", "cpu.max")]
    for flags, shown in ((["--cpu-quota", "20000"], "20000 50000"), (["--cpu-period", "40000"], "20000 40000")):
        oci("update", *flags, oci.id)
        for _ in range(2):
            assert files() == [str(64 << 20), str(32 << 20), shown]
            run(["systemctl", "daemon-reload"])
            # The manager writes what it has where something of the unit changes.
            run(["systemctl", "set-property", "--runtime", oci.scope, "IOWeight=50"])
    oci("update", "--memory-swap", "134217728", oci.id)
    run(["systemctl", "daemon-reload"])
    assert show(oci.scope, "MemoryMax", "MemorySwapMax") == {"MemoryMax": str(64 << 20), "MemorySwapMax": str(64 << 20)}
    assert files() == [str(64 << 20), str(64 << 20), "20000 40000"]


def some_disk():
    """A block device that every reader may open, as far as the rules let him."""
    name = next(n for n in sorted(os.listdir("/sys/class/block")) if n.startswith(("vd", "sd", "nvme")))
    major, minor = open(f"/sys/class/block/{name}/dev").read().split(":")
    return {"path": "/dev/disk", "type": "b", "major": int(major), "minor": int(minor), "fileMode": 0o666}


READS = "head -c 1 /dev/zero >/dev/null && echo zero; head -c 1 /dev/disk >/dev/null 2>&1 && echo disk; true"


def test_device_rules_hold_also_after_a_reload(oci):
    oci.config["linux"]["devices"] = [some_disk()]
    oci.start()
    assert oci("exec", oci.id, "sh", "-c", READS).stdout == "zero\n"
    run(["systemctl", "daemon-reload"])
    assert oci("exec", oci.id, "sh", "-c", READS).stdout == "zero\n"


def test_a_device_that_is_allowed_can_be_opened(oci):
    disk = some_disk()
    oci.config["linux"]["devices"] = [disk]
    oci.config["linux"]["resources"]["devices"].append({"allow": True, "type": "b", "major": disk["major"], "minor": disk["minor"], "access": "r"})
    oci.start()
    assert oci("exec", oci.id, "sh", "-c", READS).stdout == "zero\ndisk\n"
    run(["systemctl", "daemon-reload"])
    assert oci("exec", oci.id, "sh", "-c", READS).stdout == "zero\ndisk\n"


def test_pause_resume_and_events_work_in_a_scope(oci):
    oci.start()
    oci("pause", oci.id)
    assert oci.status() == "paused"
    oci("resume", oci.id)
    assert oci.status() == "running"
    assert json.loads(oci("events", "--stats", oci.id).stdout)["data"]["pids"]["current"] == 1


def test_nothing_of_it_stays_after_delete(oci):
    oci.start()
    group = "/sys/fs/cgroup" + show(oci.scope, "ControlGroup")["ControlGroup"]
    oci("delete", "--force", oci.id)
    assert not os.path.exists(group)
    wait_for(lambda: not units(oci.scope), "the scope is gone")


def test_an_ended_container_takes_its_scope_along(oci):
    oci.args("sh", "-c", "exit 5")
    assert oci("run", "--bundle", oci.bundle, oci.id, check=False).returncode == 5
    wait_for(lambda: not units(oci.scope), "the scope is gone")


def test_a_scope_of_that_name_is_not_taken_over(oci):
    run(["systemd-run", "--scope", f"--unit={oci.scope}", "--slice=berthtest-deep.slice", "sh", "-c", "sleep 300 >/dev/null 2>&1 &"])
    p = oci.create()
    assert p.returncode == 1 and "StartTransientUnit" in p.stderr and "already" in p.stderr
    assert show(oci.scope, "ActiveState")["ActiveState"] == "active"
    run(["systemctl", "stop", oci.scope])


@pytest.mark.parametrize("path,why", [("/plain/path", "slice:prefix:name"), ("no:berth:x", "not the name of a slice"), ("a.slice:b:c/d", "other characters")])
def test_a_path_of_another_form_is_refused_by_name(oci, path, why):
    oci.config["linux"]["cgroupsPath"] = path
    p = oci.create()
    assert p.returncode == 1 and "linux.cgroupsPath" in p.stderr and why in p.stderr


def test_a_failed_creation_leaves_no_scope(oci):
    oci.create("/nosuch")
    wait_for(lambda: not units(oci.scope), "the scope is gone")


@pytest.fixture(scope="module")
def engine():
    with Daemon(["--exec-opt", "native.cgroupdriver=systemd"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


def test_the_daemon_has_systemd_keep_its_groups(engine):
    assert engine.get("/info").json["CgroupDriver"] == "systemd"
    engine.docker("run", "-d", "--name", "ss", "-m", "64m", "--pids-limit", "50", "bb", "sleep", "600")
    scope = f"docker-{engine.inspect('ss')['Id']}.scope"
    assert show(scope, "Slice", "MemoryMax", "TasksMax") == {"Slice": "system.slice", "MemoryMax": str(64 << 20), "TasksMax": "50"}
    engine.docker("update", "--pids-limit", "60", "ss")
    assert show(scope, "TasksMax")["TasksMax"] == "60"
    assert engine.docker("exec", "ss", "echo", "in").stdout == "in\n"
    assert engine.docker("top", "ss").stdout.count("sleep") == 1
    engine.docker("pause", "ss")
    engine.docker("unpause", "ss")
    assert engine.docker("stats", "--no-stream", "--format", "{{.PIDs}}", "ss").stdout == "1\n"
    engine.docker("restart", "-t", "0", "ss")
    assert show(scope, "ActiveState")["ActiveState"] == "active"
    engine.docker("rm", "-f", "ss")
    wait_for(lambda: not units(scope), "the scope is gone")


def test_a_slice_of_ones_own_and_no_other_parent(engine):
    engine.docker("run", "-d", "--name", "pp", "--cgroup-parent", "berthtest-own.slice", "bb", "sleep", "600")
    scope = f"docker-{engine.inspect('pp')['Id']}.scope"
    assert show(scope, "Slice")["Slice"] == "berthtest-own.slice"
    engine.docker("rm", "-f", "pp")
    p = engine.docker("run", "--cgroup-parent", "/plain", "bb", "true", check=False)
    assert p.returncode == 125 and "should be a valid slice" in p.stderr


def test_out_of_memory_is_told_in_a_scope(engine):
    engine.docker("run", "--name", "hungry", "-m", "16m", "--memory-swap", "16m", "bb", "sh", "-c", "head -c 64m /dev/zero | tail -c 64m", check=False)
    state = engine.inspect("hungry")["State"]
    engine.docker("rm", "hungry")
    assert state["ExitCode"] != 0 and state["OOMKilled"] is True


@pytest.mark.parametrize("other", [n for n in ("runc", "crun") if shutil.which(n)])
def test_other_runtimes_are_told_of_the_driver(other):
    with Daemon(["--exec-opt", "native.cgroupdriver=systemd", "--add-runtime", f"{other}={shutil.which(other)}"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "oo", "--runtime", other, "-m", "64m", "bb", "sleep", "600")
        scope = f"docker-{d.inspect('oo')['Id']}.scope"
        # crun tells systemd of fewer limits, and sets them on a group of its own below the scope's.
        group = open(f"/proc/{d.inspect('oo')['State']['Pid']}/cgroup").read().strip().rsplit(":", 1)[1]
        assert f"/{scope}" in group
        if V2:
            assert open(f"/sys/fs/cgroup{group}/memory.max").read() == f"{64 << 20}\n"
        assert d.docker("exec", "oo", "echo", "in").stdout == "in\n"
        d.docker("rm", "-f", "oo")
        wait_for(lambda: not units(scope), "the scope is gone")
