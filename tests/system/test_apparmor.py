# SPDX-License-Identifier: Apache-2.0
"""AppArmor where the host enforces it (tests/vm does), and a clear refusal where it does not."""
import os

import pytest

from harness import wait_for

PROFILES = "/sys/kernel/security/apparmor/profiles"
ENFORCED = os.path.exists(PROFILES) and open("/sys/module/apparmor/parameters/enabled").read().startswith("Y")
here = pytest.mark.skipif(not ENFORCED, reason="this host has no AppArmor")
CURRENT = ["cat", "/proc/self/attr/apparmor/current"]


def test_a_profile_is_refused_by_name_where_there_is_no_apparmor(engine):
    if ENFORCED:
        pytest.skip("this host has it")
    p = engine.docker("run", "--rm", "--security-opt", "apparmor=mine", "bb", "true", check=False)
    assert p.returncode == 125 and "apparmor=mine: this host does not enforce AppArmor" in p.stderr
    engine.docker("run", "--rm", "--security-opt", "apparmor=unconfined", "bb", "true")


def test_labels_of_selinux_are_refused_by_name_and_switching_them_off_is_not(engine):
    p = engine.docker("run", "--rm", "--security-opt", "label=type:svirt_t", "bb", "true", check=False)
    assert p.returncode == 125 and "label=type:svirt_t" in p.stderr
    engine.docker("run", "--rm", "--security-opt", "label=disable", "bb", "true")


@here
def test_the_default_profile_is_loaded_and_told_of(engine):
    assert any(line.startswith("docker-default (enforce)") for line in open(PROFILES))
    assert "name=apparmor" in engine.docker("info", "-f", "{{.SecurityOptions}}").stdout


@here
@pytest.mark.parametrize("args,profile", [([], "docker-default (enforce)"), (["--privileged"], "unconfined"), (["--security-opt", "apparmor=unconfined"], "unconfined"),
                                          (["--security-opt", "no-new-privileges"], "docker-default (enforce)"), (["-u", "1000"], "docker-default (enforce)"), (["--init"], "docker-default (enforce)")])
def test_processes_run_under_it_unless_they_are_let_out(engine, args, profile):
    assert engine.docker("run", "--rm", *args, "bb", *CURRENT).stdout.strip() == profile


@here
def test_an_exec_is_confined_as_its_container_unless_privileged(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    assert engine.docker("exec", name, *CURRENT).stdout.strip() == "docker-default (enforce)"
    assert engine.docker("exec", "--privileged", name, *CURRENT).stdout.strip() == "unconfined"
    assert engine.inspect(name)["AppArmorProfile"] == "docker-default"


@here
def test_a_profile_that_is_not_there_is_named(engine):
    p = engine.docker("run", "--rm", "--security-opt", "apparmor=nosuchprofile", "bb", "true", check=False)
    assert p.returncode != 0 and "nosuchprofile" in p.stderr


@here
def test_the_profile_refuses_what_capabilities_and_read_only_mounts_would_not(engine):
    """All capabilities, no seccomp, nothing masked: only the profile is in the way."""
    free = ["--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"]
    for line in ("mount -t tmpfs x /tmp", "echo 1 > /proc/sysrq-trigger", "echo x > /proc/sys/vm/overcommit_memory", "cat /proc/kcore"):
        p = engine.docker("run", "--rm", *free, "bb", "sh", "-c", line, check=False)
        assert p.returncode != 0 and "ermission denied" in p.stderr, line
    p = engine.docker("run", "--rm", *free, "--security-opt", "apparmor=unconfined", "bb", "mount", "-t", "tmpfs", "x", "/tmp", check=False)
    assert p.returncode == 0


@here
def test_stop_and_kill_reach_a_confined_process(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'exit 3' TERM; echo here; while :; do sleep 0.1; done")
    wait_for(lambda: engine.docker("logs", name).stdout, "the program")
    engine.docker("stop", "-t", "100", name)
    assert engine.inspect(name)["State"]["ExitCode"] == 3
