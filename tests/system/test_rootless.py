# SPDX-License-Identifier: Apache-2.0
"""berth-runtime called by a user who is not root: containers in a user namespace, whose ids are his own or those that /etc/subuid gives him."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from harness import PATIENCE, RUNTIME, wait_for
from test_oci_runtime import make_root

UID = GID = 65534
RANGE = 3000000


class UserBundle:
    """A bundle, a state root and the program, all of them the user's."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="berth-user-")
        self.bundle = self.top + "/bundle"
        self.program = shutil.copy(RUNTIME, self.top + "/berth-runtime")
        self.id = os.path.basename(self.top)
        for d in (self.bundle, self.top + "/run"):
            os.mkdir(d)
        make_root(self.bundle + "/rootfs")
        subprocess.run(["chown", "-R", f"{UID}:{GID}", self.top], check=True)
        os.chmod(self.top, 0o755)
        self("spec", "--rootless", "--bundle", self.bundle)
        self.config = json.load(open(self.bundle + "/config.json"))
        self.config["process"]["terminal"] = False
        return self

    def __exit__(self, *_):
        self("delete", "--force", self.id, check=False)
        shutil.rmtree(self.top)

    def command(self, *argv, before=()):
        if hasattr(self, "config"):
            with open(self.bundle + "/config.json", "w") as f:
                json.dump(self.config, f)
        return ["setpriv", f"--reuid={UID}", f"--regid={GID}", "--clear-groups", "env", f"XDG_RUNTIME_DIR={self.top}/run", *before, self.program, *argv]

    def __call__(self, *argv, check=True, before=()):
        with open(self.top + "/out", "w+") as out, open(self.top + "/err", "w+") as err:
            # A container keeps the standard streams, so they must not be pipes that we wait for.
            p = subprocess.run(self.command(*argv, before=before), stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=PATIENCE)
        p.stdout, p.stderr = (open(self.top + n).read() for n in ("/out", "/err"))
        assert not check or p.returncode == 0, p.stderr
        return p

    def args(self, *argv):
        self.config["process"]["args"] = list(argv)

    def run(self, *argv, **kw):
        self.args(*argv)
        return self("run", "--bundle", self.bundle, self.id, **kw)

    def start(self, *argv):
        self.args(*(argv or ("sleep", "1000")))
        self("create", "--bundle", self.bundle, self.id)
        self("start", self.id)

    def state(self):
        return json.loads(self("state", self.id).stdout)


@pytest.fixture
def user():
    with UserBundle() as b:
        yield b


def test_a_user_runs_a_container_as_its_root(user):
    p = user.run("sh", "-c", "cat /proc/self/uid_map; id -u; hostname; exit 5", check=False)
    assert p.returncode == 5
    assert p.stdout.split() == ["0", str(UID), "1", "0", "berth"]
    assert os.listdir(user.top + "/run/berth-runtime") == []


def test_its_whole_life_needs_no_root(user):
    user("--root", user.top + "/elsewhere", "list")
    user.start()
    assert user.state()["status"] == "running"
    pid = user.state()["pid"]
    assert os.stat(f"/proc/{pid}/ns/user").st_ino != os.stat("/proc/self/ns/user").st_ino
    assert user("list", "-q").stdout == user.id + "\n"
    assert user("exec", "--cwd", "/tmp", user.id, "sh", "-c", "id -u; pwd").stdout == "0\n/tmp\n"
    assert user("exec", user.id, "sh", "-c", "exit 3", check=False).returncode == 3
    assert user("exec", user.id, "nosuch", check=False).returncode == 255
    user("kill", user.id, "KILL")
    wait_for(lambda: user.state()["status"] == "stopped", "the end")
    user("delete", user.id)
    assert "does not exist" in user("state", user.id, check=False).stderr


def test_what_needs_a_control_group_says_so(user):
    user.start()
    for command in (["pause", user.id], ["update", "--pids-limit", "5", user.id], ["events", "--stats", user.id], ["ps", user.id]):
        p = user(*command, check=False)
        assert p.returncode == 1 and "no control group" in p.stderr


@pytest.mark.parametrize("limits,name", [({"memory": {"limit": 1 << 26}}, "memory"), ({"pids": {"limit": 5}}, "pids"), ({"cpu": {"shares": 5}}, "cpu")])
def test_a_limit_that_cannot_be_had_is_refused_by_name(user, limits, name):
    user.config["linux"]["resources"] = limits
    p = user.run("true", check=False)
    assert p.returncode == 1 and f"linux.resources.{name}: needs a control group" in p.stderr
    assert os.listdir(user.top + "/run/berth-runtime") == []


def test_what_is_done_without_is_told(user):
    user.args("true")
    p = user("--log", user.top + "/run/log", "--log-format", "json", "run", "--bundle", user.bundle, user.id)
    entry = json.loads(open(user.top + "/run/log").read())
    assert p.returncode == 0 and entry["level"] == "warning" and "no control group" in entry["msg"]


def test_who_insists_on_groups_gets_none(user):
    user.args("true")
    p = user("--rootless", "false", "run", "--bundle", user.bundle, user.id, check=False)
    assert p.returncode == 1 and "linux.cgroupsPath" in p.stderr
    assert "auto, true or false" in user("--rootless", "perhaps", "list", check=False).stderr


def test_without_a_user_namespace_there_is_no_container(user):
    user.config["linux"]["namespaces"] = [n for n in user.config["linux"]["namespaces"] if n["type"] != "user"]
    for m in ("uidMappings", "gidMappings"):
        del user.config["linux"][m]
    p = user.run("true", check=False)
    assert p.returncode == 1 and "linux.namespaces: a new user namespace is needed" in p.stderr


def test_root_of_a_user_namespace_needs_no_other(user):
    """As podman without root calls a runtime."""
    user.config["linux"]["namespaces"] = [n for n in user.config["linux"]["namespaces"] if n["type"] != "user"]
    for m in ("uidMappings", "gidMappings"):
        del user.config["linux"][m]
    user.config["linux"]["cgroupsPath"] = "/libpod_parent/x"
    p = user.run("sh", "-c", "id -u; exit 4", before=("unshare", "--user", "--map-root-user", "--mount"), check=False)
    assert (p.returncode, p.stdout) == (4, "0\n"), p.stderr


@pytest.fixture
def ranges():
    """Ids that the user may map."""
    # A file that was not there stays, without a line: to remove it would take away what somebody has mounted on it elsewhere.
    saved = {}
    for name in ("/etc/subuid", "/etc/subgid"):
        saved[name] = open(name).read() if os.path.exists(name) else ""
        with open(name, "a") as f:
            f.write(f"nobody:{RANGE}:65536\n")
    yield
    for name, text in saved.items():
        with open(name, "w") as f:
            f.write(text)


def two_ranges(user, first=RANGE):
    user.config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": UID, "size": 1}, {"containerID": 1, "hostID": first, "size": 65535}]
    user.config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": GID, "size": 1}, {"containerID": 1, "hostID": first, "size": 65535}]


@pytest.mark.skipif(not shutil.which("newuidmap"), reason="no newuidmap here")
def test_ranges_are_mapped_by_newuidmap(user, ranges):
    two_ranges(user)
    user.config["process"]["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [7, 8]}
    user.start("sh", "-c", "sleep 1000")
    status = open(f"/proc/{user.state()['pid']}/status").read()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()
    groups = next(line for line in status.splitlines() if line.startswith("Groups:")).split()
    assert uids[1] == str(RANGE + 999) and sorted(groups[1:]) == [str(RANGE + 6), str(RANGE + 7)]
    assert user("exec", "--user", "5:6", user.id, "sh", "-c", "id -u; id -g").stdout == "5\n6\n"
    user("delete", "--force", user.id)
    assert not os.path.exists(f"/proc/{status.split('Pid:')[1].split()[0]}/exe")


@pytest.mark.skipif(not shutil.which("newuidmap"), reason="no newuidmap here")
def test_ranges_of_others_are_refused_by_the_fields_name(user, ranges):
    two_ranges(user, first=RANGE + 70000)
    p = user.run("true", check=False)
    assert p.returncode == 1 and "Mappings" in p.stderr and "refuses the ranges" in p.stderr
    assert not os.path.exists(user.top + "/run/berth-runtime")


def test_signals_reach_the_container_of_a_run(user):
    user.args("sh", "-c", "trap 'exit 9' TERM; echo > /tmp/ready; while :; do sleep 0.1; done")
    user.config["root"]["readonly"] = False
    p = subprocess.Popen(user.command("run", "--bundle", user.bundle, user.id), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(user.bundle + "/rootfs/tmp/ready"), "the container")
    p.send_signal(signal.SIGTERM)
    assert p.wait(PATIENCE) == 9


def test_a_terminal_is_handed_over(user):
    path = user.top + "/run/console"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen()
    user.config["process"]["terminal"] = True
    user.args("tty")
    user("create", "--bundle", user.bundle, "--console-socket", path, user.id)
    conn, _ = server.accept()
    _, fds, _, _ = socket.recv_fds(conn, 100, 1)
    user("start", user.id)
    text = b""
    try:
        while chunk := os.read(fds[0], 1000):
            text += chunk
    except OSError:
        pass
    os.close(fds[0])
    assert text == b"/dev/pts/0\r\n"
