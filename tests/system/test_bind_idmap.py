# SPDX-License-Identifier: Apache-2.0
"""Id-mapped binds: whose the files of a bind are inside, without a change on disk."""
import os

import pytest

from harness import BERTH, run
from test_userns import FIRST, box as remapped_box, remapped  # noqa: F401 - fixtures


@pytest.fixture
def tree(tmp_path):
    """A directory of user 4321's, with a file of each of several people's."""
    os.chmod(tmp_path, 0o755)
    d = tmp_path / "tree"
    d.mkdir()
    for uid in (0, 1000, 4321, 5000):
        (d / str(uid)).write_text("x")
        os.chown(d / str(uid), uid, uid)
        os.chmod(d / str(uid), 0o600)
    os.chown(d, 4321, 4321)
    os.chmod(d, 0o755)
    return str(d)


LOOK = "cd /b; stat -c %u:%g . 0 1000 4321 5000"


def stat_of(path):
    return os.stat(path).st_uid, os.stat(path).st_gid


@pytest.mark.parametrize("way", [["-v", "{}:/b:idmap"], ["--mount", "type=bind,src={},dst=/b,bind-idmap"],
                                 ["--mount", "type=bind,src={},dst=/b,bind-idmap=match-user"], ["--mount", "type=bind,src={},dst=/b,bind-idmap=match-user:user"]])
def test_the_owner_of_the_source_is_the_containers_user(engine, tree, way):
    way = [w.format(tree) for w in way]
    out = engine.berth("run", "--rm", "-u", "user", *way, "bb", "sh", "-c", LOOK + "; cat 4321; echo; echo new > made && mkdir dir; stat -c %u made").stdout.split()
    # Both have changed places, and everybody else is who he is.
    assert out == ["1000:1000", "0:0", "4321:4321", "1000:1000", "5000:5000", "x", "1000"]
    assert stat_of(tree + "/made") == stat_of(tree + "/dir") == (4321, 4321)
    assert {u: stat_of(f"{tree}/{u}") for u in (0, 1000, 4321, 5000)} == {u: (u, u) for u in (0, 1000, 4321, 5000)}


def test_dockers_client_says_it_in_the_short_form(engine, client, tree):
    assert engine.docker("run", "--rm", "-v", f"{tree}:/b:idmap,ro", "bb", "sh", "-c", "stat -c %u /b; touch /b/x 2>/dev/null || echo refused", client=client).stdout.split() == ["0", "refused"]


def test_root_inside_makes_files_of_the_sources_owner(engine, tree):
    """The most wished for: a build as root in a developer's directory leaves nothing there that he could not remove."""
    out = engine.berth("run", "--rm", "-v", f"{tree}:/b:idmap", "bb", "sh", "-c", LOOK + "; touch /b/made; echo more >> /b/4321").stdout.split()
    assert out == ["0:0", "4321:4321", "1000:1000", "0:0", "5000:5000"]
    assert stat_of(tree + "/made") == (4321, 4321)


@pytest.mark.parametrize("user,want", [("user", "1000:1000"), ("1234", "1234:0"), ("1234:77", "1234:77"), ("user:extra", "1000:2000")])
def test_another_user_may_be_named(engine, tree, user, want):
    assert engine.berth("run", "--rm", "--mount", f"type=bind,src={tree},dst=/b,bind-idmap=match-user:{user}", "bb", "stat", "-c", "%u:%g", "/b").stdout.strip() == want


def test_a_file_can_be_mapped(engine, tree):
    assert engine.berth("run", "--rm", "-u", "1000", "-v", f"{tree}/4321:/f:idmap", "bb", "sh", "-c", "cat /f; stat -c %u /f").stdout.split("x") == ["", "1000\n"]


def test_it_follows_the_source_at_each_start(engine, tree, name):
    engine.berth("create", "--name", name, "-v", f"{tree}:/b:idmap", "bb", "stat", "-c", "%u", "/b")
    os.chown(tree, 5000, 5000)
    assert engine.berth("start", "-a", name).stdout == "0\n"
    assert engine.inspect(name)["HostConfig"]["Binds"] == [f"{tree}:/b:idmap"]


def test_inspect_shows_what_was_asked_for(engine, tree, name):
    mapping = {"Source": "match-user", "User": "user"}
    a = engine.post(f"/containers/create?name={name}", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Mounts": [
        {"Type": "bind", "Source": tree, "Target": "/b", "BindOptions": {"IDMapping": mapping}}]}})
    assert a.status == 201, a.body
    assert engine.inspect(name)["HostConfig"]["Mounts"][0]["BindOptions"]["IDMapping"] == mapping


@pytest.mark.parametrize("mapping,words", [
    ({"Source": "other"}, 'Source must be "match-user" or "userns"'), ({}, 'Source must be "match-user" or "userns"'),
    ({"Source": "userns", "User": "u"}, 'User goes with "match-user" only'), ({"Source": 5}, "IDMapping.Source"), ("match-user", "IDMapping"),
    ({"Source": "match-user", "Map": "0:1:2"}, "only Source and User are known")])
def test_what_makes_no_sense_is_refused(engine, tree, mapping, words):
    a = engine.post("/containers/create", {"Image": "bb", "Cmd": ["true"], "HostConfig": {"Mounts": [
        {"Type": "bind", "Source": tree, "Target": "/b", "BindOptions": {"IDMapping": mapping}}]}})
    assert a.status == 400 and words in a.message


@pytest.mark.parametrize("options,words", [
    (["--mount", "type=bind,src=/tmp,dst=/b,bind-idmap=other"], 'invalid value for bind-idmap: other (must be "match-user", "match-user:USER", or "userns")'),
    (["--mount", "type=bind,src=/tmp,dst=/b,bind-idmap=match-user:"], "invalid value for bind-idmap"),
    (["--mount", "type=volume,src=v,dst=/b,bind-idmap"], "cannot mix 'bind-*' options with mount type 'volume'"),
    (["-v", "vol:/b:idmap"], "invalid mode: idmap"),
    (["--mount", "type=bind,src=/tmp,dst=/b,bind-idmap=match-user:nobodythere"], "unable to find user nobodythere"),
    (["--mount", "type=bind,src=/tmp,dst=/b,bind-idmap=userns"], "needs a container with a user namespace")])
def test_the_command_line_refuses_what_makes_no_sense(engine, options, words):
    p = engine.berth("run", "--rm", *options, "bb", "true", check=False)
    assert p.returncode == 125 and words in p.stderr


def test_a_file_system_without_id_mapped_mounts_is_named(engine, tmp_path):
    run(["mount", "-t", "ramfs", "ramfs", str(tmp_path)])
    try:
        p = engine.berth("run", "--rm", "-v", f"{tmp_path}:/b:idmap", "bb", "true", check=False)
        assert p.returncode != 0 and f"the file system of {tmp_path} does not take id-mapped mounts" in p.stderr
    finally:
        run(["umount", "-l", str(tmp_path)])


# With userns-remap.

def test_a_remapped_containers_user_gets_the_sources_files(remapped, tree):  # noqa: F811
    out = remapped.berth("run", "--rm", "-v", f"{tree}:/b:idmap", "bb", "sh", "-c", "cd /b; stat -c %u . 4321; cat 4321; touch made 2>&1; stat -c %u 0").stdout.split()
    assert out == ["0", "0", "x", "65534"] or out[:2] == ["0", "0"]
    assert stat_of(tree + "/made") == (4321, 4321) and FIRST != 4321


def test_userns_shows_the_ids_on_disk(remapped, tree):  # noqa: F811
    out = remapped.berth("run", "--rm", "--mount", f"type=bind,src={tree},dst=/b,bind-idmap=userns", "bb", "sh", "-c", LOOK + "; cat /b/0; touch /b/0/x 2>/dev/null; touch /b/made").stdout.split()
    assert out[:5] == ["4321:4321", "0:0", "1000:1000", "4321:4321", "5000:5000"] and out[5] == "x"
    assert stat_of(tree + "/made") == (0, 0)


def test_the_help_names_it():
    assert BERTH and "--mount" in run([BERTH, "run", "--help"]).stdout
