# SPDX-License-Identifier: Apache-2.0
"""What people get wrong, and what they are told: each mistake ends with docker's exit code, and its message names what is wrong."""
import os
import re

import pytest

from harness import BERTH, CLIENTS, run

UP, MADE, FILE = "mistakeup", "mistakemade", "mistake.env"
# A line, its exit code, and what is said. {UP} runs, {MADE} was never started, {dir} has the files.
MISTAKES = [
    # flags and words
    ("run", 1, "'berth run' requires at least 1 argument"),
    ("run --nmae x bb", 125, "unknown flag: --nmae"),
    ("run -z bb", 125, "unknown shorthand flag: 'z' in -z"),
    ("nosuch", 1, "unknown command: berth nosuch"),
    ("container nosuch", 1, "berth container --help"),
    ("ps extra", 1, "'berth ps' accepts no arguments"),
    ("cp a b", 1, "must specify at least one container source"),
    ("rename {UP}", 1, "'berth rename' requires 2 arguments"),
    # images and references
    ("run Upper/Case", 125, "repository name (Case) must be lowercase"),
    ("pull bb::x", 1, "invalid reference format"),
    ("commit {UP} Bad/Ref", 1, "invalid reference format: repository name (Ref) must be lowercase"),
    ("tag bb Bad:Ref", 1, "repository name (library/Bad) must be lowercase"),
    ("tag nope x", 1, "No such image: nope"),
    ("rmi nope", 1, "No such image: nope"),
    ("history nope", 1, "No such image: nope"),
    ("save -o {dir}/none/x bb", 1, "/none/x: No such file or directory"),
    ("load -i {dir}/nofile", 1, "nofile: no such file or directory"),
    ("load -i {dir}/{FILE}", 1, "invalid archive"),
    ("run --platform foo bb true", 125, '"foo": unknown operating system or architecture'),
    ("run --platform linux/s390x bb true", 125, "its platform (linux/"),
    ("run --pull bogus bb true", 125, "'bogus'"),
    # programs
    ("run --network none --rm bb nosuchcmd", 127, 'exec: "nosuchcmd": executable file not found in $PATH'),
    ("run --network none --rm bb /etc", 126, "permission denied"),
    ("run --network none --rm --user nobodyhere bb true", 125, "unable to find user nobodyhere"),
    ("exec {UP} nosuchcmd", 127, 'exec: "nosuchcmd": executable file not found in $PATH'),
    ("exec --user nobodyhere {UP} true", 126, "unable to find user nobodyhere: no matching entries in passwd file"),
    ("exec -w /nope {UP} pwd", 127, "/nope"),
    ("exec {MADE} true", 1, "is not running"),
    # names
    ("run --name {UP} bb true", 125, 'The container name "/{UP}" is already in use by container'),
    ("run --name _bad! bb true", 125, "Invalid container name (_bad!)"),
    ("logs nope", 1, "No such container: nope"),
    ("start nope", 1, "No such container: nope"),
    ("rm {UP}", 1, "container is running"),
    ("cp {dir}/{FILE} nope:/x", 1, "No such container: nope"),
    ("cp {UP}:/nope {dir}/x", 1, "Could not find the file /nope in container {UP}"),
    ("cp {dir}/nofile {UP}:/", 1, "nofile: no such file or directory"),
    ("inspect nope", 1, "No such object: nope"),
    ("inspect --type bogus {UP}", 1, 'unknown type: "bogus": must be one of "container"'),
    # mounts
    ("run -v relative:x bb true", 125, "relative"),
    ("run -v /tmp:/x:bad bb true", 125, "bad"),
    ("run --mount type=bind,src=/nonexistent,dst=/x bb true", 125, "bind source path does not exist: /nonexistent"),
    ("run --mount type=foo,dst=/x bb true", 125, "foo"),
    ("run --mount type=volume,src=v,dst=/x,bogus=1 bb true", 125, "unexpected key 'bogus'"),
    ("run --volumes-from nope bb true", 125, "No such container: nope"),
    ("volume rm nope", 1, "nope: no such volume"),
    ("volume create bad/name", 1, '"bad/name" includes invalid characters'),
    # networks and ports
    ("run -p 99999:80 bb true", 125, "99999"),
    ("run --network nosuchnet bb true", 125, "network nosuchnet not found"),
    ("run --network none --ip 1.2.3.4 bb true", 125, "user specified IP address is supported on user defined networks only"),
    ("run --network host --ip6 fd00::9 bb true", 125, "user specified IP address is supported on user defined networks only"),
    ("run --network container:nope bb true", 125, "No such container: nope"),
    ("network create --subnet bad x", 1, "invalid CIDR address: bad"),
    ("network rm bridge", 1, "bridge is a pre-defined network and cannot be removed"),
    ("network connect nope {UP}", 1, "network nope not found"),
    ("run --mac-address zz bb true", 125, "zz is not a valid mac address"),
    # limits and settings
    ("run --memory 1k bb true", 125, "Minimum memory limit allowed is 6MB"),
    ("run --memory abc bb true", 125, "'abc'"),
    ("run --cpus 1000 bb true", 125, "range of CPUs"),
    ("run --restart sometimes bb true", 125, "unknown policy 'sometimes'"),
    ("run --rm --restart always bb true", 125, "conflicting options: cannot specify both --restart and --rm"),
    ("run --cap-add NOPE bb true", 125, 'CAP_NOPE'),
    ("run --ulimit bogus=1 bb true", 125, "bogus"),
    ("run --sysctl bad bb true", 125, "bad"),
    ("run --log-driver nope bb true", 125, "nope"),
    ("run --runtime nope bb true", 125, "unknown or invalid runtime name: nope"),
    ("run --add-host foo bb true", 125, 'bad format for add-host: "foo"'),
    ("run --health-cmd true --health-interval 1ns bb true", 125, "less than 1ms"),
    # files
    ("run --env-file {dir}/nofile bb true", 125, "nofile: no such file or directory"),
    ("run --env-file {dir}/{FILE} bb true", 125, "no variable name on line '=x'"),
    ("run --env-file {dir}/bytes.env bb true", 125, "invalid utf8 bytes at line 2"),
    ("run --cidfile {dir}/{FILE} bb true", 125, "container ID file found"),
    # templates and filters
    ("ps --format {{.Nope}}", 1, "can't evaluate field Nope"),
    ("ps --filter bogus=1", 1, "invalid filter 'bogus'"),
    ("ps --filter status=nope", 1, "nope"),
    ("images --filter bogus=1", 1, "invalid filter 'bogus'"),
    ("version --format {{.Nope}}", 1, "Nope"),
    ("version --format {{", 64, "template parsing error"),
    ("info --format {{.Nope}}", 1, "Nope"),
    ("info --format {{", 64, "template parsing error"),
    ("inspect --format {{.Nope}} {UP}", 1, "Nope"),
    ("logs --since yesterday {UP}", 1, "yesterday"),
    ("kill -s NOPE {UP}", 1, "invalid signal: NOPE"),
    # daemons
    ("-H unix:///nonexistent/sock ps", 1, "Cannot connect to the Docker daemon at unix:///nonexistent/sock. Is the docker daemon running?"),
    ("-H unix:///nonexistent/sock run bb true", 125, "Cannot connect to the Docker daemon at unix:///nonexistent/sock"),
    ("-H foo://x ps", 1, "foo://x"),
    ("--context nope ps", 1, "nope"),
]


@pytest.fixture(scope="module")
def place(engine, tmp_path_factory):
    top = tmp_path_factory.mktemp("mistakes")
    (top / FILE).write_text("A=b\n=x\n")
    (top / "bytes.env").write_bytes(b"A=b\nC=\xff\xfe\n")
    engine.docker("run", "-d", "--network", "none", "--name", UP, "bb", "sleep", "1000")
    engine.docker("create", "--network", "none", "--name", MADE, "bb", "true")
    yield top
    # What was created and could not be started is there, as docker leaves it.
    engine.docker("rm", "-f", UP, MADE)


def newer_docker():
    """A docker of 28 or later, whose exit codes count; older ones have others."""
    for client in CLIENTS:
        if (m := re.search(r"version (\d+)\.", run([client, "--version"]).stdout)) and int(m[1]) >= 28:
            return client
    return None


def make(engine, place, client, line):
    words = [w.replace("{UP}", UP).replace("{MADE}", MADE).replace("{dir}", str(place)).replace("{FILE}", FILE) for w in line.split(" ")]
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | {"DOCKER_CONFIG": os.path.join(engine.top, "docker-config")}
    env["DOCKER_HOST"] = "unix://" + engine.sock
    if words[0] in ("-H", "--context"):
        del env["DOCKER_HOST"]
    before = {c["Id"] for c in engine.get("/containers/json?all=1").json if c["Image"] == "bb"}
    p = run([client, *words], check=False, env=env)
    for c in engine.get("/containers/json?all=1").json:
        if words[0] == "run" and c["Id"] not in before and c["State"] == "created" and c["Names"] != ["/" + MADE]:
            engine.request("DELETE", f"/containers/{c['Id']}?force=1&v=1")
    return p.returncode, p.stdout + p.stderr


@pytest.mark.parametrize("line, code, said", MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_named_and_ends_with_dockers_exit_code(engine, place, line, code, said):
    got, text = make(engine, place, BERTH, line)
    want = said.replace("{UP}", UP)
    assert (got, want in text) == (code, True), text


@pytest.fixture(scope="module")
def docker28():
    return newer_docker() or pytest.skip("no docker 28 here")


@pytest.mark.parametrize("line, code", [m[:2] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_docker_itself_ends_with_that_code(engine, place, docker28, line, code):
    got, text = make(engine, place, docker28, line)
    assert got == code, text
