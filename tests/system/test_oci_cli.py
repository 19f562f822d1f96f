# SPDX-License-Identifier: Apache-2.0
"""Each flag of berth-runtime's command line that has an effect one can see, and the codes and texts it ends with, beside runc's on the same bundle."""
import array
import concurrent.futures
import json
import os
import re
import shutil
import socket
import subprocess
import threading

import pytest

from harness import PATIENCE, RUNTIME, run, wait_for
from test_oci_runtime import Bundle

RUNC = shutil.which("runc")
NO_RUNC = pytest.mark.skipif(not RUNC, reason="no runc here")


@pytest.fixture
def oci():
    with Bundle() as b:
        yield b


def pid_of(oci):
    return json.loads(oci("state", oci.id).stdout)["pid"]


def group_of(pid, controller):
    """The directory of a process' group, wherever that controller sits."""
    for line in open(f"/proc/{pid}/cgroup"):
        number, names, path = line.strip().split(":", 2)
        if controller in names.split(","):
            return next(m for m in mounts("cgroup") if controller in m[1].split(","))[0] + path
        if number == "0":
            unified = path
    return mounts("cgroup2")[0][0] + unified


def mounts(kind):
    return [(f[1], f[3]) for f in (line.split() for line in open("/proc/self/mounts")) if f[2] == kind]


def group_file(pid, controller, name):
    with open(os.path.join(group_of(pid, controller), name)) as f:
        return f.read().strip()


# ---- exec ------------------------------------------------------------------------


def capabilities(text):
    return {k: int(v, 16) for k, v in re.findall(r"Cap(\w+):\s*(\w+)", text)}


def test_exec_adds_a_capability_to_this_process_only(oci):
    oci.start()
    before = capabilities(oci("exec", oci.id, "cat", "/proc/self/status").stdout)
    with_it = capabilities(oci("exec", "--cap", "CAP_SYS_CHROOT", "--cap", "net_raw", oci.id, "cat", "/proc/self/status").stdout)
    added = 1 << 18 | 1 << 13
    assert not before["Eff"] & added
    assert [with_it[k] for k in ("Bnd", "Eff", "Prm")] == [before[k] | added for k in ("Bnd", "Eff", "Prm")]
    assert with_it["Inh"] == 0
    p = oci("exec", "--cap", "CAP_NONE_SUCH", oci.id, "true", check=False)
    assert p.returncode == 255 and "CAP_NONE_SUCH" in p.stderr


def test_exec_sets_no_new_privs_where_the_container_has_it_not(oci):
    oci.config["process"]["noNewPrivileges"] = False
    oci.start()
    asked = ("grep", "NoNewPrivs", "/proc/self/status")
    assert oci("exec", oci.id, *asked).stdout.split()[1] == "0"
    assert oci("exec", "--no-new-privs", oci.id, *asked).stdout.split()[1] == "1"


def test_exec_has_the_groups_it_is_given(oci):
    oci.start()
    out = oci("exec", "--user", "5:6", "--additional-gids", "70", "--additional-gids", "80", oci.id, "grep", "Groups", "/proc/self/status").stdout
    assert set(out.split()[1:]) >= {"70", "80"}


def test_exec_in_a_paused_container_waits_for_the_resume_where_it_is_asked_to(oci):
    oci.start()
    oci("pause", oci.id)
    p = oci("exec", oci.id, "true", check=False)
    assert p.returncode == 255 and "cannot exec in a paused container (use --ignore-paused to override)" in p.stderr
    argv = [RUNTIME, "--root", oci.state, "exec", "--ignore-paused", oci.id, "echo", "late"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as p:
        with pytest.raises(subprocess.TimeoutExpired):
            p.wait(0.3)
        oci("resume", oci.id)
        assert p.communicate(timeout=PATIENCE)[0] == "late\n" and p.returncode == 0


def test_a_variable_given_to_exec_is_the_only_one_of_its_name(oci):
    oci.config["process"]["env"] += ["MODE=old", "MODE=container"]
    oci.start()
    assert oci("exec", oci.id, "env").stdout.splitlines().count("MODE=container") == 1
    out = oci("exec", "--env", "MODE=exec", "--env", "PATH=/nowhere:/bin", oci.id, "env").stdout.splitlines()
    assert [v for v in out if v.startswith(("MODE=", "PATH="))] == ["MODE=exec", "PATH=/nowhere:/bin"]


def test_more_groups_than_exec_takes_are_refused_and_not_left_out(oci):
    oci.start()
    groups = [w for n in range(257) for w in ("--additional-gids", str(1000 + n))]
    p = oci("exec", *groups, oci.id, "id", check=False)
    assert p.returncode == 255 and "--additional-gids: too many" in p.stderr
    assert "1255" in oci("exec", *groups[:512], oci.id, "id").stdout


def test_exec_hands_on_as_many_descriptors_as_it_is_told(oci):
    oci.start()
    with open(oci.top + "/given", "w") as f:
        f.write("from outside\n")
    shell = ["sh", "-c", f'exec "$@" 3<{oci.top}/given 4<{oci.top}/given', "sh", RUNTIME, "--root", oci.state, "exec"]
    ask = [oci.id, "sh", "-c", "cat <&3; test -e /proc/$$/fd/4 || echo no fourth"]
    p = subprocess.run([*shell, "--preserve-fds", "1", *ask], capture_output=True, text=True, timeout=PATIENCE)
    assert p.stdout == "from outside\nno fourth\n"
    p = subprocess.run([*shell, *ask], capture_output=True, text=True, timeout=PATIENCE)
    assert p.stdout == "no fourth\n" and "Bad file descriptor" in p.stderr


def test_detached_exec_writes_the_hosts_number_of_the_process(oci):
    oci.start()
    path = oci.top + "/pid"
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    subprocess.run([RUNTIME, "--root", oci.state, "exec", "--detach", "--pid-file", path, oci.id, "sleep", "777"], check=True, **quiet)
    pid = int(open(path).read())
    # The runtime is told of the exec a moment before the kernel shows the new words.
    wait_for(lambda: open(f"/proc/{pid}/cmdline").read() == "sleep\x00777\x00", "its program")
    assert os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink(f"/proc/{pid_of(oci)}/ns/mnt")
    assert sorted(json.loads(oci("ps", "--format", "json", oci.id).stdout)) == sorted([pid, pid_of(oci)])


def receive_terminal(path, argv):
    """What is written to the terminal that `argv` sends to the socket at `path`."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.settimeout(PATIENCE)
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        subprocess.run(argv, check=True, **quiet)
        with server.accept()[0] as conn:
            _, parts, _, _ = conn.recvmsg(100, socket.CMSG_LEN(4))
    fds = array.array("i", parts[0][2])
    text = b""
    try:
        while chunk := os.read(fds[0], 1000):
            text += chunk
    except OSError:  # the other end is closed
        pass
    os.close(fds[0])
    return text


def test_a_terminal_of_exec_goes_to_the_console_socket(oci):
    oci.start()
    argv = [RUNTIME, "--root", oci.state, "exec", "--detach", "--tty", "--console-socket", oci.top + "/sock", oci.id, "sh", "-c", "tty; echo done"]
    assert receive_terminal(oci.top + "/sock", argv) == b"/dev/pts/0\r\ndone\r\n"
    p = oci("exec", "--detach", "--tty", oci.id, "true", check=False)
    assert p.returncode == 255 and "--console-socket" in p.stderr


# ---- exec: the control group it begins in ---------------------------------------------


def hierarchies():
    """Mount point, names in /proc/PID/cgroup and version of each."""
    return [(m[0], group_names(m[1]), 1) for m in mounts("cgroup")] + [(m[0], "", 2) for m in mounts("cgroup2")]


def group_names(options):
    return ",".join(o for o in options.split(",") if o.startswith("name=") or o in CONTROLLERS)


CONTROLLERS = {line.split()[0] for line in open("/proc/cgroups") if not line.startswith("#")}
V1_ONLY = pytest.mark.skipif(not mounts("cgroup"), reason="a machine with control groups of version 1")
V2_LIMITS = pytest.mark.skipif(not (mounts("cgroup2") and "memory" in open(mounts("cgroup2")[0][0] + "/cgroup.controllers").read()), reason="a machine with controllers on version 2")


def groups(text):
    """Names to path of a /proc/PID/cgroup, names in any order."""
    return {tuple(sorted(filter(None, line.split(":", 2)[1].split(",")))): line.split(":", 2)[2] for line in text.splitlines()}


def groups_of_exec(oci, *flags):
    """Where a process of exec is, as the host sees it, relative to the init's groups."""
    path = oci.top + "/exec.pid"
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    subprocess.run([RUNTIME, "--root", oci.state, "exec", "--detach", "--pid-file", path, *flags, oci.id, "sleep", "777"], check=True, **quiet)
    mine, own = (groups(open(f"/proc/{pid}/cgroup").read()) for pid in (open(path).read(), pid_of(oci)))
    assert all(mine[k].startswith(own[k]) for k in own)
    return {k: mine[k][len(own[k]):] for k in own}


def make_below(oci, name, *of):
    for line in open(f"/proc/{pid_of(oci)}/cgroup"):
        _, names, path = line.strip().split(":", 2)
        for mount, theirs, _ in hierarchies():
            if set(theirs.split(",")) == set(names.split(",")) and (not of or set(of) & set(names.split(","))):
                make_group(f"{mount}{path}", name)


def make_group(parent, name):
    """Nobody gets into a cpuset of version 1 that has no processors yet."""
    for part in name.split("/"):
        os.makedirs(f"{parent}/{part}", exist_ok=True)
        for f in ("cpuset.cpus", "cpuset.mems"):
            if os.path.exists(f"{parent}/{part}/cgroup.clone_children") and os.path.exists(f"{parent}/{f}"):
                with open(f"{parent}/{f}") as source, open(f"{parent}/{part}/{f}", "w") as copy:
                    copy.write(source.read())
        parent = f"{parent}/{part}"


def test_exec_begins_in_the_group_below_the_containers_that_it_names(oci):
    oci.start()
    make_below(oci, "a/b")
    assert set(groups_of_exec(oci).values()) == {""}
    assert set(groups_of_exec(oci, "--cgroup", "/").values()) == {""}
    assert set(groups_of_exec(oci, "--cgroup", "a/b").values()) == {"/a/b"}
    assert set(groups_of_exec(oci, "--cgroup", "/a/").values()) == {"/a"}


@V1_ONLY
def test_exec_begins_in_the_groups_of_the_controllers_that_it_names_and_stays_in_the_others(oci):
    oci.start()
    # Some may sit on version 2, where they have no names.
    others = [c for c in ("cpu", "cpuacct", "cpuset") if any(c in m[1].split(",") for m in mounts("cgroup"))]
    make_below(oci, "mem", "memory")
    make_below(oci, "time", *others)
    found = groups_of_exec(oci, "--cgroup", "memory:mem", "--cgroup", ",".join(others) + ":/time")
    assert {k: v for k, v in found.items() if v} == {k: "/mem" if "memory" in k else "/time" for k in found if {"memory", *others} & set(k)}


@V1_ONLY
@pytest.mark.skipif(not any("name=" in m[1] for m in mounts("cgroup")), reason="no hierarchy with a name here")
def test_a_hierarchy_with_a_name_is_named_with_it(oci):
    oci.start()
    name = next(o for m in mounts("cgroup") for o in m[1].split(",") if o.startswith("name="))
    make_below(oci, "named", name)
    assert {k: v for k, v in groups_of_exec(oci, "--cgroup", f"{name}:named").items() if v} == {(name,): "/named"}


@pytest.mark.parametrize("flags,said", [
    (["--cgroup", ".."], ".. is not a sub cgroup path"), (["--cgroup", "a/../../x"], "a/../../x is not a sub cgroup path"), (["--cgroup", "/.."], "is not a sub cgroup path"),
    (["--cgroup", "nonexistent"], "nonexistent"), (["--cgroup", "whaaat:/"], "unknown controller whaaat"), (["--cgroup", ":/"], "unknown controller"),
    (["--cgroup", "a:b:c"], '"a:b:c" is not [controller:]path'), (["--cgroup", "one", "--cgroup", "two"], '"one" lacks its controller'), (["--cgroup", "name=:x"], "unknown controller"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else None)
def test_a_group_that_is_not_below_the_containers_is_refused_and_nothing_runs(oci, flags, said):
    oci.start()
    p = oci("exec", *flags, oci.id, "touch", "/tmp/ran", check=False)
    assert p.returncode == 255 and said in p.stderr.replace('\\"', '"')
    assert not os.path.exists(oci.bundle + "/rootfs/tmp/ran")
    assert len(json.loads(oci("ps", "--format", "json", oci.id).stdout)) == 1


def hand_down_all(pid, below="init"):
    """What systemd or an engine does in a container: its processes go one down, then the group hands its controllers on. Returns the container's group."""
    top = group_of(pid, "memory")
    os.mkdir(f"{top}/{below}")
    for each in open(f"{top}/cgroup.procs").read().split():
        with open(f"{top}/{below}/cgroup.procs", "w") as f:
            f.write(each)
    with open(f"{top}/cgroup.subtree_control", "w") as f:
        f.write("+memory")
    return top


@V2_LIMITS
def test_exec_into_a_container_that_handed_its_controllers_down_begins_where_its_init_is(oci):
    oci.start()
    top = hand_down_all(pid_of(oci))
    assert oci("exec", oci.id, "echo", "in").stdout == "in\n"
    assert groups_of_exec(oci)[()] == ""
    assert group_of(open(oci.top + "/exec.pid").read(), "memory") == f"{top}/init"
    os.mkdir(f"{top}/other")
    assert groups_of_exec(oci, "--cgroup", "init")[()] == ""
    p = oci("exec", "--cgroup", "/", oci.id, "true", check=False)
    assert p.returncode == 255 and "hands its controllers to groups below it" in p.stderr


@V2_LIMITS
def test_exec_does_not_follow_an_init_that_is_elsewhere(oci):
    oci.start()
    pid = pid_of(oci)
    top = hand_down_all(pid)
    beside = f"{top}-beside"
    os.mkdir(beside)
    try:
        with open(f"{beside}/cgroup.procs", "w") as f:
            f.write(str(pid))
        p = oci("exec", oci.id, "true", check=False)
        assert p.returncode == 255 and "hands its controllers to groups below it" in p.stderr
    finally:
        with open(f"{top}/init/cgroup.procs", "w") as f:
            f.write(str(pid))
        os.rmdir(beside)


def test_process_file_says_user_groups_limits_and_rights(oci):
    oci.start()
    process = dict(oci.config["process"], user={"uid": 7, "gid": 8, "umask": 0o027, "additionalGids": [9]}, cwd="/tmp",
                   args=["sh", "-c", "id -u; umask; pwd; ulimit -n; grep -E 'Groups|CapEff' /proc/self/status"],
                   rlimits=[{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 100}], capabilities={})
    with open(oci.top + "/process.json", "w") as f:
        json.dump(process, f)
    out = oci("exec", "--process", oci.top + "/process.json", oci.id).stdout.splitlines()
    assert out[:4] == ["7", "0027", "/tmp", "99"]
    assert "9" in out[4].split() and int(out[5].split()[1], 16) == 0
    with open(oci.top + "/process.json", "w") as f:
        f.write('{"cwd": "/", "args": "true"}')
    p = oci("exec", "--process", oci.top + "/process.json", oci.id, check=False)
    assert p.returncode == 255 and "process.args" in p.stderr


# ---- update, events ----------------------------------------------------------------

# Flags; controller; file and value on version 1; the same on version 2.
UPDATES = [
    (["--memory", "64m"], "memory", ("memory.limit_in_bytes", str(64 << 20)), ("memory.max", str(64 << 20))),
    (["--memory-reservation", "16m"], "memory", ("memory.soft_limit_in_bytes", str(16 << 20)), ("memory.low", str(16 << 20))),
    (["--memory", "64m", "--memory-swap", "96m"], "memory", ("memory.memsw.limit_in_bytes", str(96 << 20)), ("memory.swap.max", str(32 << 20))),
    (["--cpu-share", "512"], "cpu", ("cpu.shares", "512"), ("cpu.weight", "20")),
    (["--cpu-period", "50000", "--cpu-quota", "20000"], "cpu", ("cpu.cfs_quota_us", "20000"), ("cpu.max", "20000 50000")),
    (["--cpu-period", "50000", "--cpu-quota", "20000", "--cpu-burst", "3000"], "cpu", ("cpu.cfs_burst_us", "3000"), ("cpu.max.burst", "3000")),
    (["--cpu-idle", "1"], "cpu", ("cpu.idle", "1"), ("cpu.idle", "1")),
    (["--cpuset-cpus", "0"], "cpuset", ("cpuset.cpus", "0"), ("cpuset.cpus", "0")),
    (["--cpuset-mems", "0"], "cpuset", ("cpuset.mems", "0"), ("cpuset.mems", "0")),
    (["--pids-limit", "33"], "pids", ("pids.max", "33"), ("pids.max", "33")),
    (["--pids-limit", "-1"], "pids", ("pids.max", "max"), ("pids.max", "max")),
]


@pytest.mark.parametrize("flags,controller,v1,v2", UPDATES, ids=[" ".join(u[0]) for u in UPDATES])
def test_update_sets(oci, flags, controller, v1, v2):
    oci.start()
    pid = pid_of(oci)
    on_v1 = any(controller in m[1].split(",") for m in mounts("cgroup"))
    name, value = v1 if on_v1 else v2
    if not os.path.exists(os.path.join(group_of(pid, controller), name)):
        p = oci("update", *flags, oci.id, check=False)
        assert p.returncode == 1 and "linux.resources" in p.stderr
        return
    oci("update", *flags, oci.id)
    assert group_file(pid, controller, name) == value


def quota_of(pid):
    """Quota and period, in one file or two."""
    if any("cpu" in m[1].split(",") for m in mounts("cgroup")):
        return group_file(pid, "cpu", "cpu.cfs_quota_us"), group_file(pid, "cpu", "cpu.cfs_period_us")
    return tuple(group_file(pid, "cpu", "cpu.max").split())


def test_update_of_a_quota_or_its_period_leaves_the_other_as_it_is(oci):
    oci.config["linux"]["resources"]["cpu"] = {"quota": 25000, "period": 50000}
    oci.start()
    pid = pid_of(oci)
    for flags, shown in ((["--cpu-quota", "20000"], ("20000", "50000")), (["--cpu-period", "40000"], ("20000", "40000")), (["--cpu-share", "700"], ("20000", "40000"))):
        oci("update", *flags, oci.id)
        assert quota_of(pid) == shown, flags


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_update_takes_a_file_of_resources(oci, way):
    oci.start()
    text = json.dumps({"memory": {"limit": 48 << 20}, "pids": {"limit": 21}})
    path = oci.top + "/resources.json"
    with open(path, "w") as f:
        f.write(text)
    if way == "file":
        oci("update", "-r", path, oci.id)
    else:
        oci("update", "--resources", "-", oci.id, input=text)
    data = json.loads(oci("events", "--stats", oci.id).stdout)["data"]
    assert (data["memory"]["usage"]["limit"], data["pids"]["limit"]) == (48 << 20, 21)


@pytest.mark.parametrize("flags,why", [(["--memory", "lots"], "invalid size: 'lots'"), (["--pids-limit", "x"], 'is not a number it takes'),
                                       (["--cpuset-cpus", "4000"], "linux.resources.cpu"), (["-r", "/nosuch"], "/nosuch"), (["--nosuch"], "--nosuch")])
def test_update_that_cannot_be_is_refused_with_a_reason(oci, flags, why):
    oci.start()
    p = oci("update", *flags, oci.id, check=False)
    assert p.returncode == 1 and why in p.stderr


@NO_RUNC
def test_statistics_have_runcs_members(oci):
    """A caller that reads runc's events (containerd did) finds the same names here."""
    oci.start()
    ours = json.loads(oci("events", "--stats", oci.id).stdout)
    oci("delete", "--force", oci.id)
    with theirs(oci):
        other = json.loads(run([RUNC, "--root", oci.top + "/runc", "events", "--stats", oci.id]).stdout)

    def names(value, path=""):
        if isinstance(value, dict):
            return set().union(*[names(v, f"{path}.{k}") for k, v in value.items()] or [set()])
        return {path}

    wanted = {n for n in names(other) if re.match(r"\.(type|id)$|\.data\.(cpu\.(usage|throttling)|pids|memory\.(usage|cache))", n)}
    # Version 1 of the memory of slabs and sockets is gone from kernels; what is all zero may be left out.
    wanted -= {n for n in wanted if "kernel" in n.lower() or "purpose" in n.lower() or n.endswith(("Percpu", "_kernel", "_user"))}
    assert len(wanted) >= 8 and wanted <= names(ours)


def test_events_come_at_their_interval(oci):
    oci.start()
    with subprocess.Popen([RUNTIME, "--root", oci.state, "events", "--interval", "50ms", oci.id], stdout=subprocess.PIPE, text=True) as p:
        lines = [json.loads(p.stdout.readline()) for _ in range(3)]
        oci("kill", oci.id, "KILL")
        p.stdout.read()
        assert p.wait(PATIENCE) == 0  # the container's end is the end of it
    assert {(x["type"], x["id"]) for x in lines} == {("stats", oci.id)}
    p = oci("events", "--interval", "0s", oci.id, check=False)
    assert p.returncode == 1 and "interval" in p.stderr


# ---- list, ps, log -----------------------------------------------------------------


class theirs:
    """The same bundle, created and started by runc."""

    def __init__(self, oci):
        self.oci, self.argv = oci, [RUNC, "--root", oci.top + "/runc"]

    def __enter__(self):
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        subprocess.run([*self.argv, "create", "--bundle", self.oci.bundle, self.oci.id], check=True, **quiet)
        run([*self.argv, "start", self.oci.id])
        return self

    def __call__(self, *argv, **kw):
        return run([*self.argv, *argv], **kw)

    def __exit__(self, *_):
        run([*self.argv, "delete", "--force", self.oci.id], check=False)


@NO_RUNC
def test_state_and_list_say_what_runcs_say(oci):
    oci.config["annotations"] = {"org.example.key": "value"}
    oci.start()
    ours = {"state": json.loads(oci("state", oci.id).stdout), "list": json.loads(oci("list", "--format", "json").stdout)[0]}
    heads = [oci("list").stdout.splitlines()[0].split(), oci("ps", oci.id).stdout.splitlines()[0].split()]
    oci("delete", "--force", oci.id)
    with theirs(oci) as r:
        other = {"state": json.loads(r("state", oci.id).stdout), "list": json.loads(r("list", "--format", "json").stdout)[0]}
        assert heads == [r("list").stdout.splitlines()[0].split(), r("ps", oci.id).stdout.splitlines()[0].split()]
    for kind in ours:
        for changing in ("pid", "created", "ociVersion"):
            assert type(ours[kind].pop(changing)) is type(other[kind].pop(changing))
        assert ours[kind] == other[kind]


def test_who_asks_while_containers_are_made_reads_a_whole_state_or_that_there_is_none(oci):
    """state.json changes twice in a creation: each answer is of one writing of it."""
    oci.args("true")
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    oci("list")
    done, seen = threading.Event(), []

    def ask():
        while not done.is_set():
            p = run([RUNTIME, "--root", oci.state, "state", oci.id], check=False)
            assert p.returncode == 0 or "container does not exist" in p.stderr, p.stderr
            seen.append(json.loads(p.stdout) if p.returncode == 0 else None)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(ask) for _ in range(3)]
        try:
            for _ in range(40):
                subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, oci.id], check=True, **quiet)
                assert os.listdir(os.path.join(oci.state, oci.id)).count("state.json.new") == 0
                oci("delete", "--force", oci.id)
        finally:
            done.set()
        for r in readers:
            r.result()
    states = [s for s in seen if s]
    assert states and all(s["id"] == oci.id and s["bundle"] == oci.bundle and s["status"] in ("creating", "created", "stopped") for s in states)


def test_list_is_a_table_json_or_ids_and_nothing_else(oci):
    assert oci("list", "-q").stdout == ""
    assert json.loads(oci("list", "--format", "json").stdout) in ([], None)
    oci.start()
    assert oci("list", "--quiet", "--format", "json").stdout == oci.id + "\n"
    head, row = oci("list", "--format", "table").stdout.splitlines()
    assert row.split()[:4] == [oci.id, str(pid_of(oci)), "running", oci.bundle] and head.startswith("ID")
    for command in (["list"], ["ps", oci.id]):
        p = oci(command[0], "--format", "yaml", *command[1:], check=False)
        assert p.returncode == 1 and "invalid format option" in p.stderr


def test_ps_hands_its_arguments_to_ps(oci):
    oci.start("sh", "-c", "sleep 555 & sleep 666; true")
    def shown():
        return oci("ps", oci.id, "-o", "pid,args").stdout.splitlines()
    # Between its birth and its program a child has its parent's words.
    wait_for(lambda: sorted(line.split()[-1] for line in shown()[1:] if "sh -c" not in line) == ["555", "666"], "both children")
    assert shown()[0].split()[0] == "PID" and len(json.loads(oci("ps", "-f", "json", oci.id).stdout)) == 3
    p = oci("ps", oci.id, "-o", "comm", check=False)
    assert p.returncode == 1 and "PID" in p.stderr


def test_errors_are_text_or_json_in_the_log_and_bare_on_stderr(oci):
    p = oci("--log", oci.top + "/a", "state", "nosuch", check=False)
    assert re.fullmatch(r'time="\d{4}-\d\d-\d\dT[^"]+" level=error msg="[^"]*nosuch[^"]*"\n', open(oci.top + "/a").read())
    assert "level=" not in p.stderr and "nosuch" in p.stderr
    for _ in range(2):
        oci("--log", oci.top + "/b", "--log-format", "json", "state", 'no"such', check=False)
    entries = [json.loads(line) for line in open(oci.top + "/b")]
    assert len(entries) == 2  # appended, one line each
    assert set(entries[0]) == {"level", "msg", "time"} and entries[0]["level"] == "error" and 'no"such' in entries[0]["msg"]
    p = oci("--log-format", "json", "state", "nosuch", check=False)
    assert json.loads(p.stderr)["level"] == "error"


# ---- how it ends -------------------------------------------------------------------

CODES = [
    ["state", "nosuch"], ["start", "nosuch"], ["kill", "nosuch"], ["delete", "nosuch"], ["delete", "--force", "nosuch"], ["exec", "nosuch", "true"], ["pause", "nosuch"],
    ["resume", "nosuch"], ["ps", "nosuch"], ["events", "nosuch"], ["update", "nosuch"], ["state"], ["start"], ["list", "--format", "x"], ["--log-format", "x", "list"],
    ["start", "THIS"], ["create", "--bundle", "BUNDLE", "THIS"], ["run", "--bundle", "/nosuch", "other"], ["run", "--bundle", "BUNDLE", "a/b"], ["kill", "THIS", "NOSUCH"],
    ["kill", "THIS", "0"], ["resume", "THIS"], ["delete", "THIS"], ["exec", "THIS"], ["exec", "THIS", "nosuch"], ["exec", "THIS", "/etc"], ["exec", "THIS", "sh", "-c", "exit 42"],
    ["exec", "THIS", "sh", "-c", "kill -9 $$"], ["exec", "--cwd", "/nosuch/at/all", "THIS", "pwd"], ["exec", "--user", "x", "THIS", "true"], ["update", "--memory", "x", "THIS"],
]


@NO_RUNC
def test_it_ends_with_runcs_codes(oci):
    oci.start()
    with_names = [[{"THIS": oci.id, "BUNDLE": oci.bundle}.get(a, a) for a in argv] for argv in CODES]
    ours = [oci(*argv, check=False) for argv in with_names]
    oci("delete", "--force", oci.id)
    with theirs(oci) as r:
        other = [r(*argv, check=False) for argv in with_names]
    assert [(" ".join(a), p.returncode) for a, p in zip(CODES, ours)] == [(" ".join(a), p.returncode) for a, p in zip(CODES, other)]
    for argv, a, b in zip(CODES, ours, other):
        assert bool(a.stderr) == bool(b.stderr), argv


# Callers look for these words (containerd's and podman's sources do).
WORDS = [
    (["state", "nosuch"], "does not exist"), (["create", "--bundle", "BUNDLE", "THIS"], "container with given ID already exists"), (["start", "THIS"], "cannot start an already running container"),
    (["exec", "THIS", "nosuch"], "executable file not found in $PATH"), (["kill", "THIS", "NOSUCH"], "unknown signal"), (["resume", "THIS"], "container not paused"),
]


@NO_RUNC
@pytest.mark.parametrize("argv,words", WORDS, ids=[w for _, w in WORDS])
def test_callers_find_the_words_they_look_for(oci, argv, words):
    oci.start()
    argv = [{"THIS": oci.id, "BUNDLE": oci.bundle}.get(a, a) for a in argv]
    assert words in oci(*argv, check=False).stderr
    oci("delete", "--force", oci.id)
    with theirs(oci) as r:
        assert words in r(*argv, check=False).stderr


def test_a_kill_ends_what_is_paused(oci):
    oci.start()
    oci("pause", oci.id)
    oci("kill", oci.id, "TERM")
    assert oci.status() == "paused"
    oci("kill", oci.id, "KILL")
    wait_for(lambda: oci.status() == "stopped", "the end")
    oci("delete", oci.id)


@pytest.mark.parametrize("said, on", [("--tty=true", True), ("--tty=1", True), ("--tty=false", False), ("--tty=F", False)])
def test_a_switch_may_have_a_value(oci, said, on):
    oci.start()
    p = oci("exec", said, "--detach=false", oci.id, "tty", check=False)
    assert p.stdout.startswith("/dev/pts/") == on


def test_a_switch_takes_no_other_value(oci):
    for argv in (("list", "--quiet=maybe"), ("--systemd-cgroup=", "list"), ("list", "--quie=true=")):
        p = oci(*argv, check=False)
        assert p.returncode == 1 and argv[0 if argv[0].startswith("-") else 1] in p.stderr


@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_checkpoints_are_refused_in_words(oci, command):
    p = oci(command, "--help", check=False)
    assert p.returncode == 1 and f"{command}: checkpoints are not supported" in p.stderr


EXAMPLE_OF = "1.1.5"  # the version of runc whose example is compared, member by member


def runc_version():
    """Without what a distribution adds to it."""
    return run([RUNC, "--version"]).stdout.split()[2].partition("+")[0]


def example(program, where, *flags):
    os.mkdir(where)
    run([program, "spec", *flags, "--bundle", where])
    return json.load(open(where + "/config.json"))


@NO_RUNC
@pytest.mark.parametrize("flags", [[], ["--rootless"]], ids=str)
def test_the_example_differs_from_runcs_in_what_is_named_here_and_in_nothing_else(tmp_path, flags):
    if runc_version() != EXAMPLE_OF:
        pytest.skip(f"runc {runc_version()} here: the differences are those from {EXAMPLE_OF}")
    ours, theirs_ = (example(p, str(tmp_path / n), *flags) for p, n in ((RUNTIME, "ours"), (RUNC, "theirs")))
    assert (ours.pop("ociVersion"), ours.pop("hostname")) == ("1.3.0", "berth") and theirs_.pop("ociVersion") and theirs_.pop("hostname")
    # Without inheritable ones the kernel grants none that are ambient; newer versions of runc name none either.
    theirs_["process"]["capabilities"].pop("ambient", None)
    assert "ambient" not in ours["process"]["capabilities"]
    # The host's groups are not to be seen, on either version of them; runc does that on version 2 alone.
    group = {"type": "cgroup"}
    assert group in ours["linux"]["namespaces"]
    for c in (ours, theirs_):
        c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n != group]
    # Newer versions of runc mask more.
    assert set(ours["linux"].pop("maskedPaths")) <= set(theirs_["linux"].pop("maskedPaths"))
    if flags:
        # Who is not root has no group of his own to show.
        theirs_["mounts"] = [m for m in theirs_["mounts"] if m["destination"] != "/sys/fs/cgroup"]
    assert ours == theirs_
