#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record what a real Docker answers. usage: record.py SOCKET [SCENES...]

The daemon behind SOCKET should hold nothing else. Writes golden/docker.json, images.json, life.json, shapes.json, status.json and events.json, or those that are named."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))
sys.dont_write_bytecode = True
import harness  # noqa: E402
import scenario  # noqa: E402
import scenario_images  # noqa: E402
import scenario_life  # noqa: E402
import scenario_shapes  # noqa: E402
import scenario_status  # noqa: E402
import sequences  # noqa: E402


SCENES = {"docker": scenario, "life": scenario_life, "shapes": scenario_shapes, "status": scenario_status, "events": sequences}


class Peer(harness.Daemon):
    def __init__(self, sock):
        super().__init__(top="/nonexistent")
        self.sock = sock


def record(peer, name, answers):
    version = peer.get("/version").json["Version"]
    with open(os.path.join(HERE, "golden", name), "w") as f:
        json.dump({"version": version, "answers": answers}, f, indent=1, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    peer = Peer(sys.argv[1])
    if not sys.argv[2:] or "images" in sys.argv[2:]:
        with open(harness.busybox_tar(), "rb") as f:
            record(peer, "images.json", scenario_images.run(peer, f.read()))
    harness.run(["docker", "-H", "unix://" + peer.sock, "import", "--change", "CMD [\"sh\"]", "--change", "ENV PATH=/bin", harness.busybox_tar(), "compat:1"])
    try:
        for name, scenes in SCENES.items():
            if not sys.argv[2:] or name in sys.argv[2:]:
                record(peer, name + ".json", scenes.run(peer))
    finally:
        peer.request("DELETE", "/images/compat:1?force=1")
