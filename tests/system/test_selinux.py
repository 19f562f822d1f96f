# SPDX-License-Identifier: Apache-2.0
"""SELinux, enforcing (tests/vm/run.sh build --mode selinux): labels of processes and files, and that containers are kept apart by them."""
import io
import json
import os
import re
import tarfile

import pytest

from harness import Daemon, busybox_tar, run, wait_for

HERE = os.path.exists("/sys/fs/selinux/enforce")
pytestmark = pytest.mark.skipif(not HERE, reason="no SELinux here (tests/vm/run.sh build --mode selinux)")
PROCESS = r"system_u:system_r:container_t:(s0:c\d+,c\d+)"
FILES = r"system_u:object_r:container_file_t:(s0:c\d+,c\d+)"
SHARED = "system_u:object_r:container_file_t:s0"


def label(path):
    return os.getxattr(path, "security.selinux", follow_symlinks=False).rstrip(b"\0").decode()


@pytest.fixture(scope="module")
def labelled():
    with Daemon(["--selinux-enabled"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture
def box(labelled):
    """box(option…, command=…): a running container of its own; removed at the end."""
    made = []

    class Box:
        def __init__(self, *options, command=("sleep", "600")):
            self.name = "s" + os.urandom(5).hex()
            made.append(self.name)
            labelled.docker("run", "-d", "--name", self.name, *options, "bb", *command)
            it = labelled.inspect(self.name)
            self.pid, self.process, self.files, self.options = it["State"]["Pid"], it["ProcessLabel"], it["MountLabel"], it["HostConfig"]["SecurityOpt"]

        @property
        def level(self):
            return re.fullmatch(PROCESS, self.process).group(1)

        @property
        def current(self):
            return open(f"/proc/{self.pid}/attr/current").read().rstrip("\0\n")

        def of(self, path):
            return label(f"/proc/{self.pid}/root{path}")

        def sh(self, line, *options, **kw):
            return labelled.docker("exec", *options, self.name, "sh", "-c", line, **kw).stdout
    yield Box
    for name in made:
        labelled.request("DELETE", f"/containers/{name}?force=1&v=1")


def test_info_says_so(labelled):
    assert "name=selinux" in json.loads(labelled.docker("info", "-f", "{{json .SecurityOptions}}").stdout)


def test_the_policy_is_enforced():
    assert open("/sys/fs/selinux/enforce").read() == "1", "what the others prove needs it"


def test_a_container_gets_the_policys_contexts_and_a_pair_of_categories_of_its_own(box):
    a, b = box(), box()
    assert a.level == re.fullmatch(FILES, a.files).group(1) and a.level != b.level
    assert a.current == a.process and b.current == b.process


def test_everything_in_its_root_has_the_label_of_its_files(box):
    a = box("--tmpfs", "/t", "-t")
    for path in ("/", "/bin/busybox", "/etc", "/dev", "/dev/null", "/dev/pts", "/dev/pts/0", "/dev/console", "/dev/shm", "/dev/mqueue", "/t", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"):
        assert a.of(path) == a.files, path
    assert a.of("/proc/acpi" if os.path.isdir("/proc/acpi") else "/sys/firmware") == a.files, "what masks a directory"
    a.sh("echo x > /new; echo y > /t/new; echo z > /dev/shm/new; echo w >> /etc/hosts")
    assert a.of("/new") == a.of("/t/new") == a.of("/dev/shm/new") == a.files
    assert a.of("/proc/1") != a.files and a.of("/sys") != a.files


def test_execs_and_health_checks_have_the_containers_label(box, labelled):
    a = box("--health-cmd", "cat /proc/self/attr/current > /health.new && mv /health.new /health", "--health-interval", "1s")
    for options in ([], ["-u", "1000"], ["--privileged"], ["-t"]):
        assert a.sh("cat /proc/self/attr/current", *options).rstrip("\0\r\n") == a.process, options
    wait_for(lambda: labelled.inspect(a.name)["State"]["Health"]["Status"] == "healthy", "it is healthy")
    assert a.sh("cat /health").rstrip("\0\n") == a.process


def test_the_keyring_has_the_label_of_who_uses_it(box):
    a = box()
    assert a.sh("cat /proc/self/attr/keycreate; cat /proc/keys >/dev/null 2>&1; echo ran").endswith("ran\n")


def test_the_hosts_files_cannot_be_read_unless_they_are_given(box, tmp_path):
    (tmp_path / "f").write_text("secret\n")
    before = label(tmp_path / "f")
    a = box("-v", f"{tmp_path}:/b")
    assert a.sh("cat /b/f 2>&1; true").count("Permission denied") == 1
    assert label(tmp_path / "f") == before, "nobody asked for another label"


def test_z_gives_a_bind_to_all_containers_and_follows_no_link(box, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("not meant\n")
    before = label(outside)
    (tmp_path / "d" / "deep").mkdir(parents=True)
    (tmp_path / "d" / "deep" / "f").write_text("given\n")
    (tmp_path / "d" / "link").symlink_to(outside)
    a, b = box("-v", f"{tmp_path}/d:/b:z"), box("-v", f"{tmp_path}/d:/b:ro,z")
    assert a.sh("cat /b/deep/f") == b.sh("cat /b/deep/f") == "given\n"
    assert {label(tmp_path / "d" / x) for x in (".", "deep", "deep/f", "link")} == {SHARED}
    assert label(outside) == before


def test_big_z_gives_a_bind_to_one_container_alone(box, tmp_path):
    (tmp_path / "f").write_text("mine\n")
    a, b = box("-v", f"{tmp_path}:/b:Z"), box("-v", f"{tmp_path}:/b")
    assert label(tmp_path) == label(tmp_path / "f") == a.files
    assert a.sh("cat /b/f") == "mine\n" and "Permission denied" in b.sh("cat /b/f 2>&1; true")


def test_one_file_can_be_given(box, tmp_path):
    (tmp_path / "f").write_text("one\n")
    a = box("-v", f"{tmp_path}/f:/f:Z")
    assert a.sh("cat /f") == "one\n" and label(tmp_path / "f") == a.files and label(tmp_path) != a.files


@pytest.mark.parametrize("place", ["/", "/etc", "/usr", "/home", "/root", "/tmp", "/var/lib"])
@pytest.mark.parametrize("mode", ["z", "Z"])
def test_what_the_host_lives_by_keeps_its_label(labelled, place, mode):
    before = label(place)
    p = labelled.docker("run", "--rm", "-v", f"{place}:/b:ro,{mode}", "bb", "true", check=False)
    assert p.returncode != 0 and f"SELinux relabeling of {place} is not allowed" in p.stderr
    assert label(place) == before


def test_a_link_to_such_a_place_is_that_place(labelled, tmp_path):
    (tmp_path / "l").symlink_to("/etc")
    p = labelled.docker("run", "--rm", "-v", f"{tmp_path}/l:/b:Z", "bb", "true", check=False)
    assert p.returncode != 0 and "SELinux relabeling of /etc is not allowed" in p.stderr


def test_a_volume_is_for_all_containers(box, labelled):
    volume = "v" + os.urandom(4).hex()
    a = box("-v", f"{volume}:/v")
    a.sh("mkdir /v/d; echo a > /v/d/f")
    b = box("-v", f"{volume}:/v:ro")
    assert b.sh("cat /v/d/f") == "a\n" and a.sh("cat /v/d/f") == "a\n"
    labelled.docker("rm", "-f", a.name, b.name)
    labelled.docker("volume", "rm", volume)


def test_a_volume_can_be_one_containers_alone(box, labelled):
    volume = "v" + os.urandom(4).hex()
    a = box("-v", f"{volume}:/v:Z")
    a.sh("echo a > /v/f")
    assert a.of("/v") == a.files and a.of("/v/f") == a.files
    labelled.docker("rm", "-f", a.name)
    labelled.docker("volume", "rm", volume)


def test_what_an_image_has_in_a_volume_can_be_used(box, labelled):
    a = box("-v", "/etc")
    assert a.sh("ls /etc/passwd; echo x >> /etc/passwd; tail -1 /etc/passwd").endswith("x\n")


def test_an_image_that_is_mounted_has_the_label_too(box):
    a = box("--mount", "type=image,source=bb,destination=/i")
    assert a.of("/i/bin/busybox") == a.files


@pytest.mark.parametrize("options", [["--security-opt", "label=disable"], ["--security-opt", "label:disable"], ["--privileged"], ["--pid", "host"], ["--ipc", "host"]], ids=" ".join)
def test_who_is_let_out_has_the_daemons_label_and_files_of_nobodys(box, options):
    a = box(*options)
    assert a.process == "" and a.files == "system_u:object_r:container_file_t:s0:c1022,c1023"
    assert a.current == open("/proc/self/attr/current").read().rstrip("\0\n") and a.of("/etc") == a.files
    assert a.options == (options[1:] if options[0] == "--security-opt" else ["label=disable"])


def test_each_part_can_be_named(box):
    a = box("--security-opt", "label=level:s0:c5,c6")
    assert (a.process, a.files, a.current) == ("system_u:system_r:container_t:s0:c5,c6", "system_u:object_r:container_file_t:s0:c5,c6", a.process)
    b = box("--security-opt", "label=level:s0:c5,c6")
    assert b.process == a.process, "two may share a level that they name"
    c = box("--security-opt", "label=filetype:container_ro_file_t", "--security-opt", "label=type:unconfined_t", "--security-opt", "label=level:s0")
    assert (c.process, c.files) == ("system_u:system_r:unconfined_t:s0", "system_u:object_r:container_ro_file_t:s0")
    assert c.current == c.process and c.of("/etc") == c.files
    d = box("--security-opt", "label=user:unconfined_u", "--security-opt", "label=role:unconfined_r", "--security-opt", "label=type:unconfined_t")
    assert d.process.startswith("unconfined_u:unconfined_r:unconfined_t:s0:c") and d.files.startswith("unconfined_u:object_r:container_file_t:s0:c")


def test_a_named_level_opens_what_has_that_level(box, tmp_path):
    (tmp_path / "f").write_text("theirs\n")
    box("--security-opt", "label=level:s0:c7,c8", "-v", f"{tmp_path}:/b:Z")
    assert box("--security-opt", "label=level:s0:c7,c8", "-v", f"{tmp_path}:/b").sh("cat /b/f") == "theirs\n"
    assert "Permission denied" in box("--security-opt", "label=level:s0:c7,c9", "-v", f"{tmp_path}:/b").sh("cat /b/f 2>&1; true")


@pytest.mark.parametrize("option,words", [("nested", 'bad label option "nested"'), ("type:a b", "bad label option"), ("bogus", "invalid --security-opt 2")])
def test_what_is_no_option_is_refused(labelled, option, words):
    p = labelled.docker("run", "--rm", "--security-opt", f"label={option}", "bb", "true", check=False)
    assert p.returncode == 125 and words in p.stderr


def test_a_type_that_the_policy_does_not_have_is_an_error_that_names_it(labelled):
    p = labelled.docker("run", "--rm", "--security-opt", "label=type:nosuch_t", "bb", "true", check=False)
    assert p.returncode != 0 and "process.selinuxLabel: " in p.stderr and "nosuch_t" in p.stderr


@pytest.mark.parametrize("option", ["--pid", "--ipc"])
def test_who_joins_a_container_has_its_label(box, option):
    a = box("--ipc", "shareable")
    b = box(option, f"container:{a.name}")
    assert b.process == a.process and b.current == a.current and b.files.endswith(a.level)
    if option == "--ipc":
        a.sh("echo x > /dev/shm/f")
        assert b.sh("cat /dev/shm/f") == "x\n"


def test_who_joins_two_containers_of_different_labels_is_refused(box, labelled):
    a, b = box("--ipc", "shareable"), box()
    p = labelled.docker("run", "--rm", "--ipc", f"container:{a.name}", "--pid", f"container:{b.name}", "bb", "true", check=False)
    assert p.returncode == 125 and "--ipc and --pid containers SELinux labels aren't the same" in p.stderr


def test_copies_in_can_be_read_and_copies_out_carry_no_label(box, labelled, tmp_path):
    (tmp_path / "f").write_text("copied\n")
    a = box()
    labelled.docker("cp", str(tmp_path / "f"), f"{a.name}:/f1")
    assert a.sh("cat /f1") == "copied\n" and a.of("/f1") == a.files
    labelled.docker("stop", "-t", "0", a.name)
    labelled.docker("cp", str(tmp_path / "f"), f"{a.name}:/f2")
    labelled.docker("start", a.name)
    assert a.sh("cat /f2") == "copied\n"
    got = labelled.request("GET", f"/containers/{a.name}/archive?path=/f1").body
    with tarfile.open(fileobj=io.BytesIO(got)) as tar:
        assert not [x for m in tar for x in m.pax_headers if "selinux" in x]


def test_a_commit_carries_no_label(box, labelled, tmp_path):
    a = box()
    a.sh("echo x > /f")
    image = "i" + os.urandom(4).hex()
    labelled.docker("commit", a.name, image)
    try:
        labelled.docker("save", "-o", str(tmp_path / "saved"), image)
        assert b"security.selinux" not in (tmp_path / "saved").read_bytes()
        assert labelled.docker("run", "--rm", image, "cat", "/f").stdout == "x\n"
    finally:
        labelled.docker("rmi", "-f", image)


def test_labels_stay_through_restarts_of_container_and_daemon(box, labelled):
    a = box()
    labelled.docker("restart", "-t", "0", a.name)
    it = labelled.inspect(a.name)
    assert (it["ProcessLabel"], it["MountLabel"]) == (a.process, a.files)
    labelled.terminate()
    labelled.start()
    it = labelled.inspect(a.name)
    assert (it["ProcessLabel"], it["MountLabel"]) == (a.process, a.files)
    a.pid = it["State"]["Pid"]
    assert a.current == a.process


def test_an_init_is_confined_as_its_program(box):
    a = box("--init")
    assert a.current == a.process and a.sh("cat /proc/self/attr/current").rstrip("\0\n") == a.process


def test_terminals_networks_and_names_work_confined(box, labelled):
    net = "n" + os.urandom(4).hex()
    labelled.docker("network", "create", net)
    try:
        a = box("--network", net, "--network-alias", "web", command=("sh", "-c", "echo hi > /www/index.html; exec httpd -f -p 80 -h /www"))
        assert labelled.docker("run", "--rm", "-t", "--network", net, "bb", "wget", "-qO-", "http://web/").stdout == "hi\n"
    finally:
        labelled.docker("rm", "-f", a.name)
        labelled.docker("network", "rm", net)


def test_a_daemon_that_is_not_told_gives_no_labels(engine, tmp_path):
    before = label(tmp_path)
    p = engine.docker("run", "--rm", "-v", f"{tmp_path}:/b:Z", "bb", "cat", "/proc/self/attr/current")
    assert p.stdout.rstrip("\0\n") == open("/proc/self/attr/current").read().rstrip("\0\n") and label(tmp_path) == before
    p = engine.docker("run", "--rm", "--security-opt", "label=type:container_t", "bb", "true", check=False)
    assert p.returncode == 125 and "SELinux is not switched on for this daemon (selinux-enabled)" in p.stderr
    assert "name=selinux" not in engine.docker("info", "-f", "{{.SecurityOptions}}").stdout


def test_userns_remap_goes_with_labels(tmp_path):
    """A root whose ids are mapped has its label all the same."""
    from test_userns import Remapped

    class Here(Remapped):
        def argv(self):
            # util-linux's program would go into a domain of its own, which this role is not let into.
            return [x.replace("mount --bind", "busybox mount --bind") for x in super().argv()]
    with Here(["--selinux-enabled", "--userns-remap", "remapper"]) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "mapped", "bb", "sleep", "600")
        it = d.inspect("mapped")
        assert label(f"/proc/{it['State']['Pid']}/root/etc") == it["MountLabel"] != ""
        assert d.docker("exec", "mapped", "cat", "/proc/self/attr/current").stdout.rstrip("\0\n") == it["ProcessLabel"]


def test_the_runtime_says_that_it_can(tmp_path):
    from harness import BUILD
    said = json.loads(run([os.path.join(BUILD, "berth-runtime"), "features"]).stdout)
    assert said["linux"]["selinux"]["enabled"] is True
