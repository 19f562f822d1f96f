#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print a manual page, made of what a program says of itself: nothing of it is written twice.

usage: manual.py berth BERTH          berth(1), from --help of the program and of each of its commands
       manual.py berthd BERTHD        berthd(8), from its --help
       manual.py daemon.json TABLE    daemon.json(5), from the lines of the program tools/option_table.c
       manual.py file PAGE VERSION    a written page, with the version in the place of @VERSION@
"""
import re
import subprocess
import sys

LICENSE = '.\\" SPDX-License-Identifier: Apache-2.0\n'


def ask(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout


def roff(text):
    """Text that troff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def option(letter, name, value, text):
    head = (f"\\fB\\-{letter}\\fR, " if letter else "") + f"\\fB{roff('--' + name)}\\fR" + (f" \\fI{roff(value)}\\fR" if value else "")
    return f".TP\n{head}\n{roff(text)}\n"


def sections(text):
    """{title: lines} of a --help; what stands before the first title is under ""."""
    found, title = {"": []}, ""
    for line in text.splitlines():
        if re.match(r"\S.*:$", line):
            title = line[:-1]
            found[title] = []
        else:
            found[title].append(line)
    return found


def options(lines, values=True):
    """(letter, name, value, text) of each option; a line that begins further right goes on with the text before. Without `values`, none is named there."""
    found, head = [], r"  (?:-(\S), |    )--([a-z0-9-]+)" + (r"(?: (\S+))?" if values else "()")
    for line in lines:
        m = re.match(head + r" +(\S.*)$", line)
        if m:
            found.append([m[1], m[2], m[3], m[4]])
        elif found and line.startswith("    "):
            found[-1][3] += " " + line.strip()
    return found


def commands(help_text):
    """Words that stand under a title that ends with "Commands", in their order."""
    return [m[1] for title, lines in sections(help_text).items() if title.endswith("Commands") for line in lines if (m := re.match(r"  ([a-z][a-z-]*) ", line))]


def walk(berth, path=()):
    """(path, --help) of every command that is no group; one that has several names comes under its shortest."""
    text = ask(berth, *path, "--help")
    below = commands(text)
    if path and not below:
        yield path, text
    for word in below:
        yield from walk(berth, (*path, word))


def command(path, text):
    parts = sections(text)
    usage, _, brief = "\n".join(parts[""]).partition("\n\n")
    words = " ".join(path)
    out = f".SS {roff(words)}\n.nf\n{roff(usage.removeprefix('Usage:').replace(chr(9), '').strip())}\n.fi\n.PP\n{roff(brief.strip())}.\n"
    others = [name for name in " ".join(parts.get("Aliases", [])).strip().split(", ") if name not in ("", "berth " + words)]
    if others:
        out += f".PP\nAlso called: {roff(', '.join(others))}.\n"
    return out + "".join(option(*o) for o in options(parts.get("Options", [])))


def berth_page(berth):
    version, top = ask(berth, "--version").split()[-1], ask(berth, "--help")
    pages = {}
    for path, text in walk(berth):
        # "container rm" and "rm" are one command: its usage tells by which name it was asked, the rest is the same.
        pages.setdefault(text.split("\n", 1)[1], (path, text))
        if len(path) < len(pages[text.split("\n", 1)[1]][0]):
            pages[text.split("\n", 1)[1]] = (path, text)
    return LICENSE + f""".TH BERTH 1 "" "berth {version}" "User Commands"
.SH NAME
berth \\- run and manage containers
.SH SYNOPSIS
.B berth
[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARG\\fR...]
.SH DESCRIPTION
.B berth
asks the daemon
.BR berthd (8)
for containers, images, networks and volumes. Its commands and flags are docker\\(aqs; called by the name
.BR docker ,
it is docker.
.SH OPTIONS
{"".join(option(*o) for o in options(sections(top)["Global Options"]))}.SH COMMANDS
{"".join(command(*page) for page in sorted(pages.values()))}.SH EXIT STATUS
0, or 1 for a failure. \\fBrun\\fR, \\fBexec\\fR, \\fBstart \\-a\\fR, \\fBattach\\fR and \\fBwait\\fR have that of the container\\(aqs program; 125 is a refusal of the daemon or wrong
flags, 126 a program that cannot be run, 127 one that is not there, 128+\\fIn\\fR a death by signal \\fIn\\fR.
.SH ENVIRONMENT
.TP
.BR BERTH_HOST ", " DOCKER_HOST
Where the daemon listens, if
.B \\-\\-host
does not say.
.TP
.B DOCKER_CONTEXT
The context in use.
.TP
.BR DOCKER_CONFIG ", " DOCKER_CERT_PATH ", " DOCKER_TLS_VERIFY
As docker has them.
.SH FILES
.TP
.I ~/.docker/config.json
The client\\(aqs configuration and credentials, those that docker uses.
.TP
.I /run/berth.sock
The daemon\\(aqs socket.
.SH SEE ALSO
.BR berthd (8),
.BR berth\\-runtime (8),
.BR daemon.json (5)
"""


def berthd_page(berthd):
    version, text = ask(berthd, "--version").split(",")[0].split()[-1], sections(ask(berthd, "--help"))
    return LICENSE + f""".TH BERTHD 8 "" "berth {version}" "System Administration"
.SH NAME
berthd \\- the daemon of berth, a container engine
.SH SYNOPSIS
.B berthd
[\\fIOPTIONS\\fR]
.SH DESCRIPTION
.B berthd
serves Docker\\(aqs API on a socket. Containers outlive it: each has a monitor of its own, which the next daemon finds again. It is stopped by SIGTERM, and reads its configuration anew at
SIGHUP, of which debug, log\\-level, labels, insecure\\-registries, registry\\-mirrors, runtimes, default\\-runtime, default\\-shm\\-size, default\\-ipc\\-mode and shutdown\\-timeout count at
once.
.PP
Called by the name
.BR dockerd ,
it takes every option of dockerd.
.SH OPTIONS
{"".join(option(*o) for o in options(text["Options"][:text["Options"].index("")], values=False))}.SH FILES
.TP
.I /etc/berth/daemon.json
The configuration: see
.BR daemon.json (5).
.TP
.I /var/lib/berth
Images, containers and volumes.
.TP
.I /run/berth
What belongs to running containers.
.SH SEE ALSO
.BR berth (1),
.BR berth\\-runtime (8),
.BR daemon.json (5)
"""


def json_page(table):
    rows = [line.split("\t") for line in ask(table).splitlines()]
    entries = ""
    for key, flag, kind, text in sorted(rows):
        same = f"The same as \\fB{roff('--' + flag)}\\fR of berthd. " if flag else ""
        entries += f".TP\n.BR {roff(key)} \" (\" \"{roff(kind).replace(chr(34), chr(92) + '(dq')}\" )\n{same}{roff(text[:1].upper() + text[1:]) + '.' if text else ''}\n"
    return LICENSE + f""".TH DAEMON.JSON 5 "" "berth" "File Formats"
.SH NAME
daemon.json \\- configuration of berth\\(aqs daemon
.SH SYNOPSIS
.I /etc/berth/daemon.json
.SH DESCRIPTION
One object of JSON (RFC 8259). What a flag of
.BR berthd (8)
says, the file must not say as well: the daemon does not start, and names it. Nor does it start with a member that it does not know, or that dockerd has and berth does not offer; called
.BR dockerd ,
it takes the latter with a warning.
.B berthd \\-\\-validate
checks the file.
.SH MEMBERS
{entries}.SH EXAMPLE
.EX
{{
    "publish\\-policy": "host\\-firewall",
    "registry\\-mirrors": ["https://mirror.example"],
    "default\\-address\\-pools": [{{"base": "10.10.0.0/16", "size": 24}}],
    "log\\-opts": {{"max\\-size": "10m", "max\\-file": "3"}}
}}
.EE
.SH SEE ALSO
.BR berthd (8)
"""


def file_page(page, version):
    with open(page, encoding="utf-8") as f:
        return f.read().replace("@VERSION@", version)


if __name__ == "__main__":
    make = {"berth": berth_page, "berthd": berthd_page, "daemon.json": json_page, "file": file_page}
    sys.stdout.write(make[sys.argv[1]](*sys.argv[2:]))
