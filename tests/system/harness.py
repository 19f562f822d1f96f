# SPDX-License-Identifier: Apache-2.0
"""Real daemons in private roots, and the clients that drive them.

Nothing here is a mock: a Daemon is build/berthd with its own data root, exec root, socket, bridge and subnet, so that any
number of them run side by side and none touches another engine on the machine.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BERTH_BUILD", os.path.join(TOP, "build"))
BERTHD = os.path.join(BUILD, "berthd")
BERTH = os.path.join(BUILD, "berth")
RUNTIME = os.path.join(BUILD, "berth-runtime")
CACHE = os.environ.get("BERTH_TEST_CACHE", os.path.join(BUILD, "test-cache"))
# Debian's docker client, and another one where the machine has it.
CLIENTS = sorted({os.path.realpath(p) for p in ("/usr/bin/docker", "/usr/local/bin/docker") if os.access(p, os.X_OK)})
# Slower machines and sanitizers stretch every limit; nothing is asserted about time.
PATIENCE = float(os.environ.get("BERTH_TEST_PATIENCE", "60"))
# The second number of the bridges' addresses: several checkouts can be tested beside each other on one machine.
OCTET = int(os.environ.get("BERTH_TEST_OCTET", "100"))
# Which of the processes among which the tests are shared out this is.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])


def run(argv, *, check=True, input=None, timeout=PATIENCE, env=None, binary=False):
    """Run a command; stdin is empty unless given. A failure shows what it said."""
    p = subprocess.run(argv, input=input if input is not None else (b"" if binary else ""), capture_output=True,
                       timeout=timeout, env=env, text=not binary)
    if check and p.returncode != 0:
        raise AssertionError(f"{argv} exited {p.returncode}\nstdout: {p.stdout}\nstderr: {p.stderr}")
    return p


def wait_for(condition, what, timeout=PATIENCE):
    """Poll until condition() is true; returns its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"timed out waiting: {what}")
        time.sleep(0.02)


WHEN_TOLD = "while [ ! -e /go ]; do usleep 10000; done; "


def tell(pid):
    """What was begun with WHEN_TOLD goes on, whether a daemon runs or not."""
    with open(f"/proc/{pid}/root/go", "w"):
        pass


def free_port(host="127.0.0.1"):
    """A port that nobody has. Not one of those that the kernel gives to whoever asks for any, for it may do so before this one is used;
    and of each worker's own, for the other one may have chosen it, too, and not use it yet. With "::" it is free in both families."""
    for n in range(3500):
        port = 25000 + 3500 * (WORKER % 2) + (os.getpid() * 101 + free_port.given + n) % 3500
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
            try:
                if ":" in host:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                s.bind((host, port))
            except OSError:
                continue
        free_port.given += n + 1
        return port
    raise AssertionError("no port is free")


free_port.given = 0


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=PATIENCE):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        # A queue that is full for a moment makes a socket wait that may.
        self.sock.connect(self.path)
        self.sock.settimeout(self.timeout)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def message(self):
        return self.json["message"]


class Daemon:
    """A berthd of our own. Use as a context manager, or start() and stop()."""

    count = 0
    numbers = set()  # of the subnets of those that have not been stopped yet

    def __init__(self, flags=(), top=None):
        Daemon.count += 1
        self.number = self.free_number()
        self.own_top = top is None
        self.top = top or tempfile.mkdtemp(prefix="berth-test-")
        self.data, self.exec = os.path.join(self.top, "data"), os.path.join(self.top, "run")
        self.sock = os.path.join(self.top, "sock")
        self.bridge = f"bt{WORKER}x{os.getpid() % 10000}x{Daemon.count}"[:15]
        self.bip = f"10.{OCTET + WORKER}.{self.number}.1/24"
        self.flags = list(flags)
        self.env = {}  # of its own, beside what this process has
        self.proc = None
        self.log = os.path.join(self.top, "log")

    @staticmethod
    def free_number():
        """A subnet's number that no daemon of this process has at present: one of them lives as long as the process."""
        first = (os.getpid() % 20) * 10 + Daemon.count
        number = next((n % 200 for n in range(first, first + 200) if n % 200 not in Daemon.numbers), first % 200)
        Daemon.numbers.add(number)
        return number

    def argv(self):
        return [BERTHD, "--data-root", self.data, "--exec-root", self.exec, "-H", "unix://" + self.sock, "--pidfile",
                os.path.join(self.top, "pid"), "--config-file", os.path.join(self.top, "daemon.json"), "--bridge",
                self.bridge, "--bip", self.bip, *self.flags]

    def start(self):
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         env={**os.environ, **self.env}, start_new_session=True)
        wait_for(lambda: self.answers() or self.proc.poll() is not None, "the daemon serves")
        if self.proc.poll() is not None:
            raise AssertionError("berthd exited %d:\n%s" % (self.proc.returncode, self.said()))
        return self

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()[-4000:]

    def answers(self):
        try:
            return self.get("/_ping").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self):
        """SIGKILL, as a crash."""
        self.proc.kill()
        self.proc.wait()

    def terminate(self):
        if self.proc and self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            self.proc.wait(timeout=PATIENCE)

    def stop(self):
        """Remove every container, network and volume, end the daemon, remove its roots and bridge."""
        try:
            if self.proc.poll() is not None:
                self.start()
            for c in self.get("/containers/json?all=1").json:
                self.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
            nets = self.get("/networks")
            for n in nets.json if nets.status == 200 else []:
                if n["Name"] not in ("bridge", "host", "none"):
                    self.request("DELETE", f"/networks/{n['Id']}")
        finally:
            self.terminate()
            subprocess.run(["ip", "link", "del", self.bridge], capture_output=True)
            Daemon.numbers.discard(self.number)
            if self.own_top:
                shutil.rmtree(self.top, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    # clients

    def client_argv(self, client, *args):
        return [client, "-H", "unix://" + self.sock, *args]

    def docker(self, *args, client=None, **kw):
        """Debian's docker client (or `client`) on this daemon."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        env["DOCKER_CONFIG"] = os.path.join(self.top, "docker-config")
        return run(self.client_argv(client or CLIENTS[0], *args), env=env, **kw)

    def berth(self, *args, **kw):
        return self.docker(*args, client=BERTH, **kw)

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        c = UnixConnection(self.sock, timeout)
        try:
            headers = dict(headers or {})
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                headers.setdefault("Content-Type", "application/json")
            c.request(method, path, body=body, headers=headers)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.request("POST", path, body, **kw)

    def inspect(self, ref):
        a = self.get(f"/containers/{ref}/json")
        assert a.status == 200, a.body
        return a.json

    def import_image(self, tar, ref, *changes):
        args = []
        for c in changes:
            args += ["--change", c]
        return self.docker("import", *args, tar, ref).stdout.strip()


def make_prowl(path):
    """Build tests/system/prowl.c at `path`; where there is no compiler it has been brought along."""
    brought = os.path.join(BUILD, "prowl")
    if os.access(brought, os.X_OK):
        shutil.copy(brought, path)
    else:
        run(["cc", "-static", "-O1", "-D_GNU_SOURCE", "-o", path, os.path.join(HERE, "prowl.c")])


def busybox_tar():
    """A small image: busybox with its applets, users, a directory that is no program, a program without x."""
    path = os.path.join(CACHE, "busybox.tar")
    if os.path.exists(path):
        return path
    os.makedirs(CACHE, exist_ok=True)
    root = tempfile.mkdtemp(prefix="berth-busybox-")
    try:
        for d in ("bin", "etc", "tmp", "root", "home/user", "usr/bin", "var", "proc", "sys", "dev", "www"):
            os.makedirs(os.path.join(root, d))
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        os.chmod(root, 0o755)
        shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
        for name in run(["/bin/busybox", "--list"]).stdout.split():
            if name != "busybox":
                os.symlink("busybox", os.path.join(root, "bin", name))
        files = {
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n1001:x:0:0:trap:/:/bin/sh\n",
            "etc/group": "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n",
            "etc/hello": "hello from the image\n",
            "bin/notexec": "#!/bin/sh\n",
        }
        for name, text in files.items():
            with open(os.path.join(root, name), "w") as f:
                f.write(text)
        os.chown(os.path.join(root, "home/user"), 1000, 1000)
        tmp = path + ".%d" % os.getpid()
        run(["tar", "-C", root, "--numeric-owner", "-cf", tmp, "."])
        os.rename(tmp, path)
    finally:
        shutil.rmtree(root)
    return path
