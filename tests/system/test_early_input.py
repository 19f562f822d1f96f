# SPDX-License-Identifier: Apache-2.0
"""What a client says in one breath with its request to attach."""
import socket
import threading

from harness import PATIENCE


def test_input_that_comes_with_the_request_does_not_make_input_wait_for_output(engine):
    # Each line is answered by two, and nothing more is read before both are taken.
    made = engine.post("/containers/create", {"Image": "bb", "Cmd": ["sed", "p"], "OpenStdin": True, "StdinOnce": True})
    ref = made.json["Id"]
    engine.post(f"/containers/{ref}/start")
    line = b"x" * 99 + b"\n"
    said = line * 40_000
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(engine.sock)
        head = f"POST /containers/{ref}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode()
        s.sendall(head + line)

        def say():
            s.sendall(said)
            s.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=say)
        thread.start()
        heard = bytearray()
        while chunk := s.recv(1 << 20):
            heard += chunk
        thread.join()
    head, _, frames = bytes(heard).partition(b"\r\n\r\n")
    assert b" 101 " in head
    text, at = bytearray(), 0
    while at < len(frames):
        size = int.from_bytes(frames[at + 4:at + 8], "big")
        text += frames[at + 8:at + 8 + size]
        at += 8 + size
    assert text == line * 2 * 40_001
    engine.request("DELETE", f"/containers/{ref}?force=1")
