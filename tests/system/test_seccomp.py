# SPDX-License-Identifier: Apache-2.0
"""R19: the filter that a container really runs under, read back from the kernel, against Docker's profile, call by call.

What the profile means is worked out here from its JSON, not by berth's code; the filter is run in a small interpreter.
"""
import ctypes
import json
import os
import platform
import re
import struct

import pytest

from harness import TOP, wait_for

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0
PROFILE = json.load(open(os.path.join(TOP, "src/codec/seccomp_default.json")))
X86_64, I386, X32 = 0xC000003E, 0x40000003, 0x40000000
HEADERS = "/usr/include/x86_64-linux-gnu/asm/unistd_%s.h"
# Calls of Linux 6.5 and later, which older headers lack; their numbers are the same everywhere.
NEWER = ["cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue", "statmount", "listmount",
         "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "mseal", "setxattrat", "getxattrat", "listxattrat",
         "removexattrat"]
DEFAULT = ["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
           "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"]
NAMED = sorted({c[4:] for rule in PROFILE["syscalls"] for c in rule.get("includes", {}).get("caps", [])})
SETS = {"default": ([], DEFAULT), "none": (["--cap-drop", "ALL"], []), "all": (["--cap-add", "ALL"], NAMED)}
SETS.update({c: (["--cap-drop", "ALL", "--cap-add", c], [c]) for c in NAMED})


def numbers(abi):
    """Names of calls to their numbers."""
    base = X32 if abi == "x32" else 0
    found = {n: base + 451 + i for i, n in enumerate(NEWER)}
    if abi == "64":
        found["uretprobe"] = 335
    if abi == "x32":
        del found["map_shadow_stack"]  # of 64 bits only
    for name, number in re.findall(r"#define __NR_(\w+)\s+(?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?", open(HEADERS % abi).read()):
        found[name] = base + int(number)
    return found


def applies(rule, caps):
    """Do the rule's conditions hold on this machine, for these capabilities?"""
    kernel = tuple(int(n) for n in platform.release().split(".")[:2])
    inside, outside = rule.get("includes") or {}, rule.get("excludes") or {}
    if "amd64" in outside.get("arches", []) or any(c[4:] in caps for c in outside.get("caps", [])):
        return False
    if inside.get("arches") and "amd64" not in inside["arches"]:
        return False
    if "minKernel" in inside and kernel < tuple(int(n) for n in inside["minKernel"].split(".")):
        return False
    return all(c[4:] in caps for c in inside.get("caps", []))


def meets(arg, value):
    op, want = arg["op"], arg["value"]
    return {"SCMP_CMP_EQ": value == want, "SCMP_CMP_NE": value != want, "SCMP_CMP_LT": value < want,
            "SCMP_CMP_GT": value > want, "SCMP_CMP_GE": value >= want, "SCMP_CMP_LE": value <= want,
            "SCMP_CMP_MASKED_EQ": value & want == arg.get("valueTwo", 0)}[op]


def expected(rules, last, nr, args):
    for rule in rules.get(nr, []):
        if all(meets(a, args[a["index"]]) for a in rule.get("args") or []):
            return ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else ERRNO | rule.get("errnoRet", 1)
    return ERRNO | (38 if nr > last else PROFILE["defaultErrnoRet"])


def installed_filter(pid):
    """The one filter of a process: PTRACE_SECCOMP_GET_FILTER."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request, address, data):
        r = libc.ptrace(request, pid, address, data)
        if r < 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
        return r

    ptrace(16, None, None)  # PTRACE_ATTACH
    try:
        os.waitpid(pid, 0x40000000)  # __WALL
        buf = ctypes.create_string_buffer(8 * 4096)
        n = ptrace(0x420C, 0, buf)
        with pytest.raises(OSError):
            ptrace(0x420C, 1, None)  # no second one
    finally:
        libc.ptrace(17, pid, None, None)  # PTRACE_DETACH
    return list(struct.iter_unpack("=HBBI", buf.raw[:8 * n]))


def installed_flags(pid):
    """What the kernel tells of the flags of a process's filter, which is LOG alone: PTRACE_SECCOMP_GET_METADATA."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(16, pid, None, None) == 0
    try:
        os.waitpid(pid, 0x40000000)
        buf = ctypes.create_string_buffer(struct.pack("=QQ", 0, 0), 16)
        assert libc.ptrace(0x420D, pid, 16, buf) > 0
    finally:
        libc.ptrace(17, pid, None, None)
    return struct.unpack("=QQ", buf.raw)[1]


def answer(program, arch, nr, args):
    """Run classic BPF: loads, and, jumps and return are all that a filter has."""
    data = struct.pack("=iIQ6Q", nr if nr < 1 << 31 else nr - (1 << 32), arch, 0, *args)
    a = pc = 0
    while True:
        code, jt, jf, k = program[pc]
        pc += 1
        if code == 0x06:
            return k
        if code == 0x20:
            a = struct.unpack_from("=I", data, k)[0]
        elif code == 0x54:
            a &= k
        elif code == 0x05:
            pc += k
        else:
            pc += jt if {0x15: a == k, 0x25: a > k, 0x35: a >= k}[code] else jf


def differences(program, arch, abi, caps, mask=(1 << 64) - 1):
    names = numbers(abi)
    rules, last = {}, 0
    for rule in PROFILE["syscalls"]:
        if not applies(rule, caps):
            continue
        for n in rule["names"]:
            last = max(last, names.get(n, 0))
            if n in names:
                rules.setdefault(names[n], []).append(rule)
    found, base = [], X32 if abi == "x32" else 0
    for nr in range(base, base + 480):
        values = {0}
        for rule in rules.get(nr, []):
            for a in rule.get("args") or []:
                values |= {a["value"] - 1 & mask, a["value"], a["value"] + 1 & mask, 1 << 17, 1 << 28, 17, 1 << 40 & mask}
        for v in sorted(values):
            args = [v] * 6
            want, got = expected(rules, last, nr, args), answer(program, arch, nr, args)
            if want != got:
                found.append((nr, hex(v), hex(want), hex(got)))
    return found


@pytest.mark.parametrize("caps", SETS)
def test_r19_the_filter_decides_every_call_as_dockers_profile(engine, name, caps):
    args, held = SETS[caps]
    engine.docker("run", "-d", "--name", name, "--network", "none", *args, "bb", "sleep", "1000")
    pid = wait_for(lambda: engine.inspect(name)["State"]["Pid"], "it runs")
    program = installed_filter(pid)
    assert differences(program, X86_64, "64", held) == []
    if caps == "default":
        assert differences(program, I386, "32", held, (1 << 32) - 1) == []
        assert differences(program, X86_64, "x32", held, (1 << 32) - 1) == []
        assert answer(program, 0xC00000B7, 63, [0] * 6) == KILL  # another machine's numbers


def test_without_a_profile_there_is_no_filter(engine, name):
    engine.docker("run", "-d", "--name", name, "--network", "none", "--security-opt", "seccomp=unconfined", "bb", "sleep", "1000")
    pid = wait_for(lambda: engine.inspect(name)["State"]["Pid"], "it runs")
    with open(f"/proc/{pid}/status") as f:
        assert "Seccomp:\t0" in f.read()


def test_a_profile_of_the_users_own_is_taken(engine, name, tmp_path):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99}]}))
    p = engine.docker("run", "--rm", "--network", "none", "--security-opt", f"seccomp={path}", "bb", "mkdir", "/tmp/x", check=False)
    assert p.returncode == 1 and "Cannot assign requested address" in p.stderr  # 99


def test_a_wrong_profile_is_named(engine, tmp_path):
    path = tmp_path / "profile.json"
    path.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}')
    p = engine.docker("run", "--rm", "--network", "none", "--security-opt", f"seccomp={path}", "bb", "true", check=False)
    assert p.returncode == 125 and "SCMP_ACT_NONSENSE" in p.stderr


LOG = 2  # SECCOMP_FILTER_FLAG_LOG


@pytest.mark.parametrize("flags,want", [(["SECCOMP_FILTER_FLAG_LOG"], LOG), ([], 0), (None, 0),
                                        (["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"], LOG),
                                        (["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"], 0)])
def test_a_profiles_flags_are_the_filters(engine, name, tmp_path, flags, want):
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}]}
    if flags is not None:
        profile["flags"] = flags
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(profile))
    engine.docker("run", "-d", "--name", name, "--network", "none", "--security-opt", f"seccomp={path}", "bb", "sleep", "1000")
    assert installed_flags(engine.inspect(name)["State"]["Pid"]) == want
    engine.docker("exec", "-d", name, "sleep", "2000")
    pids = wait_for(lambda: [l.split()[1] for l in engine.docker("top", name).stdout.splitlines() if l.endswith("sleep 2000")], "the exec runs")
    assert installed_flags(int(pids[0])) == want


@pytest.mark.parametrize("change,said", [
    ({"flags": ["SECCOMP_FILTER_FLAG_NONSENSE"]}, "SECCOMP_FILTER_FLAG_NONSENSE"),
    ({"architectures": ["SCMP_ARCH_VAX"]}, "SCMP_ARCH_VAX"),
    ({"architectures": ["SCMP_ARCH_X86_64"], "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}, "archMap"),
    ({"defaultErrno": "EWHAT"}, "EWHAT"),
    ({"syscalls": [{"names": ["dup"], "name": "dup2", "action": "SCMP_ACT_ERRNO"}]}, "'name' and 'names'"),
    ({"syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096}]}, "errnoRet"),
    ({"syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"}}]}, "minKernel|kernel version: new"),
    ({"syscalls": [{"names": ["dup"], "action": "SCMP_ACT_NOTIFY"}], "listenerPath": "/run/x"}, "SCMP_ACT_NOTIFY"),
])
def test_what_a_profile_cannot_have_is_refused_by_name(engine, tmp_path, change, said):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", **change}))
    p = engine.docker("run", "--rm", "--network", "none", "--security-opt", f"seccomp={path}", "bb", "true", check=False)
    assert p.returncode == 125 and re.search(said, p.stderr), p.stderr


def test_a_profiles_conditions_old_names_and_errors_are_obeyed(engine, name, tmp_path):
    """Each rule in one profile, each seen by what its call answers."""
    path = tmp_path / "profile.json"
    rule = {"action": "SCMP_ACT_ERRNO"}
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}], "syscalls": [
        {"name": "getpgid", "errno": "ENOTTY", **rule},
        {"names": ["getsid"], "errnoRet": 71, "includes": {"caps": ["CAP_CHOWN"]}, **rule},
        {"names": ["sethostname"], "errnoRet": 72, "excludes": {"caps": ["CAP_CHOWN"]}, **rule},
        {"names": ["alarm"], "errnoRet": 73, "includes": {"minKernel": "99.0"}, **rule},
        {"names": ["getppid"], "errnoRet": 74, "includes": {"arches": ["amd64"]}, **rule},
        {"names": ["pause"], "errnoRet": 75, "excludes": {"arches": ["amd64"]}, **rule}]}))
    engine.docker("run", "-d", "--name", name, "--network", "none", "--security-opt", f"seccomp={path}", "bb", "sleep", "1000")
    pid = wait_for(lambda: engine.inspect(name)["State"]["Pid"], "it runs")
    program, nr = installed_filter(pid), numbers("64")
    want = {"getpgid": ERRNO | 25, "getsid": ERRNO | 71, "sethostname": ALLOW, "alarm": ALLOW, "getppid": ERRNO | 74, "pause": ALLOW}
    assert {n: answer(program, X86_64, nr[n], [0] * 6) for n in want} == want
    assert answer(program, I386, numbers("32")["getpgid"], [0] * 6) == ERRNO | 25
