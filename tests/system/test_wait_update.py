# SPDX-License-Identifier: Apache-2.0
"""wait's three conditions, and each field that update changes."""
import contextlib
import io
import json
import socket
import tarfile
import threading

import pytest

from harness import PATIENCE, UnixConnection


def tar_of_number(n):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        info = tarfile.TarInfo("n")
        info.size = len(str(n))
        t.addfile(info, io.BytesIO(str(n).encode()))
    return out.getvalue()


def waiter(engine, name, condition):
    """A thread that waits; its answer is in .answers. The answer's head is there by now: the daemon knows of the waiting."""
    answers = []
    connection = UnixConnection(engine.sock)
    connection.request("POST", f"/containers/{name}/wait?condition={condition}")
    answer = connection.getresponse()

    def hear():
        with contextlib.closing(connection):
            answers.append(json.loads(answer.read()))
    thread = threading.Thread(target=hear)
    thread.answers = answers
    thread.start()
    return thread


def test_not_running_answers_at_once_next_exit_waits_for_an_end(engine, name):
    engine.docker("create", "--name", name, "bb", "sh", "-c", "exit 5")
    assert engine.post(f"/containers/{name}/wait?condition=not-running").json == {"StatusCode": 0}
    following = waiter(engine, name, "next-exit")
    following.join(0.3)
    assert following.is_alive(), "a container that never ran has not ended"
    engine.docker("start", name)
    following.join(PATIENCE)
    assert following.answers == [{"StatusCode": 5}]
    assert engine.post(f"/containers/{name}/wait").json == {"StatusCode": 5}


def test_next_exit_after_an_end_is_another_end(engine, name):
    # An end is known a moment before everybody is told: whoever asks for the next one in between means the next.
    engine.docker("create", "--name", name, "bb", "sh", "-c", 'n=$(cat /n 2>/dev/null || echo 0); echo $((n + 1)) >/n; exit $((n + 1))')
    for n in range(1, 16):
        engine.post(f"/containers/{name}/start")
        assert engine.post(f"/containers/{name}/wait").json == {"StatusCode": n}
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(engine.sock)
            s.sendall(f"POST /containers/{name}/wait?condition=next-exit HTTP/1.0\r\n\r\n".encode())
            heard = b""
            while b"\r\n\r\n" not in heard:
                piece = s.recv(4096)
                assert piece, heard
                heard += piece
            engine.post(f"/containers/{name}/start")
            while chunk := s.recv(4096):
                heard += chunk
        assert heard.endswith(b'{"StatusCode":%d}\n' % (n + 1))
        engine.post(f"/containers/{name}/wait")
        engine.docker("cp", "-", name + ":/", input=tar_of_number(n), binary=True)


def test_removed_answers_when_it_is_gone_with_the_exit_code(engine, name):
    engine.docker("run", "--name", name, "bb", "sh", "-c", "exit 6", check=False)
    gone = waiter(engine, name, "removed")
    gone.join(0.3)
    assert gone.is_alive(), "it has ended, but is still there"
    engine.docker("rm", name)
    gone.join(PATIENCE)
    assert gone.answers == [{"StatusCode": 6}]


def test_an_unknown_condition_is_refused(engine, name):
    engine.docker("create", "--name", name, "bb", "true")
    answer = engine.post(f"/containers/{name}/wait?condition=someday")
    assert answer.status == 400 and 'invalid condition: "someday"' in answer.message


FIELDS = {"CpuShares": 512, "Memory": 64 << 20, "MemorySwap": 128 << 20, "MemoryReservation": 32 << 20, "CpuPeriod": 50000, "CpuQuota": 25000,
          "CpusetCpus": "0", "CpusetMems": "0", "PidsLimit": 77, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 4}}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_update_changes_one_field_and_no_other(engine, name, field):
    engine.docker("create", "--name", name, "--memory-swap", "1g", "--memory", "512m", "bb", "sleep", "60")
    before = engine.inspect(name)["HostConfig"]
    value = FIELDS[field]
    body = {field: value} if field != "MemorySwap" else {"Memory": 64 << 20, "MemorySwap": value}
    assert engine.post(f"/containers/{name}/update", body).status == 200
    after = engine.inspect(name)["HostConfig"]
    assert after == {**before, **body}


@pytest.mark.parametrize("field,value", [("Devices", [{"PathOnHost": "/dev/null"}]), ("CgroupParent", "x"), ("MemorySwappiness", 3), ("Init", True),
                                         ("Ulimits", [{"Name": "nofile", "Soft": 1, "Hard": 1}])])
def test_update_names_what_it_cannot_change(engine, name, field, value):
    engine.docker("create", "--name", name, "bb", "true")
    before = engine.inspect(name)["HostConfig"]
    answer = engine.post(f"/containers/{name}/update", {field: value})
    assert answer.status == 501 and field in answer.message
    assert engine.inspect(name)["HostConfig"] == before
