/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_IMPLIED_H
#define BT_STORE_IMPLIED_H

/*
 * Directories of a layer that its archive implies by the names in them, without
 * an entry of their own: "etc/new" alone, say. Layers are unpacked each on its
 * own, so such a directory is made with attributes of no meaning, which would
 * hide those that the layers below gave it. It is marked, and gets theirs when
 * the layer is put on top of them; as a tool does that unpacks them all into one tree.
 */

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/** The directories of one layer. Zeroed there are none. */
struct bt_implied {
	char **paths; /* owned; clean, relative to the layer's root */
	size_t len, cap;
	size_t names; /* bytes of all paths */
};

/** The directory `fd` was made at `path`, because of something in it. `arg` is a struct
 * bt_implied: for struct bt_tree. Returns 0, -E2BIG beyond a million or 64 MiB of names, or
 * another negative errno. */
bt_nodiscard int bt_implied_add(void *arg, int fd, const char *path);

/** The directory `fd` has an entry of its own after all. Returns 0 or a negative errno. */
bt_nodiscard int bt_implied_told(const struct bt_implied *implied, int fd);

/**
 * Give each directory that is still implied owner, mode, extended attributes and times of the one
 * that it covers, if it does: the uppermost of the same path, as overlay would show it.
 *
 * @layer: the layer's root, borrowed.
 * @lowers, @n: paths of the roots of the layers below, the uppermost first.
 *
 * Returns 0 or a negative errno.
 */
bt_nodiscard int bt_implied_inherit(const struct bt_implied *implied, int layer,
				    char *const *lowers, size_t n, struct bt_err *err);

/** Release and leave it empty. */
void bt_implied_done(struct bt_implied *implied);

#endif
