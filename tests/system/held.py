# SPDX-License-Identifier: Apache-2.0
"""One side of a race waits at a step of its own until the other has had its way: docs/decisions/0006."""
import contextlib
import os
import threading

from harness import PATIENCE, Daemon, busybox_tar, wait_for


@contextlib.contextmanager
def faulty_daemon():
    """A daemon of its own whose steps can be held, or be its last ones."""
    daemon = Daemon()
    daemon.env["BERTH_FAULT_FILE"] = os.path.join(daemon.top, "fault")
    try:
        daemon.start()
        daemon.import_image(busybox_tar(), "bb:latest")
        yield daemon
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(daemon.top, "fault"))
        daemon.stop()


class Asked(threading.Thread):
    """A request, and its answer once it is there."""

    def __init__(self, d, method, path, body=None):
        super().__init__()
        self.d, self.request, self.answer = d, (method, path, body), None
        self.start()

    def run(self):
        self.answer = self.d.request(*self.request)

    def answered(self):
        self.join(timeout=PATIENCE)
        assert not self.is_alive(), "it is answered"
        return self.answer


class Step:
    """Whoever of the daemon comes to this step first waits there until go(), or until the block ends."""

    def __init__(self, d, point):
        self.d, self.point, self.file = d, point, os.path.join(d.top, "fault")

    def __enter__(self):
        with open(self.file + ".new", "w") as f:
            f.write("wait " + self.point)
        os.rename(self.file + ".new", self.file)
        return self

    def is_reached(self):
        return os.path.exists(self.file + ".held")

    def reached(self):
        wait_for(self.is_reached, f"{self.point} is reached")

    def go(self):
        os.unlink(self.file + ".held")

    def __exit__(self, *exc):
        for left in (self.file, self.file + ".held"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(left)


class Held(Step):
    """A request that waits at a step until the block ends; then its answer is in `answer`."""

    def __init__(self, d, point, method, path, body=None):
        super().__init__(d, point)
        self.request, self.asked = (method, path, body), None

    @property
    def answer(self):
        return self.asked and self.asked.answer

    def __enter__(self):
        super().__enter__()
        try:
            self.asked = Asked(self.d, *self.request)
            wait_for(lambda: self.is_reached() or self.answer, f"{self.point} is reached")
            assert self.answer is None, self.answer.body
        except BaseException:
            # Nobody leaves a block that was not entered: the next one's request would wait here.
            Step.__exit__(self)
            raise
        return self

    def go(self):
        super().go()
        self.asked.answered()

    def __exit__(self, *exc):
        super().__exit__(*exc)
        self.asked.answered()
