# SPDX-License-Identifier: Apache-2.0
"""What fields of the OCI specification do to the process: each is looked at from the kernel's side, not from ours."""
import json
import os
import shutil
import socket
import subprocess
import threading

import pytest

from harness import PATIENCE, run
from test_oci_cli import group_of, mounts, pid_of
from test_oci_fields import output, refused
from test_oci_runtime import Bundle


@pytest.fixture
def oci():
    with Bundle() as b:
        yield b


def test_scheduler_is_that_of_the_program_and_of_exec(oci):
    oci.config["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
    oci.start()
    pid = pid_of(oci)
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH and os.getpriority(os.PRIO_PROCESS, pid) == 5
    # Fields 19 and 41 of stat, after the name: niceness and policy.
    fields = oci("exec", oci.id, "cat", "/proc/self/stat").stdout.rsplit(")", 1)[1].split()
    assert (fields[16], fields[38]) == ("5", str(os.SCHED_BATCH))


def test_deadlines_are_those_of_the_program(oci):
    oci.config["process"]["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 5000000, "deadline": 10000000, "period": 20000000, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
    try:
        oci.start()
    except subprocess.CalledProcessError:
        # The kernel admits no deadlines where processors are in use by others', or a cpuset has only some of them.
        said = oci("run", "--bundle", oci.bundle, oci.id, check=False).stderr
        assert "process.scheduler: Operation not permitted" in said or "process.scheduler: Device or resource busy" in said
        pytest.skip("the kernel admits no deadline here")
    shown = run(["chrt", "--pid", str(pid_of(oci))]).stdout
    assert "SCHED_DEADLINE|SCHED_RESET_ON_FORK" in shown and "5000000/10000000/20000000" in shown


def test_a_scheduler_that_cannot_be_names_the_field(oci):
    oci.config["process"]["scheduler"] = {"policy": "SCHED_FIFO", "priority": 1000}
    assert "process.scheduler" in refused(oci)
    oci.config["process"]["scheduler"] = {"policy": "SCHED_NONE"}
    assert "process.scheduler.policy" in refused(oci)


@pytest.mark.parametrize("name,priority,shown", [("IOPRIO_CLASS_BE", 6, "best-effort: prio 6"), ("IOPRIO_CLASS_IDLE", 0, "idle")])
def test_priority_of_io(oci, name, priority, shown):
    oci.config["process"]["ioPriority"] = {"class": name, "priority": priority}
    oci.start()
    assert run(["ionice", "-p", str(pid_of(oci))]).stdout.strip() == shown


def test_exec_runs_on_the_processors_of_its_affinity(oci):
    oci.config["process"]["execCPUAffinity"] = {"initial": "0", "final": "0"}
    oci.start()
    assert oci("exec", oci.id, "grep", "Cpus_allowed_list", "/proc/self/status").stdout.split()[1] == "0"
    assert os.sched_getaffinity(pid_of(oci)) == os.sched_getaffinity(0)  # exec only
    oci("delete", "--force", oci.id)
    oci.config["process"]["execCPUAffinity"] = {"final": "4000"}
    oci.start()
    p = oci("exec", oci.id, "true", check=False)
    assert p.returncode == 255 and "process.execCPUAffinity.final" in p.stderr


def test_clocks_are_offset_in_a_time_namespace_and_only_there(oci):
    oci.config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000, "nanosecs": 0}, "monotonic": {"secs": 77, "nanosecs": 5}}
    oci.config["linux"]["namespaces"].append({"type": "time"})
    oci.start()
    assert float(oci("exec", oci.id, "cat", "/proc/uptime").stdout.split()[0]) > 1000000
    offsets = {line.split()[0]: line.split()[1:] for line in oci("exec", oci.id, "cat", "/proc/self/timens_offsets").stdout.splitlines()}
    assert offsets == {"boottime": ["1000000", "0"], "monotonic": ["77", "5"]}
    oci("delete", "--force", oci.id)
    oci.config["linux"]["namespaces"].pop()
    assert "linux.timeOffsets" in refused(oci)


def test_personality_of_32_bits_is_seen_by_uname(oci):
    os.symlink("busybox", os.path.join(oci.bundle, "rootfs/bin/uname"))
    oci.config["linux"]["personality"] = {"domain": "LINUX32"}
    assert output(oci, "uname", "-m") == "i686\n"
    oci.start()
    assert oci("exec", oci.id, "uname", "-m").stdout == "i686\n"


def has(controller):
    return any(controller in m[1].split(",") for m in mounts("cgroup")) or any(
        controller in open(m[0] + "/cgroup.controllers").read().split() for m in mounts("cgroup2"))


@pytest.mark.skipif(has("rdma"), reason="the controller is here")
def test_rdma_needs_its_controller_and_says_so(oci):
    oci.config["linux"]["resources"]["rdma"] = {"mlx5_1": {"hcaHandles": 3}}
    assert "linux.resources.rdma" in refused(oci)


def test_files_of_version_2_are_written_as_they_are_or_refused_by_name(oci):
    oci.config["linux"]["resources"]["unified"] = {"pids.max": "44"}
    if not any("pids" in m[1].split(",") for m in mounts("cgroup")):
        oci.start()
        assert open(group_of(pid_of(oci), "pids") + "/pids.max").read() == "44\n"
        oci("delete", "--force", oci.id)
    else:
        assert "linux.resources.unified" in refused(oci)
    oci.config["linux"]["resources"]["unified"] = {"../pids.max": "44"}
    assert "linux.resources.unified" in refused(oci)


def test_memory_policy_is_seen_in_the_programs_maps(oci):
    if not os.path.exists("/proc/self/numa_maps"):
        pytest.skip("the kernel knows no nodes")
    oci.config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
    assert " bind:0 " in output(oci, "cat", "/proc/self/numa_maps")
    oci.config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "999"}
    assert "linux.memoryPolicy" in refused(oci)


# A recursive option; the word for it among a mount's options.
RECURSIVE = [("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"), ("rnoatime", "noatime"), ("rnodiratime", "nodiratime"), ("rnosymfollow", "nosymfollow")]


@pytest.fixture
def nested():
    """A mount with another below it."""
    with Bundle() as b:
        top = b.top + "/outer"
        os.mkdir(top)
        run(["mount", "-t", "tmpfs", "-o", "exec,suid,dev", "outer", top])
        os.mkdir(top + "/inner")
        run(["mount", "-t", "tmpfs", "-o", "exec,suid,dev", "inner", top + "/inner"])
        b.outer = top
        yield b
        b("delete", "--force", b.id, check=False)
        run(["umount", "-R", top])


@pytest.mark.parametrize("option,shown", RECURSIVE)
def test_recursive_option_holds_for_what_is_mounted_below(nested, option, shown):
    nested.config["mounts"].append({"destination": "/tmp", "type": "bind", "source": nested.outer, "options": ["rbind", option]})
    lines = [line.split() for line in output(nested, "cat", "/proc/self/mountinfo").splitlines()]
    options = {f[4]: f[5].split(",") for f in lines if f[4].startswith("/tmp")}
    assert set(options) == {"/tmp", "/tmp/inner"}
    assert all(shown in o for o in options.values())
    here = [line.split() for line in open("/proc/self/mountinfo")]
    assert not any(shown in f[5].split(",") for f in here if f[4].startswith(nested.outer))


def test_plain_ro_leaves_what_is_mounted_below_alone(nested):
    nested.config["mounts"].append({"destination": "/tmp", "type": "bind", "source": nested.outer, "options": ["rbind", "ro"]})
    assert output(nested, "sh", "-c", "touch /tmp/x 2>/dev/null || echo no; touch /tmp/inner/x && echo yes") == "no\nyes\n"


def test_tmpcopyup_begins_with_what_it_covers(oci):
    root = os.path.join(oci.bundle, "rootfs/data")
    os.makedirs(root + "/deep")
    with open(root + "/deep/file", "w") as f:
        f.write("content\n")
    os.chmod(root + "/deep/file", 0o644)
    os.chown(root + "/deep/file", 5, 6)
    oci.config["mounts"].append({"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]})
    out = output(oci, "sh", "-c", "cat /data/deep/file; stat -c '%a %u:%g' /data/deep/file; echo new >/data/new; stat -f -c %T /data")
    assert out.startswith("content\n644 5:6\ntmpfs")
    assert os.listdir(root) == ["deep"]


HOOKS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


def test_six_hooks_run_in_order_with_the_state_on_stdin(oci):
    os.symlink("busybox", os.path.join(oci.bundle, "rootfs/bin/cp"))
    out = oci.top + "/hooks"
    os.mkdir(out)
    oci.config["mounts"].append({"destination": "/hooks", "type": "bind", "source": out, "options": ["bind"]})
    oci.config["annotations"] = {"org.example.key": "value"}
    # createContainer's files are the host's, startContainer's are the container's.
    oci.config["hooks"] = {h: [{"path": "/bin/sh", "args": ["sh", "-c", f"d={'/hooks' if h == 'startContainer' else out}; cat >$d/{h}; echo {h} >>$d/order; echo $X >>$d/env"],
                                "env": ["PATH=/bin:/usr/bin", f"X={h}"]}] for h in HOOKS}
    oci.start()
    pid = pid_of(oci)
    assert open(out + "/order").read().split() == HOOKS[:5]
    oci("delete", "--force", oci.id)
    assert open(out + "/order").read().split() == HOOKS and open(out + "/env").read().split() == HOOKS
    states = {h: json.load(open(f"{out}/{h}")) for h in HOOKS}
    assert {s["id"] for s in states.values()} == {oci.id} and {s["bundle"] for s in states.values()} == {oci.bundle}
    assert all(s["annotations"] == {"org.example.key": "value"} for s in states.values())
    assert [states[h]["status"] for h in ("createRuntime", "poststart", "poststop")] == ["creating", "running", "stopped"]
    assert [states[h]["pid"] for h in ("prestart", "createRuntime", "poststart")] == [pid] * 3


@pytest.mark.parametrize("propagation", ["", "rslave", "rprivate", "rshared"])
def test_create_container_hooks_see_the_mounts_below_the_root_of_the_bundle(oci, propagation):
    """But with a shared root, whose place the host would show too."""
    out = oci.top + "/seen"
    source = oci.top + "/source"
    os.mkdir(source)
    open(source + "/file", "w").close()
    oci.config["linux"]["rootfsPropagation"] = propagation
    oci.config["mounts"].append({"destination": "/mnt", "type": "bind", "source": source, "options": ["bind"]})
    oci.config["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", f"ls {oci.bundle}/rootfs/mnt >{out}; ls {oci.bundle}/rootfs/proc/self/ns >>{out}; true"], "env": ["PATH=/bin:/usr/bin"]}]}
    assert output(oci, "sh", "-c", "ls /mnt; ls -d /proc/1") == "file\n/proc/1\n"
    seen = open(out).read().split()
    assert seen == [] if propagation == "rshared" else seen[0] == "file" and "mnt" in seen
    assert oci.top not in open("/proc/self/mountinfo").read()


def mounted_below(path, pid="self"):
    """Place to optional fields: shared:N, master:N, unbindable."""
    lines = [line.split() for line in open(f"/proc/{pid}/mountinfo")]
    return {f[4]: f[6:f.index("-")] for f in lines if f[4].startswith(path)}


@pytest.fixture
def shared():
    """A bundle on a mount that is shared, as systemd makes all of a host's."""
    with Bundle() as b:
        run(["mount", "--bind", b.bundle, b.bundle])
        run(["mount", "--make-shared", b.bundle])
        yield b
        b("delete", "--force", b.id, check=False)
        run(["umount", "-R", b.bundle])


@pytest.mark.parametrize("propagation, kind", [("", "master"), ("shared", "shared"), ("rshared", "shared"), ("slave", "master"), ("rslave", "master"), ("private", None), ("rprivate", None),
                                               ("unbindable", "unbindable"), ("runbindable", "unbindable")])
def test_what_is_mounted_in_a_container_stays_there_also_where_the_host_shares_its_root(shared, propagation, kind):
    shared.config["linux"]["rootfsPropagation"] = propagation
    before = mounted_below(shared.top)
    shared.start()
    pid = pid_of(shared)
    fields = mounted_below("/", pid)["/"]
    assert [f.split(":")[0] for f in fields] == ([kind] if kind else [])
    assert (kind == "master") == (fields == [f.replace("shared", "master") for f in before[shared.bundle]])
    assert kind != "shared" or fields != before[shared.bundle]
    run(["nsenter", "-t", str(pid), "-m", "--", "/bin/mount", "-t", "tmpfs", "x", "/tmp"])
    assert "/tmp" in mounted_below("/", pid)
    assert mounted_below(shared.top) == before


def seccomp(*calls, **more):
    return {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": list(calls), **more}


def test_listener_gets_the_descriptor_and_the_containers_state(oci):
    path = oci.top + "/agent"
    got = {}

    def agent(server):
        with server.accept()[0] as conn:
            text, fds, _, _ = socket.recv_fds(conn, 1 << 16, 2)
            while chunk := conn.recv(1 << 16):
                text += chunk
            got.update(state=json.loads(text), links=[os.readlink(f"/proc/self/fd/{fd}") for fd in fds])
            for fd in fds:
                os.close(fd)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.settimeout(PATIENCE)
        thread = threading.Thread(target=agent, args=(server,))
        thread.start()
        oci.config["linux"]["seccomp"] = seccomp({"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_NOTIFY"}, listenerPath=path, listenerMetadata="meta")
        oci.start()
        thread.join(PATIENCE)
    assert got["links"] == ["anon_inode:seccomp notify"]
    assert (got["state"]["fds"], got["state"]["metadata"], got["state"]["pid"]) == (["seccompFd"], "meta", pid_of(oci))
    assert got["state"]["state"]["id"] == oci.id


def test_filter_answers_with_the_number_it_is_given(oci):
    oci.config["linux"]["seccomp"] = seccomp({"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}, flags=["SECCOMP_FILTER_FLAG_LOG"])
    os.symlink("busybox", os.path.join(oci.bundle, "rootfs/bin/mkdir"))
    assert "No space left on device" in output(oci, "sh", "-c", "mkdir /tmp/x 2>&1; true")


CALLS_32 = r"""
#include <stdio.h>
#include <errno.h>
/* mkdir by the numbers of 32-bit programs, from a 64-bit one. */
int main(void)
{
	static const char path[] = "/tmp/x";
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(39L), "b"(path), "c"(0755L) : "memory");
	printf("%ld\n", r);
	return 0;
}
"""


def test_filter_holds_for_the_numbers_of_every_architecture_named(oci):
    """The address of the path does not fit in 32 bits, so EFAULT is what an unfiltered call ends with."""
    with open(oci.top + "/calls.c", "w") as f:
        f.write(CALLS_32)
    if not shutil.which("cc") or subprocess.run(["cc", "-static", "-no-pie", "-o", oci.bundle + "/rootfs/bin/calls", oci.top + "/calls.c"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no compiler for this processor")
    oci.config["linux"]["seccomp"] = seccomp()
    free = output(oci, "calls")
    oci.config["linux"]["seccomp"] = seccomp({"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28})
    assert free != "-28\n" and output(oci, "calls") == "-28\n"


def mapped(oci, options, **more):
    path = oci.top + "/shared"
    os.makedirs(path, exist_ok=True)
    with open(path + "/file", "w"):
        pass
    with open(path + "/other", "w"):
        pass
    os.chown(path + "/other", 5, 5)
    maps = [{"containerID": 0, "hostID": 1000, "size": 1}]
    oci.config["mounts"] = [m for m in oci.config["mounts"] if m["destination"] != "/shared"]
    oci.config["mounts"].append({"destination": "/shared", "type": "bind", "source": path, "options": options, "uidMappings": maps, "gidMappings": maps, **more})
    oci.args("stat", "-c", "%u:%g", "/shared/file", "/shared/other")
    return oci("run", "--bundle", oci.bundle, oci.id, check=False)


@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_mount_with_a_map_of_its_own_shows_other_owners(oci, option):
    p = mapped(oci, ["rbind", option])
    if p.returncode != 0:  # a file system that cannot
        assert "uidMappings" in p.stderr
    else:
        assert p.stdout == "1000:1000\n65534:65534\n"
