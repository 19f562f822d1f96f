/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_TREE_H
#define BT_STORE_TREE_H

/*
 * Directories beneath a root that belongs to somebody hostile: found by
 * openat2(2) with RESOLVE_IN_ROOT, so that a symlink, wherever it points, is
 * followed as in a chroot and never leads outside. Descriptors of the
 * directories used last are kept, as archives name one directory many times.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define BT_TREE_SLOTS 16

/** One root. Zeroed but for `root`, it is ready. */
struct bt_tree {
	int root;          /* borrowed, a directory, not O_PATH */
	bool cross_mounts; /* may paths lead into other mounts? */
	/* Told of each directory that bt_tree_parent() makes, its path as it was asked for, or
	 * NULL. An error of it becomes that of the call. */
	int (*made)(void *made_arg, int fd, const char *path);
	void *made_arg;
	unsigned long uses;
	struct bt_tree_slot {
		char *path;
		int fd;
		unsigned long used;
	} slots[BT_TREE_SLOTS];
};

/**
 * Clean `path` as found in an archive: no leading or doubled slash, no ".", ".." folded. ""
 * is the root itself. Returns 0 and a new string (owned), -EXDEV where it leads above the
 * root, -ENAMETOOLONG, or -ENOMEM.
 */
bt_nodiscard int bt_tree_clean(const char *path, char **ret);

/**
 * The directory that holds `path` (clean, not ""), and its last component in it. With `make`,
 * directories that are missing are made (0755, ours).
 *
 * @ret_base: borrowed from `path`.
 *
 * Returns a descriptor borrowed from the tree until its next call, or a negative errno.
 */
bt_nodiscard int bt_tree_parent(struct bt_tree *tree, const char *path, bool make,
				const char **ret_base);

/** Open `path` (clean) with openat2(2), `flags` and O_CLOEXEC added, symlinks followed within the
 * root. Returns an owned descriptor or a negative errno. */
bt_nodiscard int bt_tree_open(struct bt_tree *tree, const char *path, int flags);

/** Forget the descriptors kept: after something in the tree was renamed or removed. */
void bt_tree_forget(struct bt_tree *tree);

/** Release what the tree keeps (not `root`). */
#define bt_tree_done bt_tree_forget

#endif
