/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_PACK_H
#define BT_STORE_PACK_H

/*
 * Writes a tree of files as a tar archive (pax): what store/untar.h unpacks. The
 * tree may belong to somebody hostile who changes it meanwhile: it is walked by
 * descriptors, no symlink is followed, and nothing but regular files is opened for
 * reading. Sockets are left out; links to one file become hard links. At most 128 directories may
 * be nested.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/id_map.h"

/** Takes bytes in order. Returns 0 or a negative errno, which ends the work. */
typedef int (*bt_pack_write_fn)(void *arg, const void *data, size_t len);

struct bt_pack {
	int at;            /* directory descriptor, borrowed */
	const char *name;  /* what to pack: one component in `at`, or "." for `at` itself */
	const char *as;    /* what it is called in the archive; "" or ending in '/' prefixes what is
			    * below, as in "/" for a root */
	bool cross_mounts; /* also what is mounted below */
	bool whiteouts;    /* it is an overlay's upper directory: whiteouts and opaque marks become
			    * those of the OCI image-spec (layer.md) */
	const struct bt_id_map *ids; /* the tree is seen from outside of a user namespace, and the
				      * archive has the ids inside; NULL: as they are. Borrowed */
	bt_pack_write_fn write;
	void *write_arg;
};

/** Pack. Returns 0 or a negative errno; what `write` returned where that ended it. */
bt_nodiscard int bt_pack(const struct bt_pack *pack, struct bt_err *err);

#endif
