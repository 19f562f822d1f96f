# SPDX-License-Identifier: Apache-2.0
"""Several hosts on one machine: network namespaces, a wire between them, and a daemon that lives in one.

A firewall of such a host is a firewall of nobody else: rules belong to a namespace. What a host's tools keep in files is
kept in a mount namespace of its own.
"""
import os
import select
import shutil
import signal
import subprocess
import tempfile

from harness import PATIENCE, Daemon, run, wait_for

SEE = """
import socket, sys
family, kind, address, port, text = (socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET), sys.argv[3], sys.argv[1], int(sys.argv[2]), b'hello'
s = socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
s.settimeout(float(sys.argv[4]))
try:
    s.connect((address, port))
    s.send(text)
    print('answer', s.recv(200).decode().strip())
except (socket.timeout, TimeoutError):
    print('silence')
except ConnectionRefusedError:
    print('refused')
except OSError as e:
    print('refused' if e.errno in (111, 113, 101, 1) else 'error %s' % e)
"""
# For how long one listens where silence is expected. Elsewhere an answer has its time: machines are slow.
SILENCE = 1.0


def enter(ns, *argv):
    return ["nsenter", "--net=/run/netns/" + ns, *argv] if ns else list(argv)


def see(ns, address, port, kind="tcp", patience=PATIENCE / 2):
    """What a program in `ns` (None: this one) sees of a port: 'answer …', 'refused' or 'silence'."""
    return run(enter(ns, "python3", "-c", SEE, address, str(port), kind, str(patience))).stdout.strip()


class Wire:
    """Two hosts, "host" and "peer", 10.96.K.1 and 10.96.K.2, fd96:K::1 and ::2; more addresses by `run`."""

    count = 0

    def __init__(self):
        Wire.count += 1
        self.k = (os.getpid() * 7 + Wire.count) % 250
        tag = "%d%c" % (os.getpid() % 100000, 96 + Wire.count)
        self.host, self.peer = "bth" + tag, "btp" + tag
        self.host4, self.peer4 = f"10.96.{self.k}.1", f"10.96.{self.k}.2"
        self.host6, self.peer6 = f"fd96:{self.k}::1", f"fd96:{self.k}::2"

    def __enter__(self):
        for ns in (self.host, self.peer):
            run(["ip", "netns", "add", ns])
            run(["ip", "-n", ns, "link", "set", "lo", "up"])
        run(["ip", "-n", self.host, "link", "add", "wire0", "type", "veth", "peer", "name", "wire0", "netns", self.peer])
        for ns, a4, a6 in ((self.host, self.host4, self.host6), (self.peer, self.peer4, self.peer6)):
            run(["ip", "-n", ns, "addr", "add", a4 + "/24", "dev", "wire0"])
            run(["ip", "-n", ns, "addr", "add", a6 + "/64", "dev", "wire0", "nodad"])
            run(["ip", "-n", ns, "link", "set", "wire0", "up"])
        # What is behind the other one.
        run(["ip", "-n", self.host, "route", "add", "default", "via", self.peer4])
        # The first question about a new neighbour may be lost.
        for a in (self.host4, self.host6):
            wait_for(lambda a=a: run(enter(self.peer, "ping", "-c", "1", "-W", "1", a), check=False).returncode == 0, "the wire works")
        return self

    def __exit__(self, *exc):
        for ns in (self.host, self.peer):
            run(["ip", "netns", "del", ns], check=False)

    def nft(self, text):
        return run(enter(self.host, "nft", "-f", "-"), input=text)

    def on_host(self, *argv, **kw):
        return run(enter(self.host, *argv), **kw)


class HostDaemon(Daemon):
    """A daemon in the namespace `ns`."""

    def __init__(self, ns, **kw):
        super().__init__(**kw)
        self.ns = ns

    def argv(self):
        return enter(self.ns, *super().argv())

    def stop(self):
        # Its namespace takes the bridge along; the one of this name here is nobody's.
        super().stop()


class Firewalld:
    """Debian's firewalld for the host of a wire, with files, a message bus and processes of its own."""

    SCRIPT = """mount --make-rprivate /
t=$(mktemp -d); cp -a /etc/firewalld/. $t/; mount --bind $t /etc/firewalld
t=$(mktemp -d); mount --bind $t /run; mkdir /run/dbus
dbus-daemon --system --fork --nopidfile
exec firewalld --nofork --nopid"""

    def __init__(self, wire):
        self.files = tempfile.mkdtemp(prefix="berth-firewalld-")
        self.proc = subprocess.Popen(enter(wire.host, "env", "TMPDIR=" + self.files, "unshare", "-m", "-p", "--fork", "--kill-child", "--mount-proc",
                                           "sh", "-ec", self.SCRIPT), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # It is slow to start, and firewall-cmd no help: asked again and again it takes the processors that firewalld needs.
            wait_for(self.is_on_the_bus, "firewalld is on its bus", 3 * PATIENCE)
            self("--state")
        except BaseException:
            self.close()
            raise

    def pid(self):
        """Of the first process in its namespace; 0 where there is none yet."""
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            return int((f.read().split() or ["0"])[0])

    def inside(self, *argv):
        assert self.proc.poll() is None, "firewalld ended"
        return run(["nsenter", "-t", str(self.pid()), "-m", "-n", "-p", *argv], check=False)

    def is_on_the_bus(self):
        return self.pid() and "true" in self.inside("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner",
                                                    "string:org.fedoraproject.FirewallD1").stdout

    def __call__(self, *args):
        """firewall-cmd, again and again until the daemon does it."""
        wait_for(lambda: self.inside("firewall-cmd", *args).returncode == 0, "firewall-cmd " + " ".join(args))

    def reload(self):
        """Begin it: what was not made permanent goes."""
        os.kill(self.pid(), signal.SIGHUP)

    def close(self):
        """Whoever it began ends with the first process of its namespace, which is killed when its parent is."""
        pid = self.pid()
        first = os.pidfd_open(pid) if pid else None
        self.proc.kill()
        self.proc.wait()
        if first is not None:
            select.select([first], [], [])
            os.close(first)
        shutil.rmtree(self.files, ignore_errors=not pid)


class Ufw:
    """Debian's ufw for the namespace of a wire, with files of its own."""

    def __init__(self, wire):
        self.files = tempfile.mkdtemp(prefix="berth-ufw-")
        self.holder = subprocess.Popen(
            enter(wire.host, "env", "TMPDIR=" + self.files, "unshare", "-m", "sh", "-ec", "mount --make-rprivate /; for d in /etc/ufw /lib/ufw /run; do "
                  "t=$(mktemp -d); cp -a $d/. $t/ 2>/dev/null || :; mount --bind $t $d; done; "
                  "t=$(mktemp); cp /etc/default/ufw $t; mount --bind $t /etc/default/ufw; echo ready; exec sleep 1000000"),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert self.holder.stdout.readline() == "ready\n"

    def __call__(self, *args, **kw):
        return run(["nsenter", "-t", str(self.holder.pid), "-m", "-n", "ufw", *args], **kw).stdout

    def close(self):
        self.holder.kill()
        self.holder.wait()
        shutil.rmtree(self.files)
