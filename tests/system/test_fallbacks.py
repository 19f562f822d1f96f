# SPDX-License-Identifier: Apache-2.0
"""The runtime on kernels, and under filters, that do not have the newer system calls.

without.c refuses them with ENOSYS, as an older kernel does, or with EPERM, as the filter of an older engine around us does. Either what is
made is the same to the last mount option, and as safe, or the error names what is missing and which kernel has it.
"""
import os
import subprocess

import pytest

from harness import HERE, PATIENCE, RUNTIME, Daemon, busybox_tar, run
from test_oci_faults import bundle, left_over, write_config

REPLACED = "clone3 openat2 mount_setattr close_range pidfd_open pidfd_send_signal faccessat2 statx epoll_pwait2 renameat2".split()
NEEDED = {"fsopen": "5.2", "fsconfig": "5.2", "fsmount": "5.2", "open_tree": "5.2", "move_mount": "5.2", "memfd_create": "3.17"}
# What a program in the container sees of what was made: mounts without their numbers, rights, and descriptors.
LOOK = """while read id parent dev root point options rest; do echo "$point $root $options ${rest#*- }"; done </proc/self/mountinfo
grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|SigBlk|SigIgn|SigCgt)' /proc/self/status; ls /proc/self/fd; stat -c '%n %F %t %T %a' /dev/* /bound/new /copied; cat /proc/self/cgroup"""


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    program = str(tmp_path_factory.mktemp("without") / "without")
    run(["cc", "-O1", "-D_GNU_SOURCE", "-o", program, os.path.join(HERE, "without.c"), "-lseccomp"])
    return lambda error, calls: [program, error, ",".join(calls)]


def make(*argv, **changes):
    b = bundle(*argv)
    b.config["process"].update(changes)
    write_config(b)
    return b


def attempt(b, prefix, *argv):
    return subprocess.run([*prefix, RUNTIME, "--root", b.state, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)


def what_is_seen(prefix):
    b = make("sh", "-c", LOOK)
    try:
        p = attempt(b, prefix, "run", "--bundle", b.bundle, b.id)
        assert p.returncode == 0, p.stderr
        assert left_over(b) == []
        return p.stdout.replace(b.id, "ID").replace(b.top, "TOP")
    finally:
        b.__exit__()


@pytest.mark.parametrize("error", ("ENOSYS", "EPERM"))
@pytest.mark.parametrize("calls", [[c] for c in REPLACED] + [REPLACED], ids=[*REPLACED, "all"])
def test_container_is_the_same_without(without, error, calls):
    usual = what_is_seen([])
    assert " /proc/sys " in usual.replace("\n", " ") and "ro," in usual
    assert what_is_seen(without(error, calls)) == usual


@pytest.mark.parametrize("error", ("ENOSYS", "EPERM"))
def test_life_goes_on_without(without, error):
    """create, start, exec, kill, delete."""
    prefix = without(error, REPLACED)
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    b = make("sleep", "1000")
    try:
        subprocess.run([*prefix, RUNTIME, "--root", b.state, "create", "--bundle", b.bundle, b.id], check=True, **quiet)
        assert attempt(b, prefix, "start", b.id).returncode == 0
        p = attempt(b, prefix, "exec", b.id, "sh", "-c", "hostname; cat /proc/1/cmdline; ls /proc/self/fd | wc -l; cat /proc/self/cgroup")
        assert (p.returncode, p.stdout) == (0, b("exec", b.id, "sh", "-c", "hostname; cat /proc/1/cmdline; ls /proc/self/fd | wc -l; cat /proc/self/cgroup").stdout), p.stderr
        assert "sleep" in p.stdout
        assert attempt(b, prefix, "kill", b.id, "KILL").returncode == 0
        assert attempt(b, prefix, "delete", "--force", b.id).returncode == 0
        assert left_over(b) == []
    finally:
        b.__exit__()


@pytest.mark.parametrize("error", ("ENOSYS", "EPERM"))
@pytest.mark.parametrize("call", NEEDED)
def test_what_cannot_be_replaced_is_named_with_its_kernel(without, error, call):
    b = make("true")
    try:
        p = attempt(b, without(error, [call]), "run", "--bundle", b.bundle, b.id)
        assert p.returncode == 1
        assert f"{call}(2) of Linux {NEEDED[call]}" in p.stderr
        assert left_over(b) == []
    finally:
        b.__exit__()


def test_mapped_mount_is_refused_by_name_without_mount_setattr(without):
    b = make("true")
    maps = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    b.config["mounts"][-2].update(uidMappings=maps, gidMappings=maps)
    write_config(b)
    try:
        p = attempt(b, without("ENOSYS", ["mount_setattr"]), "run", "--bundle", b.bundle, b.id)
        assert p.returncode == 1 and "mount_setattr(2) of Linux 5.12" in p.stderr and "uidMappings" in p.stderr
    finally:
        b.__exit__()


def test_read_only_reaches_what_is_mounted_below_without_mount_setattr(without):
    """A read-only path is read-only with all that lies below it, and rro is, too."""
    b = make("sh", "-c", "for f in /tree/top /tree/sub/below /guarded/top /guarded/sub/below; do touch $f && echo written $f; done; true")
    source = os.path.join(b.top, "source")
    os.makedirs(source + "/sub")
    run(["mount", "-t", "tmpfs", "berth-test", source + "/sub"])
    try:
        b.config["root"]["readonly"] = False
        b.config["mounts"] += [{"destination": "/tree", "type": "bind", "source": source, "options": ["rbind", "rro"]},
                               {"destination": "/guarded", "type": "bind", "source": source, "options": ["rbind", "rw"]}]
        b.config["linux"]["readonlyPaths"].append("/guarded")
        write_config(b)
        for prefix in ([], without("ENOSYS", REPLACED)):
            p = attempt(b, prefix, "run", "--bundle", b.bundle, b.id)
            assert (p.returncode, p.stdout) == (0, ""), p.stderr
            assert p.stderr.count("Read-only file system") == 4
    finally:
        run(["umount", source + "/sub"])
        b.__exit__()


def plant(b, *links):
    """Make the root fight back: each is (where, to)."""
    for where, to in links:
        path = os.path.join(b.bundle, "rootfs", where)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        os.symlink(to, path)


@pytest.mark.parametrize("calls", [[], REPLACED], ids=["newest", "replaced"])
@pytest.mark.parametrize("where", ("proc", "sys"))
def test_R05_proc_and_sys_that_are_links_are_refused_without(without, calls, where):
    b = make("true")
    try:
        plant(b, (where, "tmp"))
        p = attempt(b, without("ENOSYS", calls) if calls else [], "run", "--bundle", b.bundle, b.id)
        assert p.returncode == 1 and "symlink" in p.stderr
        assert left_over(b) == []
    finally:
        b.__exit__()


@pytest.mark.parametrize("calls", [[], REPLACED], ids=["newest", "replaced"])
def test_R06_R07_R10_links_that_lead_out_stay_inside_without(without, calls):
    """Up beyond the root, absolute, and through each other: what is mounted and made is below the root."""
    b = make("sh", "-c", "ls -d /inside/* /bound/* | wc -l; pwd", cwd="/working/directory")
    outside = os.path.join(b.top, "outside")
    os.mkdir(outside)
    try:
        plant(b, ("bound", "../../../../../../../.." + outside), ("dev", outside), ("working", "loop1/here"), ("loop1", "/tmp/../" + outside))
        b.config["root"]["readonly"] = False
        p = attempt(b, without("ENOSYS", calls) if calls else [], "run", "--bundle", b.bundle, b.id)
        assert os.listdir(outside) == []
        assert os.listdir(b.top + "/bundle") == ["rootfs", "config.json"] or sorted(os.listdir(b.bundle)) == ["config.json", "rootfs"]
        assert p.returncode in (0, 1, 127, 255), p.stderr
        assert left_over(b) == []
    finally:
        b.__exit__()


@pytest.mark.parametrize("calls", [[], REPLACED], ids=["newest", "replaced"])
def test_R02_working_directory_in_proc_leads_nowhere_without(without, calls):
    prefix = without("ENOSYS", calls) if calls else []
    for fd in range(3, 20):
        b = make("sh", "-c", "pwd; ls", cwd=f"/proc/self/fd/{fd}")
        try:
            p = attempt(b, prefix, "run", "--bundle", b.bundle, b.id)
            assert p.returncode != 0 and "process.cwd" in p.stderr, (fd, p.stdout, p.stderr)
        finally:
            b.__exit__()


def test_daemon_runs_containers_without(without):
    """The daemon, its spawner and its monitors, too."""
    class Bare(Daemon):
        def argv(self):
            return [*without("ENOSYS", REPLACED), *super().argv()]

    with Bare() as d:
        d.import_image(busybox_tar(), "busybox")
        assert d.docker("run", "--rm", "-w", "/some/where", "busybox", "sh", "-c", "pwd; id -u").stdout == "/some/where\n0\n"
        d.docker("run", "-d", "--name", "mine", "-v", "vol:/etc", "busybox", "sleep", "1000")
        assert d.docker("exec", "mine", "cat", "/etc/hello").stdout == "hello from the image\n"
        d.docker("cp", "mine:/etc/hello", d.top + "/hello")
        assert open(d.top + "/hello").read() == "hello from the image\n"
        d.docker("stop", "-t", "0", "mine")
        assert d.inspect("mine")["State"]["ExitCode"] in (137, 143)
        d.docker("rm", "-v", "mine")
