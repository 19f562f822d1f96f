# SPDX-License-Identifier: Apache-2.0
"""ps, stop, kill, pause, top, rename, rm, logs, exec, inspect, images: with every client."""
import json
import re

import pytest

from harness import busybox_tar, wait_for


@pytest.fixture
def sleeper(engine, name):
    engine.docker("run", "-d", "--name", name, "--label", f"test={name}", "bb", "sleep", "600")
    return name


def test_ps_filters_by_name_label_and_status(engine, client, sleeper):
    other = sleeper + "b"
    engine.docker("create", "--name", other, "--label", f"test={sleeper}", "bb", "true")
    try:
        def names(*args):
            return sorted(engine.docker("ps", "--format", "{{.Names}}", *args, client=client).stdout.split())
        assert names("--filter", f"label=test={sleeper}") == [sleeper]
        assert names("-a", "--filter", f"label=test={sleeper}") == sorted([sleeper, other])
        assert names("-a", "--filter", f"name={other}") == [other]
        assert names("-a", "--filter", f"label=test={sleeper}", "--filter", "status=created") == [other]
        assert names("-a", "--filter", f"label=test={sleeper}", "--filter", "status=running") == [sleeper]
    finally:
        engine.docker("rm", other)


def test_ps_prints_dockers_columns(engine, client, sleeper):
    out = engine.docker("ps", "--filter", f"name={sleeper}", client=client).stdout.splitlines()
    assert re.split(r"\s{2,}", out[0].strip()) == ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    cells = re.split(r"\s{2,}", out[1].strip())
    assert len(cells[0]) == 12 and cells[1] == "bb" and cells[2] == '"sleep 600"' and cells[-1] == sleeper
    assert cells[4].startswith("Up ")


def test_an_unknown_container_is_named(engine, client):
    for args in (["inspect", "nosuch"], ["start", "nosuch"], ["logs", "nosuch"], ["rm", "nosuch"], ["exec", "nosuch", "true"]):
        p = engine.docker(*args, client=client, check=False)
        assert p.returncode == 1, args
        assert "nosuch" in p.stderr, p.stderr


def test_stop_sends_term_then_kills(engine, client, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'echo term; exit 9' TERM; echo ready; while :; do sleep 0.1; done")
    wait_for(lambda: "ready" in engine.docker("logs", name).stdout, "the trap is set")
    engine.docker("stop", name, client=client)
    assert engine.inspect(name)["State"]["ExitCode"] == 9
    engine.docker("rm", name)
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    wait_for(lambda: "ready" in engine.docker("logs", name).stdout, "the trap is set")
    engine.docker("stop", "-t", "1", name, client=client)
    assert engine.inspect(name)["State"]["ExitCode"] == 137


def test_kill_with_a_signal(engine, client, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done")
    wait_for(lambda: "ready" in engine.docker("logs", name).stdout, "the trap is set")
    engine.docker("kill", "-s", "USR1", name, client=client)
    assert engine.docker("wait", name).stdout == "42\n"
    p = engine.docker("kill", name, client=client, check=False)
    assert p.returncode == 1 and "is not running" in p.stderr


def test_pause_and_unpause(engine, client, sleeper):
    engine.docker("pause", sleeper, client=client)
    state = engine.inspect(sleeper)["State"]
    assert (state["Status"], state["Paused"], state["Running"]) == ("paused", True, True)
    assert "(Paused)" in engine.docker("ps", "--filter", f"name={sleeper}", client=client).stdout
    assert engine.docker("pause", sleeper, client=client, check=False).returncode == 1
    engine.docker("unpause", sleeper, client=client)
    assert engine.inspect(sleeper)["State"]["Status"] == "running"


def test_top_shows_the_processes(engine, client, sleeper):
    out = engine.docker("top", sleeper, client=client).stdout
    assert "PID" in out.splitlines()[0] and "sleep 600" in out
    assert "sleep" in engine.docker("top", sleeper, "-o", "pid,comm", client=client).stdout


def test_rename(engine, client, sleeper):
    new = sleeper + "n"
    engine.docker("rename", sleeper, new, client=client)
    assert engine.get(f"/containers/{sleeper}/json").status == 404
    assert engine.inspect(new)["Name"] == "/" + new
    engine.docker("rename", new, sleeper, client=client)


def test_rm_refuses_a_running_container_unless_forced(engine, client, sleeper):
    p = engine.docker("rm", sleeper, client=client, check=False)
    assert p.returncode == 1 and "running" in p.stderr
    engine.docker("rm", "-f", sleeper, client=client)
    assert engine.get(f"/containers/{sleeper}/json").status == 404


def test_logs_tail_since_timestamps(engine, client, name):
    engine.docker("run", "--name", name, "bb", "sh", "-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done")
    p = engine.docker("logs", name, client=client)
    assert p.stdout == "o1\no2\no3\n" and p.stderr == "e1\ne2\ne3\n"
    p = engine.docker("logs", "--tail", "2", name, client=client)
    assert p.stdout.count("\n") + p.stderr.count("\n") == 2
    p = engine.docker("logs", "-t", name, client=client)
    assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z o\d\n){3}", p.stdout)
    assert engine.docker("logs", "--since", "2090-01-02T15:04:05Z", name, client=client).stdout == ""
    assert engine.docker("logs", "--since", "1h", name, client=client).stdout == "o1\no2\no3\n"


def test_logs_follow_ends_with_the_container(engine, client, name):
    engine.docker("run", "-d", "--name", name, "bb", "sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done")
    assert engine.docker("logs", "-f", name, client=client).stdout == "1\n2\n3\n4\n5\n"


def test_the_log_file_has_dockers_place_and_form(engine, name):
    engine.docker("run", "--name", name, "bb", "sh", "-c", r"""printf 'a"b\n\377<\n'; printf tail""", binary=True)
    info = engine.inspect(name)
    assert info["LogPath"] == f"{engine.data}/containers/{info['Id']}/{info['Id']}-json.log"
    lines = [json.loads(x) for x in open(info["LogPath"])]
    assert [x["log"] for x in lines] == ['a"b\n', "\ufffd<\n", "tail"]
    assert all(x["stream"] == "stdout" and re.fullmatch(r"\d{4}-.*Z", x["time"]) for x in lines)


def test_exec_output_exit_code_user_env_workdir(engine, client, sleeper):
    p = engine.docker("exec", "-e", "A=1", "-u", "user", "-w", "/tmp", sleeper, "sh", "-c",
                      "echo $A $(id -un) $(pwd); echo e >&2; exit 3", client=client, check=False)
    assert (p.returncode, p.stdout, p.stderr) == (3, "1 user /tmp\n", "e\n")
    assert engine.docker("exec", "-i", sleeper, "cat", client=client, input="in").stdout == "in"
    p = engine.docker("exec", sleeper, "nosuch", client=client, check=False)
    assert p.returncode == 127
    p = engine.docker("exec", sleeper, "/bin/notexec", client=client, check=False)
    assert p.returncode == 126
    engine.docker("exec", "-d", sleeper, "sh", "-c", "echo x > /tmp/made", client=client)
    wait_for(lambda: engine.docker("exec", sleeper, "cat", "/tmp/made", check=False).stdout == "x\n", "the detached exec ran")


def test_exec_in_a_stopped_container_is_refused(engine, client, name):
    engine.docker("create", "--name", name, "bb", "true")
    p = engine.docker("exec", name, "true", client=client, check=False)
    assert p.returncode == 1 and "is not running" in p.stderr


def test_inspect_formats(engine, client, sleeper):
    pid = engine.docker("inspect", "--format", "{{.State.Pid}}", sleeper, client=client).stdout.strip()
    # The engine is told of the exec a moment before the kernel shows the new words.
    wait_for(lambda: open(f"/proc/{pid}/cmdline").read() == "sleep\x00600\x00", "its program")
    out = engine.docker("inspect", "-f", "{{.Name}} {{json .Config.Cmd}} {{index .Config.Labels \"test\"}}", sleeper,
                        client=client).stdout
    assert out == f'/{sleeper} ["sleep","600"] {sleeper}\n'


def test_images_inspect_tag_rmi(engine, client):
    tag = "img" + re.sub(r"\W", "", client)[-6:].lower()
    engine.docker("import", "--change", "CMD [\"echo\",\"hi\"]", "--change", "ENV K=v", busybox_tar(), f"{tag}:1", client=client)
    try:
        assert f"{tag}" in engine.docker("images", client=client).stdout
        info = json.loads(engine.docker("image", "inspect", f"{tag}:1", client=client).stdout)[0]
        assert info["Config"]["Cmd"] == ["echo", "hi"] and "K=v" in info["Config"]["Env"]
        assert info["RepoTags"] == [f"{tag}:1"]
        assert engine.docker("run", "--rm", f"{tag}:1", client=client).stdout == "hi\n"
        engine.docker("tag", f"{tag}:1", f"{tag}:2", client=client)
        assert f"Untagged: {tag}:2" in engine.docker("rmi", f"{tag}:2", client=client).stdout
    finally:
        out = engine.docker("rmi", f"{tag}:1", client=client).stdout
    assert "Deleted: sha256:" in out
    p = engine.docker("rmi", f"{tag}:1", client=client, check=False)
    assert p.returncode == 1 and "No such image" in p.stderr


def test_an_image_in_use_is_not_removed(engine, client, sleeper):
    p = engine.docker("rmi", "bb", client=client, check=False)
    assert p.returncode == 1 and "conflict" in p.stderr
    assert engine.docker("exec", sleeper, "echo", "alive").stdout == "alive\n"


def test_version_and_info(engine, client):
    v = json.loads(engine.docker("version", "--format", "{{json .}}", client=client).stdout)
    assert v["Server"]["ApiVersion"] == "1.51" and v["Server"]["Os"] == "linux"
    i = json.loads(engine.docker("info", "--format", "{{json .}}", client=client).stdout)
    assert i["Driver"] == "overlay2" and i["NCPU"] >= 1 and i["MemTotal"] > 0
    assert i["DockerRootDir"] == engine.data and i["CgroupDriver"] in ("cgroupfs", "systemd")


def test_many_names_in_one_command_are_each_answered_in_their_order(engine, name):
    """More of them than are under way at a time, some of which are not there."""
    names = [f"{name}-{i:02}" for i in range(80)]
    there = [n for i, n in enumerate(names) if i % 3]
    for n in there:
        assert engine.request("POST", f"/containers/create?name={n}", {"Image": "bb", "Cmd": ["true"]}).status == 201
    p = engine.berth("rm", *names, check=False)
    assert p.returncode == 1
    assert p.stdout.split() == there
    assert re.findall(rf"{name}-\d\d", p.stderr) == [n for n in names if n not in there]
    assert not [c for c in engine.get("/containers/json?all=1").json if c["Names"][0].startswith(f"/{name}-")]


def test_what_goes_at_its_end_may_be_removed_by_force(engine):
    """Whoever removes it ends it, and its end removes it: whichever is first, it has gone, as was asked."""
    for _ in range(20):
        c = engine.post("/containers/create", {"Image": "bb", "Cmd": ["sleep", "600"], "HostConfig": {"AutoRemove": True}}).json["Id"]
        assert engine.post(f"/containers/{c}/start").status == 204
        a = engine.request("DELETE", f"/containers/{c}?force=1")
        assert a.status == 204, a.body
        assert engine.get(f"/containers/{c}/json").status == 404
