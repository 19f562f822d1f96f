# SPDX-License-Identifier: Apache-2.0
"""Each option that shapes a container, given by docker's client, and what the kernel's own files say then."""
import contextlib
import os
import re
import stat

import pytest

from harness import Daemon, busybox_tar, run, wait_for
from test_oci_callers import remove_groups
from test_oci_cli import group_of, mounts, quota_of

UNIFIED = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
v2 = pytest.mark.skipif(not UNIFIED, reason="a machine of version 2 alone")
M = 1 << 20


def disk():
    """A block device that the kernel would throttle, by path and number."""
    for name in sorted(os.listdir("/sys/block")):
        if os.path.exists(f"/dev/{name}") and not name.startswith(("loop", "ram", "zram")):
            return f"/dev/{name}", open(f"/sys/block/{name}/dev").read().strip()
    return None, None


@pytest.fixture
def box(engine, name):
    """box(option…): a running container; what its group's files say is at box.file(controller, name)."""
    class Box:
        def __call__(self, *options):
            self.said = engine.docker("run", "-d", "--name", name, *options, "bb", "sleep", "600").stderr
            self.pid = engine.inspect(name)["State"]["Pid"]
            return self

        def group(self, controller):
            return group_of(self.pid, controller)

        def file(self, controller, file):
            return open(os.path.join(self.group(controller), file)).read().strip()

        def sh(self, line, **kw):
            return engine.docker("exec", name, "sh", "-c", line, **kw).stdout
    return Box()


def on_v2(controller):
    """On some machines each version has some of the controllers."""
    return not any(controller in m[1].split(",") for m in mounts("cgroup"))


@pytest.mark.parametrize("options,controller,files", [
    (["-m", "64m"], "memory", {"memory.limit_in_bytes": 64 * M, "memory.memsw.limit_in_bytes": 128 * M}),
    (["-m", "64m", "--memory-swap", "96m"], "memory", {"memory.memsw.limit_in_bytes": 96 * M}),
    (["-m", "64m", "--memory-swap", "64m"], "memory", {"memory.memsw.limit_in_bytes": 64 * M}),
    (["-m", "64m", "--memory-swap", "-1"], "memory", {"memory.limit_in_bytes": 64 * M, "memory.memsw.limit_in_bytes": 9223372036854771712}),
    (["-m", "64m", "--memory-reservation", "32m"], "memory", {"memory.soft_limit_in_bytes": 32 * M}),
    (["--memory-swappiness", "7"], "memory", {"memory.swappiness": 7}),
    (["--cpu-shares", "300"], "cpu", {"cpu.shares": 300}),
    (["--cpu-period", "50000", "--cpu-quota", "20000"], "cpu", {"cpu.cfs_period_us": 50000, "cpu.cfs_quota_us": 20000}),
    (["--cpus", "0.5"], "cpu", {"cpu.cfs_quota_us": 50000, "cpu.cfs_period_us": 100000}),
    (["--cpuset-cpus", "0"], "cpuset", {"cpuset.cpus": 0}),
    (["--cpuset-mems", "0"], "cpuset", {"cpuset.mems": 0}),
    (["--pids-limit", "17"], "pids", {"pids.max": 17}),
])
def test_a_limit_is_in_its_file_of_version_1(box, options, controller, files):
    if on_v2(controller):
        pytest.skip(f"{controller} is on version 2 here")
    box(*options)
    assert {f: box.file(controller, f) for f in files} == {f: str(v) for f, v in files.items()}


@pytest.mark.parametrize("options,controller,files", [
    (["-m", "64m"], "memory", {"memory.max": 64 * M, "memory.swap.max": 64 * M}),
    (["-m", "64m", "--memory-swap", "96m"], "memory", {"memory.swap.max": 32 * M}),
    (["-m", "64m", "--memory-swap", "64m"], "memory", {"memory.swap.max": 0}),
    (["-m", "64m", "--memory-swap", "-1"], "memory", {"memory.swap.max": "max"}),
    (["-m", "64m", "--memory-reservation", "32m"], "memory", {"memory.low": 32 * M}),
    (["--cpu-shares", "1024"], "cpu", {"cpu.weight": 39}),
    (["--cpu-period", "50000", "--cpu-quota", "20000"], "cpu", {"cpu.max": "20000 50000"}),
    (["--cpus", "0.5"], "cpu", {"cpu.max": "50000 100000"}),
    (["--cpuset-cpus", "0"], "cpuset", {"cpuset.cpus": 0}),
    (["--cpuset-mems", "0"], "cpuset", {"cpuset.mems": 0}),
    (["--pids-limit", "17"], "pids", {"pids.max": 17}),
])
def test_a_limit_is_in_its_file_of_version_2(box, options, controller, files):
    if not on_v2(controller):
        pytest.skip(f"{controller} is on version 1 here")
    box(*options)
    assert {f: box.file(controller, f) for f in files} == {f: str(v) for f, v in files.items()}


@pytest.mark.parametrize("options,words", [(["--memory-swappiness", "7"], "swappiness"), (["--oom-kill-disable", "-m", "64m"], "OomKillDisable")])
@v2
def test_what_version_2_has_not_is_dropped_with_a_warning(box, engine, name, options, words):
    assert words in box(*options).said
    assert engine.inspect(name)["HostConfig"]["MemorySwappiness"] is None and not engine.inspect(name)["HostConfig"]["OomKillDisable"]


def test_a_container_runs_and_is_entered_in_the_least_memory_that_docker_allows(box):
    box("-m", "6m", "--memory-swap", "6m")
    assert box.file("memory", "memory.max" if on_v2("memory") else "memory.limit_in_bytes") == str(6 * M)
    assert box.sh("echo within") == "within\n"


def test_what_is_used_is_told_of_a_container_without_limits(box, engine, name):
    box("-m", "0", "--pids-limit", "-1")
    stats = engine.get(f"/containers/{name}/stats?stream=0").json
    assert stats["pids_stats"]["current"] == 1 and stats["memory_stats"]["usage"] > 0 and stats["cpu_stats"]["cpu_usage"]["total_usage"] > 0


@pytest.mark.parametrize("options,words", [
    (["-m", "6291455b"], "Minimum memory limit allowed is 6MB"),
    (["-m", "64m", "--memory-reservation", "6291455b"], "Minimum memory reservation allowed is 6MB"),
])
def test_less_memory_than_docker_allows_is_refused_in_its_words(engine, name, options, words):
    p = engine.docker("create", "--name", name, *options, "bb", "true", check=False)
    assert p.returncode == 1 and words in p.stderr
    assert engine.get(f"/containers/{name}/json").status == 404


@pytest.mark.skipif(on_v2("memory"), reason="version 2 has no such switch")
def test_the_killer_can_be_switched_off(box):
    assert "oom_kill_disable 1" in box("--oom-kill-disable", "-m", "64m").file("memory", "memory.oom_control")


@pytest.mark.parametrize("option,v1_file,v2_key", [
    ("--device-read-bps", "read_bps", "rbps"), ("--device-write-bps", "write_bps", "wbps"),
    ("--device-read-iops", "read_iops", "riops"), ("--device-write-iops", "write_iops", "wiops")])
def test_a_device_is_throttled(box, option, v1_file, v2_key):
    path, number = disk()
    if not path:
        pytest.skip("no disk here")
    box(option, f"{path}:4096")
    if on_v2("blkio"):
        assert re.search(rf"^{number} .*\b{v2_key}=4096\b", box.file("blkio", "io.max"), re.M)
    else:
        assert f"{number} 4096" in box.file("blkio", f"blkio.throttle.{v1_file}_device")


def weight_file():
    names = ["io.bfq.weight", "io.weight"] if UNIFIED else ["blkio.bfq.weight", "blkio.weight"]
    tops = ["/sys/fs/cgroup/" + d for d in os.listdir("/sys/fs/cgroup")] if UNIFIED else ["/sys/fs/cgroup/blkio"]
    return next((n for n in names for t in tops if os.path.exists(os.path.join(t, n))), None)


def test_a_weight_is_set_where_the_kernel_has_weights_and_dropped_with_a_warning_where_not(box, engine, name):
    box("--blkio-weight", "300")
    file = weight_file()
    if file:
        assert box.file("blkio", file).split()[-1] in ("300", "2930")
    else:
        assert "eight discarded" in box.said and engine.inspect(name)["HostConfig"]["BlkioWeight"] == 0


def test_real_time_is_set_or_refused_in_dockers_words(engine, box):
    if not UNIFIED and os.path.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"):
        assert box("--cpu-rt-period", "100000").file("cpu", "cpu.rt_period_us") == "100000"
        return
    p = engine.docker("run", "--rm", "--cpu-rt-runtime", "1000", "bb", "true", check=False)
    assert p.returncode == 125 and "real-time scheduler" in p.stderr


def test_no_pids_limit_is_none(box):
    assert box("--pids-limit", "-1").file("pids", "pids.max") == "max"


def test_the_group_is_below_the_parent_that_was_named(box, engine, name):
    try:
        assert f"/parent-{name}/" in box("--cgroup-parent", f"/parent-{name}").group("memory")
    finally:
        engine.docker("rm", "-f", name, check=False)
        # The parent is whoever's that named it.
        remove_groups(f"parent-{name}")


def test_score_is_the_kernels_and_one_that_cannot_be_had_starts_with_a_warning(box):
    assert open(f"/proc/{box('--oom-score-adj', '321').pid}/oom_score_adj").read() == "321\n"


def test_a_negative_score_starts(box):
    box("--oom-score-adj", "-500")
    score = open(f"/proc/{box.pid}/oom_score_adj").read()
    assert score == "-500\n" or ("OomScoreAdj" in box.said and score == open("/proc/self/oom_score_adj").read())


def test_ulimits_are_the_kernels(box):
    box("--ulimit", "nofile=100:200", "--ulimit", "core=0", "--ulimit", "nproc=77")
    limits = {m[0].strip(): (m[1], m[2]) for m in re.findall(r"^(.{25}) (\S+) +(\S+)", open(f"/proc/{box.pid}/limits").read(), re.M)}
    assert limits["Max open files"] == ("100", "200") and limits["Max core file size"] == ("0", "0") and limits["Max processes"] == ("77", "77")


def test_a_limit_above_what_the_machine_allows_is_cut_with_a_warning(box):
    box("--ulimit", "nofile=99999999:99999999")
    most = int(open("/proc/sys/fs/nr_open").read())
    has = int(box.sh("ulimit -Hn"))
    # With CAP_SYS_RESOURCE the kernel's own most, else the daemon's.
    assert has == min(99999999, most) or has == int(run(["bash", "-c", "ulimit -Hn"]).stdout) < most
    assert has == 99999999 or "nofile" in box.said and f"above {has} " in box.said


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


@pytest.mark.parametrize("option,kind", [("--pid", "pid"), ("--uts", "uts"), ("--ipc", "ipc"), ("--cgroupns", "cgroup"), ("--network", "net")])
def test_a_namespace_of_the_hosts_is_the_hosts(box, option, kind):
    assert namespace(box(option, "host").pid, kind) == namespace("self", kind)


@pytest.mark.parametrize("option,kind", [("--ipc", "ipc"), ("--cgroupns", "cgroup")])
def test_a_private_namespace_is_its_own(box, option, kind):
    assert namespace(box(option, "private").pid, kind) != namespace("self", kind)


@pytest.mark.parametrize("option,kind,extra", [("--pid", "pid", []), ("--ipc", "ipc", ["--ipc", "shareable"]), ("--network", "net", [])])
def test_a_namespace_of_another_container_is_joined(engine, box, name, option, kind, extra):
    box(*extra)
    other = name + "-other"
    try:
        engine.docker("run", "-d", "--name", other, option, f"container:{name}", "bb", "sleep", "600")
        assert namespace(engine.inspect(other)["State"]["Pid"], kind) == namespace(box.pid, kind)
    finally:
        engine.docker("rm", "-f", other, check=False)


def test_userns_host_is_the_hosts_where_nothing_is_remapped(box):
    assert namespace(box("--userns", "host").pid, "user") == namespace("self", "user")


def test_shared_memory_has_the_size_and_mode_that_was_asked_for(box):
    assert box("--shm-size", "8m").sh("df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2; stat -c %a /dev/shm").split() == ["8192", "1777"]


def test_a_tmpfs_has_its_options_and_dockers(box):
    line = box("--tmpfs", "/scratch:size=4m,mode=700,exec").sh("grep ' /scratch ' /proc/mounts; stat -c %a /scratch")
    options = set(line.split()[3].split(","))
    assert {"rw", "nosuid", "nodev", "size=4096k"} <= options and "noexec" not in options and line.split()[-1] == "700"


def test_a_tmpfs_without_a_mode_is_writable_for_all(box):
    """Where the image has such a directory, it looks like that one."""
    assert box("--tmpfs", "/scratch", "--tmpfs", "/var", "--tmpfs", "/new/deep").sh("stat -c %a /scratch /var /new/deep").split() == ["1777", "755", "1777"]


def test_sysctls_are_the_namespaces_own(box):
    assert box("--sysctl", "net.ipv4.ip_default_ttl=77", "--sysctl", "kernel.shmmax=12345678").sh("cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmax").split() == ["77", "12345678"]
    assert open("/proc/sys/net/ipv4/ip_default_ttl").read().strip() != "77"


def test_groups_are_added_by_number_and_name(box):
    box("--group-add", "4242", "--group-add", "extra", "-u", "1000")
    assert re.search(r"^Groups:\s*(.*)$", open(f"/proc/{box.pid}/status").read(), re.M).group(1).split() == ["1000", "2000", "4242"]


def test_a_device_is_there_with_its_rights_and_no_more(box, engine, name):
    box("--device", "/dev/null:/dev/mine:rw", "--device", "/dev/zero:/dev/zero2:r")
    assert box.sh("stat -c '%t:%T %a' /dev/mine /dev/zero2").split()[::2] == ["1:3", "1:5"]
    assert box.sh("echo x > /dev/mine && head -c 2 /dev/zero2 | wc -c").strip() == "2"


def test_a_rule_opens_a_device_that_is_closed_otherwise(engine):
    # To read from it is another matter: it belongs to no mount.
    line = "mknod /tmp/fuse c 10 229; (exec 3</tmp/fuse) && echo opened"
    p = engine.docker("run", "--rm", "bb", "sh", "-c", line, check=False)
    assert p.stdout == "" and "not permitted" in p.stderr
    p = engine.docker("run", "--rm", "--device-cgroup-rule", "c 10:229 rwm", "bb", "sh", "-c", line, check=False)
    assert p.stdout == "opened\n" or "No such device" in p.stderr


@pytest.mark.parametrize("options,present,absent", [
    (["--cap-add", "NET_ADMIN"], {12, 0}, {21}), (["--cap-drop", "CHOWN"], {1}, {0}), (["--cap-drop", "ALL", "--cap-add", "KILL"], {5}, {0, 1, 3}),
    (["--cap-add", "ALL", "--cap-drop", "SYS_ADMIN"], {12, 16}, {21})])
def test_capabilities_are_the_kernels(box, options, present, absent):
    bits = int(re.search(r"CapEff:\s*(\w+)", open(f"/proc/{box(*options).pid}/status").read()).group(1), 16)
    assert all(bits >> c & 1 for c in present) and not any(bits >> c & 1 for c in absent)


def test_no_new_privileges_is_set(box):
    assert re.search(r"NoNewPrivs:\s*1", open(f"/proc/{box('--security-opt', 'no-new-privileges').pid}/status").read())


def test_system_paths_can_be_shown(box):
    box("--security-opt", "systempaths=unconfined")
    mounts = [line.split()[4] for line in open(f"/proc/{box.pid}/mountinfo")]
    assert not [m for m in mounts if m.startswith("/proc/") or m.startswith("/sys/firmware")]


def test_a_read_only_root_is_read_only_and_what_is_mounted_is_not(box):
    box("--read-only", "--tmpfs", "/run")
    assert box.sh("touch /x 2>/dev/null || echo refused; touch /run/x && echo taken").split() == ["refused", "taken"]
    options = next(line.split()[5].split(",") for line in open(f"/proc/{box.pid}/mountinfo") if line.split()[4] == "/")
    assert "ro" in options


def block_devices():
    found = set()
    for name in os.listdir("/dev"):
        # Others' tests make some, and take them away.
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISBLK(os.lstat("/dev/" + name).st_mode):
                found.add(name)
    return found


def test_privileged_has_the_hosts_devices_and_all_that_the_machine_has(box):
    before = block_devices()
    box("--privileged")
    there = before & block_devices()
    bound = re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1)
    status = open(f"/proc/{box.pid}/status").read()
    assert re.search(r"CapEff:\s*(\w+)", status).group(1) == bound and re.search(r"Seccomp:\s*0", status)
    for device in there:
        assert stat.S_ISBLK(os.lstat(f"/proc/{box.pid}/root/dev/{device}").st_mode), device


@pytest.mark.parametrize("way", ["rshared", "rslave", "rprivate"])
def test_mounts_travel_as_far_as_was_asked_for(box, tmp_path, way):
    shared = tmp_path / "shared"
    (shared / "from-host").mkdir(parents=True)
    (shared / "from-inside").mkdir()
    run(["mount", "--bind", str(shared), str(shared)])
    try:
        run(["mount", "--make-shared", str(shared)])
        box("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "-v", f"{shared}:/s:{way}")
        run(["mount", "-t", "tmpfs", "x", str(shared / "from-host")])
        assert (box.sh("grep -c ' /s/from-host ' /proc/self/mountinfo; true").strip() == "1") == (way != "rprivate")
        box.sh("mount -t tmpfs x /s/from-inside")
        assert (str(shared / "from-inside") in open("/proc/self/mountinfo").read()) == (way == "rshared")
    finally:
        for path in (shared / "from-inside", shared / "from-host", shared):
            run(["umount", "-l", str(path)], check=False)


@pytest.mark.parametrize("hc,words", [
    ({"NetworkMode": "host", "Sysctls": {"net.ipv4.ip_default_ttl": "7"}}, "not allowed in host network namespace"),
    ({"IpcMode": "host", "Sysctls": {"kernel.shmmax": "7"}}, "is not allowed in the hosts ipc namespace"),
    ({"Sysctls": {"vm.swappiness": "7"}}, "is not in a separate kernel namespace"),
    ({"Sysctls": {"kernel.core_pattern": "|/bin/sh"}}, "is not in a separate kernel namespace"),
    ({"Sysctls": {"net/../vm/swappiness": "7"}}, "is not the name of a kernel parameter"),
    ({"Privileged": True, "Sysctls": {"vm.swappiness": "7"}}, "is not in a separate kernel namespace"),
    ({"UTSMode": "host", "Sysctls": {"kernel.domainname": "x"}}, "is not in a separate kernel namespace")])
def test_no_sysctl_is_the_hosts(engine, name, hc, words):
    files = ("net/ipv4/ip_default_ttl", "kernel/shmmax", "vm/swappiness", "kernel/core_pattern", "kernel/domainname")
    before = [open("/proc/sys/" + f).read() for f in files]
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": hc})
    assert a.status == 201, a.body
    a = engine.post(f"/containers/{name}/start")
    assert a.status >= 400 and words in a.message
    assert [open("/proc/sys/" + f).read() for f in files] == before


def test_a_killer_switched_off_without_a_limit_is_warned_of(engine, name):
    if UNIFIED:
        pytest.skip("version 2 has no such switch")
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"OomKillDisable": True}})
    assert [w for w in a.json["Warnings"] if w.startswith("OOM killer is disabled for the container, but no memory limit is set")]


def test_a_tmpfs_at_a_relative_path_is_refused(engine, client):
    p = engine.docker("run", "--rm", "--tmpfs", "t", "bb", "true", client=client, check=False)
    assert p.returncode == 125 and "invalid mount path: 't' mount path must be absolute" in p.stderr


@pytest.mark.parametrize("made,update,words", [
    ({"Memory": 64 * M, "MemorySwap": 64 * M}, {"Memory": 128 * M}, "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"),
    ({"CpuPeriod": 50000}, {"NanoCpus": 10 ** 9}, "Nano CPUs cannot be updated as CPU Period has already been set"),
    ({"CpuQuota": 50000}, {"NanoCpus": 10 ** 9}, "Nano CPUs cannot be updated as CPU Quota has already been set"),
    ({"NanoCpus": 10 ** 9}, {"CpuPeriod": 50000}, "CPU Period cannot be updated as NanoCPUs has already been set"),
    ({"NanoCpus": 10 ** 9}, {"CpuQuota": 50000}, "CPU Quota cannot be updated as NanoCPUs has already been set")])
def test_an_update_that_contradicts_what_is_set_is_a_conflict(engine, name, made, update, words):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": made})
    assert a.status == 201, a.body
    a = engine.post(f"/containers/{name}/update", update)
    assert a.status == 409 and words in a.message


def test_both_limits_of_memory_can_be_raised_together(box, engine, name):
    box("-m", "64m", "--memory-swap", "64m")
    engine.docker("update", "-m", "128m", "--memory-swap", "128m", name)
    file = "memory.max" if on_v2("memory") else "memory.limit_in_bytes"
    assert box.file("memory", file) == str(128 * M)
    engine.docker("update", "-m", "32m", "--memory-swap", "32m", name)
    assert box.file("memory", file) == str(32 * M)


def both_of(box):
    """Memory, and memory with swap: version 2 counts swap alone."""
    if on_v2("memory"):
        return int(box.file("memory", "memory.max")), int(box.file("memory", "memory.max")) + int(box.file("memory", "memory.swap.max"))
    return int(box.file("memory", "memory.limit_in_bytes")), int(box.file("memory", "memory.memsw.limit_in_bytes"))


def test_a_limit_of_memory_or_of_both_together_can_be_changed_alone(box, engine, name):
    box("-m", "64m", "--memory-swap", "128m")
    engine.docker("update", "-m", "80m", name)
    assert both_of(box) == (80 * M, 128 * M)
    engine.docker("update", "--memory-swap", "100m", name)
    assert both_of(box) == (80 * M, 100 * M)
    engine.docker("update", "-m", "48m", name)
    assert both_of(box) == (48 * M, 100 * M)
    hc = engine.inspect(name)["HostConfig"]
    assert (hc["Memory"], hc["MemorySwap"]) == (48 * M, 100 * M)


def test_a_quota_or_its_period_can_be_changed_alone(box, engine, name):
    box("--cpu-quota", "25000", "--cpu-period", "50000")
    for options, shown in ((["--cpu-quota", "20000"], ("20000", "50000")), (["--cpu-period", "40000"], ("20000", "40000")), (["--cpu-shares", "700"], ("20000", "40000"))):
        engine.docker("update", *options, name)
        assert quota_of(box.pid) == shown, options


@pytest.fixture(scope="module")
def realtime():
    """A daemon with a budget of real-time, in a group of its own."""
    parent = f"/rt-{os.getpid()}"
    with Daemon(["--cgroup-parent", parent, "--cpu-rt-period", "1000000", "--cpu-rt-runtime", "40000"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.parent = parent
        yield d
    remove_groups(parent.strip("/"))


has_realtime = pytest.mark.skipif(UNIFIED or not os.path.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"), reason="this kernel has no real-time groups")


@has_realtime
def test_real_time_comes_out_of_the_daemons_budget(realtime):
    realtime.docker("run", "-d", "--name", "rt", "--cpu-rt-runtime", "15000", "--ulimit", "rtprio=0", "bb", "sleep", "600")
    try:
        group = f"/sys/fs/cgroup/cpu{realtime.parent}/{realtime.inspect('rt')['Id']}/cpu.rt_runtime_us"
        assert open(group).read() == "15000\n" and open(f"/sys/fs/cgroup/cpu{realtime.parent}/cpu.rt_runtime_us").read() == "40000\n"
    finally:
        realtime.docker("rm", "-f", "rt")
    p = realtime.docker("run", "--rm", "--cpu-rt-runtime", "50000", "bb", "true", check=False)
    assert p.returncode == 125 and "more than the daemon gives to all containers" in p.stderr


@has_realtime
def test_real_time_without_a_budget_says_what_is_missing(engine):
    p = engine.docker("run", "--rm", "--cpu-rt-runtime", "1000", "bb", "true", check=False)
    assert p.returncode == 125 and '"cpu-rt-runtime" 0 in daemon.json' in p.stderr
    p = engine.docker("run", "--rm", "--cpu-rt-runtime", "2000", "--cpu-rt-period", "1000", "bb", "true", check=False)
    assert p.returncode == 125 and "cpu real-time runtime cannot be higher than cpu real-time period" in p.stderr


@pytest.mark.parametrize("label", ["type:x_t", "user:u", "role:r", "level:s0:c1", "filetype:x_t", "nested"])
def test_a_label_is_refused_by_name_where_there_is_no_selinux(engine, client, label):
    p = engine.docker("run", "--rm", "--security-opt", f"label={label}", "bb", "true", client=client, check=False)
    assert p.returncode == 125 and f"label={label}: " in p.stderr and "SELinux" in p.stderr


@pytest.mark.parametrize("label", ["bogus", "type:", ""])
def test_what_is_no_label_is_refused(engine, label):
    p = engine.docker("run", "--rm", "--security-opt", f"label={label}", "bb", "true", check=False)
    assert p.returncode == 125 and "invalid --security-opt 2" in p.stderr


@pytest.mark.parametrize("options,stands", [([], None), (["--privileged"], ["label=disable"]), (["--pid", "host"], ["label=disable"]), (["--ipc", "host"], ["label=disable"]),
                                            (["--privileged", "--security-opt", "label=disable"], ["label=disable"]),
                                            (["--privileged", "--security-opt", "label:disable"], ["label:disable"]), (["--pid", "host", "--security-opt", "no-new-privileges"], ["no-new-privileges", "label=disable"])])
def test_who_may_do_what_the_host_may_is_unlabelled_and_inspect_says_so(engine, options, stands):
    """Docker writes it down on any host, SELinux or not."""
    name = "o" + os.urandom(4).hex()
    engine.docker("create", "--name", name, *options, "bb", "true")
    try:
        it = engine.inspect(name)
        assert (it["HostConfig"]["SecurityOpt"], it["ProcessLabel"], it["MountLabel"]) == (stands, "", "")
    finally:
        engine.docker("rm", name)


def test_labels_can_be_switched_off_anywhere(engine, client):
    assert engine.docker("run", "--rm", "--security-opt", "label=disable", "-v", "/tmp:/t:z", "bb", "echo", "ran", client=client).stdout == "ran\n"


@pytest.mark.parametrize("limit,row", [("memlock", "Max locked memory"), ("core", "Max core file size"), ("fsize", "Max file size"), ("nofile", "Max open files")])
def test_a_limit_of_minus_one_is_none_as_far_as_the_machine_goes(box, limit, row):
    """memlock=-1:-1 is what every search engine's container is started with."""
    box("--ulimit", f"{limit}=-1:-1")
    line = next(x for x in open(f"/proc/{box.pid}/limits").read().splitlines() if x.startswith(row))
    assert line[26:].split()[1] == "unlimited" or "is cut to" in box.said


KEEPER = """mkdir /sys/fs/cgroup/init && for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p >/sys/fs/cgroup/init/cgroup.procs; done
echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control && exec sleep 600"""


@v2
def test_exec_and_health_checks_go_on_in_a_container_that_keeps_groups_itself(engine, name):
    """As systemd does, or an engine inside: the container's group then takes no processes of its own."""
    engine.docker("run", "-d", "--name", name, "--privileged", "--health-cmd", "cat /proc/self/cgroup", "--health-interval", "1s", "bb", "sh", "-c", KEEPER)
    wait_for(lambda: "memory" in engine.docker("exec", name, "cat", "/sys/fs/cgroup/cgroup.subtree_control").stdout, "the groups inside")
    assert engine.docker("exec", name, "cat", "/proc/self/cgroup").stdout == "0::/init\n"
    wait_for(lambda: [e for e in (engine.inspect(name)["State"]["Health"].get("Log") or []) if (e["ExitCode"], e["Output"]) == (0, "0::/init\n")], "a health check in the group of the init")
    engine.docker("pause", name)
    engine.docker("unpause", name)
    engine.docker("rm", "-f", name)
    assert not os.path.exists(f"/sys/fs/cgroup/docker/{name}")
