# SPDX-License-Identifier: Apache-2.0
"""Vulnerabilities of container engines, each as something that can be seen here. A test's name carries the row's id; docs/security.md lists them."""
import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time

import pytest

from harness import BERTH, BERTHD, PATIENCE, RUNTIME, busybox_tar, make_prowl, run, wait_for


@pytest.fixture(scope="module")
def evil(engine):
    """evil(setup, *changes): an image made from busybox and prowl, changed by setup(root); removed at the end."""
    made, top = [], tempfile.mkdtemp(prefix="berth-evil-")
    make_prowl(top + "/prowl")

    def make(setup=lambda root: None, *changes):
        root = tempfile.mkdtemp(dir=top)
        run(["tar", "-C", root, "-xf", busybox_tar()])
        shutil.copy(top + "/prowl", root + "/bin/prowl")
        setup(root)
        ref = f"evil{len(made)}:1"
        run(["tar", "-C", root, "--numeric-owner", "-S", "-cf", root + ".tar", "."])
        engine.import_image(root + ".tar", ref, *changes)
        os.unlink(root + ".tar")
        run(["rm", "-rf", root])
        made.append(ref)
        return ref
    yield make
    for ref in made:
        engine.request("DELETE", f"/images/{ref}?force=1")
    shutil.rmtree(top)


def root_field(path):
    """How mountinfo's fourth field names a directory: from the root of its own file system."""
    best = max((line.split()[3:5] for line in open("/proc/self/mountinfo")
                if line.split()[4] == "/" or str(path).startswith(line.split()[4] + "/")), key=lambda f: len(f[1]))
    return best[0].rstrip("/") + "/" + str(path)[len(best[1]):].lstrip("/")


def sha(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def test_r01_the_engines_binary_is_never_writable_from_inside(engine, evil, name):
    def script(root):
        os.unlink(root + "/bin/sh")
        with open(root + "/bin/sh", "w") as f:
            f.write("#!/proc/self/exe\n")
        os.chmod(root + "/bin/sh", 0o755)
    before = {p: sha(p) for p in (BERTH, BERTHD, RUNTIME)}
    ref = evil(script)
    engine.docker("run", "-d", "--name", name, "--cap-add", "SYS_PTRACE", ref, "prowl", "exe", "5")
    end = time.monotonic() + 4
    while time.monotonic() < end:
        engine.docker("exec", name, "sh", check=False)
        engine.docker("exec", name, "/proc/self/exe", check=False)
        engine.docker("run", "--rm", ref, "sh", check=False)
    engine.docker("wait", name)
    assert "FOUND" not in engine.docker("logs", name).stdout
    assert {p: sha(p) for p in before} == before


def test_r03_a_null_device_that_is_a_link_masks_nothing_and_opens_nothing(engine, evil):
    def link(root):
        os.symlink("/proc/sys/kernel/core_pattern", root + "/dev/null")
    before = open("/proc/sys/kernel/core_pattern").read()
    p = engine.docker("run", "--rm", evil(link), "sh", "-c", "stat -c %t:%T /dev/null; echo x > /proc/sys/kernel/core_pattern", check=False)
    assert "1:3" in p.stdout or p.returncode != 0
    assert open("/proc/sys/kernel/core_pattern").read() == before


def test_r04_the_console_is_on_devpts(engine):
    p = engine.docker("run", "--rm", "-t", "bb", "sh", "-c", "stat -f -c %t /dev/console; stat -c %t /dev/console; grep ' /dev/console ' /proc/self/mountinfo")
    lines = p.stdout.split("\n")
    assert lines[0].strip() == "1cd1" and lines[1].strip() == "88"
    assert " - devpts " in p.stdout


def test_r04_a_console_that_is_a_link_leads_nowhere(engine, name, tmp_path):
    """With a /dev that the attacker has prepared: nothing of procfs may be covered or opened by way of it."""
    before = open("/proc/sys/kernel/core_pattern").read()
    for d in ("pts", "shm", "mqueue"):
        (tmp_path / d).mkdir()
    os.symlink("/proc/sys/kernel/core_pattern", tmp_path / "console")
    os.symlink("/proc/sysrq-trigger", tmp_path / "null")
    p = engine.docker("run", "--rm", "-t", "-v", f"{tmp_path}:/dev", "bb", "sh", "-c", "grep -E ' /proc/sys/kernel| /proc/sysrq-trigger ' /proc/self/mountinfo | grep devpts && echo COVERED; echo x > /proc/sys/kernel/core_pattern", check=False)
    assert "COVERED" not in p.stdout
    assert open("/proc/sys/kernel/core_pattern").read() == before


@pytest.mark.parametrize("volume", ["/proc", "/sys", "/proc/self"])
def test_r05_an_images_volume_over_proc_is_refused_or_none(engine, evil, volume):
    p = engine.docker("run", "--rm", evil(lambda root: None, f"VOLUME {volume}"), "sh", "-c", "stat -f -c %t /proc /proc/self /proc/sys", check=False)
    assert p.returncode != 0 or p.stdout.split() == ["9fa0"] * 3


def test_r05_sysctls_land_in_the_real_procfs(engine, evil, tmp_path):
    def link(root):
        os.rmdir(root + "/proc")
        os.makedirs(root + "/fake/sys/net/ipv4")
        with open(root + "/fake/sys/net/ipv4/ip_forward", "w") as f:
            f.write("untouched\n")
        os.symlink("/fake", root + "/proc")
    p = engine.docker("run", "--rm", "--sysctl", "net.ipv4.ip_forward=1", evil(link), "cat", "/fake/sys/net/ipv4/ip_forward", check=False)
    assert p.returncode != 0 or p.stdout == "untouched\n"


@pytest.mark.parametrize("target", ["proc", "sys"])
def test_r05_proc_and_sys_as_links_are_refused_or_really_mounted(engine, evil, target):
    def link(root):
        os.rmdir(f"{root}/{target}")
        os.mkdir(root + "/elsewhere")
        os.symlink("/elsewhere", f"{root}/{target}")
    p = engine.docker("run", "--rm", evil(link), "sh", "-c", "stat -f -c %t /proc; stat -f -c %t /sys", check=False)
    assert p.returncode != 0 or p.stdout.split() == ["9fa0", "62656572"]


@pytest.mark.parametrize("args", [["--tmpfs", "/proc/self/attr"], ["-v", "/tmp:/proc/sys"], ["--tmpfs", "/proc/tty"]])
def test_r05_nothing_is_mounted_over_proc(engine, args):
    p = engine.docker("run", "--rm", *args, "bb", "true", check=False)
    assert p.returncode != 0 and "/proc" in p.stderr


def test_r07_r10_a_neighbour_that_swaps_a_mount_target_leads_nowhere(engine, evil, name, tmp_path):
    """A container flips a directory of a shared volume and a link to the host's root while another starts with a mount on it."""
    shared, victim, source = tmp_path / "shared", tmp_path / "victim", tmp_path / "source"
    for d in (shared, shared / "dir", victim, source):
        d.mkdir()
    ref = evil()
    up = "../" * 16 + str(victim).lstrip("/")
    engine.docker("run", "-d", "--name", name, "-v", f"{shared}:/s", ref, "prowl", "flip", "/s/dir", "/s/link", up)
    started = 0
    for _ in range(25):
        # The link leads to a place of that name inside the container, or the start is refused.
        p = engine.docker("run", "--rm", "-v", f"{shared}:/s", "-v", f"{source}:/s/dir/new/deep", ref, "cat", "/proc/self/mountinfo", check=False)
        roots = [line.split()[3] for line in p.stdout.splitlines()]
        started += p.returncode == 0 and root_field(source) in roots
        # What is mounted (field 4: its root within its file system), not where: that is as the container sees it.
        assert not [r for r in roots if (r + "/").startswith(root_field(victim) + "/")], p.stdout
    assert os.listdir(victim) == [] and os.listdir(source) == []
    # Else nothing was looked at.
    assert started > 0


def test_r09_no_process_has_inheritable_capabilities(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    for args in (["exec", name], ["exec", "--privileged", name], ["run", "--rm", "bb"], ["run", "--rm", "--privileged", "bb"]):
        assert engine.docker(*args, "grep", "CapInh", "/proc/self/status").stdout.split()[1] == "0" * 16


def test_r09_a_health_check_has_none_either(engine, name):
    engine.docker("run", "-d", "--name", name, "--health-cmd", "grep CapInh /proc/self/status", "--health-interval", "1s", "bb", "sleep", "600")
    log = wait_for(lambda: engine.inspect(name)["State"]["Health"]["Log"], "a probe")
    assert log[0]["Output"].split()[1] == "0" * 16


def test_r11_no_abstract_socket_and_private_monitor_directories(engine, name):
    engine.docker("run", "-d", "--name", name, "--network", "host", "bb", "sleep", "600")
    inside = engine.docker("exec", name, "cat", "/proc/net/unix").stdout
    assert not [x for x in inside.splitlines() if "@" in x and "berth" in x]
    for top, dirs, _ in os.walk(engine.exec):
        for d in dirs:
            # Another container's may be on its way out.
            with contextlib.suppress(FileNotFoundError):
                assert os.stat(os.path.join(top, d)).st_mode & 0o077 & ~0o011 == 0, d
    assert os.path.isdir(os.path.join(engine.exec, "containers", engine.inspect(name)["Id"]))
    assert os.stat(engine.exec).st_mode & 0o066 == 0


# Seconds that an attacker has, in which others join its container: more where the machine is a slow one.
# What such a module confines may not trace what it does not.
CONFINED = os.path.exists("/sys/kernel/security/lsm") and any(m in open("/sys/kernel/security/lsm").read() for m in ("apparmor", "selinux"))
LOOKS = max(5, int(PATIENCE / 10))


def test_r12_a_joining_process_shows_nothing_of_the_host(engine, evil, name, tmp_path):
    (tmp_path / "canary").write_text("x")
    engine.docker("run", "-d", "--name", name, "--cap-add", "SYS_PTRACE", evil(), "prowl", "root", "100000", str(tmp_path / "canary"))
    end, joined = time.monotonic() + LOOKS, 0
    while joined < 10 or time.monotonic() < end:
        engine.docker("exec", name, "true")
        joined += 1
    assert "FOUND" not in engine.docker("logs", name).stdout
    assert engine.inspect(name)["State"]["Running"], "it has looked all the time"


@pytest.mark.parametrize("how", ["exec", "user", "terminal", "health"])
def test_r12_a_joining_process_that_is_seized_has_no_right_beyond_the_containers(engine, evil, name, how):
    """What may trace may hold a process of exec before it has executed anything, and do in its name what that may do."""
    health = ["--health-cmd", "true", "--health-interval", "200ms"] if how == "health" else []
    args = {"user": ["-u", "1000"], "terminal": ["-t"]}.get(how, [])
    seen = []
    for _ in range(20):
        engine.docker("run", "-d", "--name", name, "--cap-add", "SYS_PTRACE", *health, evil(), "prowl", "seize", "3")
        while engine.inspect(name)["State"]["Running"]:
            engine.docker("exec", *args, name, "true", check=False) if not health else time.sleep(0.2)
        seen += engine.docker("logs", name).stdout.splitlines()
        engine.docker("rm", name)
        if "SEIZED joining" in seen or CONFINED:
            break
    assert ("SEIZED joining" in seen or CONFINED) and not [line for line in seen if "FOUND" in line]


def test_r15_giant_group_files_cost_no_memory(engine, evil, name):
    def giant(root):
        with open(root + "/etc/group", "w") as f:
            f.truncate(2 << 30)
        with open(root + "/etc/passwd", "a") as f:
            for i in range(200000):
                f.write(f"u{i}:x:{i + 5000}:{i + 5000}::/:/bin/sh\n")
    ref = evil(giant)
    p = engine.docker("run", "-d", "--name", name, "-u", "user", ref, "sleep", "600", check=False)
    if p.returncode == 0:
        ppid = re.search(r"PPid:\s*(\d+)", open(f"/proc/{engine.inspect(name)['State']['Pid']}/status").read()).group(1)
        peak = int(re.search(r"VmHWM:\s*(\d+)", open(f"/proc/{ppid}/status").read()).group(1))
        assert peak < 32 << 10
    assert engine.get("/_ping").status == 200


@pytest.mark.parametrize("volume", ["/../../etc", "/./x/../../../etc", "/linked"])
def test_r16_volumes_of_an_image_never_copy_from_the_host(engine, evil, name, volume):
    def link(root):
        os.symlink("../" * 12 + "etc", root + "/linked")
    ref = evil(link, f"VOLUME {volume}")
    p = engine.docker("run", "--name", name, ref, "true", check=False)
    for m in engine.inspect(name)["Mounts"] if p.returncode == 0 else []:
        assert "machine-id" not in os.listdir(m["Source"]) and "debian_version" not in os.listdir(m["Source"])


@pytest.mark.parametrize("family", ["38", "40"])
def test_r18_af_alg_and_af_vsock_are_refused(engine, evil, family):
    # EPERM of the filter or EAFNOSUPPORT of the kernel; nothing else is a refusal.
    assert engine.docker("run", "--rm", "-u", "1000", evil(), "prowl", "socket", family).stdout in ("refused 1\n", "refused 97\n")


def test_r18_internet_sockets_are_allowed(engine, evil):
    assert "FOUND" in engine.docker("run", "--rm", "-u", "1000", evil(), "prowl", "socket", "2").stdout


def test_r22_cgroups_are_read_only_in_the_hosts_namespace_too(engine):
    p = engine.docker("run", "--rm", "--cgroupns", "host", "bb", "sh", "-c", "mkdir /sys/fs/cgroup/x /sys/fs/cgroup/memory/x 2>/dev/null && echo made", check=False)
    assert "made" not in p.stdout


def flags_of_version_2():
    """What holds for the whole hierarchy, nsdelegate among it: of each place where it is mounted."""
    fields = [line.split() for line in open("/proc/self/mountinfo")]
    return {f[4]: f[-1] for f in fields if f[-3] == "cgroup2"}


@pytest.mark.parametrize("options", [[], ["--privileged"]], ids=["plain", "privileged"])
def test_r22_a_container_in_the_hosts_namespace_takes_no_flag_of_the_hierarchy_away(engine, options):
    before = flags_of_version_2()
    p = engine.docker("run", "--rm", "--cgroupns", "host", *options, "bb", "grep", " - cgroup", "/proc/self/mountinfo")
    assert p.stdout and flags_of_version_2() == before
    if "/sys/fs/cgroup" in before:
        assert p.stdout.split()[3] == "/" and p.stdout.split()[-1] == before["/sys/fs/cgroup"]


def test_r24_a_bind_of_the_hosts_root_shows_the_hosts_root(engine, tmp_path):
    (tmp_path / "canary").write_text("host\n")
    p = engine.docker("run", "--rm", "-v", "/:/host:ro", "bb", "cat", f"/host{tmp_path}/canary", check=False)
    assert p.stdout == "host\n" or p.returncode != 0


def test_r25_null_shm_and_fd_are_what_they_should_be(engine):
    p = engine.docker("run", "--rm", "bb", "sh", "-c", "stat -c %F:%t:%T /dev/null; stat -c %a /dev/shm; readlink /proc/self/fd/1; stat -c %a /proc")
    lines = p.stdout.split("\n")
    assert lines[0] == "character special file:1:3" and lines[1] == "1777" and lines[2].startswith("pipe:") and lines[3] == "555"
