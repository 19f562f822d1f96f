# SPDX-License-Identifier: Apache-2.0
"""userns-remap: containers whose root is nobody outside, on the layers and volumes that all share."""
import io
import json
import os
import re
import stat
import subprocess
import tarfile
import urllib.request

import pytest

from harness import Daemon, PATIENCE, busybox_tar, make_prowl, run, wait_for

FIRST, SIZE = 231072, 65536


class Remapped(Daemon):
    """A daemon that sees its own /etc/subuid and /etc/subgid, so that the machine's stay as they are."""

    subids = f"remapper:{FIRST}:{SIZE}\n"

    def argv(self):
        lines = []
        for name in ("subuid", "subgid"):
            path = os.path.join(self.top, name)
            with open(path, "w") as f:
                f.write(self.subids)
            lines.append(f"test -e /etc/{name} || : > /etc/{name}; mount --bind {path} /etc/{name}")
        return ["unshare", "--mount", "--propagation", "slave", "sh", "-c", " && ".join(f"{{ {x}; }}" for x in lines) + ' && exec "$@"',
                "sh", *super().argv()]


@pytest.fixture(scope="module")
def remapped():
    with Remapped(["--userns-remap", "remapper"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture
def box(remapped, request):
    """box(option…, command=…): a running container; inside by box.sh(), outside by box.pid."""
    name = "u" + os.urandom(5).hex()

    class Box:
        def __call__(self, *options, command=("sleep", "600")):
            self.name = name
            self.said = remapped.docker("run", "-d", "--name", name, *options, "bb", *command).stderr
            self.pid = remapped.inspect(name)["State"]["Pid"]
            return self

        def sh(self, line, *options, **kw):
            return remapped.docker("exec", *options, name, "sh", "-c", line, **kw).stdout
    yield Box()
    remapped.request("DELETE", f"/containers/{name}?force=1&v=1")


def fetch(url):
    try:
        return urllib.request.urlopen(url, timeout=PATIENCE).read()
    except OSError:
        return None


def ids_of(pid):
    return re.search(r"^Uid:\s+(\d+)", open(f"/proc/{pid}/status").read(), re.M).group(1)


def test_root_inside_is_a_subordinate_id_outside(box):
    box()
    assert open(f"/proc/{box.pid}/uid_map").read().split() == open(f"/proc/{box.pid}/gid_map").read().split() == ["0", str(FIRST), str(SIZE)]
    assert ids_of(box.pid) == str(FIRST) and box.sh("id -u").strip() == "0"


def test_every_namespace_belongs_to_the_containers_own_user_namespace(box, remapped):
    """Each container has one of its own; what belongs to another, its root has no power over."""
    box()
    own = os.readlink(f"/proc/{box.pid}/ns/user")
    other = remapped.docker("run", "-d", "--rm", "bb", "sleep", "600").stdout.strip()
    try:
        assert own not in (os.readlink("/proc/self/ns/user"), os.readlink(f"/proc/{remapped.inspect(other)['State']['Pid']}/ns/user"))
    finally:
        remapped.docker("rm", "-f", other)
    out = box.sh("hostname inside 2>&1; ip link set lo down 2>&1 && echo power; true")
    assert out.count("not permitted") == 2 and "power" not in out


def test_its_root_has_power_over_its_network_with_the_capability(box):
    box("--cap-add", "NET_ADMIN")
    assert box.sh("ip addr add 192.0.2.1/32 dev lo && ip link add dummy0 type dummy 2>/dev/null; ip addr show lo | grep -c 192.0.2.1").strip() == "1"


def test_proc_sys_dev_and_control_groups_are_there(box):
    box()
    kinds = {m.split()[4]: m.split(" - ")[1].split()[0] for m in open(f"/proc/{box.pid}/mountinfo").read().splitlines()}
    assert {"/": "overlay", "/proc": "proc", "/sys": "sysfs", "/dev": "tmpfs", "/dev/pts": "devpts", "/dev/mqueue": "mqueue", "/dev/shm": "tmpfs"}.items() <= kinds.items()
    assert box.sh("ls /sys/fs/cgroup | wc -l").strip() != "0"
    assert box.sh("echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; test -c /dev/tty && echo tty").split() == ["4", "4", "tty"]


def test_the_image_is_roots_inside_and_on_disk(box, remapped):
    """The layers are neither copied nor chowned: what a remapped container makes looks on disk as anybody's."""
    box()
    assert box.sh("stat -c %u:%g /bin/busybox /etc/passwd /home/user").split() == ["0:0", "0:0", "1000:1000"]
    box.sh("echo new > /root/new; mkdir /srv; touch /srv/of-user; chown 1000:2000 /srv/of-user; echo more >> /etc/hello; chmod 4755 /root/new")
    upper = remapped.inspect(box.name)["GraphDriver"]["Data"]["UpperDir"]
    assert {p: (os.stat(upper + p).st_uid, os.stat(upper + p).st_gid) for p in ("/root/new", "/srv", "/srv/of-user", "/etc/hello")} == {
        "/root/new": (0, 0), "/srv": (0, 0), "/srv/of-user": (1000, 2000), "/etc/hello": (0, 0)}
    assert os.stat(upper + "/root/new").st_mode & stat.S_ISUID
    # Seen from outside through the running container, they are nobody's of the host.
    assert os.stat(f"/proc/{box.pid}/root/root/new").st_uid == FIRST


def test_the_files_that_the_engine_makes_are_roots_and_can_be_written(box):
    box()
    assert box.sh("stat -c %u:%g /etc/hosts /etc/hostname /etc/resolv.conf; echo '192.0.2.9 added' >> /etc/hosts && grep -c added /etc/hosts").split() == ["0:0"] * 3 + ["1"]


def test_a_bind_is_the_hosts_and_root_inside_is_nobody_there(box, tmp_path):
    (tmp_path / "secret").write_text("x")
    os.chmod(tmp_path / "secret", 0o600)
    os.chmod(tmp_path, 0o755)
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    box("-v", f"{tmp_path}:/b")
    assert box.sh("stat -c %u:%g /b/secret; cat /b/secret 2>&1; touch /b/x 2>&1; chown 0 /b/secret 2>&1; true").split("\n")[:4] == [
        "65534:65534", "cat: can't open '/b/secret': Permission denied", "touch: /b/x: Permission denied", "chown: /b/secret: Operation not permitted"]
    box.sh("touch /b/open/made; cp /bin/busybox /b/open/su; chmod 4755 /b/open/su")
    assert os.stat(tmp_path / "open/made").st_uid == FIRST
    # A setuid program made inside gives nobody on the host root's power.
    assert os.stat(tmp_path / "open/su").st_uid == FIRST


def test_a_named_volume_is_usable_by_root_and_shared_with_containers_of_the_hosts(box, remapped):
    vol = "v" + os.urandom(4).hex()
    try:
        box("-v", f"{vol}:/v")
        assert box.sh("stat -c %u:%g /v; echo one > /v/one; chown 1000:1000 /v/one; echo two > /v/two; stat -c %u /v/one /v/two").split() == ["0:0", "1000", "0"]
        data = remapped.get(f"/volumes/{vol}").json["Mountpoint"]
        assert [os.stat(f"{data}/{f}").st_uid for f in ("one", "two")] == [1000, 0]
        out = remapped.docker("run", "--rm", "--userns", "host", "-v", f"{vol}:/v", "bb", "stat", "-c", "%u", "/v/one", "/v/two").stdout
        assert out.split() == ["1000", "0"]
    finally:
        remapped.request("DELETE", f"/containers/{box.name}?force=1")
        remapped.request("DELETE", f"/volumes/{vol}")


def test_a_volume_gets_the_images_content_with_its_owners(box):
    box("-v", "/home")
    assert box.sh("stat -c %u:%g /home /home/user").split() == ["0:0", "1000:1000"]


def test_a_tmpfs_and_shared_memory_have_the_ids_inside(box):
    box("--tmpfs", "/t:uid=5,gid=6,mode=700", "--ipc", "shareable")
    assert box.sh("stat -c %u:%g:%a /t /dev/shm; touch /dev/shm/x && stat -c %u /dev/shm/x").split() == ["5:6:700", "0:0:1777", "0"]


@pytest.mark.parametrize("running", [True, False])
def test_copies_out_have_the_ids_inside(box, remapped, running):
    box()
    box.sh("echo a > /root/a; echo b > /root/b; chown 1000:1000 /root/b")
    if not running:
        remapped.docker("stop", "-t", "0", box.name)
    tar = tarfile.open(fileobj=io.BytesIO(remapped.get(f"/containers/{box.name}/archive?path=/root").body))
    assert {m.name: (m.uid, m.gid) for m in tar} == {"root/": (0, 0), "root": (0, 0), "root/a": (0, 0), "root/b": (1000, 1000)} or \
        {m.name.rstrip("/"): (m.uid, m.gid) for m in tar} == {"root": (0, 0), "root/a": (0, 0), "root/b": (1000, 1000)}
    tar = tarfile.open(fileobj=io.BytesIO(remapped.get(f"/containers/{box.name}/export").body))
    owners = {m.name.strip("/"): (m.uid, m.gid) for m in tar}
    assert owners["root/a"] == (0, 0) and owners["root/b"] == owners["home/user"] == (1000, 1000) and owners["bin/busybox"] == (0, 0)


def archive(**owners):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, uid in owners.items():
            info = tarfile.TarInfo(name)
            info.uid = info.gid = uid
            info.mode = 0o4755
            tar.addfile(info, io.BytesIO())
    return out.getvalue()


@pytest.mark.parametrize("running", [True, False])
def test_copies_in_are_owned_as_the_archive_says(box, remapped, running):
    box("-v", "/vol")
    if not running:
        remapped.docker("stop", "-t", "0", box.name)
    for place in ("/root", "/vol"):
        a = remapped.request("PUT", f"/containers/{box.name}/archive?path={place}", archive(zero=0, user=1000), headers={"Content-Type": "application/x-tar"})
        assert a.status == 200, a.body
    remapped.docker("start", box.name)
    assert box.sh("cd /root; stat -c %u:%g:%a zero user; cd /vol; stat -c %u:%g:%a zero user").split() == ["0:0:4755", "1000:1000:4755"] * 2


def test_cp_by_both_command_lines_keeps_the_owner_in_the_container(box, remapped, tmp_path):
    box()
    (tmp_path / "f").write_text("text")
    for n, cp in enumerate((remapped.docker, remapped.berth)):
        cp("cp", str(tmp_path / "f"), f"{box.name}:/root/f{n}")
        cp("cp", f"{box.name}:/root/f{n}", str(tmp_path / f"back{n}"))
        assert (tmp_path / f"back{n}").read_text() == "text" and box.sh(f"stat -c %u /root/f{n}").strip() == "0"


def test_a_commit_and_a_diff_are_the_same_as_without_a_map(box, remapped):
    box()
    box.sh("echo a > /root/a; chown 1000 /root/a; rm /etc/hello")
    assert {"C /etc", "D /etc/hello", "C /root", "A /root/a"} <= set(remapped.docker("diff", box.name).stdout.splitlines())
    assert "/bin" not in remapped.docker("diff", box.name).stdout
    image = remapped.docker("commit", box.name).stdout.strip()
    try:
        for userns in ([], ["--userns", "host"]):
            line = "stat -c %u /root/a /bin/busybox; test -e /etc/hello || echo gone"
            assert remapped.docker("run", "--rm", *userns, image, "sh", "-c", line).stdout.split() == ["1000", "0", "gone"]
    finally:
        remapped.docker("rmi", image)


def test_an_image_mount_has_the_ids_inside(box):
    box("--mount", "type=image,src=bb,dst=/i")
    assert box.sh("stat -c %u:%g /i/bin/busybox /i/home/user").split() == ["0:0", "1000:1000"]


def test_execs_and_users_are_of_the_user_namespace(box):
    box("-u", "user")
    assert ids_of(box.pid) == str(FIRST + 1000)
    assert box.sh("id -u; id -g; id -G").split() == ["1000", "1000", "1000", "2000"]
    assert box.sh("id -u; touch /root/x && echo made", "-u", "0").split() == ["0", "made"]
    assert box.sh("stat -c %u /dev/stdout >/dev/null; echo again > /dev/stdout", "-u", "1000").strip() == "again"


def test_the_programs_output_can_be_opened_again(remapped):
    assert remapped.docker("run", "--rm", "bb", "sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr").stdout == "out\n"
    assert remapped.docker("run", "--rm", "-u", "1000", "bb", "sh", "-c", "echo out > /dev/stdout").stdout == "out\n"


def test_a_terminal_belongs_to_the_user(remapped):
    p = subprocess.run(["script", "-qec", " ".join(remapped.client_argv("docker", "run", "--rm", "-it", "bb", "sh", "-c", "'tty; stat -c %u $(tty); echo x > /dev/tty'")), "/dev/null"],
                       capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert p.stdout.replace("\r", "").replace("^@", "").split() == ["/dev/pts/0", "0", "x"], p.stdout


def test_a_health_check_runs_inside(box, remapped):
    box("--health-cmd", "id -u", "--health-interval", "200ms")
    wait_for(lambda: remapped.inspect(box.name)["State"]["Health"]["Status"] == "healthy", "healthy")
    assert remapped.inspect(box.name)["State"]["Health"]["Log"][0]["Output"].strip() == "0"


def test_sysctls_of_all_namespaces_can_be_set(box):
    box("--sysctl", "net.ipv4.ip_default_ttl=77", "--sysctl", "kernel.shmmax=12345678", "--sysctl", "fs.mqueue.msg_max=11")
    assert box.sh("cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max").split() == ["77", "12345678", "11"]


def test_devices_are_there_also_under_another_name(box):
    box("--device", "/dev/null:/dev/mine:rw", "--device", "/dev/zero")
    assert box.sh("stat -c '%t:%T' /dev/mine /dev/zero; echo x > /dev/mine && head -c 2 /dev/zero | wc -c").split() == ["1:3", "1:5", "2"]


def test_an_init_is_run(box):
    box("--init")
    assert box.sh("cat /proc/1/comm").strip() in ("docker-init", "berth-init")


def test_names_and_published_ports_work(box, remapped):
    net = "n" + os.urandom(4).hex()
    remapped.docker("network", "create", net)
    try:
        box("--network", net, "--network-alias", "web", "-p", "127.0.0.1::80", command=("sh", "-c", "echo hi > /www/index.html; exec httpd -f -p 80 -h /www"))
        port = remapped.docker("port", box.name, "80").stdout.strip().rsplit(":", 1)[1]
        wait_for(lambda: fetch(f"http://127.0.0.1:{port}/") == b"hi\n", "the published port answers")
        assert remapped.docker("run", "--rm", "--network", net, "bb", "wget", "-qO-", "http://web/").stdout == "hi\n"
        # As without a map, anybody may ping.
        open_socket = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); print('may')"
        user = str(FIRST + 1000)
        assert run(["nsenter", "-t", str(box.pid), "-n", "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "/usr/bin/python3", "-c", open_socket]).stdout == "may\n"
    finally:
        remapped.request("DELETE", f"/containers/{box.name}?force=1")
        remapped.docker("network", "rm", net)


@pytest.mark.parametrize("option,kind,extra", [("--pid", "pid", []), ("--ipc", "ipc", ["--ipc", "shareable"]), ("--network", "net", [])])
def test_who_joins_a_namespace_joins_the_user_namespace_too(box, remapped, option, kind, extra):
    box(*extra)
    other = remapped.docker("run", "-d", option, f"container:{box.name}", "bb", "sleep", "600").stdout.strip()
    try:
        pid = remapped.inspect(other)["State"]["Pid"]
        for ns in (kind, "user"):
            assert os.readlink(f"/proc/{pid}/ns/{ns}") == os.readlink(f"/proc/{box.pid}/ns/{ns}")
        assert remapped.docker("exec", other, "sh", "-c", "test -d /sys/class/net/lo && stat -c %u /bin/busybox").stdout.strip() == "0"
    finally:
        remapped.docker("rm", "-f", other)


def test_a_container_of_the_hosts_user_namespace_cannot_be_joined(box, remapped):
    box("--userns", "host")
    p = remapped.docker("run", "--rm", "--network", f"container:{box.name}", "bb", "true", check=False)
    assert p.returncode == 125 and "in the host's user namespace" in p.stderr
    assert remapped.docker("run", "--rm", "--userns", "host", "--network", f"container:{box.name}", "bb", "true").returncode == 0


def test_userns_host_is_the_hosts(box, remapped):
    box("--userns", "host", "--privileged")
    assert os.readlink(f"/proc/{box.pid}/ns/user") == os.readlink("/proc/self/ns/user") and ids_of(box.pid) == "0"
    assert remapped.inspect(box.name)["HostConfig"]["UsernsMode"] == "host"


@pytest.mark.parametrize("options,words", [
    (["--privileged"], "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode"),
    (["--network", "host"], "cannot share the host's network namespace when user namespaces are enabled"),
    (["--pid", "host"], "cannot share the host PID namespace when user namespaces are enabled")])
def test_what_needs_the_hosts_root_is_refused_in_dockers_words(remapped, client, options, words):
    p = remapped.docker("run", "--rm", *options, "bb", "true", client=client, check=False)
    assert p.returncode == 125 and words in p.stderr
    assert remapped.docker("run", "--rm", "--userns", "host", *options, "bb", "echo", "ran", client=client).stdout == "ran\n"


def test_the_hosts_ipc_can_be_shared(box):
    box("--ipc", "host")
    assert os.readlink(f"/proc/{box.pid}/ns/ipc") == os.readlink("/proc/self/ns/ipc")


def test_info_says_so(remapped):
    assert "name=userns" in remapped.get("/info").json["SecurityOptions"]


def test_a_read_only_root_is_read_only(remapped):
    assert remapped.docker("run", "--rm", "--read-only", "--tmpfs", "/run", "bb", "sh", "-c", "touch /x 2>/dev/null || touch /run/x && echo ok").stdout == "ok\n"


def test_restarts_by_policy_keep_the_user_namespace(box, remapped):
    box("--restart", "always", command=("sh", "-c", "[ -e /again ] && exec sleep 600; touch /again; exit 1"))
    pid = wait_for(lambda: (c := remapped.inspect(box.name))["RestartCount"] >= 1 and c["State"]["Pid"], "it runs again")
    assert open(f"/proc/{pid}/uid_map").read().split() == ["0", str(FIRST), str(SIZE)]


# What a hostile root inside tries.

def test_nothing_of_the_hosts_kernel_can_be_reached_with_all_capabilities(box, tmp_path):
    (tmp_path / "f").write_text("x")
    os.chmod(tmp_path / "f", 0o600)
    box("--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "-v", f"{tmp_path}:/b:ro", "--device", "/dev/null")
    # The mount is its own; what it shows is not.
    box.sh("mount -o remount,rw /proc/sys; mount -o remount,bind,rw /b; true")
    for line in ("echo 1 > /proc/sys/kernel/sysrq", "echo x > /proc/sysrq-trigger",
                 "mknod /n c 1 1 && cat /n", "cat /b/f", "chown 0 /b/f", "chroot /proc/1/root cat /dev/mem", "insmod /bin/busybox", "swapoff -a",
                 "echo core > /proc/sys/kernel/core_pattern", "dmesg -c", "echo $$ > /sys/fs/cgroup/cgroup.procs", "mount -t ext4 /dev/vda /mnt"):
        p = box.sh(f"({line}) >/dev/null 2>&1 && echo DONE; true")
        assert p == "", line
    assert os.stat(tmp_path / "f").st_uid == 0


def test_device_nodes_made_inside_open_nothing(box):
    box("--cap-add", "MKNOD")
    assert "not permitted" in box.sh("mknod /tmp/mem c 1 1 2>&1; mknod /tmp/full c 1 7 2>&1; true")


def test_a_setuid_program_gives_root_inside_and_no_more(box, remapped, tmp_path):
    box("-u", "1000")
    program = tmp_path / "prowl"
    make_prowl(str(program))
    remapped.docker("cp", str(program), f"{box.name}:/tmp/who")
    box.sh("chown 0:0 /tmp/who && chmod 4755 /tmp/who", "-u", "0")
    assert box.sh("/tmp/who ids").split() == ["1000", "0"]
    # On disk it is root's and setuid: whoever is not root must not get at it.
    upper = remapped.inspect(box.name)["GraphDriver"]["Data"]["UpperDir"]
    assert run(["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "ls", upper + "/tmp"], check=False).returncode != 0


def test_the_keyring_and_the_signals_of_others_are_out_of_reach(box):
    box("--cap-add", "ALL", "--security-opt", "seccomp=unconfined")
    assert box.sh("ls /proc | grep -c '^[0-9]'; kill -0 $(( $$ + 100000 )) 2>&1; true").split()[0] in ("2", "3", "4", "5")


def test_the_defaults_are_dockers_there_too(box, remapped):
    """B1: what a container has is the same with a map and without, but for what the map is."""
    def look(*options):
        name = "b" + os.urandom(4).hex()
        remapped.docker("run", "-d", "--name", name, "--hostname", "h", *options, "bb", "sleep", "600")
        try:
            pid = remapped.inspect(name)["State"]["Pid"]
            status = open(f"/proc/{pid}/status").read()
            # What masks a file is a null device: made in the container's /dev, or bound there from the host's.
            kind = {"tmpfs": "null", "devtmpfs": "null"}
            mounts = sorted((m.split()[4], kind.get(m.split(" - ")[1].split()[0], m.split(" - ")[1].split()[0]),
                             tuple(sorted(o for o in m.split()[5].split(",") if o not in ("relatime", "idmapped", "nosuid"))))
                            for m in open(f"/proc/{pid}/mountinfo").read().splitlines() if not m.split()[4].startswith("/dev/"))
            return {"caps": re.findall(r"^(?:Cap\w+|Seccomp|NoNewPrivs):\s*(\S+)", status, re.M), "limits": open(f"/proc/{pid}/limits").read(), "mounts": mounts,
                    "devices": remapped.docker("exec", name, "sh", "-c", "cd /dev; ls | sort").stdout,
                    "namespaces": sorted(n for n in os.listdir(f"/proc/{pid}/ns") if os.readlink(f"/proc/{pid}/ns/{n}") != os.readlink(f"/proc/self/ns/{n}"))}
        finally:
            remapped.docker("rm", "-f", name)
    mapped, plain = look(), look("--userns", "host")
    assert mapped["namespaces"] == sorted([*plain["namespaces"], "user"])
    for what in ("caps", "limits", "mounts", "devices"):
        assert mapped[what] == plain[what], what


# Switching it on and off, and where it cannot be had.

def test_switching_it_on_and_off_loses_nothing(tmp_path):
    """The same data root with, without, and with another map: every container, volume and image stays, and its files have the right owners."""
    top = str(tmp_path / "top")
    os.mkdir(top)

    def check(daemon, first):
        with daemon:
            if not daemon.get("/images/json").json:
                daemon.import_image(busybox_tar(), "bb:latest")
                daemon.docker("create", "--name", "life", "-v", "vol:/v", "bb", "sh", "-c", "id -u; touch /root/made$(ls /root | wc -l) /v/made; stat -c %u /root/* /v/made; sleep 600")
                daemon.docker("run", "--name", "stays", "bb", "true")
            daemon.docker("start", "life")
            pid = daemon.inspect("life")["State"]["Pid"]
            wait_for(lambda: daemon.docker("exec", "life", "sh", "-c", "test -e /v/made && echo y").stdout, "it has written")
            assert ids_of(pid) == str(first)
            assert set(daemon.docker("exec", "life", "sh", "-c", "stat -c %u /root/* /v/made").stdout.split()) == {"0"}
            daemon.docker("stop", "-t", "0", "life")
            names = {c["Names"][0] for c in daemon.get("/containers/json?all=1").json}
            assert names == {"/life", "/stays"}
            daemon.stop = daemon.terminate

    class Other(Remapped):
        subids = f"remapper:{FIRST + SIZE}:{SIZE}\n"

    for kind, flags, first in ((Daemon, [], 0), (Remapped, ["--userns-remap", "remapper"], FIRST), (Other, ["--userns-remap=remapper:remapper"], FIRST + SIZE), (Daemon, [], 0)):
        last = kind(flags, top=top)
        check(last, first)
        run(["ip", "link", "del", last.bridge], check=False)
    with Daemon(top=top) as d:
        assert d.docker("exec", "nobody", "true", check=False).returncode != 0


def start_fails(flags, subids=None, top=None):
    d = Remapped(flags, top=top)
    if subids is not None:
        d.subids = subids
    try:
        with pytest.raises(AssertionError) as e:
            d.start()
        return str(e.value)
    finally:
        if d.proc and d.proc.poll() is None:
            d.stop()
        elif top is None:
            run(["rm", "-rf", d.top])


@pytest.mark.parametrize("value,subids,words", [
    ("default", "", 'dockremap has no subordinate ids in /etc/subuid: a line as "dockremap:100000:65536"'),
    ("default", "a:100000:65536\nb:165536:65536\n", "usermod --add-subuids 231072-296607 --add-subgids 231072-296607 dockremap"),
    ("nobodyhasit", "", "nobodyhasit has no subordinate ids"), ("a:b:c", "", "invalid value"), (":", "", "invalid value"),
    ("a", "a:x:65536\n", "not NAME:START:COUNT"), ("a", "a:0:65536\n", "0 is the host's root"), ("a", "a:100000:5\na:100002:5\n", "overlaps"),
    ("a", "a:4294967295:5\n", "there are no such ids")])
def test_a_daemon_without_ranges_does_not_start_and_says_what_to_do(value, subids, words):
    assert words in start_fails([f"--userns-remap={value}"], subids)


def test_a_file_system_without_id_mapped_mounts_is_a_clear_error(tmp_path):
    top = str(tmp_path)
    run(["mount", "-t", "ramfs", "ramfs", top])
    try:
        assert "id-mapped mounts cannot be had below" in start_fails(["--userns-remap", "remapper"], top=top)
    finally:
        run(["umount", "-l", top])


@pytest.mark.parametrize("value,subids,first", [("default", f"dockremap:{FIRST}:{SIZE}\n", FIRST), ("1234567", f"1234567:{FIRST}:{SIZE}\n", FIRST), ("nobody", f"65534:{FIRST}:1000\n", FIRST)])
def test_names_and_numbers_find_their_ranges(value, subids, first):
    d = Remapped([f"--userns-remap={value}:{value}" if value != "default" else "--userns-remap=default"])
    d.subids = subids
    if value == "nobody":
        # Its group is nogroup: by number it is found, too.
        d.flags = ["--userns-remap=nobody:65534"]
    with d:
        assert "name=userns" in d.get("/info").json["SecurityOptions"]


def test_the_daemons_file_may_say_it(tmp_path):
    d = Remapped([])
    with open(os.path.join(d.top, "daemon.json"), "w") as f:
        json.dump({"userns-remap": "remapper"}, f)
    with d:
        d.import_image(busybox_tar(), "bb:latest")
        assert d.docker("run", "--rm", "bb", "cat", "/proc/self/uid_map").stdout.split() == ["0", str(FIRST), str(SIZE)]


def test_two_ranges_follow_one_another():
    d = Remapped(["--userns-remap", "remapper"])
    d.subids = f"remapper:{FIRST}:1000\nremapper:{FIRST + 100000}:64536\n"
    with d:
        d.import_image(busybox_tar(), "bb:latest")
        out = d.docker("run", "--rm", "bb", "sh", "-c", "cat /proc/self/uid_map; touch /a; chown 1000 /a; stat -c %u /a /home/user").stdout.split()
        assert out == ["0", str(FIRST), "1000", "1000", str(FIRST + 100000), "64536", "1000", "1000"]


def test_containers_run_on_while_the_daemon_is_replaced():
    with Remapped(["--userns-remap", "remapper"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "life", "bb", "sleep", "600")
        d.kill()
        d.start()
        assert d.docker("exec", "life", "sh", "-c", "id -u; touch /root/x; stat -c %u /root/x").stdout.split() == ["0", "0"]
        tar = tarfile.open(fileobj=io.BytesIO(d.get("/containers/life/archive?path=/root/x").body))
        assert [(m.uid, m.gid) for m in tar] == [(0, 0)]
        d.docker("restart", "-t", "0", "life")
        assert open(f"/proc/{d.inspect('life')['State']['Pid']}/uid_map").read().split() == ["0", str(FIRST), str(SIZE)]


def test_another_runtime_is_refused_by_name(tmp_path):
    d = Remapped(["--userns-remap", "remapper", "--add-runtime", "other=/usr/sbin/runc"])
    with d:
        d.import_image(busybox_tar(), "bb:latest")
        p = d.docker("run", "--rm", "--runtime", "other", "bb", "true", check=False)
        assert p.returncode == 125 and "needs --userns=host" in p.stderr
