# SPDX-License-Identifier: Apache-2.0
"""The same commands with docker 28 and berth against one daemon: output, errors and exit codes are the same, byte for byte, but for the program's name."""
import os
import shlex
import time
import uuid

import pytest

from harness import BERTH, CLIENTS, PATIENCE, busybox_tar, run

# What docker says changes with its version; this is the one that berth's command line is made after.
DOCKER = next((c for c in ("/usr/local/bin/docker", CLIENTS[0]) if os.path.exists(c) and "version 28." in run([c, "--version"]).stdout), None)


@pytest.fixture(scope="module")
def world(engine):
    """One container that runs, one that has ended, one that was never started; a volume, a network, an image with two names."""
    own = "l" + uuid.uuid4().hex[:8]
    names = {"up": own + "up", "ended": own + "ended", "new": own + "new", "volume": own + "vol", "own": own}
    engine.docker("volume", "create", "--label", "a=b", names["volume"])
    engine.docker("run", "-d", "--name", names["up"], "--label", f"own={own}", "--label", "k=v", "-e", "A=b", "-v", names["volume"] + ":/data", "bb", "sleep", "600")
    engine.docker("run", "--name", names["ended"], "--label", f"own={own}", "bb", "sh", "-c", "echo out; echo err >&2; exit 3", check=False)
    engine.docker("create", "--name", names["new"], "--label", f"own={own}", "-p", "127.0.0.1::80", "bb", "true")
    # Two tags of one repository: docker shows the repositories of one image in no order.
    engine.import_image(busybox_tar(), own + ":first")
    engine.docker("tag", own + ":first", own + ":second")
    yield names
    for name in ("up", "ended", "new"):
        engine.request("DELETE", f"/containers/{names[name]}?force=1&v=1")
    engine.request("DELETE", "/volumes/" + names["volume"])
    for tag in ("second", "first"):
        engine.request("DELETE", f"/images/{own}:{tag}")


COMMANDS = """
ps -a --filter label=own=OWN --format {{.Names}}|{{.Image}}|{{.Command}}|{{.State}}|{{.Ports}}|{{.Labels}}|{{.Mounts}}|{{.Networks}}
ps --no-trunc --filter label=own=OWN
ps -a --filter label=own=OWN
ps -aq --filter label=own=OWN
ps -aq --no-trunc --filter label=own=OWN
ps -a --filter label=own=OWN --filter exited=3 --format {{json .Names}}
ps -a --filter label=own=OWN --filter status=created --format table {{.ID}}\t{{.Names}}
ps -n 1 --filter label=own=OWN --format {{.Names}}
ps --filter nosuch=1
ps --format {{.NoSuchField}}
ps --format {{.Names
ps --nosuchflag
ps extra
images
images -q
images -a --no-trunc
images --digests
images OWN
images --format {{.Repository}}:{{.Tag}} OWN
images --filter dangling=true
images --format json OWN
inspect UP --format {{.State.Running}}
inspect -f {{json .Config.Env}} UP
inspect -f {{.Name}}{{range.Mounts}}|{{.Type}}{{end}} UP ENDED
inspect UP
inspect bb
inspect --type volume VOL
inspect --type image UP
inspect nosuch
inspect UP nosuch --format {{.Name}}
inspect -f {{.No.Such}} UP
inspect -f {{.State UP
inspect -s -f {{.SizeRw}} UP
image inspect nosuch
image inspect -f {{.Os}}/{{.Architecture}} bb
volume inspect VOL
volume ls --filter name=VOL
volume ls -q --filter name=VOL
volume inspect nosuch
network ls --filter driver=null
network inspect -f {{.Name}}={{.Driver}} bridge
network inspect nosuch
logs ENDED
logs --tail 0 ENDED
logs nosuch
top UP -o pid,args
top ENDED
port NEW
port UP 80
diff UP
history bb
history -q bb
history --format {{.Size}} bb
wait ENDED
start nosuch
rm nosuch
rmi nosuch
kill ENDED
exec ENDED true
exec nosuch true
exec UP false
exec UP sh -c "exit 7"
exec UP nosuchprogram
cp nosuch:/x -
rename nosuch other
version --format {{.Server.APIVersion}}
info --format {{.OSType}}
system df --format {{.Type}}
run --rm --mount type=volume,target=/x, bb true
run --rm --mount ,type=volume,target=/x bb true
run --rm --mount "" bb true
run --rm --mount , bb true
run --rm --mount '"type=volume",' bb true
run --rm --network name=x, bb true
run --rm --network "" bb true
run --rm --gpus device=0, bb true
run --rm --gpus all, bb true
run --rm --gpus "" bb true
run --rm --gpus options= bb true
run --rm -p published=1,target=2, bb true
context create CTX --docker ""
run --rm --gpus all --gpus device=0,device=1 bb true
""".strip().split("\n")


def words(line, names):
    for key in ("up", "ended", "new"):
        line = line.replace(key.upper(), names[key])
    line = line.replace("VOL", names["volume"]).replace("OWN", names["own"])
    if "{{" in line and " " in line:
        return split_templates(line)
    return shlex.split(line)


def split_templates(line):
    """Blanks inside {{…}} and what follows --format table belong to one word."""
    out, depth = [""], 0
    for i, c in enumerate(line):
        depth += (line[i:i + 2] == "{{") - (line[i - 1:i + 1] == "}}")
        if c == " " and depth <= 0 and not out[-1].endswith("table"):
            out.append("")
        else:
            out[-1] += c
    return [w.replace("\\t", "\t") for w in out]


def say(client, engine, words_):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | {"DOCKER_CONFIG": os.path.join(engine.top, "docker-config")}
    p = run([client, "-H", "unix://" + engine.sock, *words_], env=env, check=False)
    return p.returncode, p.stdout, p.stderr.replace("docker", "berth")


@pytest.mark.skipif(not DOCKER, reason="no docker 28 here")
@pytest.mark.parametrize("line", COMMANDS)
def test_docker_and_berth_say_the_same(engine, world, line):
    # "2 seconds ago" may become 3 between the two: what counts is what berth says while docker goes on saying the same.
    docker, after, end = None, say(DOCKER, engine, words(line, world)), time.monotonic() + 3 * PATIENCE
    while docker != after and time.monotonic() < end:
        docker, berth = after, say(BERTH, engine, words(line, world))
        if docker == berth:
            break
        after = say(DOCKER, engine, words(line, world))
    assert berth == docker
