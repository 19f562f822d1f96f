# SPDX-License-Identifier: Apache-2.0
"""Containers that do what they can against their engine while they run: logs, health checks, execs, ends, floods of processes and of mounts, odd images."""
import concurrent.futures
import contextlib
import glob
import http.client
import json
import os
import random
import re
import time

import pytest

from harness import wait_for
from test_logs import frames, lines, make

NS = 10 ** 9


def logged(engine, name):
    return engine.inspect(name)["LogPath"]


# ---- what a container says ---------------------------------------------------------------------

SAID = {
    "escapes": b"\x1b[2J\x1b]0;t\x07 \x1b[31m\n",
    "nuls": b"a\0b\0\0\n",
    "no-utf8": b"\xff\xfe\xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80\n",
    "json": b'"}\n{"log":"forged\\n","stream":"stderr","time":"2001-01-01T00:00:00Z"}\n',
    "quotes": b'\\" \\u0000 \\n "," </script> \xe2\x80\xa8\n',
    "returns": b"a\rb\r\nc\x0b\x0c\n",
    "half": b"no end of line",
}


@pytest.mark.parametrize("kind", sorted(SAID))
def test_p06_what_is_said_is_kept_byte_for_byte_and_forges_no_line(engine, name, kind):
    """Each line of the file is one record with its own time, whatever is in it; what is no UTF-8 is replaced as Docker does it."""
    said = SAID[kind]
    make(engine, name, "printf '" + "".join(f"\\{b:03o}" for b in said) + "'")
    wanted = said.decode("utf-8", "replace") if kind == "no-utf8" else said.decode()
    got = b"".join(text for _, text in frames(engine.get(f"/containers/{name}/logs?stdout=1&stderr=1").body)).decode()
    if kind == "no-utf8":
        assert set(re.sub(r"[\ufffd]+", "\ufffd", got)) <= {"\ufffd", " ", "\n"} and got.count("\n") == 1
    else:
        assert got == wanted
    assert {stream for stream, _ in frames(engine.get(f"/containers/{name}/logs?stdout=1&stderr=1").body)} == {1}
    with open(logged(engine, name)) as f:
        records = [json.loads(line) for line in f]
    assert all(set(r) == {"log", "stream", "time"} and r["stream"] == "stdout" and r["time"] > "2020" for r in records)
    assert len(records) == max(1, said.count(b"\n"))


def test_p06_a_line_without_end_costs_no_memory(engine, name):
    """60 MB without a newline: kept in pieces as Docker's 16 KiB, in files that rotate."""
    def peak():
        with open(f"/proc/{engine.proc.pid}/status") as f:
            return int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1))
    with open(f"/proc/{engine.proc.pid}/clear_refs", "w") as f:
        f.write("5")
    # Beside what the engine has of the tests before.
    before = peak()
    make(engine, name, "head -c 60000000 /dev/zero | tr '\\0' x", {"max-size": "1m", "max-file": "2"})
    assert peak() - before < 30 << 10 or "BERTH_SANITIZED" in os.environ
    a = engine.get(f"/containers/{name}/logs?stdout=1&tail=1")
    assert a.status == 200 and set(b"".join(t for _, t in frames(a.body))) == {ord("x")} and len(a.body) < 4 << 20


RUINS = {
    "empty": lambda path, data: b"",
    "half": lambda path, data: data[:-20],
    "garbage": lambda path, data: random.Random(7).randbytes(65536),
    "nuls": lambda path, data: data + b"\0" * 70000,
    "not-json": lambda path, data: b"nonsense\n{]\n[]\n\n\"text\"\n" + data,
    "no-time": lambda path, data: b'{"log":"x\\n","stream":"stdout"}\n{"log":5,"stream":{},"time":[]}\n' + data,
    "odd-time": lambda path, data: b'{"log":"x\\n","stream":"stdout","time":"9999999-99-99T99:99:99Z"}\n' + data,
    "deep": lambda path, data: b"[" * 100000 + b"\n" + data,
    "long": lambda path, data: b'{"log":"' + b"y" * (20 << 20) + b'\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n' + data,
    "unended": lambda path, data: data + b'{"log":"' + b"z" * (20 << 20),
}


@pytest.mark.parametrize("ruin", sorted(RUINS))
def test_p06_a_log_that_somebody_spoilt_is_read_as_far_as_it_goes(engine, name, ruin):
    """The operator's editor, a disk that was full, a crash: each way to read it ends, and the engine is well."""
    make(engine, name, "for i in 1 2 3 4 5; do echo line $i; done")
    path = logged(engine, name)
    with open(path, "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(RUINS[ruin](path, data))
    whole = {"not-json", "no-time", "odd-time", "deep", "long", "nuls", "unended"}
    for query in ("", "&tail=2", "&tail=0", "&since=1", "&until=4000000000", "&since=4000000000", "&timestamps=1", "&follow=1", "&details=1", "&tail=3&since=1&timestamps=1"):
        a = engine.get(f"/containers/{name}/logs?stdout=1&stderr=1{query}")
        assert a.status in (200, 500), query
        text = b"".join(t for _, t in frames(a.body))
        if query == "" and ruin in whole:
            assert a.status == 200
            assert b"line 5\n" in text or b"line 1\n" in text, text[-300:]
    assert engine.get("/_ping").status == 200
    assert engine.inspect(name)["State"]["ExitCode"] == 0


def take_away(path, way, canary):
    if way == "truncated":
        return os.truncate(path, 0)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return {"removed": lambda: None, "replaced": lambda: open(path, "x").close(), "link": lambda: os.symlink(canary, path),
            "fifo": lambda: os.mkfifo(path), "directory": lambda: os.mkdir(path)}[way]()


def happens(deed):
    """A file that is rotated just then is not there for a moment, or there again."""
    try:
        deed()
        return True
    except (FileNotFoundError, FileExistsError):
        return False


@pytest.mark.parametrize("way", ["truncated", "removed", "replaced", "link", "fifo", "directory"])
def test_p06_a_log_that_is_taken_away_while_it_is_written_holds_nobody_up(engine, name, way, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("of the host\n")
    make(engine, name, "while :; do echo tick; sleep 0.02; done", {"max-size": "4k", "max-file": "2"}, wait=False)
    wait_for(lambda: len(lines(engine, name)) > 2, "it ticks")
    path = logged(engine, name)
    wait_for(lambda: happens(lambda: take_away(path, way, canary)), "it is done, whatever its writer does meanwhile")
    for query in ("stdout=1", "stdout=1&tail=1", "stdout=1&since=1"):
        # What is no file breaks the answer off.
        with contextlib.suppress(http.client.IncompleteRead):
            a = engine.get(f"/containers/{name}/logs?{query}")
            assert a.status in (200, 404, 500) and b"of the host" not in a.body
    assert engine.inspect(name)["State"]["Running"] and engine.docker("exec", name, "echo", "fine").stdout == "fine\n"
    if way == "truncated":
        wait_for(lambda: lines(engine, name), "it goes on")
    assert engine.post(f"/containers/{name}/stop?t=0").status == 204
    assert canary.read_text() == "of the host\n"
    assert engine.request("DELETE", f"/containers/{name}").status == 204


# ---- health checks -----------------------------------------------------------------------------

CHECKS = {
    "forks": "while :; do sleep 1000 & sleep 1000 & exit 1; done",
    "floods": "head -c 50000000 /dev/zero | tr '\\0' '\"'; head -c 50000000 /dev/zero >&2; exit 1",
    "never-ends": "trap '' TERM INT HUP; while :; do sleep 1000; done",
    "leaves-its-group": "setsid sleep 1000 & setsid sh -c 'trap \"\" TERM; sleep 1000' & sleep 1000",
    "keeps-the-output": "(sleep 1000) & echo said; exit 1",
    "closes": "exec <&- >&- 2>&-; sleep 1000",
    "kills": "kill -9 $$",
    "stops-itself": "kill -STOP $$",
}


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_a_hostile_health_check_is_unhealthy_and_bounded(engine, name, check):
    body = {"Image": "bb", "Cmd": ["sleep", "6000"], "Healthcheck": {"Test": ["CMD-SHELL", CHECKS[check]], "Interval": NS // 10, "Timeout": NS, "Retries": 1}, "HostConfig": {"PidsLimit": 200}}
    assert engine.post(f"/containers/create?name={name}", body).status == 201
    assert engine.post(f"/containers/{name}/start").status == 204
    health = wait_for(lambda: (h := engine.inspect(name)["State"]["Health"])["Status"] == "unhealthy" and h, "it is unhealthy")
    assert all(len(entry["Output"]) <= 8192 for entry in health["Log"]) and len(health["Log"]) <= 5
    assert engine.inspect(name)["State"]["Running"]
    assert engine.docker("exec", name, "echo", "fine").stdout == "fine\n"
    assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204


# ---- execs ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("script", ["head -c 30000000 /dev/zero >&2; exit 5", "(sleep 1000 <&- >&- 2>&-) & exit 5", "kill -STOP 1; kill -KILL 1; exit 5",
                                    "trap '' HUP; stty raw 2>/dev/null; exit 5", "exec <&- >&- 2>&-; sleep 0.3; exit 5"],
                         ids=["floods-stderr", "leaves-one-behind", "signals-init", "raw", "closes"])
@pytest.mark.parametrize("terminal", [False, True])
def test_a_hostile_exec_ends_with_its_own_code(engine, name, script, terminal):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "6000")
    x = engine.post(f"/containers/{name}/exec", {"Cmd": ["sh", "-c", script], "AttachStdout": True, "AttachStderr": True, "Tty": terminal}).json["Id"]
    assert engine.post(f"/exec/{x}/start", {"Detach": False, "Tty": terminal}).status == 200
    wait_for(lambda: not engine.get(f"/exec/{x}/json").json["Running"], "its end is known")
    assert engine.get(f"/exec/{x}/json").json["ExitCode"] == 5
    assert engine.inspect(name)["State"]["Running"]
    assert engine.docker("exec", name, "echo", "fine").stdout == "fine\n"


def test_a_terminal_that_its_program_closed_and_opens_again_still_shows_what_it_says(engine, name):
    script = "echo first; exec </dev/null >/dev/null 2>&1; sleep 0.5; echo again >/dev/tty; exec >/dev/null; sleep 0.3; echo last >/dev/tty; exit 6"
    p = engine.docker("run", "-t", "--name", name, "bb", "sh", "-c", script, check=False)
    assert (p.returncode, p.stdout.replace("\r", "")) == (6, "first\nagain\nlast\n")
    assert engine.docker("logs", name).stdout.replace("\r", "") == "first\nagain\nlast\n"


# ---- ends ----------------------------------------------------------------------------------------

# The first process of those that use up all processes forks none itself: it would end by that.
ENDS = {
    "ignores": "trap '' TERM INT HUP QUIT; while :; do sleep 0.1; done",
    "forks-at-the-signal": "trap 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done' TERM; while :; do sleep 0.1; done",
    "bomb": "bomb() { bomb | bomb & }; bomb 2>/dev/null & exec sleep 1000",
    "reparents": "while :; do (setsid sh -c 'sleep 1000 & sleep 1000 &' &) ; sleep 0.01; done & exec sleep 1000",
    "replaces-itself": "while :; do (exec sleep 0.01) & wait; done",
    "stopped": "(sleep 1000; :) & kill -STOP $!; while :; do sleep 0.1; done",
    "freezes": "for d in /sys/fs/cgroup/freezer /sys/fs/cgroup; do echo FROZEN >$d/freezer.state; echo 1 >$d/cgroup.freeze; done 2>/dev/null; while :; do sleep 0.1; done",
}


@pytest.mark.parametrize("how", ["stop", "rm -f"])
@pytest.mark.parametrize("kind", sorted(ENDS))
def test_who_resists_ends_all_the_same_and_leaves_no_process(engine, name, kind, how):
    body = {"Image": "bb", "Cmd": ["sh", "-c", ENDS[kind]], "HostConfig": {"PidsLimit": 150}}
    assert engine.post(f"/containers/create?name={name}", body).status == 201
    assert engine.post(f"/containers/{name}/start").status == 204
    box = engine.inspect(name)["Id"]
    groups = [g for g in glob.glob(f"/sys/fs/cgroup/**/*{box}*", recursive=True) if os.path.isdir(g)]
    assert groups
    time.sleep(0.3)
    if how == "rm -f":
        assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204
    elif how == "restart":
        assert engine.post(f"/containers/{name}/restart?t=0").status == 204
        assert engine.inspect(name)["State"]["Running"]
        assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204
    else:
        assert engine.post(f"/containers/{name}/" + ("stop?t=0" if how == "stop" else "kill")).status == 204
        wait_for(lambda: not engine.inspect(name)["State"]["Running"], "it ends")
        assert engine.request("DELETE", f"/containers/{name}").status == 204
    wait_for(lambda: not [g for g in groups if os.path.exists(g)], "no control group, hence no process, is left")


@pytest.mark.parametrize("pause", [False, True], ids=["runs", "paused"])
def test_many_bombs_at_once_are_removed_and_others_answered(engine, name, pause):
    names = [f"{name}b{i}" for i in range(4)]
    try:
        for n in names:
            body = {"Image": "bb", "Cmd": ["sh", "-c", ENDS["bomb"]], "HostConfig": {"PidsLimit": 100}}
            assert engine.post(f"/containers/create?name={n}", body).status == 201
            assert engine.post(f"/containers/{n}/start").status == 204
        if pause:
            for n in names:
                assert engine.post(f"/containers/{n}/pause").status == 204
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            answers = [pool.submit(engine.request, "DELETE", f"/containers/{n}?force=1") for n in names]
            assert engine.get("/containers/json").status == 200
            assert [a.result().status for a in answers] == [204] * len(names)
    finally:
        for n in names:
            engine.request("DELETE", f"/containers/{n}?force=1")


# ---- mounts --------------------------------------------------------------------------------------


def host_mounts():
    with open("/proc/self/mountinfo") as f:
        return f.read().splitlines()


@pytest.mark.parametrize("script", ["mkdir -p /m; i=0; while [ $i -lt 1000 ]; do mount -t tmpfs t /m || break; i=$((i+1)); echo $i; done; echo end",
                                    "i=0; mkdir -p /m; mount --bind / /m; while [ $i -lt 12 ]; do mount --rbind /m /m || break; i=$((i+1)); echo $i; done; echo end",
                                    "unshare -m sh -c 'mount --make-rshared /; unshare -m sh -c \"mount -t tmpfs t /tmp; sleep 6000\" & sleep 6000' & sleep 0.3; echo end"], ids=["tmpfs", "doubling", "nested"])
def test_a_flood_of_mounts_stays_inside_and_goes_with_its_container(engine, name, script):
    """With CAP_SYS_ADMIN as many as it can make; removal takes them all, and neighbours notice nothing."""
    engine.docker("run", "-d", "--name", name, "--cap-add", "SYS_ADMIN", "bb", "sh", "-c", script + "; sleep 6000")
    said = []
    # How soon it has done it is the machine's matter, but it goes on.
    while said[-1:] != ["end"]:
        said = wait_for(lambda before=said: (now := lines(engine, name, "stdout=1&tail=2")) != before and now, "it makes more")
    if not script.startswith("unshare"):
        assert int(said[0]) > 5
    box = engine.inspect(name)["Id"]
    assert not [m for m in host_mounts() if " /m " in m]
    assert engine.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"
    assert engine.docker("exec", name, "echo", "inside").stdout == "inside\n"
    for path in ("/m", "/etc/hello", "/tmp"):
        assert engine.get(f"/containers/{name}/archive?path={path}/hello").status in (200, 400, 404)
    assert engine.request("DELETE", f"/containers/{name}?force=1").status == 204
    wait_for(lambda: not [m for m in host_mounts() if box in m], "no mount of it is left")


@pytest.mark.parametrize("caps", [["--cap-add", "SYS_ADMIN"], ["--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE", "--pid", "host"]], ids=["alone", "with-the-hosts-processes"])
def test_sys_admin_opens_no_disk_of_the_host_and_leads_to_no_file_of_the_engine(engine, name, caps, tmp_path):
    """As Docker's: mounts may be made (without AppArmor also of a disk that the host has mounted, which the kernel takes for one that is open already: docs/security.md).
    The devices' rules hold, and below what covers its root there is nothing of the host."""
    (tmp_path / "canary").write_text("of the host\n")
    device = os.stat(engine.top).st_dev
    disks = {(os.major(device), os.minor(device))}
    for path in glob.glob("/sys/block/*/dev"):
        with open(path) as f:
            disks.add(tuple(int(n) for n in f.read().split(":")))
    # To see the host's root by its processes is what --pid host with CAP_SYS_PTRACE gives; disks it does not.
    script = "mkdir -p /m; " + "".join(f"mknod /disk{i} b {a} {b}; for t in ext4 xfs btrfs; do mount -t $t /disk{i} /m 2>/dev/null && umount /m; done; head -c 1 /disk{i} >/dev/null 2>&1 && echo READ {a}:{b}; "
                                       for i, (a, b) in enumerate(sorted(disks)) if a)
    script += "for i in 1 2 3 4 5 6 7 8; do umount -l /proc/sys /proc/kcore /sys/firmware /sys/fs/cgroup /dev/shm /dev /proc/bus /proc/fs /proc/irq /sys /etc/hosts /etc/hostname /etc/resolv.conf / 2>/dev/null; done; "
    script += f"cat {tmp_path}/canary /..{tmp_path}/canary 2>/dev/null; ls {engine.exec} {engine.data} 2>/dev/null; echo done"
    p = engine.berth("run", "--rm", *caps, "bb", "sh", "-c", script)
    assert p.stdout == "done\n", p.stdout


# ---- odd images and requests -----------------------------------------------------------------------

ODD = {
    "environment": {"Env": [f"V{i}=x" for i in range(200000)]},
    "labels": {"Labels": {"l": "x" * (3 << 20)}},
    "user": {"User": "u" * (1 << 20)},
    "command": {"Cmd": ["x" * (1 << 20)]},
    "arguments": {"Cmd": ["true"] + ["y"] * 500000},
    "place": {"WorkingDir": "/" + "d/" * 100000},
    "newlines": {"WorkingDir": "/a\nb", "Cmd": ["pwd"]},
    "volumes": {"Volumes": {f"/v{i}": {} for i in range(300)}},
    "host": {"Hostname": "h" * 5000},
}


@pytest.mark.parametrize("kind", sorted(ODD))
def test_giant_values_are_refused_or_run_and_can_be_removed(engine, name, kind):
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], **ODD[kind]})
    assert a.status in (201, 400), a.body[:300]
    if a.status == 201:
        b = engine.post(f"/containers/{name}/start")
        assert b.status in (204, 400, 500) and (b.status == 204 or b.message), b.body[:300]
        wait_for(lambda: not engine.inspect(name)["State"]["Running"], "it ends")
        assert engine.get("/containers/json?all=1").status == 200
        assert engine.request("DELETE", f"/containers/{name}?force=1&v=1").status == 204
    assert engine.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"


@pytest.mark.parametrize("odd", ["a\nb", "a b", "a\tb", "a\\040b", "a,b", "\x1b[2J", "é", 'q"\'', "#x"])
def test_bind_places_with_odd_names_are_mounted_as_they_are_called(engine, name, odd, tmp_path):
    source = tmp_path / odd
    source.mkdir()
    (source / "file").write_text("inside\n")
    body = {"Image": "bb", "Cmd": ["cat", f"/at/{odd}/file"], "HostConfig": {"Mounts": [{"Type": "bind", "Source": str(source), "Target": f"/at/{odd}"}]}}
    a = engine.post(f"/containers/create?name={name}", body)
    assert a.status == 201, a.body
    assert engine.docker("start", "-a", name).stdout == "inside\n"
    assert engine.get(f"/containers/{name}/json").json["Mounts"][0]["Destination"] == f"/at/{odd}"
    assert engine.request("DELETE", f"/containers/{name}").status == 204
    assert (source / "file").read_text() == "inside\n"


def test_a_volume_of_very_many_entries_is_used_and_removed(engine, name):
    engine.docker("run", "--rm", "-v", f"{name}:/v", "bb", "sh", "-c", "mkdir /v/d; cd /v/d; seq 1 20000 | xargs touch")
    start = engine.docker("run", "--rm", "-v", f"{name}:/v", "bb", "sh", "-c", "ls /v/d | wc -l").stdout
    assert start == "20000\n"
    assert engine.get("/system/df").status == 200
    assert engine.request("DELETE", f"/volumes/{name}").status == 204
    assert engine.get(f"/volumes/{name}").status == 404
