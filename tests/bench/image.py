# SPDX-License-Identifier: Apache-2.0
"""The image of the figures."""
import os
import shutil

from harness import BUILD

TRUE = os.path.join(BUILD, "bench/true")
WRITER = os.path.join(BUILD, "bench/lines")


def image_root(root):
    """/bin/true and /bin/lines (static, tiny), and busybox for the figures that need a shell."""
    for d in ("bin", "proc", "sys", "dev", "etc", "tmp"):
        os.makedirs(os.path.join(root, d))
    shutil.copy(TRUE, os.path.join(root, "bin/true"))
    shutil.copy(WRITER, os.path.join(root, "bin/lines"))
    shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
    for name in ("sh", "sleep", "dd", "cat"):
        os.symlink("busybox", os.path.join(root, "bin", name))
    return root
