# SPDX-License-Identifier: Apache-2.0
"""The image of the figures."""
import os
import shutil

from harness import BUILD

TRUE = os.path.join(BUILD, "bench/true")


def image_root(root):
    """/bin/true (static, tiny), and busybox for the figures that need a shell."""
    for d in ("bin", "proc", "sys", "dev", "etc", "tmp"):
        os.makedirs(os.path.join(root, d))
    shutil.copy(TRUE, os.path.join(root, "bin/true"))
    shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
    for name in ("sh", "sleep", "yes", "head", "dd", "cat"):
        os.symlink("busybox", os.path.join(root, "bin", name))
    return root
