# SPDX-License-Identifier: Apache-2.0
"""--format of every list: the keys that docker 28's templates know, their headers, and what `--format json` prints, whole."""
import json
import time

import pytest

from harness import BERTH, PATIENCE, busybox_tar
from test_cli_like_docker import DOCKER, say

# From docker 28's own messages and pages; a template that names one must not fail.
KEYS = {
    "ps -a --filter name=fk": "Command CreatedAt ID Image Labels LocalVolumes Mounts Names Networks Platform Ports RunningFor Size State Status",
    "images fkimage": "Containers CreatedAt CreatedSince Digest ID Repository SharedSize Size Tag UniqueSize VirtualSize",
    "volume ls --filter name=fk": "Availability Driver Group Labels Links Mountpoint Name Scope Size Status",
    "network ls --filter name=fk": "CreatedAt Driver ID IPv4 IPv6 Internal Labels Name Scope",
    "history fkimage:1": "Comment CreatedAt CreatedBy CreatedSince ID Size",
    "system df": "Active Reclaimable Size TotalCount Type",
    "context ls": "Current Description DockerEndpoint Error Name",
    "stats --no-stream fkup": "BlockIO CPUPerc Container ID MemPerc MemUsage Name NetIO PIDs",
}
# Figures that move between two calls.
MOVING = {"stats --no-stream fkup", "system df"}


@pytest.fixture(scope="module")
def world(engine):
    engine.import_image(busybox_tar(), "fkimage:1", "LABEL a=b")
    engine.docker("volume", "create", "--label", "a=b", "fkvol")
    engine.docker("network", "create", "--label", "a=b", "--internal", "fknet")
    engine.docker("run", "-d", "--name", "fkup", "--network", "fknet", "-v", "fkvol:/d", "-l", "a=b", "-p", "127.0.0.1::80", "bb", "sleep", "1000")
    engine.docker("create", "--name", "fknew", "bb", "true")
    yield
    for name in ("fkup", "fknew"):
        engine.request("DELETE", f"/containers/{name}?force=1&v=1")
    engine.request("DELETE", "/networks/fknet")
    engine.request("DELETE", "/volumes/fkvol")
    engine.request("DELETE", "/images/fkimage:1")


def berth(engine, command, template):
    code, out, err = say(BERTH, engine, [*command.split(), "--format", template])
    assert code == 0, (command, template, err)
    return out


@pytest.mark.parametrize("command", KEYS)
def test_json_has_dockers_keys(engine, world, command):
    lines = berth(engine, command, "json").splitlines()
    assert lines
    for line in lines:
        assert " ".join(sorted(json.loads(line))) == KEYS[command]


@pytest.mark.parametrize("command", KEYS)
def test_every_key_may_stand_in_a_template_and_a_table(engine, world, command):
    keys = KEYS[command].split()
    rows = berth(engine, command, "json").splitlines()
    assert len(berth(engine, command, "\t".join("{{.%s}}" % k for k in keys)).splitlines()) == len(rows)
    table = berth(engine, command, "table " + "\t".join("{{.%s}}" % k for k in keys)).splitlines()
    assert len(table) == len(rows) + 1
    # A context's star has no header, as in docker.
    header = table[0].replace("<no value>", "") if command == "context ls" else table[0]
    assert header.upper() == header and "<no value>" not in header
    code, out, err = say(BERTH, engine, [*command.split(), "--format", "{{.NoSuchKey}}"])
    assert code != 0 and "NoSuchKey" in err


def test_health_is_known_to_templates_as_in_later_dockers(engine, world):
    assert berth(engine, "ps --filter name=fkup", "table {{.Names}}|{{.HealthStatus}}|") == "NAMES|HEALTH|\nfkup||\n"


@pytest.mark.skipif(not DOCKER, reason="no docker 28 here")
@pytest.mark.parametrize("command", KEYS)
def test_docker_prints_the_same(engine, world, command):
    for template in ["json", "{{json .}}", *("table {{.%s}}" % k for k in KEYS[command].split())]:
        # "2 seconds ago" may become 3 between the two: then a later pair is the same, at the latest when it is "About a minute ago".
        docker, mine, end = None, (), time.monotonic() + 60 + PATIENCE
        while docker != mine and time.monotonic() < end:
            docker, mine = (say(p, engine, [*command.split(), "--format", template]) for p in (DOCKER, BERTH))
            if command in MOVING:
                docker, mine = ((c, sorted(json.loads(out)) if "json" in template and "\n" not in out.strip() else out.split("\n")[0], e) for c, out, e in (docker, mine))
        assert mine == docker, template
