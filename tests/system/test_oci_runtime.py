# SPDX-License-Identifier: Apache-2.0
"""berth-runtime as an OCI runtime: by hand with runc's command line. (Under podman, containerd and dockerd: test_oci_callers.py.)"""
import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from harness import PATIENCE, RUNTIME, run, wait_for

APPLETS = "sh cat echo env false grep head hostname id kill ls mount ps pwd sleep stat stty tail test touch true tty wc".split()


def make_root(root):
    for d in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        os.makedirs(os.path.join(root, d))
    shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
    for applet in APPLETS:
        os.symlink("busybox", os.path.join(root, "bin", applet))
    with open(os.path.join(root, "etc/passwd"), "w") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\n")


class Bundle:
    """A bundle and a state root of our own; what is left in it is deleted at the end."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="berth-oci-")
        self.bundle = os.path.join(self.top, "bundle")
        self.state = os.path.join(self.top, "state")
        self.id = os.path.basename(self.top)
        os.mkdir(self.bundle)
        make_root(os.path.join(self.bundle, "rootfs"))
        run([RUNTIME, "spec", "--bundle", self.bundle])
        self.config = json.load(open(os.path.join(self.bundle, "config.json")))
        self.config["process"]["terminal"] = False
        return self

    def __exit__(self, *_):
        self("delete", "--force", self.id, check=False)
        shutil.rmtree(self.top)

    def write(self):
        """The configuration; one that somebody reads meanwhile stays whole."""
        with open(os.path.join(self.bundle, "config.json.new"), "w") as f:
            json.dump(self.config, f)
        os.rename(f.name, os.path.join(self.bundle, "config.json"))

    def __call__(self, *argv, **kw):
        self.write()
        return run([RUNTIME, "--root", self.state, *argv], **kw)

    def args(self, *argv):
        self.config["process"]["args"] = list(argv)

    def status(self):
        return json.loads(self("state", self.id).stdout)["status"]

    def start(self, *argv):
        self.args(*(argv or ("sleep", "1000")))
        # A container keeps the standard streams, so they must not be pipes that we wait for.
        self.write()
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        subprocess.run([RUNTIME, "--root", self.state, "create", "--bundle", self.bundle, self.id], check=True, **quiet)
        assert self.status() == "created"
        self("start", self.id)


@pytest.fixture
def oci():
    with Bundle() as b:
        yield b


def test_run_brings_output_and_exit_code_and_leaves_nothing(oci):
    oci.args("sh", "-c", "echo hello; exit 5")
    p = oci("run", "--bundle", oci.bundle, oci.id, check=False)
    assert (p.returncode, p.stdout) == (5, "hello\n")
    assert os.listdir(oci.state) == []


def test_life_from_create_to_delete(oci):
    oci.start()
    assert oci.status() == "running"
    assert oci("list", "-q").stdout == oci.id + "\n"
    assert json.loads(oci("ps", "--format", "json", oci.id).stdout)
    p = oci("delete", oci.id, check=False)
    assert p.returncode == 1 and "not stopped: running" in p.stderr
    oci("kill", oci.id, "KILL")
    wait_for(lambda: oci.status() == "stopped", "the end")
    p = oci("kill", oci.id, "TERM", check=False)
    assert p.returncode == 1 and "container not running" in p.stderr
    oci("delete", oci.id)
    p = oci("state", oci.id, check=False)
    assert p.returncode == 1 and "does not exist" in p.stderr


def test_exec_joins_and_tells_codes_apart(oci):
    oci.start()
    assert oci("exec", oci.id, "hostname").stdout == "berth\n"
    assert oci("exec", "--env", "A=b", "--cwd", "/tmp", "--user", "7:8", oci.id, "sh", "-c", "echo $A $(pwd) $(id -u):$(id -g)").stdout == "b /tmp 7:8\n"
    assert oci("exec", oci.id, "sh", "-c", "exit 3", check=False).returncode == 3
    p = oci("exec", oci.id, "nosuch", check=False)
    assert p.returncode == 255 and "executable file not found in $PATH" in p.stderr


def test_process_file_of_exec(oci):
    oci.start()
    path = os.path.join(oci.top, "process.json")
    process = dict(oci.config["process"], args=["sh", "-c", "echo $X"], env=["PATH=/bin", "X=y"])
    with open(path, "w") as f:
        json.dump(process, f)
    assert oci("exec", "--process", path, oci.id).stdout == "y\n"


def test_pause_keeps_and_resume_lets_go(oci):
    oci.start()
    oci("pause", oci.id)
    assert oci.status() == "paused"
    assert oci("exec", oci.id, "true", check=False).returncode == 255
    oci("resume", oci.id)
    assert oci("exec", oci.id, "true").returncode == 0


def test_update_changes_limits_that_events_show(oci):
    oci.start()
    oci("update", "--memory", "64m", "--pids-limit", "20", oci.id)
    data = json.loads(oci("events", "--stats", oci.id).stdout)["data"]
    assert data["memory"]["usage"]["limit"] == 64 << 20
    assert data["pids"]["limit"] == 20


def test_console_socket_receives_the_terminal(oci):
    path = os.path.join(oci.top, "console.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    oci.config["process"]["terminal"] = True
    oci.args("sh", "-c", "tty; stty size")
    oci("create", "--bundle", oci.bundle, "--console-socket", path, "--pid-file", os.path.join(oci.top, "pid"), oci.id)
    conn, _ = server.accept()
    _, fds, _, _ = socket.recv_fds(conn, 100, 1)
    assert int(open(os.path.join(oci.top, "pid")).read()) == json.loads(oci("state", oci.id).stdout)["pid"]
    oci("start", oci.id)
    text = b""
    try:
        while chunk := os.read(fds[0], 1000):
            text += chunk
    except OSError:
        pass
    os.close(fds[0])
    assert text.startswith(b"/dev/pts/0\r\n")


def test_errors_are_in_the_json_log(oci):
    log = os.path.join(oci.top, "log")
    oci.args("nosuch")
    p = oci("--log", log, "--log-format", "json", "create", "--bundle", oci.bundle, oci.id, check=False)
    entry = json.loads(open(log).read())
    assert p.returncode == 1 and entry["level"] == "error"
    assert 'exec: "nosuch": executable file not found in $PATH' in entry["msg"]
    assert os.listdir(oci.state) == []


def test_an_id_in_use_is_refused_and_the_container_lives_on(oci):
    oci.start()
    p = oci("create", "--bundle", oci.bundle, oci.id, check=False)
    assert p.returncode == 1 and "container with given ID already exists" in p.stderr
    assert oci.status() == "running"


@pytest.mark.parametrize("bad", ["..", "a/b", "", "ä"])
def test_ids_that_are_no_names_are_refused(oci, bad):
    p = oci("create", "--bundle", oci.bundle, bad, check=False)
    assert p.returncode == 1 and "invalid container id" in p.stderr


def test_r01_the_programs_file_cannot_be_written_by_way_of_proc(oci):
    oci.args("sleep", "600")
    with open(os.path.join(oci.bundle, "config.json"), "w") as f:
        json.dump(oci.config, f)
    p = subprocess.Popen([RUNTIME, "--root", oci.state, "run", "--bundle", oci.bundle, oci.id], stdin=subprocess.DEVNULL)
    # Who is killed before his program was begun ends with another code.
    wait_for(lambda: '"running"' in oci("state", oci.id, check=False).stdout, "the start")
    exe = os.open(f"/proc/{p.pid}/exe", os.O_PATH)
    oci("kill", oci.id, "KILL")
    assert p.wait() == 137
    # It no longer runs, so only the write protection is in the way.
    # Another test that runs the same program keeps it busy meanwhile.
    def refusal():
        with pytest.raises(OSError) as e:
            os.open(f"/proc/self/fd/{exe}", os.O_WRONLY)
        return e.value.strerror if e.value.strerror != "Text file busy" else None

    assert wait_for(refusal, "nobody runs the program") == "Read-only file system"
    os.close(exe)


def test_what_a_container_of_runc_sees_is_what_one_of_ours_sees(oci):
    """The same bundle under both; only what differs by intent is left out."""
    if not shutil.which("runc"):
        pytest.skip("no runc here")
    script = "mount; grep -E 'Cap|NoNew|Seccomp' /proc/self/status; stat -c '%N %A %u:%g %t:%T' /dev/* /dev /proc /sys; cat /proc/self/oom_score_adj"
    oci.args("sh", "-c", script)
    oci.config["hostname"] = "same"
    ours = oci("run", "--bundle", oci.bundle, oci.id).stdout
    theirs = run(["runc", "--root", oci.top + "/runc", "run", "--bundle", oci.bundle, oci.id]).stdout

    def comparable(text):
        lines = []
        for line in text.splitlines():
            # Theirs may be written before it is covered, and gets a larger tmpfs where a directory is masked.
            line = line.replace(",size=4k,nr_inodes=1", "").replace(",nsdelegate", "")
            # Ours are the host's mounts, with whatever the host calls their sources.
            line = re.sub(r"^\S+ on (/sys/fs/cgroup\S*) type cgroup", r"cgroup on \1 type cgroup", line)
            if " on /sys/fs/cgroup type tmpfs" in line:
                continue
            lines.append(line)
        return sorted(lines)

    assert comparable(ours) == comparable(theirs)


@pytest.mark.parametrize("field, value", [("uid", 2**32 - 1), ("gid", 2**32 - 1), ("additionalGids", [1, 2**32 - 1])])
def test_the_number_that_the_kernel_takes_for_unchanged_is_no_user(oci, field, value):
    """setresuid(2) and its like would let the program be root."""
    oci.config["process"]["user"][field] = value
    oci.args("id")
    p = oci("run", "--bundle", oci.bundle, oci.id, check=False)
    assert p.returncode == 1 and p.stdout == "" and f"process.user.{field}: 4294967295" in p.stderr
    oci.config["process"]["user"] = {"uid": 0, "gid": 0}
    oci.start()
    if field == "uid":
        p = oci("exec", "--user", "4294967295", oci.id, "id", check=False)
        assert p.returncode == 255 and p.stdout == "" and "is not a number it takes" in p.stderr


def test_one_whose_poststart_hook_fails_is_stopped_by_the_start(oci):
    oci.config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "echo not today >&2; exit 7"]}]}
    with pytest.raises(AssertionError, match="hooks.poststart: .*not today"):
        oci.start()
    wait_for(lambda: oci.status() == "stopped", "the end")
    oci("delete", oci.id)


@pytest.mark.parametrize("hook", ["createRuntime", "createContainer"])
@pytest.mark.parametrize("verb", ["create", "run"])
def test_nobody_gets_at_a_container_that_is_being_created(oci, verb, hook):
    """Until it is there its creator stands for it, which is in the host's namespaces; the creation stands still here until told."""
    begun, go = os.path.join(oci.top, "begun"), os.path.join(oci.top, "go")
    oci.config["hooks"] = {hook: [{"path": "/bin/sh", "args": ["sh", "-c", f"touch {begun}; while [ ! -e {go} ]; do sleep 0.02; done"]}]}
    oci.args("sleep", "1000")
    with open(os.path.join(oci.bundle, "config.json"), "w") as f:
        json.dump(oci.config, f)
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    p = subprocess.Popen([RUNTIME, "--root", oci.state, verb, "--bundle", oci.bundle, oci.id], **quiet)
    try:
        wait_for(lambda: os.path.exists(begun), "the hook")
        assert oci.status() == "creating"
        for argv, code, words in ((["kill", oci.id, "KILL"], 1, "container not running"), (["kill", "--all", oci.id, "KILL"], 1, "container not running"),
                                  (["exec", oci.id, "hostname"], 255, "being created"), (["start", oci.id], 1, "that is creating"),
                                  (["pause", oci.id], 1, "not running or created"), (["update", "--memory", "100000000", oci.id], 1, "container not running: creating"), (["delete", oci.id], 1, "not stopped: creating")):
            said = oci(*argv, check=False)
            assert (said.returncode, said.stdout) == (code, "") and words in said.stderr, argv
        open(go, "w").close()
        if verb == "create":
            assert p.wait(PATIENCE) == 0
            oci("start", oci.id)
        wait_for(lambda: oci.status() == "running", "the program")
        assert oci("exec", oci.id, "hostname").stdout == "berth\n"
    finally:
        open(go, "w").close()
        oci("delete", "--force", oci.id, check=False)
        p.wait(PATIENCE)


def at_once(oci, *commands):
    """Commands side by side: what each said."""
    with concurrent.futures.ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda argv: run([RUNTIME, "--root", oci.state, *argv], check=False), commands))


def test_of_those_who_start_or_delete_it_side_by_side_one_has_done_it(oci):
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    oci.args("sleep", "1000")
    oci("state", oci.id, check=False)
    for verb in ("start", "delete"):
        subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, oci.id], check=True, **quiet)
        said = at_once(oci, *[(verb, oci.id)] * 5)
        others = [p.stderr for p in said if p.returncode != 0]
        assert len(others) == 4 and all(("already running" if verb == "start" else "does not exist") in e for e in others), others
        oci("delete", "--force", oci.id)


def test_a_start_beside_a_deletion_comes_before_or_after_it(oci):
    """What is deleted does not run, and what runs is not deleted."""
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    oci.args("sleep", "1000")
    oci("state", oci.id, check=False)
    for _ in range(5):
        subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, oci.id], check=True, **quiet)
        start, delete = at_once(oci, ("start", oci.id), ("delete", oci.id))
        if start.returncode == 0:
            assert delete.returncode == 1 and "not stopped: running" in delete.stderr
            assert oci.status() == "running"
        else:
            assert delete.returncode == 0 and ("does not exist" in start.stderr or "that is stopped" in start.stderr), start.stderr
        oci("delete", "--force", oci.id)


def test_what_stopped_or_is_being_created_takes_no_limits(oci):
    oci.start("true")
    wait_for(lambda: oci.status() == "stopped", "the end")
    p = oci("update", "--memory", "100000000", oci.id, check=False)
    assert p.returncode == 1 and "container not running: stopped" in p.stderr
