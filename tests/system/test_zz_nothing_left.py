# SPDX-License-Identifier: Apache-2.0
"""The last test: the machine is as it was before the tests. leftovers.py took the picture then."""
import os

import pytest

from harness import wait_for
import leftovers


@pytest.mark.parametrize("kind", sorted(leftovers.KINDS))
def test_nothing_is_left(kind):
    before = leftovers.load(os.environ["BERTH_BASELINE"])[kind]
    # The kernel takes network namespaces apart behind; give it its time.
    try:
        wait_for(lambda: not (leftovers.KINDS[kind]() - before), "the kernel cleans up")
    except AssertionError:
        pass
    assert leftovers.KINDS[kind]() - before == set()
