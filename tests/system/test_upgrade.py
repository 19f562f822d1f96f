# SPDX-License-Identifier: Apache-2.0
"""A daemon's upgrade is a restart: who asks meanwhile waits, who follows misses nothing."""
import signal
import socket
import subprocess
import sys
import threading
import time

from harness import BERTH, CLIENTS, PATIENCE, Daemon, run, wait_for


def test_berth_waits_for_the_next_daemon(fresh):
    fresh.docker("run", "-d", "--name", "cc", "bb", "sleep", "600")
    for how in (fresh.kill, fresh.terminate):
        how()
        p = subprocess.Popen(fresh.client_argv(BERTH, "exec", "cc", "echo", "served"), stdout=subprocess.PIPE, text=True)
        time.sleep(0.7)
        assert p.poll() is None, "it waits while no daemon runs"
        # Its patience is of seconds, and how fast a daemon starts is not what this is about: stopped, it looks once more when it goes on.
        p.send_signal(signal.SIGSTOP)
        fresh.start()
        p.send_signal(signal.SIGCONT)
        assert p.communicate(timeout=PATIENCE)[0] == "served\n" and p.returncode == 0


def test_berth_does_not_wait_where_no_daemon_ever_was(tmp_path):
    def at_once():
        begun = time.monotonic()
        p = run([BERTH, "-H", f"unix://{tmp_path}/sock", "ps"], check=False)
        assert p.returncode == 1 and "Cannot connect to the Docker daemon" in p.stderr
        return time.monotonic() - begun < 3.5
    # A machine may be slow once; who waits would wait each time.
    wait_for(at_once, "it does not wait as long as for one that may come back")


def test_berth_gives_up_on_a_daemon_that_does_not_come_back(tmp_path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(f"{tmp_path}/sock")
    s.close()
    begun = time.monotonic()
    p = run([BERTH, "-H", f"unix://{tmp_path}/sock", "ps"], check=False)
    assert p.returncode == 1 and "Cannot connect to the Docker daemon" in p.stderr
    assert time.monotonic() - begun >= 3.5


class Activated(Daemon):
    """A daemon that is given its socket, as by packaging/berth.socket: the socket outlives it."""

    def __init__(self):
        super().__init__()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.sock)
        self.listener.listen(64)

    def argv(self):
        argv = super().argv()
        argv[argv.index("-H") + 1] = "fd://"
        # LISTEN_PID must be that of the daemon: set between fork and exec.
        code = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True); "
                "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])")
        return [sys.executable, "-c", code, str(self.listener.fileno()), *argv]

    def start(self):
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                         pass_fds=[self.listener.fileno()])
        # Before it serves, a request waits in the socket that it was given.
        assert self.get("/_ping").status == 200
        return self

    def stop(self):
        super().stop()
        self.listener.close()


def test_with_socket_activation_no_request_is_refused():
    with Activated() as d:
        from harness import busybox_tar
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("run", "-d", "--name", "cc", "bb", "sleep", "600")
        served, failed, stop = [0], [], threading.Event()

        def ask():
            """One request after the other, each on a connection of its own: all are answered."""
            while not stop.is_set():
                for client in (CLIENTS[0], BERTH):
                    p = subprocess.run(d.client_argv(client, "inspect", "-f", "{{.State.Running}}", "cc"), capture_output=True, text=True,
                                       timeout=PATIENCE)
                    if p.stdout == "true\n":
                        served[0] += 1
                    else:
                        failed.append(p.stderr)

        t = threading.Thread(target=ask)
        t.start()
        try:
            for _ in range(5):
                time.sleep(0.3)
                # An orderly end answers what it has begun; what comes later waits for the next daemon.
                before = served[0]
                d.terminate()
                time.sleep(0.2)
                d.start()
                wait_for(lambda before=before: served[0] > before or failed or not t.is_alive(), "one more is served")
        finally:
            stop.set()
            t.join()
        assert failed == []
        assert served[0] >= 5


def test_logs_go_on_without_a_gap(fresh):
    """Each follower ends with its daemon; the next one, from the time of the last line, misses and repeats nothing."""
    fresh.docker("run", "-d", "--name", "cc", "bb", "sh", "-c", "i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo line $i; usleep 5000; done")
    got, since = [], None
    while not got or got[-1] != "line 600":
        args = ["logs", "-f", "-t"] + (["--since", since] if since else []) + ["cc"]
        p = subprocess.Popen(fresh.client_argv(CLIENTS[0], *args), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        killer = threading.Timer(0.5, fresh.kill)
        for line in p.stdout:
            if not line.endswith("\n"):
                continue  # cut by the daemon's death
            stamp, text = line.rstrip("\n").split(" ", 1)
            if stamp == since:
                continue  # --since includes its time
            since = stamp
            got.append(text)
            # From the first new line on: a client that is slow to begin is not killed before it has heard anything, again and again.
            if len(got) < 300 and killer.ident is None:
                killer.start()
        p.wait(timeout=PATIENCE)
        p.stdout.close()
        if killer.ident is not None:
            killer.join()
        if fresh.proc.poll() is not None:
            fresh.start()
    assert got == [f"line {i}" for i in range(1, 601)]


def test_published_connections_are_not_cut(fresh):
    fresh.docker("run", "-d", "--name", "echo", "-p", "127.0.0.1::7777", "bb", "sh", "-c", "while :; do nc -l -p 7777 -e cat; done")
    port = int(fresh.docker("port", "echo", "7777").stdout.split(":")[1])
    made = []

    def connect():
        try:
            made.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            return True
        except OSError:
            return False
    wait_for(connect, "the program listens")
    c = made[0]
    c.sendall(b"before\n")
    assert c.recv(100) == b"before\n"
    fresh.kill()
    c.sendall(b"while away\n")
    assert c.recv(100) == b"while away\n"
    fresh.start()
    c.sendall(b"after\n")
    assert c.recv(100) == b"after\n"
    c.close()
    wait_for(connect, "it listens again")
    with made[1] as again:
        again.sendall(b"anew\n")
        assert again.recv(100) == b"anew\n"


def test_what_a_dying_daemon_may_have_done_is_not_asked_twice(tmp_path):
    """A daemon that takes a start and dies before it answers: berth says so, and does not start again."""
    s = socket.socket(socket.AF_UNIX)
    s.bind(f"{tmp_path}/sock")
    s.listen(8)
    asked = []

    def serve(c):
        with c, c.makefile("rb") as f:
            while line := f.readline():
                asked.append(line.split()[:2])
                length = 0
                while (head := f.readline()) not in (b"\r\n", b""):
                    if head.lower().startswith(b"content-length:"):
                        length = int(head.split(b":")[1])
                f.read(length)
                if b"/start" in line:
                    return
                body = b'{"Id":"%s","Warnings":[]}' % (b"a" * 64)
                c.sendall(b"HTTP/1.1 201 Created\r\nApi-Version: 1.51\r\nContent-Type: application/json\r\n"
                          b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def accept():
        while True:
            try:
                c, _ = s.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(c,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    # The start goes out on the connection that the creation was answered on.
    p = run([BERTH, "-H", f"unix://{tmp_path}/sock", "run", "-d", "bb"], check=False)
    s.close()
    assert p.returncode != 0 and p.stderr
    assert len([a for a in asked if a[1].endswith(b"/start")]) == 1, asked
