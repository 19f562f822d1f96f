# SPDX-License-Identifier: Apache-2.0
"""What shells offer: the hidden __complete is asked as docker's is, and the printed scripts are run by their shells."""
import os
import re
import shutil
import subprocess

import pytest

from harness import BERTH, CLIENTS, run

# Lines whose words come from the daemon, and lines that are the same for every docker.
ASKED = ["rm ", "start ", "stop ", "kill ", "exec ", "logs ", "attach ", "pause ", "unpause ", "restart ", "rename ", "wait ", "top ", "port ", "export ", "rm -f ", "rm --force ",
         "container inspect ", "run ", "run -it --rm ", "rmi ", "tag ", "history ", "save ", "image inspect ", "network rm ", "network inspect ", "network connect ",
         "run --network ", "run --volumes-from ", "volume rm ", "volume inspect "]
FIXED = ["run --pull ", "run --pull m", "run --ipc ", "run --pid ", "run image ", "update --restart un", "run --env-file ", "cp ", "load -i ", "volume c"]


@pytest.fixture(scope="module")
def things(engine):
    """A container in each state, and one of each other thing, all called comp…"""
    engine.docker("network", "create", "--subnet", "10.213.77.0/24", "compnet")
    engine.docker("volume", "create", "compvol")
    engine.docker("tag", "bb:latest", "compimage:one")
    for name in ("comprun", "comppaused"):
        engine.docker("run", "-d", "--network", "none", "--name", name, "bb", "sleep", "1000")
    engine.docker("pause", "comppaused")
    engine.docker("create", "--network", "none", "--name", "compmade", "bb", "true")
    engine.docker("run", "--network", "none", "--name", "compgone", "bb", "true")
    yield engine
    engine.docker("rm", "-f", "comprun", "comppaused", "compmade", "compgone")
    engine.docker("network", "rm", "compnet")
    engine.docker("volume", "rm", "compvol")
    engine.docker("rmi", "compimage:one")


def environment(engine):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
    return env | {"DOCKER_HOST": "unix://" + engine.sock, "DOCKER_CONFIG": os.path.join(engine.top, "docker-config")}


def ask(engine, client, line):
    """The words offered, and the number at the end."""
    lines = run([client, "__complete", *line.split(" ")], env=environment(engine)).stdout.splitlines()
    return {text.split("\t")[0] for text in lines[:-1]}, int(lines[-1].removeprefix(":"))


@pytest.fixture(scope="module")
def docker28():
    for client in CLIENTS:
        if (m := re.search(r"version (\d+)\.", run([client, "--version"]).stdout)) and int(m[1]) >= 28:
            return client
    pytest.skip("no docker 28 here")


def ours_of(words):
    """Others' tests make things on the same daemon meanwhile."""
    return {w for w in words if w.startswith("comp")}


@pytest.mark.parametrize("line", ASKED)
def test_the_daemons_things_are_offered_as_docker_offers_them(things, docker28, line):
    theirs, their_bits = ask(things, docker28, line)
    ours, bits = ask(things, BERTH, line)
    assert (ours_of(ours), bits) == (ours_of(theirs), their_bits)


@pytest.mark.parametrize("line", FIXED)
def test_fixed_words_are_dockers(things, docker28, line):
    theirs, their_bits = ask(things, docker28, line)
    ours, bits = ask(things, BERTH, line)
    # Ours has a policy more, and does itself what docker leaves to the shell: it looks for what begins so.
    assert (ours - {"on-unhealthy"}, bits) == ({w for w in theirs if w.startswith(line.split(" ")[-1])}, their_bits)


@pytest.mark.parametrize("line, want", [("start ", {"compmade", "compgone"}), ("unpause ", {"comppaused"}), ("exec ", {"comprun"}), ("enter ", {"comprun", "comppaused"}),
                                        ("stop compr", {"comprun"}), ("rm ", {"compmade", "compgone"}), ("rm -f ", {"comprun", "comppaused", "compmade", "compgone"}), ("diff ", {"comprun", "comppaused", "compmade", "compgone"}), ("rmi comp", {"compimage:one"}),
                                        ("run --network=comp", {"compnet"}), ("network connect compnet ", {"comprun", "comppaused", "compmade", "compgone"}),
                                        ("volume rename comp", {"compvol"})])
def test_only_what_a_command_can_act_on_is_offered(things, line, want):
    words, bits = ask(things, BERTH, line)
    assert (ours_of(words), bits) == (want, 4)


def test_a_host_named_in_the_line_is_the_one_that_is_asked(things):
    env = environment(things) | {"DOCKER_HOST": "unix:///nonexistent/berth.sock"}
    p = run([BERTH, "__complete", "-H", "unix://" + things.sock, "logs", "compr"], env=env)
    assert p.stdout == "comprun\tbb\n:4\n"
    assert run([BERTH, "__complete", "logs", "compr"], env=env).stdout == ":1\n"


def completed(engine, tmp_path, line, script=None, name="berth"):
    """What bash would put in the line's place, by the script that the program prints."""
    (tmp_path / name).exists() or os.symlink(BERTH, tmp_path / name)
    text = script or run([str(tmp_path / name), "completion", "bash"]).stdout
    ask = text + """
compopt() { echo "compopt $*"; }
COMP_LINE=$1 COMP_POINT=${#1}
""" + f"_{name}_completion\n" + """printf '%s\\n' "${COMPREPLY[@]}"
"""
    env = environment(engine) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    p = subprocess.run(["bash", "-euc", ask, "bash", line], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=60)
    assert p.returncode == 0 and p.stderr == "", p.stderr
    return p.stdout.split("\n")[:-1]


def test_bash_completes_by_the_printed_script(things, tmp_path):
    assert completed(things, tmp_path, "berth logs compr") == ["comprun"]
    assert completed(things, tmp_path, "berth volume ren") == ["rename"]
    assert completed(things, tmp_path, "berth run --pull=al") == ["always"]
    # A colon ends a word of bash's: what stands before it is there already.
    assert completed(things, tmp_path, "berth rmi compimage:") == ["one"]
    # Nothing of ours: names of files, where the command takes some.
    assert completed(things, tmp_path, "berth load -i ") == ["compopt -o default -o bashdefault", ""]
    assert completed(things, tmp_path, "berth volume rm no-such-vol") == [""]


def test_bash_completes_what_is_called_docker(things, tmp_path):
    assert completed(things, tmp_path, "docker logs compr", name="docker") == ["comprun"]


def test_nothing_of_the_line_is_run_by_bash(things, tmp_path):
    mark = tmp_path / "mark"
    for line in (f"berth rm $(touch${{IFS}}{mark})", f"berth rm `touch {mark}` ", f"berth ps ; touch {mark} "):
        completed(things, tmp_path, line)
    assert not mark.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_one_of_its_shell(things, shell):
    script = run([BERTH, "completion", shell]).stdout
    plain = run([BERTH, "completion", shell, "--no-descriptions"]).stdout
    assert "@" not in re.sub(r'\$@|\(@[fQ]?\)|\[@\]', "", script) and "__complete" in script
    assert "__completeNoDesc" in plain and "__complete " not in plain
    if shutil.which(shell):
        run([shell, "-n"], input=script)
