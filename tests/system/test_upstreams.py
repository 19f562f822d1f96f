# SPDX-License-Identifier: Apache-2.0
"""Names of elsewhere: dnsmasq as upstream, on another host. What is asked there, what is kept, and what never goes out."""
import itertools
import re
import shutil
import subprocess

import pytest

from harness import busybox_tar, run, wait_for
from hosts import HostDaemon, enter

pytestmark = pytest.mark.skipif(not shutil.which("dnsmasq"), reason="no dnsmasq here")
# Where nobody answers: an address of the wire that no host has.
DEAD = "10.96.%d.99"
# Too long for a datagram of 512 bytes, and for one of EDNS's usual 1232.
LONG = ["chunk%d-" % i + "x" * 190 for i in range(12)]


class Dnsmasq:
    """One in a namespace, which writes down what it is asked."""

    def __init__(self, ns, address, log):
        self.log = log
        self.argv = enter(ns, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon", "--bind-interfaces", "--listen-address=" + address,
                          "--log-queries", "--log-facility=" + str(log), "--pid-file=", "--conf-file=/dev/null", "--local=/example/", "--local-ttl=60", "--edns-packet-max=4096",
                          "--host-record=web.example,192.0.2.10,2001:db8::10", "--host-record=four.example,192.0.2.4",
                          "--ptr-record=4.2.0.192.in-addr.arpa,four.example", "--cname=alias.example,web.example",
                          *["--address=/many.example/192.0.2.%d" % i for i in range(21, 24)],
                          "--txt-record=long.example," + ",".join(LONG), "--mx-host=example,mail.example,10", "--srv-host=_http._tcp.example,web.example,80")
        self.proc = None

    def __enter__(self):
        self.proc = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.log.exists() and "started" in self.log.read_text(), "dnsmasq serves")
        return self

    def __exit__(self, *exc):
        self.proc.kill()
        self.proc.wait()

    def asked(self, name):
        """The kinds of records that were asked for, in order."""
        return re.findall(r"query\[(\w+)\] %s from" % re.escape(name), self.log.read_text())


@pytest.fixture(scope="module")
def upstream(wire, tmp_path_factory):
    with Dnsmasq(wire.peer, wire.peer4, tmp_path_factory.mktemp("upstream") / "log") as d:
        yield d


@pytest.fixture(scope="module")
def daemon(wire):
    with HostDaemon(wire.host) as d:
        d.import_image(busybox_tar(), "bb:latest")
        d.docker("network", "create", "--subnet", "10.94.1.0/24", "net")
        d.docker("network", "create", "--internal", "--subnet", "10.94.2.0/24", "shut")
        yield d


@pytest.fixture
def box(daemon, wire):
    """box(*args): the pid of a container that asks the upstream; removed with the test."""
    made = []

    def start(*args, network="net", dns=(wire.peer4,)):
        name = "box%d" % len(made)
        servers = [flag for s in dns for flag in ("--dns", s)]
        daemon.docker("run", "-d", "--name", name, "--network", network, *servers, *args, "bb", "sleep", "600")
        made.append(name)
        return daemon.inspect(name)["State"]["Pid"]
    yield start
    for name in made:
        daemon.docker("rm", "-f", name)


def dig(pid, *question, check=True):
    """What a container's name server says: (status, flags, lines of the answer)."""
    out = run(["nsenter", "-t", str(pid), "-n", "dig", "+nocookie", "+tries=1", "+time=30", "@127.0.0.11", *question], check=check).stdout
    answer = re.search(r"(?s);; ANSWER SECTION:\n(.*?)\n\n", out)
    found = re.search(r"status: (\w+)", out)
    return found.group(1) if found else None, out, sorted(line.split(None, 4)[4] for line in answer.group(1).splitlines()) if answer else []


def test_every_kind_of_record_comes_from_the_upstream_as_it_is_there(upstream, box):
    pid = box()
    for question, want in ((("A", "web.example"), ["192.0.2.10"]), (("AAAA", "web.example"), ["2001:db8::10"]),
                           (("A", "alias.example"), ["192.0.2.10", "web.example."]), (("MX", "example"), ["10 mail.example."]),
                           (("SRV", "_http._tcp.example"), ["0 0 80 web.example."]), (("-x", "192.0.2.4"), ["four.example."]),
                           (("A", "many.example"), ["192.0.2.21", "192.0.2.22", "192.0.2.23"])):
        status, out, answer = dig(pid, *question)
        assert (status, answer) == ("NOERROR", want), out
    # A name without this kind of record is no error; a name that is not there is one.
    assert dig(pid, "AAAA", "four.example")[::2] == ("NOERROR", [])
    assert dig(pid, "A", "nowhere.example")[0] == "NXDOMAIN"


def test_a_question_for_both_families_asks_for_both_at_once(upstream, box, daemon):
    box()
    p = daemon.docker("exec", "box0", "nslookup", "web.example")
    assert "192.0.2.10" in p.stdout and "2001:db8::10" in p.stdout


def test_an_answer_too_long_for_a_datagram_comes_by_tcp(upstream, box):
    pid = box()
    status, out, answer = dig(pid, "+ignore", "+noedns", "TXT", "long.example")
    assert status == "NOERROR" and "tc" in re.search(r";; flags: (.*?);", out).group(1).split() and answer == [], out
    # By TCP, and by a datagram that the client has room for, all of it.
    for how in ("+tcp", "+bufsize=4096"):
        status, out, answer = dig(pid, how, "TXT", "long.example")
        assert status == "NOERROR" and all(f'"{chunk}"' in answer[0] for chunk in LONG), out
    # So does a client that asks again by itself when told so.
    status, out, answer = dig(pid, "+bufsize=512", "TXT", "long.example")
    assert status == "NOERROR" and LONG[-1] in answer[0] and "(TCP)" in out, out


def test_edns_is_answered_with_edns_and_its_absence_with_none(upstream, box):
    pid = box()
    assert "; EDNS: version: 0" in dig(pid, "+bufsize=1232", "A", "web.example")[1]
    assert "EDNS" not in dig(pid, "+noedns", "A", "web.example")[1]


def test_what_was_answered_is_kept_for_its_time(upstream, box):
    pid = box()
    before = len(upstream.asked("four.example"))
    for _ in range(20):
        assert dig(pid, "A", "four.example")[2] == ["192.0.2.4"]
    assert len(upstream.asked("four.example")) <= before + 1
    # What is kept gets older.
    assert int(re.search(r"four\.example\.\s+(\d+)", dig(pid, "A", "four.example")[1]).group(1)) <= 60


def test_one_dead_upstream_of_several_costs_nobody_a_timeout(wire, upstream, box):
    for order in ((DEAD % wire.k, wire.peer4), (wire.peer4, DEAD % wire.k)):
        pid = box(dns=order)
        for i in range(3):
            names = (f"fresh{i}-{order.index(wire.peer4)}-{n}.example" for n in itertools.count())

            def answered():
                # One try of one second: who waits for the dead one first has never an answer by then; on a busy machine some other time.
                name = next(names)
                out = run(["nsenter", "-t", str(pid), "-n", "dig", "+tries=1", "+time=1", "@127.0.0.11", name], check=False).stdout
                return name if "status: NXDOMAIN" in out else None
            assert upstream.asked(wait_for(answered, "an answer within a second")) == ["A"]


def test_no_upstream_is_a_failure_that_is_told(wire, box):
    status, out, answer = dig(box(dns=(DEAD % wire.k,)), "+time=12", "A", "web.example", check=False)
    assert (status, answer) == ("SERVFAIL", []), out


def test_n03_nothing_of_an_internal_network_goes_upstream(upstream, box):
    """By no kind of question, by no transport, and not for a neighbour's name either."""
    pid = box(network="shut")
    for question in (("A", "n03.example"), ("AAAA", "n03.example"), ("TXT", "n03.example"), ("+tcp", "A", "n03.example"), ("-x", "198.51.100.3"), ("A", "box0"), ("A", "n03")):
        status, out, answer = dig(pid, *question)
        assert status and (question[-1] == "box0") == (answer != []), out
    log = upstream.log.read_text()
    assert "n03" not in log and "198.51.100.3" not in log and "box0" not in log


def test_a_container_on_an_internal_network_and_another_asks_upstream_by_the_other(upstream, box, daemon):
    pid = box(network="shut")
    daemon.docker("network", "connect", "net", "box0")
    assert dig(pid, "A", "web.example")[2] == ["192.0.2.10"]
    daemon.docker("network", "disconnect", "net", "box0")
    seen = len(upstream.asked("shut-again.example"))
    dig(pid, "A", "shut-again.example", check=False)
    assert len(upstream.asked("shut-again.example")) == seen == 0


def test_names_inside_stay_inside(upstream, box, daemon):
    """Names, aliases, reverse look-ups and the host's name are answered here, whatever the upstream would say."""
    pid = box("--network-alias", "web.example")
    address = daemon.inspect("box0")["NetworkSettings"]["Networks"]["net"]["IPAddress"]
    before = upstream.log.read_text()
    assert dig(pid, "A", "box0")[2] == [address]
    assert dig(pid, "A", "web.example")[2] == [address]
    # No such record of a name that is ours: an answer, not a question to others.
    assert dig(pid, "AAAA", "box0")[::2] == ("NOERROR", [])
    assert dig(pid, "-x", address)[2] == ["box0.net."]
    assert dig(pid, "A", "host.docker.internal")[2] == ["10.94.1.1"]
    assert upstream.log.read_text() == before


def test_the_upstream_is_asked_while_no_daemon_runs(upstream, box, daemon):
    pid = box()
    daemon.kill()
    try:
        assert dig(pid, "A", "alias.example")[2] == ["192.0.2.10", "web.example."]
        assert dig(pid, "+tcp", "AAAA", "alias.example")[2] == ["2001:db8::10", "web.example."]
        assert dig(pid, "-x", daemon_address(pid))[2] == ["box0.net."]
    finally:
        daemon.start()
    assert dig(pid, "A", "web.example")[2] == ["192.0.2.10"]


def daemon_address(pid):
    out = run(["nsenter", "-t", str(pid), "-n", "ip", "-4", "-o", "addr", "show", "scope", "global"]).stdout
    return re.search(r"inet ([\d.]+)", out).group(1)


def test_an_upstream_that_comes_back_is_asked_again(wire, box, tmp_path):
    pid = box(dns=(wire.host4,))
    # Nobody listens on the host.
    assert dig(pid, "A", "four.example", check=False)[0] == "SERVFAIL"
    with Dnsmasq(wire.host, wire.host4, tmp_path / "log"):
        wait_for(lambda: dig(pid, "A", "four.example", check=False)[2] == ["192.0.2.4"], "the upstream is asked again")


def test_aliases_take_turns_and_every_address_is_told(upstream, box, daemon):
    pids = [box("--network-alias", "pool") for _ in range(3)]
    want = sorted(daemon_address(p) for p in pids)
    firsts = set()
    for _ in range(30):
        out = run(["nsenter", "-t", str(pids[0]), "-n", "dig", "+short", "@127.0.0.11", "pool"]).stdout.split()
        assert sorted(out) == want
        firsts.add(out[0])
    assert firsts == set(want)
