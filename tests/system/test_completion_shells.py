# SPDX-License-Identifier: Apache-2.0
"""Completion as a user has it: bash, zsh and fish, each on a terminal or by its own question, with the script that the program prints."""
import fcntl
import os
import pty
import select
import shutil
import subprocess
import termios
import time

import pytest

from harness import BERTH, PATIENCE, run

# What stands in the last word's place where one fits, and lines for which there is nothing.
ONE = [("berth volume ren", "rename"), ("berth run --pull=al", "--pull=always"), ("berth run --pull al", "always"), ("berth logs shellr", "shellrun"),
       ("berth rmi shellimage:", "shellimage:one"), ("berth run --network shelln", "shellnet"), ("berth load -i shell-ar", "shell-archive.tar"),
       ("berth load --input=shell-ar", "--input=shell-archive.tar")]
NONE = ["berth volume rm shell-nothing", "berth network rm shell-nothing", "berth run --pull=shell"]


@pytest.fixture(scope="module")
def things(engine):
    engine.docker("network", "create", "--subnet", "10.213.78.0/24", "shellnet")
    engine.docker("tag", "bb:latest", "shellimage:one")
    engine.docker("run", "-d", "--network", "none", "--name", "shellrun", "bb", "sleep", "1000")
    yield engine
    engine.docker("rm", "-f", "shellrun")
    engine.docker("network", "rm", "shellnet")
    engine.docker("rmi", "shellimage:one")


class Shell:
    """A shell of its own in a directory of its own, in which berth is installed and talks to the engine."""

    def __init__(self, engine, top, shell):
        self.top, self.shell = str(top), shell
        os.makedirs(os.path.join(self.top, "bin"))
        os.symlink(BERTH, os.path.join(self.top, "bin", "berth"))
        open(os.path.join(self.top, "shell-archive.tar"), "w").close()
        self.said = os.path.join(self.top, "said")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | {
            "PATH": f"{self.top}/bin:{os.environ['PATH']}", "HOME": self.top, "ZDOTDIR": self.top, "XDG_CONFIG_HOME": self.top, "TERM": "xterm", "LC_ALL": "C.UTF-8",
            "DOCKER_HOST": "unix://" + engine.sock, "DOCKER_CONFIG": os.path.join(engine.top, "docker-config"), "BERTH_SAID": self.said}
        script = run([BERTH, "completion", shell]).stdout
        getattr(self, "install_" + shell)(script)

    def install_bash(self, script):
        with open(os.path.join(self.top, "rc"), "w") as f:
            f.write(script + """
PS1=; HISTFILE=
bind 'set bell-style none'
bind -x '"\\C-t": printf "line %s\\n" "$READLINE_LINE" >>"$BERTH_SAID"; exit'
echo READY
""")

    def install_zsh(self, script):
        with open(os.path.join(self.top, "_berth"), "w") as f:
            f.write(script)
        with open(os.path.join(self.top, ".zshrc"), "w") as f:
            # compadd is what a completion calls in the end; -O, -A and -D make it a question of that completion's own.
            f.write("""PS1= RPS1= LISTMAX=10000
fpath=($ZDOTDIR $fpath)
autoload -Uz compinit
compinit -C -d $ZDOTDIR/dump
compadd() {
  local -a hits
  [[ "${@[1,(i)(-|--)]}" == *-(O|A|D)\\ * ]] || { builtin compadd -O hits "$@"; print -rl -- "${hits[@]/#/offered }" >>$BERTH_SAID; }
  builtin compadd "$@"
}
zle-line-init() {
  BUFFER=$BERTH_LINE CURSOR=$(($#BERTH_LINE - ${BERTH_BACK:-0}))
  zle complete-word
  print -r -- "line $BUFFER" >>$BERTH_SAID
  BUFFER=exit
  zle accept-line
}
zle -N zle-line-init
""")

    def install_fish(self, script):
        self.script = script

    def on_terminal(self, argv, keys=b"", **env):
        """Run a shell on a terminal of 300 columns until it ends; keys are pressed once it has said that it is ready."""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, b"\x32\0\x2c\1\0\0\0\0")
        open(self.said, "w").close()
        p = subprocess.Popen(argv, stdin=child, stdout=child, stderr=child, env=self.env | env, cwd=self.top, start_new_session=True)
        os.close(child)
        try:
            self.seen = self.watch(parent, keys)
            p.wait(timeout=PATIENCE)
        finally:
            if p.poll() is None:
                p.kill()
                p.wait()
            os.close(parent)
        with open(self.said) as f:
            lines = f.read().splitlines()
        assert any(x.startswith("line ") for x in lines), self.seen
        return {x.removeprefix("offered ") for x in lines if x.startswith("offered ")}, [x for x in lines if x.startswith("line ")][0].removeprefix("line ")

    @staticmethod
    def watch(terminal, keys):
        """All that is printed until the last process has let go of the terminal."""
        seen, end = b"", time.monotonic() + PATIENCE
        while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
            if keys and b"READY" in seen:
                os.write(terminal, keys)
                keys = b""
        return seen

    def bash(self, line):
        return self.on_terminal(["bash", "--noprofile", "--rcfile", os.path.join(self.top, "rc"), "-i"], keys=line.encode() + b"\t\x14")

    def zsh(self, line, back=0):
        return self.on_terminal(["zsh", "-i"], BERTH_LINE=line, BERTH_BACK=str(back))

    def fish(self, line):
        """Fish has a question for tests like these, and needs no terminal for it."""
        p = subprocess.run(["fish", "-c", self.script + "\ncomplete -C $BERTH_LINE"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                           env=self.env | {"BERTH_LINE": line}, cwd=self.top, timeout=PATIENCE)
        assert p.returncode in (0, 1) and p.stderr == "", p.stderr
        offered = {x.split("\t")[0] for x in p.stdout.splitlines()}
        before, _, _ = line.rpartition(" ")
        return offered, f"{before} {next(iter(offered))} " if len(offered) == 1 else line


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def shell(request, things, tmp_path_factory):
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} here")
    return Shell(things, tmp_path_factory.mktemp("shell"), request.param)


@pytest.fixture(scope="module")
def zsh(things, tmp_path_factory):
    if not shutil.which("zsh"):
        pytest.skip("no zsh here")
    return Shell(things, tmp_path_factory.mktemp("zsh"), "zsh")


@pytest.mark.parametrize("line, word", ONE)
def test_a_tab_puts_the_one_word_that_fits(shell, line, word):
    _, became = getattr(shell, shell.shell)(line)
    assert became.rstrip(" ") == f"{line.rpartition(' ')[0]} {word}"


@pytest.mark.parametrize("line", NONE)
def test_a_tab_changes_nothing_where_nothing_fits(shell, line):
    offered, became = getattr(shell, shell.shell)(line)
    assert (offered, became) == (set(), line)


def test_nothing_of_the_line_is_run(shell):
    mark = os.path.join(shell.top, "mark")
    for line in (f"berth rm $(touch {mark}) ", f"berth rm (touch {mark}) ", f"berth rm `touch {mark}` ", f"berth rm \"$(touch {mark})\" "):
        getattr(shell, shell.shell)(line)
    assert not os.path.exists(mark)


def test_several_words_are_offered_and_none_is_put(shell):
    words = ["always", "missing", "never"]
    if shell.shell == "bash":
        # Bash shows what fits at the second tab.
        offered, became = shell.on_terminal(["bash", "--noprofile", "--rcfile", os.path.join(shell.top, "rc"), "-i"], keys=b"berth run --pull \t\t\x14")
        assert became == "berth run --pull "
        assert words == [w for w in shell.seen.decode().split() if w in words]
        return
    offered, became = getattr(shell, shell.shell)("berth run --pull ")
    assert (sorted(offered), became.rstrip(" ")) == (words, "berth run --pull")


def test_zsh_completes_within_quotes_and_before_the_lines_end(zsh):
    assert zsh.zsh("berth logs 'shellr")[1].rstrip(" ") == "berth logs 'shellrun'"
    assert zsh.zsh("berth volume ren x", back=2)[1].split() == ["berth", "volume", "rename", "x"]
    assert zsh.zsh("berth rmi shellimage\\:o")[1].split() == ["berth", "rmi", "shellimage:one"]
