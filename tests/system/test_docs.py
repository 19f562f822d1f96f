# SPDX-License-Identifier: Apache-2.0
"""What the documents say is there: files, functions, tests, commands, flags. No daemon is needed."""
import functools
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BERTH_BUILD", TOP / "build"))
DECISIONS = TOP / "docs/decisions"
PAGES = [TOP / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/security.md", "docs/machine.md")]
PAGES += sorted(DECISIONS.glob("[0-9]*.md"))


@functools.cache
def ours(suffixes):
    rooms = ["src", "tests", "docs", "packaging", "tools"]
    files = [p for room in rooms for p in (TOP / room).rglob("*") if p.suffix in suffixes]
    return [str(p.relative_to(TOP)) for p in files + list(TOP.glob("*.md"))]


@functools.cache
def words():
    return {w for f in ours((".c", ".h")) if f.startswith("src/") for w in re.findall(r"\bbt_\w+", (TOP / f).read_text())}


def page_id(page):
    return str(page.relative_to(TOP))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_file_that_a_page_names_exists(page):
    known = ours((".c", ".h", ".py", ".sh", ".md"))
    named = set(re.findall(r"`([\w./-]+\.(?:c|h|py|sh|md))`", page.read_text()))
    # A pattern for names is none itself; a kernel's own file is not ours.
    gone = {n for n in named if not any(k == n or k.endswith("/" + n) for k in known) and "NNNN" not in n}
    assert gone == set()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_function_that_a_page_names_exists(page):
    named = set(re.findall(r"`(bt_\w+)(?:\(\))?`", page.read_text()))
    assert {n for n in named if n not in words() and not n.endswith("_")} == set()


def test_each_test_that_the_security_checks_name_exists():
    text = (TOP / "docs/security.md").read_text()
    units = re.findall(r"`((?:%s)/\w+)`" % "|".join(p.name for p in (TOP / "tests/unit").iterdir() if p.is_dir()), text)
    fuzz = [n for line in re.findall(r"fuzz targets? ((?:`\w+`(?:, | and )?)+)", text) for n in re.findall(r"`(\w+)`", line)]
    assert units and fuzz
    rooms = [unit.split("/") for unit in units]
    assert [f"{r}/{n}" for r, n in rooms if not (TOP / f"tests/unit/{r}/test_{n}.c").exists()] == []
    assert [n for n in fuzz if not (TOP / f"tests/fuzz/{n}.c").exists()] == []


def test_the_index_of_decisions_leads_to_pages_of_these_titles():
    index = dict(re.findall(r"^- \[\d+\]\(([\w.-]+)\) (.+)$", (DECISIONS / "README.md").read_text(), re.M))
    titles = {}
    for page in DECISIONS.glob("[0-9]*.md"):
        titles[page.name] = re.sub(r"^# (\d+[.:]? *)?", "", page.read_text().splitlines()[0])
    assert index and {name: titles.get(name) for name in index} == index


def test_no_two_decisions_have_one_number():
    numbers = [p.name[:4] for p in DECISIONS.glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


def helped(*words):
    return subprocess.run([BUILD / words[0], *words[1:], "--help"], capture_output=True, text=True, check=False)


def test_each_command_of_the_readme_exists():
    """And each flag that is shown with it."""
    text = (TOP / "README.md").read_text()
    lines = re.findall(r"^    (?:.*&& )?berth (.+)$", text, re.M) + re.findall(r"`berth (\w[^`]*)`", text)
    assert len(lines) > 8
    for line in lines:
        words = line.split(" && ")[0].split()
        path = words[:2] if words[0] in ("volume", "context", "network", "image", "container", "system") else words[:1]
        help_ = helped("berth", *path)
        assert help_.returncode == 0, line
        # What follows the image is the container's own.
        for flag in [w.split("=")[0] for w in words if re.match(r"--[a-z]", w)]:
            assert re.search(rf"{flag}\b", help_.stdout), line


def test_each_flag_of_the_daemon_in_the_readme_and_in_the_unit_exists():
    help_ = helped("berthd").stdout
    unit = (TOP / "packaging/berth.service.in").read_text()
    for flag in re.findall(r"(?<= )(--?[a-zA-Z][\w-]*)", re.search(r"^ExecStart=(.*)$", unit, re.M)[1]):
        assert re.search(rf"(^| ){flag}[, ]", help_, re.M), flag
    keys = re.findall(r'`"([a-z-]+)": ', (TOP / "README.md").read_text())
    assert keys
    for key in keys:
        assert f"--{key} " in help_, key


def test_the_units_refer_to_no_manual_that_is_not_installed():
    for unit in (TOP / "packaging").iterdir():
        for name in re.findall(r"man:(\w+)\((\d)\)", unit.read_text()):
            # os.walk() does not mind what goes meanwhile: other tests have directories in the build's.
            assert any(n.startswith(f"{name[0]}.{name[1]}") for _, _, names in os.walk(TOP) for n in names), name
