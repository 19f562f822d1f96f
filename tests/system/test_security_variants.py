# SPDX-License-Identifier: Apache-2.0
"""The rows of docs/security.md once more, each in the further ways that its advisory names. A test's name carries the row's id."""
import glob
import os
import re
import socket
import subprocess

import pytest

from harness import RUNTIME, Daemon, busybox_tar, run, wait_for
from test_oci_runtime import Bundle
from test_rootless import UserBundle
from test_security import evil  # noqa: F401: a fixture

CORE_PATTERN = "/proc/sys/kernel/core_pattern"


# ---- descriptors that the caller leaks ------------------------------------------------------


def leaking(argv):
    """argv with two directories of the host open in it."""
    return ["bash", "-c", 'exec 7</ 9</etc; exec "$@"', "bash", *argv]


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_r02_what_the_caller_of_the_runtime_leaks_is_not_inside(verb):
    with Bundle() as oci:
        line = ["sh", "-c", "ls -d /proc/$$/fd/[0-9]; ls 7/ 9/ /proc/self/fd/7/ /proc/self/fd/9/ 2>/dev/null"]
        if verb == "run":
            oci.args(*line)
            oci("list")  # writes config.json
            argv = ["run", "--bundle", oci.bundle, oci.id]
        else:
            oci.start()
            argv = ["exec", oci.id, *line]
        out = run(leaking([RUNTIME, "--root", oci.state, *argv]), check=False).stdout
        assert [fd for fd in re.findall(r"/fd/(\d+)", out) if int(fd) < 10] == ["0", "1", "2"] and "usr" not in out and "passwd" not in out


def test_r02_what_the_daemon_was_started_with_is_not_inside():
    class Leaking(Daemon):
        def argv(self):
            return leaking(super().argv())
    with Leaking() as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.berth("run", "-d", "--name", "quiet", "bb", "sleep", "600")
        for pid in ("1", "self"):
            assert len(d.berth("exec", "quiet", "sh", "-c", f"ls /proc/{pid}/fd").stdout.split()) <= 4
        assert d.berth("exec", "-w", "/proc/self/fd/7", "quiet", "pwd", check=False).returncode != 0
        assert d.berth("exec", "quiet", "sh", "-c", "ls /proc/1/fd/7/ /proc/1/fd/9/ 2>/dev/null", check=False).stdout == ""


# ---- devices and consoles that a neighbour swaps ----------------------------------------------


@pytest.mark.parametrize("entry", ["null", "console", "pts", "shm", "mqueue"])
def test_r03_r04_r06_a_neighbour_that_swaps_what_is_in_dev_opens_and_covers_nothing(engine, evil, name, entry):
    """/dev is a volume of both; one flips an entry with a link to the kernel's knobs while the other starts, with a terminal."""
    before = open(CORE_PATTERN).read()
    target = "/proc/sys/kernel" if entry in ("pts", "shm", "mqueue") else CORE_PATTERN
    with Bundle() as oci:
        shared = oci.top + "/dev"
        for d in ("pts", "shm", "mqueue"):
            os.makedirs(f"{shared}/{d}")
        for n in {"null", "console", entry} - {"pts", "shm", "mqueue"}:
            os.mknod(f"{shared}/{n}", 0o20666, os.makedev(1, 3))
        oci.config["mounts"] = [m if m["destination"] != "/dev" else {"destination": "/dev", "type": "bind", "source": shared, "options": ["bind", "rw"]} for m in oci.config["mounts"]]
        oci.config["process"]["terminal"] = True
        oci.args("sh", "-c", f"echo ran; cat /proc/self/mountinfo; echo attacked > {CORE_PATTERN}; stat -f -c %t /proc/sys")
        engine.berth("run", "-d", "--name", name, "-v", f"{shared}:/s", evil(), "prowl", "flip", f"/s/{entry}", "/s/link", target)
        tries = ran = 0
        # Most runs end with an error where the entry is a link at the wrong moment.
        while tries < 12 or (ran == 0 and tries < 300):
            tries += 1
            p = oci("run", "--bundle", oci.bundle, oci.id, check=False)
            if "ran" in p.stdout:
                ran += 1
                # Read-only covers of procfs are made of procfs, and masks of files and empty directories; no terminal, no shared memory, no queue is there.
                assert not re.search(r" /proc/sys\S* .* - (devpts|mqueue)|shm .* /proc/sys\S* ", p.stdout), p.stdout
                assert p.stdout.split()[-1] == "9fa0", p.stdout
            assert open(CORE_PATTERN).read() == before
        # What it flips is removed next.
        engine.berth("rm", "-f", name)
    # Else nothing was looked at.
    assert ran > 0


@pytest.mark.parametrize("link", ["dev", "dev/pts", "dev/shm", "dev/mqueue", "sys", "proc"])
def test_r06_no_place_of_a_mount_that_is_a_link_makes_anything_outside(engine, evil, tmp_path, link):
    victim = tmp_path / "victim"

    def setup(root):
        run(["rm", "-rf", f"{root}/{link}"])
        os.makedirs(os.path.dirname(f"{root}/{link}"), exist_ok=True)
        os.symlink("../" * 12 + str(victim).lstrip("/"), f"{root}/{link}")
    engine.berth("run", "--rm", "-t", evil(setup), "sh", "-c", "touch /dev/x /dev/shm/x; true", check=False)
    assert not victim.exists()
    victim.mkdir()
    engine.berth("run", "--rm", "-t", evil(setup), "sh", "-c", "touch /dev/x /dev/shm/x; true", check=False)
    assert os.listdir(victim) == []


# ---- users and groups ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(engine, evil):
    """An image whose passwd and group have numbers for names."""
    def setup(root):
        with open(root + "/etc/passwd", "w") as f:
            f.write("root:x:0:0:root:/root:/bin/sh\n1000:x:0:0:evil:/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:0:0::/:/bin/sh\n+1500:x:0:0::/:/bin/sh\n"
                    "big:x:4294967296:0::/:/bin/sh\nminus:x:-1:0::/:/bin/sh\nempty:x::0::/:/bin/sh\nplain:x:1500:1600::/:/bin/sh\n")
        with open(root + "/etc/group", "w") as f:
            f.write("root:x:0:\n2000:x:0:\n-1:x:0:\nplain:x:1600:\nextra:x:1700:plain\nhuge:x:4294967296:plain\nevil:x:0:1000\n")
    return evil(setup)


@pytest.mark.parametrize("user,ids", [("1000", "1000 0"), ("1000:2000", "1000 2000"), ("plain", "1500 1600"), ("plain:2000", "1500 2000"), ("plain:extra", "1500 1700"), ("1500", "1500 1600")])
def test_r13_names_that_are_numbers_hide_no_number(engine, names, name, user, ids):
    assert engine.berth("run", "--rm", "-u", user, names, "sh", "-c", "echo $(id -u) $(id -g)").stdout.strip() == ids
    engine.berth("run", "-d", "--name", name, names, "sleep", "600")
    assert engine.berth("exec", "-u", user, name, "sh", "-c", "echo $(id -u) $(id -g)").stdout.strip() == ids


@pytest.mark.parametrize("user", ["4294967296", "-1", "0x0", "+1500", "big", "minus", "4294967295", "18446744073709551616", "plain:4294967296", "plain:huge", "1500:-1", " 1500", "1500 ", "1500:+0"])
def test_r13_no_spelling_of_another_number_gives_root(engine, names, name, user):
    for args in (["run", "--rm", "-u", user, names], ["exec", "-u", user, name]):
        if args[0] == "exec":
            engine.berth("run", "-d", "--name", name, names, "sleep", "600")
        p = engine.berth(*args, "sh", "-c", "echo $(id -u) $(id -g)", check=False)
        assert p.returncode != 0, (args, p.stdout)


@pytest.mark.parametrize("user", ["1000:", ":", ":0", ""])
def test_r13_a_half_of_a_user_is_refused_or_what_it_says(engine, names, user):
    """`1000:` is the user 1000 to nobody else than to who reads it so; it is never root's."""
    p = engine.berth("run", "--rm", "-u", user, names, "id", "-u", check=False)
    assert p.returncode != 0 or p.stdout.strip() == (user.split(":")[0] or "0")


@pytest.mark.parametrize("user,groups", [("plain", "1600 1700"), ("plain:extra", "1700"), ("root", "0"), ("77", "0"), ("77:78", "78")])
def test_r14_no_group_of_the_engine_or_of_another_name_is_left(engine, names, name, user, groups):
    found = engine.berth("run", "--rm", "-u", user, names, "id", "-G").stdout.split()
    assert sorted(set(found)) == groups.split()
    engine.berth("run", "-d", "--name", name, "-u", user, names, "sleep", "600")
    for args in ([], ["-u", user], ["--privileged"]):
        assert sorted(set(engine.berth("exec", *args, name, "id", "-G").stdout.split())) == groups.split()


def test_r15_millions_of_entries_cost_little_memory(engine, evil, name):
    def setup(root):
        with open(root + "/etc/group", "w") as f:
            for i in range(1000):
                f.writelines(f"g{i}x{j}:x:{j + 5000}:user\n" for j in range(2000))
        with open(root + "/etc/passwd", "a") as f:
            f.write("x" * (20 << 20) + "\n")
    ref = evil(setup)
    with open(f"/proc/{engine.proc.pid}/clear_refs", "w") as f:
        f.write("5")
    p = engine.berth("run", "--rm", "--name", name, "-u", "user", ref, "id", "-u", check=False)
    assert p.returncode != 0 or p.stdout.strip() == "1000"
    peak = int(re.search(r"VmHWM:\s*(\d+)", open(f"/proc/{engine.proc.pid}/status").read()).group(1))
    assert peak < 64 << 10


# fifo, device, directory, link that goes round, link to a device: what must be a file and is not.
ODD_FILES = {"fifo": os.mkfifo, "directory": os.mkdir, "loop": lambda p: os.symlink(os.path.basename(p), p), "zero": lambda p: os.symlink("/dev/zero", p), "knob": lambda p: os.symlink("/proc/kmsg", p),
             "socket": lambda p: socket.socket(socket.AF_UNIX).bind(p), "device": lambda p: os.mknod(p, 0o20666, os.makedev(1, 5))}


@pytest.mark.parametrize("kind", sorted(ODD_FILES))
@pytest.mark.parametrize("file", ["passwd", "group"])
def test_r15_passwd_and_group_that_are_no_files_hold_nobody_up(engine, evil, name, kind, file):
    def setup(root):
        os.unlink(f"{root}/etc/{file}")
        if kind == "socket":  # tar leaves sockets out
            return
        ODD_FILES[kind](f"{root}/etc/{file}")
    ref = evil(setup)
    # Not `id`, which reads the files itself.
    uid = ["grep", "^Uid:", "/proc/self/status"]

    def check(*args, want="1000"):
        p = engine.berth(*args, *uid, check=False)
        assert p.returncode != 0 or p.stdout.split()[1:] == [want] * 4, (args, p.stdout)
        return p.returncode == 0
    check("run", "--rm", "-u", "1000:1000", ref)
    check("run", "--rm", "-u", "user:user", ref)
    # The same once the container has put it there, for whom comes later.
    engine.berth("run", "-d", "--name", name, "--cap-add", "MKNOD", "bb", "sleep", "600")
    make = {"fifo": "mkfifo {}", "directory": "mkdir {}", "loop": "ln -s {} {}", "zero": "ln -s /dev/zero {}", "knob": "ln -s /proc/kmsg {}", "device": "mknod {} c 1 5", "socket": "nc -lU {} & sleep 0.2"}[kind]
    engine.berth("exec", name, "sh", "-c", f"rm /etc/{file}; " + make.replace("{}", f"/etc/{file}"), check=False)
    check("exec", "-u", "1000:1000", name)
    check("exec", "-u", "user:user", name)
    check("exec", "-u", "0", name, want="0")
    assert engine.get("/_ping").status == 200


# ---- sockets by the older doors --------------------------------------------------------------


@pytest.mark.parametrize("door", ["socket32", "socketx32"])
@pytest.mark.parametrize("family", ["38", "40"])
def test_r18_no_other_number_of_the_call_opens_them(engine, evil, door, family):
    assert re.fullmatch(r"refused (1|38|97)\n", engine.berth("run", "--rm", "-u", "1000", evil(), "prowl", door, family, check=False).stdout)


def test_r18_the_32_bit_socketcall_opens_internet_sockets(engine, evil):
    """What a filter of Docker's must leave open: i386, Wine. (Where the kernel has 32-bit calls at all.)"""
    assert engine.berth("run", "--rm", "-u", "1000", evil(), "prowl", "socketcall", "2", check=False).stdout in ("FOUND\n", "refused 38\n")


@pytest.mark.skipif("apparmor" not in (open("/sys/kernel/security/lsm").read() if os.path.exists("/sys/kernel/security/lsm") else ""), reason="a filter cannot see behind socketcall(2): AppArmor must")
def test_r18_the_32_bit_socketcall_does_not_open_the_kernels_cryptography(engine, evil):
    assert re.fullmatch(r"refused (1|13|38|97)\n", engine.berth("run", "--rm", "-u", "1000", evil(), "prowl", "socketcall", "38", check=False).stdout)


# ---- control groups, namespaces, the host's root ---------------------------------------------


@pytest.mark.parametrize("line", ["unshare -UrmC true", "unshare -C true", "unshare -Urm mount -t cgroup -o memory x /tmp", "unshare -U true", "nsenter -t 1 -m -- true"])
def test_r08_no_new_namespace_gives_a_cgroup_mount(engine, line):
    p = engine.berth("run", "--rm", "bb", *line.split(), check=False)
    assert p.returncode != 0 and re.search("not permitted|denied|not found|invalid|unrecognized", p.stderr), p.stderr


@pytest.mark.parametrize("cgroupns", [True, False])
def test_r22_without_root_no_control_group_is_writable(cgroupns):
    with UserBundle() as user:
        if not cgroupns:
            user.config["linux"]["namespaces"] = [n for n in user.config["linux"]["namespaces"] if n["type"] != "cgroup"]
        p = user.run("sh", "-c", "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -d $d ] || continue; mkdir $d/made 2>/dev/null && echo MADE $d; "
                     "for f in cgroup.procs release_agent cgroup.subtree_control; do [ -e $d/$f ] && sh -c \"echo 0 >$d/$f\" 2>/dev/null && echo WROTE $d/$f; done; done; echo looked", check=False)
        assert p.stdout == "looked\n", p.stdout + p.stderr
    assert not glob.glob("/sys/fs/cgroup/*/made") + glob.glob("/sys/fs/cgroup/made")


def test_r24_a_bind_of_a_root_with_namespaces_mounted_below_shows_the_hosts(engine, tmp_path):
    """As snapd and ip-netns keep them: files of the kernel's nsfs, which newer ways of copying a tree of mounts trip over."""
    (tmp_path / "canary").write_text("host\n")
    (tmp_path / "ns").write_text("")
    with subprocess.Popen(["unshare", "-n", "sleep", "600"]) as holder:
        try:
            wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), "a namespace")
            run(["mount", "--bind", f"/proc/{holder.pid}/ns/net", str(tmp_path / "ns")])
            try:
                for source in ("/", str(tmp_path)):
                    p = engine.berth("run", "--rm", "-v", f"{source}:/host:ro", "bb", "cat", f"/host{tmp_path if source == '/' else ''}/canary", check=False)
                    assert p.stdout == "host\n" or p.returncode != 0
            finally:
                run(["umount", str(tmp_path / "ns")])
        finally:
            holder.kill()


# ---- places that are no directories ------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(k for k in ODD_FILES if k != "directory"))
def test_a_working_directory_that_is_none_is_an_error_that_names_it(engine, evil, name, kind):
    def setup(root):
        if kind != "socket":
            ODD_FILES[kind](root + "/odd")
        else:
            open(root + "/odd", "w").close()
    ref = evil(setup, "WORKDIR /odd")
    p = engine.berth("run", "--rm", ref, "pwd", check=False)
    assert p.returncode in (125, 126, 127) and "/odd" in p.stderr
    engine.berth("run", "-d", "--name", name, "-w", "/", ref, "sleep", "600")
    p = engine.berth("exec", "-w", "/odd", name, "pwd", check=False)
    assert p.returncode in (125, 126, 127) and "/odd" in p.stderr + p.stdout
    assert engine.berth("exec", name, "pwd").stdout == "/\n"


@pytest.mark.parametrize("depth", [39, 41, 300])
def test_deep_chains_of_links_end(engine, evil, depth):
    def setup(root):
        os.mkdir(root + "/end")
        for i in range(depth):
            os.symlink(f"l{i - 1}" if i else "end", f"{root}/l{i}")
    p = engine.berth("run", "--rm", "-w", f"/l{depth - 1}", "-v", "/tmp", "--tmpfs", f"/l{depth - 1}/deeper", evil(setup), "sh", "-c", "pwd -P; grep -c deeper /proc/self/mounts", check=False)
    assert p.stdout.split() == ["/end", "1"] if depth < 40 else p.returncode != 0 or p.stdout.split() == ["/end", "1"]


# ---- the program that is the first process -------------------------------------------------------


def test_r01_the_init_of_a_container_is_not_writable_from_inside(engine, evil, name):
    """--init: pid 1 is a program of the engine's. Root with CAP_SYS_PTRACE sees it and can write nothing of it."""
    init = engine.berth("run", "-d", "--init", "--name", name, "--cap-add", "SYS_PTRACE", "--cap-add", "DAC_OVERRIDE", evil(), "sleep", "600").stdout
    assert init
    p = engine.berth("exec", name, "sh", "-c", "exe=$(readlink /proc/1/exe); for f in /proc/1/exe $exe /proc/1/root$exe; do sh -c \"echo x >>$f\" 2>&1 && echo WROTE $f; cp /bin/true $f 2>/dev/null && echo COPIED $f; rm -f $f 2>/dev/null; done; true", check=False)
    assert "WROTE" not in p.stdout and "COPIED" not in p.stdout, p.stdout
    assert engine.berth("run", "--rm", "--init", "bb", "echo", "fine").stdout == "fine\n"


def test_strings_of_an_image_and_a_request_are_only_strings(engine, evil, name):
    """Environment, labels and host names that look like commands, formats, paths or lines of a file."""
    odd = "$(touch /tmp/owned) `touch /tmp/owned` %n%s ../../etc"
    ref = evil(lambda root: None, f'ENV ODD="{odd}"', f'LABEL odd="{odd}"')
    p = engine.berth("run", "--rm", "--name", name, "--label", f"x={odd}", "-e", f"MORE={odd}\nLD_PRELOAD=/x", ref, "sh", "-c", 'printf "%s|" "$MORE"; ls /tmp/owned; echo "${LD_PRELOAD-none}"', check=False)
    assert p.stdout == f"{odd}\nLD_PRELOAD=/x|none\n"
    for host in ("a\nb", "x" * 65, "../x", "a b", "a\tb", "\x1b[2J"):
        p = engine.berth("run", "--rm", "-h", host, "bb", "cat", "/etc/hosts", "/etc/hostname", check=False)
        assert p.returncode != 0 or p.stdout.count(host) >= 2 and host.isprintable()
