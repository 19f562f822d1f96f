# SPDX-License-Identifier: Apache-2.0
import signal
import uuid

import pytest

from harness import BERTH, CLIENTS, Daemon, busybox_tar
from hosts import Wire


def pytest_configure():
    # A shell's background ignores them, and so would all that the tests start.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def engine():
    """One daemon for all tests of a worker, with the image bb:latest."""
    with Daemon() as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture(scope="module")
def wire():
    """Two hosts with a cable between them, for this file's tests."""
    with Wire() as w:
        yield w


@pytest.fixture
def fresh():
    """A daemon for this test alone: it may be killed."""
    with Daemon() as d:
        d.import_image(busybox_tar(), "bb:latest")
        yield d


@pytest.fixture
def name(request, engine):
    """A container name nobody else uses; whatever has it is removed afterwards."""
    n = "t" + uuid.uuid4().hex[:10]
    yield n
    engine.request("DELETE", f"/containers/{n}?force=1&v=1")


@pytest.fixture(params=[*CLIENTS, BERTH], ids=lambda p: p.strip("/").replace("/", "-"))
def client(request):
    """Each docker client of the machine, and berth's own."""
    return request.param
