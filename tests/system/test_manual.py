# SPDX-License-Identifier: Apache-2.0
"""The manual pages: complete beside what the programs and their sources say, and such as man can show."""
import os
import re
import shutil
import sys

import pytest

from harness import BERTH, BUILD, TOP, run

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import record_cli  # noqa: E402

# The virtual machine gets the programs and the tests alone.
pytestmark = pytest.mark.skipif(not os.path.isdir(os.path.join(TOP, "src", "runtime")), reason="no sources here")
PAGES = ["berth.1", "berthd.8", "berth-runtime.8", "daemon.json.5"]


def page(name):
    with open(os.path.join(BUILD, name)) as f:
        return f.read().replace("\\-", "-")


def source(path):
    with open(os.path.join(TOP, "src", path)) as f:
        return f.read()


def flags_of(text):
    return set(re.findall(r"^(?:\\fB-\S\\fR, )?\\fB--([a-z0-9-]+)\\fR", text, re.M))


def sections(text):
    """{title: text} of the commands of a page."""
    parts = re.split(r"^\.SS (.*)\n", text.partition(".SH COMMANDS\n")[2].partition("\n.SH ")[0], flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_every_command_and_flag_of_the_client_is_in_its_page():
    text = page("berth.1")
    by_name = {}
    for title, body in sections(text).items():
        for name in [title, *re.findall(r"berth ([a-z -]+)", (re.search(r"^Also called: (.*)$", body, re.M) or [""])[0])]:
            by_name[name.strip()] = flags_of(body)
    found = dict(record_cli.walk(lambda path: run([BERTH, *path, "--help"]).stdout))
    assert len(found) > 80
    assert {c: set(f) for c, f in found.items() if c} == {c: by_name.get(c) for c in found if c}
    assert set(found[""]) == flags_of(text.partition(".SH OPTIONS")[2].partition(".SH ")[0])


def used_options():
    """(flag, key) of each option of the daemon's table that has a meaning."""
    rows = re.findall(r'\{ (NULL|"[^"]*"), (?:0|\'.\'),\s+(NULL|"[^"]*"),\s+BT_OPTION_\w+,\s+USED', source("api/config_options.c"))
    return [(flag.strip('"'), key.strip('"')) for flag, key in rows]


def test_every_option_of_the_daemon_is_in_its_page_and_in_that_of_its_file():
    options = used_options()
    assert len(options) > 60
    assert flags_of(page("berthd.8")) == {flag for flag, _ in options if flag != "NULL"}
    keys = set(re.findall(r"^\.BR ([a-z0-9-]+) \" \(\"", page("daemon.json.5"), re.M))
    assert keys == {key for _, key in options if key != "NULL"}


def test_every_flag_of_the_runtime_is_in_its_page():
    text, written = page("berth-runtime.8"), {}
    for title, body in sections(text).items():
        written[title.split()[0]] = flags_of(body)
    listed = re.findall(r'\{ "(\w+)", bt_oci_\w+, "[^"]*"', source("runtime/oci_cli.c"))
    assert sorted(written) == sorted(listed)
    taken = {}
    for name in ("cli", "create", "delete", "example", "exec", "list", "manage", "update"):
        texts = source(f"runtime/oci_{name}.c") + (source(f"runtime/oci_{name}_flags.c") if name in ("exec", "update") else "")
        taken[name] = set(re.findall(r'\{ "(?:--)?([a-z0-9-]+)",\s+(?:required_argument|no_argument|[A-Z]+, )', texts))
    assert written["run"] == taken["create"] and written["create"] == taken["create"] - {"detach", "keep"}
    assert written["exec"] == taken["exec"] and written["list"] == taken["list"] and written["spec"] == taken["example"]
    assert written["update"] | written["events"] == taken["update"] and written["kill"] == taken["manage"] and written["delete"] == taken["delete"]
    head = text.partition(".SH OPTIONS")[2].partition(".SH ")[0]
    assert [flag for flag in taken["cli"] if "--" + flag not in head] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name):
    text = page(name)
    assert text.startswith('.\\" SPDX') and "@VERSION@" not in text and "\n\n" not in text.replace("\n\n.", "\n.")
    assert re.search(r"^\.TH \S+ [158] ", text, re.M) and ".SH NAME\n" in text


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_set_without_a_warning(name):
    p = run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z", os.path.join(BUILD, name)])
    assert p.stderr == ""
