# SPDX-License-Identifier: Apache-2.0
"""What an image says of itself is a stranger's: giant values, wrong types, NULs, numbers out of range. It is refused by name when it is loaded or when a
container is made of it, or it does what it says; the daemon goes on, and everything can be removed."""
import json
import os
import sys

import pytest

from harness import TOP, busybox_tar

sys.path.insert(0, os.path.join(TOP, "tests", "compat"))
import images  # noqa: E402

HUGE = 2 ** 63 - 1
GIANT = "x" * (1 << 20)


@pytest.fixture(scope="module")
def layer():
    with open(busybox_tar(), "rb") as f:
        return f.read()


def text(layer, **members):
    """A configuration as text, so that it may be none."""
    whole = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["true"]}, "rootfs": {"type": "layers", "diff_ids": [images.digest(layer)]}, **members}
    return json.dumps(whole)


def load(engine, layer, config):
    image = images.Image(["strange:1"], [layer])
    image.config = config if isinstance(config, bytes) else config.encode()
    image.id = images.digest(image.config)
    return engine.request("POST", "/images/load", images.docker_archive(image))


@pytest.fixture
def strange(engine, name):
    yield name
    engine.request("DELETE", f"/containers/{name}?force=1&v=1")
    engine.request("DELETE", "/images/strange:1?force=1")
    assert engine.get("/images/strange:1/json").status == 404
    assert engine.get("/images/json?all=1").status == 200 and engine.proc.poll() is None


NO_TEXT = {
    "too large": lambda d: text(d, config={"Env": ["A=" + GIANT * 9]}),
    "deep": lambda d: text(d).replace('"Cmd"', '"X": ' + "[" * 100000 + "]" * 100000 + ', "Cmd"'),
    "a NUL": lambda d: text(d, config={"WorkingDir": "/tmp\0/etc"}),
    "a NUL in a name": lambda d: text(d, config={"Volumes": {"/a\0/etc": {}}}),
    "a bare NUL": lambda d: text(d).replace("true", "tr\0ue"),
    "a name twice": lambda d: text(d).replace('"Cmd"', '"Cmd": ["false"], "Cmd"'),
    "no UTF-8": lambda d: text(d).encode().replace(b"true", b"\xff\xc0\x80"),
    "half a letter": lambda d: text(d).replace("true", "\\ud800"),
    "more behind": lambda d: text(d) + " x",
    "a mark before": lambda d: "\ufeff" + text(d),
    "a number of a million digits": lambda d: text(d).replace('"Cmd"', '"X": ' + "9" * 1000000 + ', "Cmd"'),
    "a number without end": lambda d: text(d).replace('"Cmd"', '"X": 1e999999, "Cmd"'),
    "beyond 64 bits": lambda d: text(d, config={"Healthcheck": {"Interval": 2 ** 70}}),
    "nothing": lambda d: "",
    "null": lambda d: "null",
    "a layer that is a path": lambda d: text(d, rootfs={"type": "layers", "diff_ids": ["../../../etc"]}),
    "a layer that is a number": lambda d: text(d, rootfs={"type": "layers", "diff_ids": [5]}),
    "more layers than there are": lambda d: text(d, rootfs={"type": "layers", "diff_ids": [images.digest(d)] * 129}),
    "no layers": lambda d: text(d, rootfs=None),
}


@pytest.mark.parametrize("what", NO_TEXT)
def test_a_configuration_that_is_none_is_not_loaded(engine, layer, strange, what):
    try:
        a = load(engine, layer, NO_TEXT[what](layer))
        assert a.status == 400 and a.message
    except (BrokenPipeError, ConnectionResetError):
        pass  # hung up on before all of it was sent
    assert engine.get("/images/strange:1/json").status == 404


NO_CONTAINER = {
    "Env": {"A": "b"}, "Env of numbers": ("Env", [1, None]), "an empty variable": ("Env", ["=x"]), "Labels": ["a"], "Labels of numbers": ("Labels", {"a": 1}),
    "Volumes": ["/a"], "the root": ("Volumes", {"/": {}}), "a relative place": ("Volumes", {"../../..": {}}), "no place": ("Volumes", {"": {}}),
    "a place too long": ("Volumes", {"/a" * 3000: {}}), "very many volumes": ("Volumes", {f"/v{i}": {} for i in range(20000)}),
    "ExposedPorts": ["80"], "Healthcheck": "true", "a test that is text": ("Healthcheck", {"Test": 5}), "a negative interval": ("Healthcheck", {"Interval": -1}),
    "half a nanosecond": ("Healthcheck", {"Interval": 1.5}), "a tiny interval": ("Healthcheck", {"Interval": 1}), "negative retries": ("Healthcheck", {"Retries": -2}),
    "WorkingDir": ["/"], "a relative directory": ("WorkingDir", "../../../tmp"), "User": 0, "StopSignal": 9, "no signal": ("StopSignal", "SIGFOO"),
    "a negative signal": ("StopSignal", "-9"), "signal 0": ("StopSignal", "0"), "a giant signal": ("StopSignal", GIANT), "Cmd": [None], "Entrypoint": [["true"]],
}


@pytest.mark.parametrize("what", NO_CONTAINER)
def test_no_container_is_made_of_what_is_wrong(engine, layer, strange, what):
    member, value = NO_CONTAINER[what] if isinstance(NO_CONTAINER[what], tuple) else (what, NO_CONTAINER[what])
    assert load(engine, layer, text(layer, config={"Cmd": ["true"], member: value})).status == 200
    volumes = len(engine.get("/volumes").json["Volumes"] or [])
    a = engine.post(f"/containers/create?name={strange}", {"Image": "strange:1"})
    assert a.status == 400, a.body
    assert member.rstrip("s").lower() in a.message.lower() or "mount" in a.message or "destination" in a.message or "variable" in a.message \
        or "signal" in a.message or "directory" in a.message, a.message
    assert engine.get(f"/containers/{strange}/json").status == 404
    assert len(engine.get("/volumes").json["Volumes"] or []) == volumes
    # It can be seen and saved all the same.
    for path in ("json", "history", "get"):
        assert engine.get(f"/images/strange:1/{path}").status == 200


ODD = {
    "a number for a signal": {"StopSignal": "15"}, "a health check for ever": {"Healthcheck": {"Test": ["CMD", "true"], "Interval": HUGE, "Timeout": HUGE, "StartPeriod": HUGE}},
    "a health check of another kind": {"Healthcheck": {"Test": ["XXX", "true"]}}, "no health check": {"Healthcheck": {"Test": []}},
    "odd ports": {"ExposedPorts": {"-1/tcp": {}, "99999999999/tcp": {}, "x": {}, "": {}}}, "each port": {"ExposedPorts": {f"{p}/tcp": {} for p in range(1, 20001)}},
    "many labels": {"Labels": {f"l{i}": "x" for i in range(20000)}}, "many variables": {"Env": [f"V{i}=x" for i in range(10000)]},
    "what is not a member": {"HostConfig": {"Privileged": True, "Binds": ["/:/host"]}, "Devices": [{"PathOnHost": "/dev/mem"}], "X": GIANT},
    "a place like a bind": {"Volumes": {"/etc:/host:rw": {}}}, "names of hosts": {"Hostname": "../../x\n127.0.0.1 evil", "Domainname": "a\nb"},
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_only_odd_runs_and_gives_no_more_than_it_says(engine, layer, strange, what):
    assert load(engine, layer, text(layer, config={"Cmd": ["sh", "-c", "ls -d /host /dev/mem; cat /etc/hosts; grep CapEff /proc/self/status"], **ODD[what]})).status == 200
    # As the client attaches without a terminal.
    p = engine.docker("run", "--name", strange, "strange:1")
    assert "00000000a80425fb" in p.stdout and "evil" not in p.stdout and "/host\n" not in p.stdout and "/dev/mem" not in p.stdout
    assert engine.get(f"/containers/{strange}/json").status == 200 and engine.get("/containers/json?all=1").status == 200
    assert engine.post(f"/commit?container={strange}&repo=strange2").status == 201
    assert engine.request("DELETE", "/images/strange2?force=1").status == 200


@pytest.mark.parametrize("what,made", [("architecture", GIANT), ("architecture", "amd64\x1b[2J"), ("architecture", 5), ("os", "../.."), ("variant", "/../"), ("created", "9" * 1000), ("created", "-001-01-01T00:00:00Z"),
                                       ("created", 5), ("history", [{"created_by": "x", "empty_layer": True}] * 20000), ("history", [1, None, "x", {"created": 5, "created_by": []}]),
                                       ("history", {"a": 1}), ("config", None), ("config", []), ("author", GIANT), ("container_config", [[]])],
                         ids=lambda v: v if isinstance(v, str) and len(v) < 20 else type(v).__name__)
def test_what_is_beside_the_configuration_holds_nobody_up(engine, layer, strange, what, made):
    a = load(engine, layer, text(layer, **{what: made}))
    assert a.status in (200, 400), a.body
    if a.status == 200:
        for path in ("/images/strange:1/json", "/images/strange:1/history", "/images/json?all=1", "/images/strange:1/get", "/system/df"):
            assert engine.get(path).status == 200, path
        a = engine.post(f"/containers/create?name={strange}", {"Image": "strange:1", "Cmd": ["true"]})
        assert a.status in (201, 400, 404), a.body
