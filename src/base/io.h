/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_IO_H
#define BT_BASE_IO_H

/*
 * Whole reads and writes on descriptors: resumed after short counts and EINTR.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

/** Write all of `data`. Returns 0 or -errno; after a failure part may have been written. */
bt_nodiscard int bt_io_write_all(int fd, const void *data, size_t len);

/** Read until `len` bytes or the end. Returns the count (less than `len` only at the end),
 * or -errno. */
bt_nodiscard ssize_t bt_io_read_all(int fd, void *ret, size_t len);

/** Read the rest of `fd` into a new NUL-terminated buffer (owned by the caller). `ret_len`
 * may be NULL. Returns 0, -EFBIG past `max` bytes, or another -errno. */
bt_nodiscard int bt_io_read_fd(int fd, size_t max, char **ret, size_t *ret_len);

/** The same for a file by name; `at` and flags as openat(2) with O_RDONLY | O_CLOEXEC. */
bt_nodiscard int bt_io_read_file(int at, const char *path, size_t max, char **ret, size_t *ret_len);

/** Write `data` to an existing file with one write(2), as sysfs, procfs and cgroupfs want
 * it. Never creates. Returns 0 or -errno. */
bt_nodiscard int bt_io_write_file(int at, const char *path, const char *data);

/** Create or truncate a file and write `data`; not durable (see store/statefile.h). */
bt_nodiscard int bt_io_create_file(int at, const char *path, mode_t mode, const void *data,
				   size_t len);

/** mkdir(2) with all missing parents, which get the same mode. An existing directory is
 * fine. Returns 0 or -errno. */
bt_nodiscard int bt_io_mkdir_p(const char *path, mode_t mode);

/** Remove a file, or a directory with everything below it, without following symlinks and
 * without crossing into another mount. A missing one is fine. Returns 0 or the first -errno
 * (the rest is removed all the same). */
bt_nodiscard int bt_io_remove_tree(int at, const char *name);

/** Seal a memfd: nothing of it changes any more, nor the seals. Returns 0 or -errno. */
bt_nodiscard int bt_io_seal(int fd);

/** A sealed memfd (F_SEAL_WRITE and the rest) holding `data`. `name` shows in /proc.
 * Returns a descriptor, close-on-exec, positioned at 0, or -errno. */
bt_nodiscard int bt_io_memfd(const char *name, const void *data, size_t len);

#endif
