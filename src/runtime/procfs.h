/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PROCFS_H
#define BT_RUNTIME_PROCFS_H

/*
 * Writing to the kernel through a procfs that nobody else has touched. The one in
 * the container's root may be covered or replaced, so the init makes a detached
 * one of its own (CVE-2019-16884, CVE-2025-52881).
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/** A procfs of the caller's PID namespace: a detached mount, or where that is refused the one
 * at /proc below `root` (AT_FDCWD: the host's) if it is one. Returns 0 or -errno. */
bt_nodiscard int bt_procfs_open(int root, int *ret_fd);

/** The same while the container's own procfs is bare, that is before anything of it is masked: that
 * one does, if what is at /proc below `root` is the whole of one. It need not be made, and its end
 * need not be waited for. */
bt_nodiscard int bt_procfs_open_bare(int root, int *ret_fd);

/** Open a file of the procfs `proc`, crossing no mount and no magic link. */
bt_nodiscard int bt_procfs_open_file(int proc, const char *path, int flags, int *ret_fd);

/** Write `data` to a file of the procfs. Returns 0 or -errno. */
bt_nodiscard int bt_procfs_write(int proc, const char *path, const char *data);

/** Write linux.sysctl. Names may have dots or slashes between their parts. */
bt_nodiscard int bt_procfs_sysctl(int proc, const struct bt_oci_pairs *sysctl, struct bt_err *err);

#endif
