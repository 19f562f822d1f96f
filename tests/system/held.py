# SPDX-License-Identifier: Apache-2.0
"""One side of a race waits at a step of its own until the other has had its way: docs/decisions/0006."""
import contextlib
import os
import threading

from harness import PATIENCE, Daemon, busybox_tar, wait_for


@contextlib.contextmanager
def faulty_daemon():
    """A daemon of its own whose steps can be held."""
    daemon = Daemon()
    os.environ["BERTH_FAULT_FILE"] = os.path.join(daemon.top, "fault")
    try:
        daemon.start()
        daemon.import_image(busybox_tar(), "bb:latest")
        yield daemon
    finally:
        del os.environ["BERTH_FAULT_FILE"]
        daemon.stop()


class Held:
    """A request that waits at a step until the block ends; then its answer is in `answer`."""

    def __init__(self, d, point, method, path, body=None):
        self.d, self.point, self.answer = d, point, None
        self.file = os.path.join(d.top, "fault")
        self.thread = threading.Thread(target=self.ask, args=(method, path, body))

    def ask(self, *request):
        self.answer = self.d.request(*request)

    def __enter__(self):
        with open(self.file + ".new", "w") as f:
            f.write("wait " + self.point)
        os.rename(self.file + ".new", self.file)
        self.thread.start()
        wait_for(lambda: os.path.exists(self.file + ".held") or self.answer, f"{self.point} is reached")
        assert self.answer is None, self.answer.body
        return self

    def go(self):
        os.unlink(self.file + ".held")
        self.thread.join(timeout=PATIENCE)
        assert not self.thread.is_alive()

    def __exit__(self, *exc):
        if os.path.exists(self.file + ".held"):
            self.go()
