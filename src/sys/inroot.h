/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_INROOT_H
#define BT_SYS_INROOT_H

/*
 * Paths inside a root that cannot be trusted, beneath a descriptor of it:
 * openat2(2) with RESOLVE_IN_ROOT, so that absolute symlinks and ".." stay
 * inside, and RESOLVE_NO_MAGICLINKS, so that /proc is no way out. Nothing here
 * allocates: it also runs between clone and exec.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/** Open `path` inside `root`; flags of openat2(2), O_CLOEXEC is added. Leading slashes mean
 * the root. `resolve` adds RESOLVE_* flags, as RESOLVE_NO_SYMLINKS. Returns 0 with a
 * descriptor owned by the caller, or -errno. */
bt_nodiscard int bt_inroot_open(int root, const char *path, int flags, uint64_t resolve,
				int *ret_fd);

/**
 * Open `path` inside `root` with O_PATH, creating what is missing: directories of
 * mode 0755 on the way, and at the end a directory (`type` S_IFDIR, mode 0755) or
 * an empty file (S_IFREG, mode 0644). A symlink that leads nowhere is followed, still
 * inside the root, and what it names is created.
 *
 * Returns 0 with a descriptor owned by the caller, -ELOOP for too many links, -ENAMETOOLONG,
 * or another -errno. What is there already may be of any type.
 */
bt_nodiscard int bt_inroot_make(int root, const char *path, mode_t type, int *ret_fd);

/**
 * Open, creating what is missing, the directory that `path` lies in.
 *
 * @ret_name: the last component, borrowed from `path`; -EINVAL if that is no name.
 */
bt_nodiscard int bt_inroot_parent(int root, const char *path, int *ret_fd, const char **ret_name);

#endif
