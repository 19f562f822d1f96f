# SPDX-License-Identifier: Apache-2.0
"""What berth-runtime says of itself, beside the specification's schema of it and beside what runc says."""
import array
import json
import os
import re
import shutil
import socket
import subprocess

import pytest

from harness import PATIENCE, RUNTIME, run
from test_oci_runtime import Bundle, oci  # noqa: F401 (a fixture)

COMMANDS = "create delete events exec features kill list pause ps resume run spec start state update".split()
HOOKS = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}
NAMESPACES = {"mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time"}
ACTIONS = {"SCMP_ACT_" + a for a in "KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY".split()}
OPERATORS = {"SCMP_CMP_" + o for o in "NE LT LE EQ GE GT MASKED_EQ".split()}
ARCHS = {"SCMP_ARCH_" + a for a in "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 "
         "RISCV64 LOONGARCH64 M68K SH SHEB".split()}
FLAGS = {"SECCOMP_FILTER_FLAG_" + f for f in "TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV".split()}
MODES = {"MPOL_" + m for m in "DEFAULT BIND INTERLEAVE WEIGHTED_INTERLEAVE PREFERRED PREFERRED_MANY LOCAL".split()}
MODE_FLAGS = {"MPOL_F_" + f for f in "NUMA_BALANCING RELATIVE_NODES STATIC_NODES".split()}
CAPABILITY = re.compile(r"^CAP_[A-Z_]+$")
ENABLED = {"enabled": bool}

# The features document of the runtime specification 1.3: a type; a set or a pattern of strings, of which there is a list; or an object's members.
SCHEMA = {
    "ociVersionMin": str, "ociVersionMax": str, "hooks": HOOKS, "mountOptions": re.compile(r"^[a-z]+$"), "annotations": dict,
    "potentiallyUnsafeConfigAnnotations": re.compile(r"."),
    "linux": {
        "namespaces": NAMESPACES, "capabilities": CAPABILITY,
        "cgroup": {"v1": bool, "v2": bool, "systemd": bool, "systemdUser": bool, "rdma": bool},
        "seccomp": {"enabled": bool, "actions": ACTIONS, "operators": OPERATORS, "archs": ARCHS, "knownFlags": FLAGS, "supportedFlags": FLAGS},
        "apparmor": ENABLED, "selinux": ENABLED, "intelRdt": {"enabled": bool, "schemata": bool, "monitoring": bool},
        "memoryPolicy": {"modes": MODES, "flags": MODE_FLAGS}, "mountExtensions": {"idmap": ENABLED}, "netDevices": ENABLED}}


def faults(schema, value, at=""):
    """Where `value` is not what the schema says: an empty list if nowhere."""
    if isinstance(schema, type):
        return [] if type(value) is schema else [f"{at}: {value!r} is no {schema.__name__}"]
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return [f"{at}: no object"]
        return [f for k, v in value.items() for f in (faults(schema[k], v, f"{at}.{k}") if k in schema else [f"{at}.{k}: not in the specification"])]
    if not isinstance(value, list) or len(set(value)) != len(value):
        return [f"{at}: no list of different words"]
    return [f"{at}: {v!r}" for v in value if not (schema.match(v) if isinstance(schema, re.Pattern) else v in schema)]


def features():
    return json.loads(run([RUNTIME, "features"]).stdout)


def test_the_features_are_a_document_of_the_specification():
    f = features()
    assert faults(SCHEMA, f) == []
    assert re.fullmatch(r"1\.\d+\.\d+", f["ociVersionMin"]) and re.fullmatch(r"1\.\d+\.\d+", f["ociVersionMax"])
    # What may be left out is not: each member is said, but for annotations, of which there are none.
    assert set(SCHEMA) - set(f) == {"annotations", "potentiallyUnsafeConfigAnnotations"} and set(f["linux"]) == set(SCHEMA["linux"])


@pytest.mark.parametrize("path, value", [("ociVersionMin", 1), ("hooks", ["prestop"]), ("linux.cgroup.v1", "yes"), ("linux.capabilities", ["chown"]), ("linux.more", {}),
                                         ("linux.seccomp.actions", ["SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW"]), ("linux.netDevices", True)])
def test_the_check_finds_what_is_no_such_document(path, value):
    f = features()
    *way, last = path.split(".")
    place = f
    for name in way:
        place = place[name]
    place[last] = value
    assert len(faults(SCHEMA, f)) == 1


def flags_of(text):
    """(flag, does it take a value) of a help text of runc's."""
    for line in text.partition("OPTIONS:")[2].splitlines():
        m = re.match(r"\s+(--[\w-]+)( value)?(?:, (-\w)(?: value)?)?\s", line)
        if m and m[1] != "--help":
            yield from ((f, bool(m[2])) for f in (m[1], m[3]) if f)


@pytest.mark.skipif(not shutil.which("runc"), reason="no runc to ask")
@pytest.mark.parametrize("command", COMMANDS)
def test_each_flag_that_runc_has_is_known(command, tmp_path):
    flags = list(flags_of(run(["runc", command, "--help"]).stdout))
    for flag, valued in flags:
        p = run([RUNTIME, "--root", str(tmp_path / "none"), command, flag, *(["1"] if valued else []), *(["--bundle", str(tmp_path)] if command == "spec" else [])], check=False)
        assert "not known" not in p.stderr, (flag, p.stderr)
    assert flags or command in ("features", "pause", "resume", "start", "state")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_tells_its_flags(command):
    for word in ("--help", "-h"):
        p = run([RUNTIME, command, word])
        assert p.stdout.startswith(f"berth-runtime {command}: ") and p.stderr == ""
    known = set(re.findall(r"^  (--[\w-]+)", p.stdout, re.M))
    assert known >= {"create": {"--bundle", "--pidfd-socket"}, "exec": {"--process", "--pidfd-socket"}, "kill": {"--all"}}.get(command, set())


def take_pidfd(listener):
    """(what was sent, the process' number) of one who connects."""
    conn, _ = listener.accept()
    with conn:
        data, ancillary, _, _ = conn.recvmsg(64, socket.CMSG_SPACE(4))
    fds = array.array("i", ancillary[0][2][:4])
    try:
        pid = re.search(r"^Pid:\s+(\d+)", open(f"/proc/self/fdinfo/{fds[0]}").read(), re.M)[1]
    finally:
        os.close(fds[0])
    return data.decode(), int(pid)


def test_a_pidfd_goes_where_it_is_asked_for(oci):  # noqa: F811
    path = os.path.join(oci.top, "pidfd.sock")
    quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(path)
        listener.listen()
        oci.args("sleep", "1000")
        oci("state", oci.id, check=False)
        subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, "--pidfd-socket", path, oci.id], check=True, timeout=PATIENCE, **quiet)
        assert take_pidfd(listener) == ("standard", json.loads(oci("state", oci.id).stdout)["pid"])
        oci("start", oci.id)
        subprocess.run([RUNTIME, "--root", oci.state, "exec", "--detach", "--pidfd-socket", path, "--pid-file", path + ".pid", oci.id, "sleep", "1000"], check=True,
                       timeout=PATIENCE, **quiet)
        assert take_pidfd(listener) == ("setns", int(open(path + ".pid").read()))
        oci("delete", "--force", oci.id)
    # Nobody listens any more: the container that nobody can be told of is none.
    p = subprocess.run([RUNTIME, "--root", oci.state, "create", "--bundle", oci.bundle, "--pidfd-socket", path, oci.id], timeout=PATIENCE, text=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert p.returncode == 1 and "--pidfd-socket: send the process" in p.stderr
    assert oci("state", oci.id, check=False).returncode == 1
