/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_UNTAR_H
#define BT_STORE_UNTAR_H

/*
 * Unpacks a tar archive (libarchive reads the format, store/extract.h makes
 * the entries), in one pass: the calling thread reads, inflates and hashes,
 * while a second one, with a umask of its own, writes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/digest.h"
#include "store/extract.h"
#include "store/implied.h"
#include "store/inflate.h"
#include "store/skeleton.h"

/** What to unpack where. */
struct bt_untar {
	int root;          /* directory descriptor, borrowed, not O_PATH */
	const char *into;  /* clean path below the root that names are relative to, or NULL */
	bool keep_kinds;   /* no directory becomes something else, nor the reverse */
	bool whiteouts;    /* translate whiteouts to overlay's form */
	bool cross_mounts; /* may paths lead into other mounts below the root? */
	const struct bt_id_map *ids; /* the tree is seen from outside of a user namespace; see
				      * struct bt_extract. Borrowed */
	const struct bt_extract_owner *owner; /* whose everything becomes, or NULL; borrowed */
	int shadow_fd;                        /* see struct bt_extract; negative for none */
	struct bt_skeleton *skeleton; /* records the archive, or NULL; borrowed, not finished */
	struct bt_implied
		*implied;        /* filled with directories without an entry, or NULL; borrowed */
	int64_t max_bytes;       /* of the archive, unpacked; 0: what the disk can hold */
	bt_inflate_read_fn read; /* the archive, packed or not, hostile */
	void *read_arg;
};

/** What came of it. */
struct bt_untar_result {
	char diff_id[BT_DIGEST_SIZE]; /* of the archive, inflated */
	int64_t size;                 /* bytes of files and symlinks' targets */
	int64_t archive_size;         /* bytes of the archive, inflated */
};

/**
 * Unpack. At most 4 million entries, a million of them directories, 4 MiB of headers before one
 * entry; an entry that says it is larger than there is room for is refused before it is written.
 * After a failure what was unpacked so far is still there.
 *
 * Returns 0 or a negative errno; kind INVALID where the archive is at fault, -EFBIG past
 * `max_bytes`.
 */
bt_nodiscard int bt_untar(const struct bt_untar *u, struct bt_untar_result *ret,
			  struct bt_err *err);

#endif
