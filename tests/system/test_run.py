# SPDX-License-Identifier: Apache-2.0
"""run, create, start, wait: with every docker client of the machine and with berth's own."""
import os
import pty
import select
import socket
import subprocess
import threading
import time

import pytest

from harness import PATIENCE, UnixConnection
from test_oci_cli import group_of


def test_output_and_exit_code_of_a_command(engine, client):
    p = engine.docker("run", "--rm", "bb", "sh", "-c", "echo out; echo err >&2; exit 7", client=client, check=False)
    assert (p.returncode, p.stdout, p.stderr) == (7, "out\n", "err\n")


def test_rm_leaves_no_container(engine, client, name):
    engine.docker("run", "--rm", "--name", name, "bb", "true", client=client)
    assert engine.docker("ps", "-aq", "--filter", f"name={name}", client=client).stdout == ""


def test_stdin_is_passed_and_half_closed(engine, client):
    text = "line\n" * 20000
    p = engine.docker("run", "--rm", "-i", "bb", "sh", "-c", "cat; echo end", client=client, input=text)
    assert p.stdout == text + "end\n"


@pytest.mark.parametrize("argv,code,words", [
    (["nosuch"], 127, "executable file not found in $PATH"),
    (["/nosuch"], 127, "no such file or directory"),
    (["/bin/notexec"], 126, "permission denied"),
    (["/etc"], 126, "is a directory: permission denied"),
])
def test_a_program_that_cannot_run_is_126_or_127(engine, client, name, argv, code, words):
    p = engine.docker("run", "--name", name, "bb", *argv, client=client, check=False)
    assert p.returncode == code, p.stderr
    assert words in p.stderr
    assert engine.inspect(name)["State"]["ExitCode"] == code


@pytest.mark.parametrize("args,words", [
    (["nosuchimage:1", "true"], "nosuchimage"),
    (["-u", "nobodyknows", "bb", "true"], "unable to find user nobodyknows"),
    (["-w", "/etc/hello", "bb", "true"], "ot a directory"),
    (["--network", "nosuchnet", "bb", "true"], "nosuchnet"),
    (["-v", "relative:/x:zz", "bb", "true"], "invalid"),
    (["-m", "1k", "bb", "true"], "emory"),
])
def test_a_bad_request_is_125_and_says_what(engine, client, args, words):
    p = engine.docker("run", "--rm", *args, client=client, check=False)
    assert p.returncode in (125, 126, 127), p.stderr
    assert words in p.stderr, p.stderr


def test_a_name_in_use_is_a_conflict_that_names_the_holder(engine, client, name):
    cid = engine.docker("create", "--name", name, "bb", "true", client=client).stdout.strip()
    p = engine.docker("run", "--name", name, "bb", "true", client=client, check=False)
    assert p.returncode == 125
    assert f'The container name "/{name}" is already in use by container "{cid}"' in p.stderr


def test_environment_workdir_user_hostname_entrypoint(engine, client):
    p = engine.docker("run", "--rm", "-e", "A=b c", "-w", "/home/user/deep", "-u", "user", "--hostname", "h1", "--entrypoint",
                      "/bin/sh", "bb", "-c", 'echo "$A|$(pwd)|$(id -u):$(id -g):$(id -G)|$(hostname)|$HOME"', client=client)
    assert p.stdout == "b c|/home/user/deep|1000:1000:1000 2000|h1|/home/user\n"


def test_bind_mounts_read_write_and_read_only(engine, client, tmp_path):
    (tmp_path / "in").write_text("from the host\n")
    p = engine.docker("run", "--rm", "-v", f"{tmp_path}:/m", "-v", f"{tmp_path}:/ro:ro", "bb", "sh", "-c",
                      "cat /m/in; echo back > /m/out; echo x > /ro/no", client=client, check=False)
    assert p.stdout == "from the host\n"
    assert "Read-only file system" in p.stderr
    assert (tmp_path / "out").read_text() == "back\n"


def test_a_missing_bind_source_is_created(engine, tmp_path):
    engine.docker("run", "--rm", "-v", f"{tmp_path}/new/dir:/m", "bb", "touch", "/m/f")
    assert (tmp_path / "new/dir/f").exists()


@pytest.mark.parametrize("flag,shown", [
    (["-m", "64m"], {"Memory": 64 << 20}),
    (["--cpus", "0.5"], {"NanoCpus": 500000000}),
    (["-c", "512"], {"CpuShares": 512}),
])
def test_limits_are_in_inspect_and_in_the_kernel(engine, client, name, flag, shown):
    engine.docker("run", "-d", "--name", name, *flag, "bb", "sleep", "600", client=client)
    info = engine.inspect(name)
    for key, value in shown.items():
        assert info["HostConfig"][key] == value
    values = cgroup_values(info["State"]["Pid"])
    if "-m" in flag:
        assert values["memory"] == 64 << 20
    if "--cpus" in flag:
        assert values["quota"] / values["period"] == 0.5
    if "-c" in flag:
        assert values["shares"] in (512, 20)  # 20: its weight on v2


def cgroup_values(pid):
    """Limits of a process where the kernel keeps them, each controller on v1 or v2."""
    def words(controller, file):
        path = os.path.join(group_of(pid, controller), file)
        return [-1 if w == "max" else int(w) for w in open(path).read().split()] if os.path.exists(path) else None

    quota, period = words("cpu", "cpu.max") or words("cpu", "cpu.cfs_quota_us") + words("cpu", "cpu.cfs_period_us")
    return {"memory": (words("memory", "memory.max") or words("memory", "memory.limit_in_bytes"))[0], "quota": quota, "period": period,
            "shares": (words("cpu", "cpu.weight") or words("cpu", "cpu.shares"))[0]}


def test_a_container_over_its_memory_is_killed_and_says_so(engine, name):
    p = engine.docker("run", "--name", name, "-m", "16m", "bb", "sh", "-c",
                      "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", check=False)
    assert p.returncode == 137
    assert engine.inspect(name)["State"]["OOMKilled"] is True


def test_a_terminal_has_a_size_and_carries_both_ways(engine, client):
    master, slave = pty.openpty()
    p = subprocess.Popen(engine.client_argv(client, "run", "--rm", "-it", "bb", "sh", "-c", "tty; read x; echo got $x; exit 3"),
                         stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    seen = b""
    try:
        seen = read_until(master, b"/dev/pts/0", seen)
        os.write(master, b"hi\n")
        seen = read_until(master, b"got hi", seen)
        assert p.wait(timeout=PATIENCE) == 3
    finally:
        p.kill()
        os.close(master)


def read_until(fd, needle, seen, timeout=PATIENCE):
    end = time.monotonic() + timeout
    while needle not in seen:
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            raise AssertionError(f"waiting for {needle!r}, saw {seen!r}")
        try:
            seen += os.read(fd, 4096)
        except OSError:
            raise AssertionError(f"ended before {needle!r}, saw {seen!r}") from None
    return seen


def test_detach_keys_leave_the_container_running(engine, client, name):
    master, slave = pty.openpty()
    p = subprocess.Popen(engine.client_argv(client, "run", "-it", "--name", name, "bb", "sh"), stdin=slave, stdout=slave,
                         stderr=slave, start_new_session=True)
    os.close(slave)
    try:
        seen = read_until(master, b"# ", b"")
        os.write(master, b"echo mark$((1+1))\n")
        read_until(master, b"mark2", seen)
        os.write(master, b"\x10\x11")
        p.wait(timeout=PATIENCE)
        assert engine.inspect(name)["State"]["Running"] is True
    finally:
        p.kill()
        os.close(master)


def test_a_start_never_overtakes_an_attach_that_was_answered(engine):
    """A client starts as soon as it has read 101: what is said at once reaches it all the same, each time."""
    for i in range(100):
        c = engine.request("POST", "/containers/create", {"Image": "bb", "Tty": True, "OpenStdin": True, "Cmd": ["echo", "at once"]}).json["Id"]
        attach, start = (socket.socket(socket.AF_UNIX) for _ in range(2))
        with attach, start:
            for s in (attach, start):
                s.settimeout(PATIENCE)
                s.connect(engine.sock)
            attach.sendall(f"POST /containers/{c}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
            got = attach.recv(1)
            start.sendall(f"POST /containers/{c}/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
            while more := attach.recv(4096):
                got += more
        assert got.startswith(b"HTTP/1.1 101 ") and got.endswith(b"\r\n\r\nat once\r\n"), (i, got)
        engine.request("DELETE", f"/containers/{c}?force=1")


def test_whoever_hears_of_a_start_may_run_something_at_once(engine):
    """The event is sent while the start is still to be answered."""
    for i in range(10):
        c = engine.post("/containers/create", {"Image": "bb", "Cmd": ["sleep", "600"]}).json["Id"]
        follower = UnixConnection(engine.sock)
        follower.request("GET", '/events?filters={"event":["start"],"container":["%s"]}' % c)
        told = follower.getresponse()
        starter = threading.Thread(target=engine.post, args=(f"/containers/{c}/start",))
        starter.start()
        try:
            assert c.encode() in told.readline()
            x = engine.post(f"/containers/{c}/exec", {"Cmd": ["echo", "in"], "AttachStdout": True, "AttachStderr": True}).json["Id"]
            said = engine.post(f"/exec/{x}/start", {}).body
        finally:
            starter.join()
            follower.close()
            engine.request("DELETE", f"/containers/{c}?force=1")
        assert said[8:] == b"in\n", (i, said)


def test_create_start_attach_wait(engine, client, name):
    engine.docker("create", "--name", name, "bb", "sh", "-c", "echo hello; exit 5", client=client)
    assert engine.inspect(name)["State"]["Status"] == "created"
    p = engine.docker("start", "-a", name, client=client, check=False)
    assert (p.returncode, p.stdout) == (5, "hello\n")
    assert engine.docker("wait", name, client=client).stdout == "5\n"
    state = engine.inspect(name)["State"]
    assert (state["Status"], state["ExitCode"], state["Running"]) == ("exited", 5, False)


def test_attach_to_a_running_container_gets_its_output(engine, client, name):
    engine.docker("run", "-d", "-i", "--name", name, "bb", "sh", "-c", "read x; echo got $x; exit 4", client=client)
    # Its stdin stays open: as with Docker, a client that closes it lets go of a container started without one.
    p = subprocess.Popen(engine.client_argv(client, "attach", name), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    p.stdin.write("word\n")
    p.stdin.flush()
    assert p.stdout.readline() == "got word\n"
    assert p.wait(timeout=PATIENCE) == 4
    p.stdin.close()
    p.stdout.close()


def test_cidfile_holds_the_id(engine, client, tmp_path, name):
    f = tmp_path / "cid"
    out = engine.docker("run", "-d", "--name", name, "--cidfile", str(f), "bb", "sleep", "600", client=client).stdout.strip()
    assert f.read_text() == out == engine.inspect(name)["Id"]


def test_much_output_arrives_whole(engine, client):
    p = engine.docker("run", "--rm", "bb", "sh", "-c", "seq 1 300000", client=client)
    assert p.stdout == "".join(f"{i}\n" for i in range(1, 300001))


def test_a_killed_program_is_128_plus_the_signal(engine, name):
    p = engine.docker("run", "--name", name, "bb", "sh", "-c", "kill -9 $$", check=False)
    # pid 1 ignores signals from inside its own namespace; ask from outside.
    engine.docker("rm", "-f", name)
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    engine.docker("kill", "-s", "KILL", name)
    assert engine.docker("wait", name).stdout == "137\n"
    assert p.returncode in (0, 137)
