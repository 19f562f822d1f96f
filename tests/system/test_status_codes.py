# SPDX-License-Identifier: Apache-2.0
"""Status codes that only a registry brings about, and what refuses to be confused. The rest of docs/status-codes.md is tests/compat/scenario_status.py, which test_compat.py runs."""
import base64
import json
import os
import re

import pytest

from harness import TOP
from registries import Registry


@pytest.fixture(scope="module")
def closed():
    with Registry(users={"ann": "secret"}) as r:
        yield r


def login(registry, password):
    return {"username": "ann", "password": password, "serveraddress": registry.name}


def auth(registry, password="secret"):
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login(registry, password)).encode()).decode()}


def test_a_login_is_200_or_401(engine, closed):
    a = engine.post("/auth", login(closed, "secret"))
    assert a.status == 200 and a.json["Status"] == "Login Succeeded"
    a = engine.post("/auth", login(closed, "wrong"))
    assert a.status == 401 and a.message


def test_an_image_at_a_registry_is_200_or_401(engine, closed):
    ref = f"{closed.name}/codes/a:1"
    assert engine.post(f"/images/bb/tag?repo={closed.name}/codes/a&tag=1").status == 201
    assert b'"error"' not in engine.post(f"/images/{closed.name}/codes/a/push?tag=1", headers=auth(closed)).body
    engine.request("DELETE", f"/images/{ref}")
    assert engine.get(f"/distribution/{ref}/json", headers=auth(closed)).status == 200
    assert engine.get(f"/distribution/{ref}/json").status == 401
    assert engine.get(f"/distribution/{ref}/json", headers=auth(closed, "wrong")).status == 401


def test_what_a_registry_has_not_is_404(engine, closed):
    a = engine.post(f"/images/create?fromImage={closed.name}/codes/none&tag=1", headers=auth(closed))
    assert a.status == 404 and "manifest unknown" in a.message


def test_the_tests_that_the_page_names_are_there():
    with open(os.path.join(TOP, "docs", "status-codes.md")) as f:
        named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", f.read())
    assert len(named) >= 7
    for file, test in named:
        with open(os.path.join(TOP, "tests", "system", file)) as f:
            assert not test or f"def {test}(" in f.read(), (file, test)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "", "application/json/x"])
@pytest.mark.parametrize("path", ["/containers/create", "/volumes/create", "/networks/create", "/containers/nosuch/exec", "/containers/nosuch/update", "/networks/bridge/connect"])
def test_what_does_not_call_itself_json_is_not_read(engine, path, kind):
    # A form of a web page can be sent anywhere without being asked, JSON cannot.
    a = engine.post(path, b'{"Image":"bb","Name":"codes-never"}', headers={"Content-Type": kind})
    assert a.status == 400 and "Content-Type header" in a.message
    assert engine.get("/volumes/codes-never").status == 404


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json;charset=utf-8", "application/json ; charset=utf-8"])
def test_json_by_all_its_names_is_read(engine, kind):
    a = engine.post("/volumes/create", b'{"Name":"codes-made"}', headers={"Content-Type": kind})
    assert a.status == 201
    assert engine.request("DELETE", "/volumes/codes-made").status == 204


def test_a_program_that_fails_is_told_however_often_it_is_asked(engine, name):
    # Who waited for all children of the daemon once took the exit status of ps away.
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    for _ in range(40):
        a = engine.get(f"/containers/{name}/top?ps_args=--nosuch")
        assert a.status == 500 and a.message.startswith("ps: ")


def test_a_terminal_that_is_none_is_resized_without_a_word(engine, name):
    engine.docker("run", "-d", "--name", name, "bb", "sleep", "600")
    assert engine.post(f"/containers/{name}/resize?h=10&w=10").status == 200


@pytest.mark.parametrize("value", ["x", "99999", "80-", "-80", "90-80", "80-x/tcp"])
@pytest.mark.parametrize("what", ["publish", "expose"])
def test_a_port_that_is_none_is_refused_by_its_filter(engine, what, value):
    a = engine.get("/containers/json?filters=" + json.dumps({what: [value]}).replace('"', "%22").replace(" ", ""))
    assert a.status == 400 and value in a.message


def test_ports_and_ranges_are_found_by_their_filters(engine, name):
    body = {"Image": "bb", "Cmd": ["true"], "ExposedPorts": {"8085/udp": {}}, "HostConfig": {"PortBindings": {"8085/udp": [{"HostPort": ""}]}}}
    assert engine.post("/containers/create?name=" + name, body).status == 201

    def found(what, value):
        filters = json.dumps({what: [value], "name": [name]}).replace('"', "%22").replace(" ", "")
        return len(engine.get("/containers/json?all=1&filters=" + filters).json)
    for what in ("expose", "publish"):
        assert [found(what, v) for v in ("8085/udp", "8080-8090/udp", "8085", "8086/udp", "8086-8090/udp")] == [1, 1, 0, 0, 0]
