/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_FILES_H
#define BT_SYS_CGROUP_FILES_H

/*
 * Reading and writing the files of a group's directory. Private to sys/cgroup*.c.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/** Write a text with one write(2). A file that does not exist is -EOPNOTSUPP. */
bt_nodiscard int bt_cgroup_files_write(int dir, const char *file, const char *value);

/** Write formatted text of at most 255 bytes. */
bt_nodiscard int bt_cgroup_files_printf(int dir, const char *file, const char *fmt, ...)
	bt_printf(3, 4);

/** Write a number, or "max" where it is negative. */
bt_nodiscard int bt_cgroup_files_write_max(int dir, const char *file, int64_t value);

/** Read a file of less than a page into `buf` and end it with NUL, without its last newline;
 * what does not fit is left out. Returns its length or -errno. */
bt_nodiscard int bt_cgroup_files_read(int dir, const char *file, char *buf, size_t size);

/** Read a number; "max" and what fills an int64_t's pages are BT_CGROUP_UNLIMITED's value,
 * UINT64_MAX. Returns 0, -EINVAL or another -errno. */
bt_nodiscard int bt_cgroup_files_read_u64(int dir, const char *file, uint64_t *ret);

/** The number behind `key` in a file of "key value" lines. Returns 0, -ENODATA or -errno. */
bt_nodiscard int bt_cgroup_files_read_key(int dir, const char *file, const char *key,
					  uint64_t *ret);

#endif
