# SPDX-License-Identifier: Apache-2.0
"""What a default container may and may not: Docker's defaults, observed from inside and from the host."""
import glob
import os
import re

import pytest

from harness import run

# Capabilities Docker gives by default, and nothing in the inheritable and ambient sets.
CAP_DEFAULT = 0x00000000A80425FB


@pytest.fixture(scope="module")
def inside(engine):
    """A default container that runs for the whole module: a function that runs a shell line in it."""
    name = "inside"
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "86400")

    def sh(line, check=True):
        return engine.docker("exec", name, "sh", "-c", line, check=check)
    sh.pid = engine.inspect(name)["State"]["Pid"]
    yield sh
    engine.docker("rm", "-f", name)


def test_capabilities_are_dockers_cut_to_what_the_machine_has(inside):
    bound = int(re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1), 16)
    for status in (open(f"/proc/{inside.pid}/status").read(), inside("cat /proc/self/status").stdout):
        caps = {k: int(v, 16) for k, v in re.findall(r"(Cap\w+):\s*(\w+)", status)}
        assert caps["CapInh"] == 0 and caps["CapAmb"] == 0
        assert caps["CapPrm"] == caps["CapEff"] == caps["CapBnd"] == CAP_DEFAULT & bound


def test_every_namespace_but_the_users_is_its_own(inside):
    for kind in ("mnt", "uts", "ipc", "pid", "net"):
        assert os.readlink(f"/proc/{inside.pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind
    assert os.readlink(f"/proc/{inside.pid}/ns/user") == os.readlink("/proc/self/ns/user")


def test_seccomp_filters_and_refuses(inside):
    assert re.search(r"Seccomp:\s*2", open(f"/proc/{inside.pid}/status").read())
    p = inside("mount -t tmpfs x /tmp", check=False)
    assert p.returncode != 0 and re.search("not permitted|denied", p.stderr)
    assert inside("unshare -U true", check=False).returncode != 0


def test_mounts_and_their_options_are_dockers(inside):
    mounts = {}
    for line in inside("cat /proc/self/mountinfo").stdout.splitlines():
        fields = line.split()
        dash = fields.index("-")
        mounts[fields[4]] = (fields[dash + 1], set(fields[5].split(",")))
    assert mounts["/"][0] == "overlay"
    for path, kind, options in [
        ("/proc", "proc", {"rw", "nosuid", "nodev", "noexec"}), ("/dev", "tmpfs", {"rw", "nosuid"}),
        ("/dev/pts", "devpts", {"rw", "nosuid", "noexec"}), ("/sys", "sysfs", {"ro", "nosuid", "nodev", "noexec"}),
        ("/dev/mqueue", "mqueue", {"rw", "nosuid", "nodev", "noexec"}), ("/dev/shm", "tmpfs", {"rw", "nosuid", "nodev", "noexec"}),
    ]:
        assert mounts[path][0] == kind and options <= mounts[path][1], (path, mounts[path])
    for path in ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"):
        if os.path.exists(path):
            assert "ro" in mounts[path][1], path


MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
          "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"]


@pytest.mark.parametrize("path", MASKED)
def test_r17_masked_paths_show_nothing(inside, path):
    p = inside(f"if [ -d {path} ]; then ls -A {path}; else cat {path} 2>/dev/null; fi", check=False)
    assert p.stdout == ""
    assert inside(f"echo x > {path}/x 2>/dev/null || echo x >> {path}", check=False).returncode != 0 or not os.path.exists(path) \
        or inside(f"cat {path}").stdout == ""


def test_r17_thermal_throttling_of_each_processor_is_masked_where_there_is_any(engine, inside):
    there = sorted(glob.glob("/sys/devices/system/cpu/cpu*/thermal_throttle"))
    masked = engine.inspect("inside")["HostConfig"]["MaskedPaths"]
    assert sorted(p for p in masked if p.endswith("thermal_throttle")) == there
    for path in there:
        assert inside(f"ls -A {path}").stdout == ""


@pytest.mark.parametrize("path", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
                                  "/sys/kernel/profiling"])
def test_r17_kernel_knobs_cannot_be_written(inside, path):
    assert inside(f"echo x > {path}", check=False).returncode != 0


def test_devices_are_dockers(inside):
    got = inside("ls /dev").stdout.split()
    core = ["core"] if os.path.exists("/proc/kcore") else []
    assert sorted(got) == sorted([*core, "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
                                  "stdout", "tty", "urandom", "zero"])
    assert inside("stat -c '%t:%T %a' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty").stdout.split("\n")[:6] == \
        ["1:3 666", "1:5 666", "1:7 666", "1:8 666", "1:9 666", "5:0 666"]


def test_r20_a_disk_can_be_made_but_not_opened(inside):
    p = inside("mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk", check=False)
    assert p.returncode != 0 and re.search("not permitted|denied", p.stderr)
    assert inside("mknod /tmp/fuse c 10 229 && head -c 1 /tmp/fuse", check=False).returncode != 0


def test_r08_no_release_agent_and_no_writable_cgroup(inside):
    assert inside("find /sys/fs/cgroup -name release_agent -o -name notify_on_release 2>/dev/null | while read f; do "
                  "[ -w $f ] && echo x > $f && echo WROTE $f; done; true", check=False).stdout == ""
    for line in ("mount -t cgroup -o memory x /tmp", "mount -t cgroup2 x /tmp", "unshare -m true", "unshare -n true", "unshare -Ur true"):
        p = inside(line, check=False)
        assert p.returncode != 0 and re.search("not permitted|denied", p.stderr), line


def test_sysctls_are_dockers(inside):
    assert inside("cat /proc/sys/net/ipv4/ip_unprivileged_port_start").stdout == "0\n"
    assert inside("cat /proc/sys/net/ipv4/ping_group_range").stdout.split() == ["0", "2147483647"]


def test_r02_no_descriptor_of_the_engine_is_inside(engine, inside):
    links = inside("ls -l /proc/self/fd | grep -o '/proc/self/fd\\|-> .*'").stdout
    assert len(inside("ls /proc/1/fd").stdout.split()) == 3, inside("ls -l /proc/1/fd").stdout + links
    for n in range(3, 20):
        p = engine.docker("run", "--rm", "-w", f"/proc/self/fd/{n}", "bb", "sh", "-c", "cat ../../../../etc/hostname; pwd -P; ls /proc/self/cwd/",
                          check=False)
        assert p.returncode != 0 or "(unreachable)" not in p.stdout and "hello" in engine.docker(
            "run", "--rm", "-w", f"/proc/self/fd/{n}", "bb", "cat", "/etc/hello").stdout


def test_r02_an_exec_has_three_descriptors_and_no_way_through_them(engine, inside):
    # No pipeline, whose pipe the looking shell would hold itself; from 10 on are the shell's own.
    listed = inside("ls /proc/$$/fd; true").stdout.split()
    assert [n for n in listed if not re.fullmatch("1[0-9]", n)] == ["0", "1", "2"]
    for n in range(3, 12):
        p = engine.docker("exec", "-w", f"/proc/self/fd/{n}", "inside", "sh", "-c", "pwd -P; cat ../../../../etc/machine-id", check=False)
        assert p.returncode != 0, p.stdout


def test_the_root_is_really_the_root_of_the_mount_namespace(inside):
    p = run(["nsenter", "-t", str(inside.pid), "-m", "/bin/busybox", "ls", "/"], check=False)
    own = set(inside("ls /").stdout.split())
    assert set(p.stdout.split()) == own


def test_r21_an_unprivileged_user_cannot_reach_the_data_root(engine):
    p = run(["setpriv", "--reuid", "65534", "--clear-groups", "ls", engine.data + "/overlay2"], check=False)
    assert p.returncode != 0
    assert os.stat(engine.data).st_mode & 0o077 in (0, 0o010)


@pytest.mark.parametrize("user,uid", [("1000", "1000"), ("user", "1000"), ("1001", "1001"), ("0:2000", "0")])
def test_r13_numeric_users_are_numbers(engine, user, uid):
    assert engine.docker("run", "--rm", "-u", user, "bb", "id", "-u").stdout.strip() == uid


@pytest.mark.parametrize("user", ["4294967296", "-1", "0x0", "nosuch", "+0", "0:4294967296", "0:-1", "1000:nosuch"])
def test_r13_other_users_are_refused(engine, inside, user):
    assert engine.docker("run", "--rm", "-u", user, "bb", "id", "-u", check=False).returncode != 0
    assert engine.docker("exec", "-u", user, "inside", "id", "-u", check=False).returncode != 0


def test_r14_supplementary_groups_are_the_images(engine):
    assert engine.docker("run", "--rm", "-u", "user", "bb", "id", "-G").stdout.split() == ["1000", "2000"]


def test_r06_a_root_whose_dev_is_a_link_touches_nothing_outside(engine, tmp_path):
    root, victim = tmp_path / "root", tmp_path / "victim"
    victim.mkdir()
    run(["cp", "-a", "--", "/bin/busybox", str(tmp_path)])
    (root / "bin").mkdir(parents=True)
    run(["cp", str(tmp_path / "busybox"), str(root / "bin/sh")])
    for d in ("dev", "proc", "sys"):
        os.symlink("../" * 12 + str(victim).lstrip("/"), root / d)
    run(["tar", "-C", str(root), "-cf", str(tmp_path / "evil.tar"), "."])
    engine.import_image(str(tmp_path / "evil.tar"), "evil:1")
    try:
        engine.docker("run", "--rm", "evil:1", "sh", "-c", "exit 0", check=False)
        assert os.listdir(victim) == []
    finally:
        engine.docker("rmi", "evil:1")


def test_privileged_starts_with_what_the_machine_has(engine):
    p = engine.docker("run", "--rm", "--privileged", "bb", "sh", "-c", "grep CapEff /proc/self/status; mount -t tmpfs x /tmp && echo mounted")
    bound = re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1)
    assert int(p.stdout.split()[1], 16) == int(bound, 16) and "mounted" in p.stdout
