# SPDX-License-Identifier: Apache-2.0
"""Options of the daemon that containers feel: flags, looked at where the kernel shows them."""
import json
import os
import re

import pytest

from harness import BERTH, BERTHD, Daemon, busybox_tar, run


def with_image(daemon):
    daemon.import_image(busybox_tar(), "bb:latest")
    return daemon


def berth(daemon, *args, check=True):
    return run([BERTH, "-H", "unix://" + daemon.sock, *args], check=check)


def refused(flags, tmp_path):
    """What a daemon that must not start says."""
    argv = [BERTHD, "--data-root", str(tmp_path / "data"), "--exec-root", str(tmp_path / "run"), "-H",
            f"unix://{tmp_path}/sock", "--bridge", "none", "--config-file", str(tmp_path / "none.json"), *flags]
    p = run(argv, check=False)
    assert p.returncode != 0
    return p.stdout + p.stderr


def test_defaults_of_containers():
    flags = ["--default-ipc-mode=shareable", "--default-shm-size=16m", "--default-cgroupns-mode=private"]
    with Daemon(flags) as d:
        with_image(d)
        out = berth(d, "run", "--rm", "--network", "none", "bb", "sh", "-c",
                    "df -k /dev/shm | tail -n1; readlink /proc/self/ns/cgroup").stdout.splitlines()
        assert out[0].split()[1] == "16384"
        assert out[1] != os.readlink("/proc/self/ns/cgroup")
        berth(d, "create", "--name", "plain", "bb", "true")
        assert berth(d, "inspect", "-f", "{{.HostConfig.IpcMode}} {{.HostConfig.ShmSize}}", "plain").stdout == "shareable 16777216\n"
        berth(d, "create", "--name", "own", "--ipc", "private", "--shm-size", "1m", "--cgroupns", "host", "bb", "true")
        assert berth(d, "inspect", "-f", "{{.HostConfig.IpcMode}} {{.HostConfig.ShmSize}} {{.HostConfig.CgroupnsMode}}",
                     "own").stdout == "private 1048576 host\n"


def test_seccomp_profile_of_the_daemon(tmp_path):
    profile = tmp_path / "no-mkdir.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}))
    make = ("run", "--rm", "--network", "none")
    with Daemon([f"--seccomp-profile={profile}"]) as d:
        with_image(d)
        p = berth(d, *make, "bb", "mkdir", "/x", check=False)
        assert p.returncode == 1 and "not supported" in p.stderr
        berth(d, *make, "--security-opt", "seccomp=builtin", "bb", "mkdir", "/x")
        berth(d, *make, "--security-opt", "seccomp=unconfined", "bb", "mkdir", "/x")
        assert f"name=seccomp,profile={profile}" in d.request("GET", "/info").json["SecurityOptions"]


def test_no_seccomp_by_default():
    with Daemon(["--seccomp-profile=unconfined"]) as d:
        with_image(d)
        seccomp = ("run", "--rm", "--network", "none")
        grep = ("bb", "grep", "Seccomp:", "/proc/self/status")
        assert berth(d, *seccomp, *grep).stdout.split() == ["Seccomp:", "0"]
        assert berth(d, *seccomp, "--security-opt", "seccomp=builtin", *grep).stdout.split() == ["Seccomp:", "2"]


@pytest.mark.parametrize("flag, message", [
    ("--seccomp-profile=/nonexistent", "read the seccomp profile /nonexistent"),
    ("--default-address-pool=base=10.0.0.0/8,size=4", "default-address-pools"),
])
def test_a_wrong_value_is_told_before_anything_starts(flag, message, tmp_path):
    assert message in refused([flag], tmp_path)


def test_a_wrong_seccomp_profile_is_told_at_the_start(tmp_path):
    profile = tmp_path / "p.json"
    profile.write_text('{"defaultAction":"SCMP_ACT_NONSENSE"}')
    said = refused([f"--seccomp-profile={profile}"], tmp_path)
    assert str(profile) in said and "SCMP_ACT_NONSENSE" in said


def test_the_default_bridge():
    d = Daemon(["--mtu=1400", "--icc=false", "--ip=127.0.0.1"])
    subnet = d.bip.rsplit(".", 1)[0]
    d.flags += [f"--fixed-cidr={subnet}.64/28"]
    with d:
        with_image(d)
        berth(d, "run", "-d", "--name", "c0", "-p", "80", "bb", "sh", "-c", "while :; do echo hello | nc -l -p 80; done")
        berth(d, "run", "-d", "--name", "c1", "bb", "sleep", "1000")
        address = {n: berth(d, "inspect", "-f", "{{.NetworkSettings.IPAddress}}", n).stdout.strip() for n in ("c0", "c1")}
        assert all(a.startswith(subnet + ".") and 64 <= int(a.split(".")[3]) < 80 for a in address.values()), address
        assert berth(d, "exec", "c1", "cat", "/sys/class/net/eth0/mtu").stdout == "1400\n"
        assert re.fullmatch(r"80/tcp -> 127\.0\.0\.1:\d+\n", berth(d, "port", "c0").stdout)
        # The bridge carries nothing between the two; the gateway is still there.
        assert berth(d, "exec", "c1", "nc", "-w", "1", address["c0"], "80", check=False).returncode != 0
        berth(d, "exec", "c1", "ping", "-c", "1", "-W", "2", d.bip.split("/")[0])


def test_networks_come_from_the_pools():
    with Daemon(["--default-address-pool=base=10.233.0.0/16,size=28"]) as d:
        berth(d, "network", "create", "one")
        berth(d, "network", "create", "two")
        subnets = [berth(d, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", n).stdout.strip() for n in ("one", "two")]
        assert all(re.fullmatch(r"10\.233\.0\.\d+/28", s) for s in subnets) and subnets[0] != subnets[1]
