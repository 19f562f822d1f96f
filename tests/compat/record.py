#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record what a real Docker answers. usage: record.py SOCKET

The daemon behind SOCKET should hold nothing else. Writes golden/docker.json."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))
sys.dont_write_bytecode = True
import harness  # noqa: E402
import scenario  # noqa: E402


class Peer(harness.Daemon):
    def __init__(self, sock):
        super().__init__(top="/nonexistent")
        self.sock = sock


if __name__ == "__main__":
    peer = Peer(sys.argv[1])
    harness.run(["docker", "-H", "unix://" + peer.sock, "import", "--change", "CMD [\"sh\"]", "--change", "ENV PATH=/bin", harness.busybox_tar(), "compat:1"])
    try:
        version = peer.get("/version").json["Version"]
        with open(os.path.join(HERE, "golden", "docker.json"), "w") as f:
            json.dump({"version": version, "answers": scenario.run(peer)}, f, indent=1, sort_keys=True)
            f.write("\n")
    finally:
        peer.request("DELETE", "/images/compat:1?force=1")
