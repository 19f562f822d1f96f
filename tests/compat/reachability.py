# SPDX-License-Identifier: Apache-2.0
"""Who reaches whom: one set-up of networks and containers, and every question that can be asked in it, as a table.

`record_reachability.py` writes down Docker's answers; tests/system/test_reachability.py compares ours with them.
"""
import ipaddress
import os
import subprocess
import tempfile
import time

# name: (options of `network create`, IPv4 net, IPv6 net). "bridge" is the default one, which has no IPv6 unless told.
NETWORKS = {
    "bridge": None,
    "v4": (["--subnet", "10.90.1.0/24"], "10.90.1", None),
    "dual": (["--ipv6", "--subnet", "10.90.2.0/24", "--subnet", "fd90:2::/64"], "10.90.2", "fd90:2::"),
    "six": (["--ipv6", "--ipv4=false", "--subnet", "fd90:3::/64"], None, "fd90:3::"),
    "apart": (["--ipv6", "--subnet", "10.90.4.0/24", "--subnet", "fd90:4::/64", "-o", "com.docker.network.bridge.enable_icc=false"], "10.90.4", "fd90:4::"),
    "inner": (["--internal", "--ipv6", "--subnet", "10.90.5.0/24", "--subnet", "fd90:5::/64"], "10.90.5", "fd90:5::"),
    "routed": (["--ipv6", "--subnet", "10.90.6.0/24", "--subnet", "fd90:6::/64", "-o", "com.docker.network.bridge.gateway_mode_ipv4=routed",
                "-o", "com.docker.network.bridge.gateway_mode_ipv6=routed"], "10.90.6", "fd90:6::"),
    "bare": (["--ipv6", "--subnet", "10.90.7.0/24", "--subnet", "fd90:7::/64", "-o", "com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected",
              "-o", "com.docker.network.bridge.gateway_mode_ipv6=nat-unprotected"], "10.90.7", "fd90:7::"),
}
INSIDE, CLOSED = 80, 81  # both are served; only the first is published
PROTOCOLS = ("tcp", "udp", "sctp")


def has_sctp():
    import socket
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132).close()
        return True
    except OSError:
        return False


def build(directory):
    """The program that asks and answers; returns its path."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system/reach.c")
    path = os.path.join(directory, "reach")
    subprocess.run(["cc", "-static", "-O1", "-D_GNU_SOURCE", "-w", "-o", path, source], check=True)
    return path


class Scene:
    """docker(arg…) runs a client of the engine, whose host is the namespace `host`; `peer` is its neighbour. Addresses are those of a Wire."""

    def __init__(self, docker, wire):
        self.docker, self.wire = docker, wire
        self.published = {n: 8001 + i for i, n in enumerate(NETWORKS)}
        self.pids, self.addresses, self.gateways, self.names = {}, {}, {}, {}

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="reach-")
        self.reach = build(self.top)
        image = os.path.join(self.top, "image.tar")
        subprocess.run(["tar", "-C", self.top, "-cf", image, "reach"], check=True)
        self.docker("import", "--change", 'ENTRYPOINT ["/reach"]', image, "reach:latest")
        protocols = [p for p in PROTOCOLS if p != "sctp" or has_sctp()]
        self.protocols = protocols
        for net, what in NETWORKS.items():
            if what:
                self.docker("network", "create", *what[0], net)
            publish = [a for p in protocols for a in ("-p", f"{self.published[net]}:{INSIDE}/{p}")]
            self.start(net, "server", *publish)
            self.start(net, "client")
        self.know(self.wire.host4, "host"), self.know(self.wire.host6, "host")
        self.know(self.wire.peer4, "peer"), self.know(self.wire.peer6, "peer")
        # A neighbour that knows the way, as an attacker would.
        for what in NETWORKS.values():
            for subnet, via in ((what and what[1] and what[1] + ".0/24", self.wire.host4), (what and what[2] and what[2] + "/64", self.wire.host6)):
                if subnet:
                    subprocess.run(["ip", "-n", self.wire.peer, "route", "add", subnet, "via", via], check=True)
        return self

    def start(self, net, role, *options):
        name = f"{net}-{role}"
        self.docker("run", "-d", "--name", name, "--network", net, *options, "reach:latest", "serve", str(INSIDE), str(CLOSED))
        while "ready" not in self.docker("logs", name).stdout:
            time.sleep(0.02)
        self.pids[name] = self.docker("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
        out = self.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}|{{.Gateway}} {{.IPv6Gateway}}{{end}}", name).stdout
        own, gateways = (part.split() for part in out.split("|"))
        own = [a for a in own if a != "invalid" and a != "IP"]
        self.addresses[name] = own
        for a in own:
            self.know(a, role + " of " + net)
        for a in gateways:
            if a not in ("invalid", "IP"):
                self.know(a, "gateway of " + net)
        self.gateways[net] = [a for a in gateways if a not in ("invalid", "IP")]

    def know(self, address, name):
        self.names[ipaddress.ip_address(address)] = name

    def targets(self, net, local, own):
        """(label, address, port) of everything that may lead to the server on `net`."""
        server = f"{net}-server"
        port = self.published[net]
        found = [("host v4", self.wire.host4, port), ("host v6", self.wire.host6, port)]
        if local:
            found += [("loopback v4", "127.0.0.1", port), ("loopback v6", "::1", port)]
        for a in self.gateways[net]:
            found.append(("gateway " + ("v6" if ":" in a else "v4"), a, port))
        for a in self.addresses[server]:
            family = "v6" if ":" in a else "v4"
            found += [(f"container {family} published", a, INSIDE), (f"container {family} closed", a, CLOSED)]
        return found

    def ask(self, who, questions, patience):
        pid = self.pids.get(who)
        argv = ["nsenter", "-t", pid, "-n"] if pid else ["nsenter", "--net=/run/netns/" + (self.wire.host if who == "host" else self.wire.peer)]
        text = "".join(f"{proto} {address} {port}\n" for _, proto, address, port in questions)
        p = subprocess.run([*argv, self.reach, "ask", str(patience)], input=text, capture_output=True, text=True, check=True)
        return p.stdout.splitlines()

    def say(self, answer):
        kind, _, address = answer.partition(" ")
        if kind != "answer":
            return answer
        a = ipaddress.ip_address(address)
        return "sees " + ("host" if a.is_loopback else self.names.get(a, "the host" if a.is_link_local else address))

    def look(self, patience=1.0, wanted=None):
        """{who: {"network protocol target": what was seen}}; what `wanted`, such a table, has an answer for is asked up to ten times on a machine that is slow."""
        table = {}
        for who in ["host", "peer", *(f"{n}-client" for n in NETWORKS), *(f"{n}-server" for n in NETWORKS)]:
            nets = [who.rsplit("-", 1)[0]] if who.endswith("-server") else NETWORKS
            questions = [(f"{net} {proto} {label}", proto, address, port) for net in nets for proto in self.protocols
                         for label, address, port in self.targets(net, who == "host", who.endswith("-server"))]
            answers = self.ask(who, questions, patience)
            # The first packet to a new neighbour may be lost: silence is asked again.
            for n in range(10):
                again = [i for i, a in enumerate(answers) if a == "silence" and (n == 0 or wanted and wanted[who][questions[i][0]].startswith("sees "))]
                if not again:
                    break
                for i, a in zip(again, self.ask(who, [questions[i] for i in again], patience)):
                    answers[i] = a
            table[who] = {q[0]: self.say(a) for q, a in zip(questions, answers)}
        return table

    def __exit__(self, *exc):
        for name in self.pids:
            self.docker("rm", "-f", name, check=False)
        for net, what in NETWORKS.items():
            if what:
                self.docker("network", "rm", net, check=False)
        self.docker("rmi", "-f", "reach:latest", check=False)
        subprocess.run(["rm", "-rf", self.top])


def to_text(table):
    """A line for each question: who asks, what, and what was seen."""
    lines = []
    for who, answers in table.items():
        for target, what in answers.items():
            lines.append(f"{who}\t{target}\t{what}")
    return "\n".join(lines) + "\n"


def from_text(text):
    table = {}
    for line in text.splitlines():
        who, target, what = line.split("\t")
        table.setdefault(who, {})[target] = what
    return table
