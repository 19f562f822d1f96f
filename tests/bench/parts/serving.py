# SPDX-License-Identifier: Apache-2.0
"""The daemon's own start"""
import subprocess
import time

from engines import berth_engine
from harness import Daemon, UnixConnection

ORDER, OPTIONAL = 50, False


def once(d):
    """Milliseconds from exec to the first answer."""
    d.terminate()
    start = time.perf_counter()
    d.proc = subprocess.Popen(d.argv(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        c = UnixConnection(d.sock)
        try:
            c.request("GET", "/_ping")
            c.getresponse().read()
            return (time.perf_counter() - start) * 1000
        except OSError:
            time.sleep(0.0005)
        finally:
            c.close()


def measure(bench):
    with Daemon() as d:
        bench.row("from exec to its first answer", {"berth": [once(d) for _ in range(10)]}, "ms", target=20)
        e = berth_engine(d)
        e.run("import", bench.tar, "bench:1")
        e.at_once([("create", "--name", f"c{i}", "bench:1", "/bin/true") for i in range(1000)], 8)
        bench.row("the same with 1,000 containers on disk", {"berth": [once(d) for _ in range(10)]}, "ms", target=50)
