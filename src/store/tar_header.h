/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_TAR_HEADER_H
#define BT_STORE_TAR_HEADER_H

/*
 * The headers of a tar archive, to be written: POSIX ustar, with pax extended
 * headers where a field does not fit (IEEE Std 1003.1, pax, "Extended header").
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"

#define BT_TAR_BLOCK 512

/** One entry; texts borrowed. */
struct bt_tar_entry {
	const char *path; /* ending in '/' for a directory */
	const char *link; /* target of a symlink, or for `hard` the entry that has the content */
	bool hard;
	mode_t mode; /* with the type */
	uid_t uid;
	gid_t gid;
	int64_t size;  /* of a regular file */
	int64_t mtime; /* seconds */
	dev_t rdev;
	const void *capability; /* security.capability, or NULL */
	size_t capability_len;
};

/** Append what comes before the entry's content. A failure becomes the builder's. */
void bt_tar_header_append(struct bt_str *s, const struct bt_tar_entry *entry);

/** How many zeros follow a content of `size` bytes. */
size_t bt_tar_header_padding(int64_t size);

#endif
