/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_DIR_NAMES_H
#define BT_STORE_DIR_NAMES_H

/*
 * The names in a directory, sorted by their bytes.
 */

#include <stddef.h>

#include "base/attr.h"

/** Owned. Zeroed is none. */
struct bt_dir_names {
	char **names;
	size_t len, cap;
};

/** Read all but "." and ".." of the directory `fd` (borrowed, its position moves). Returns 0 or a
 * negative errno. */
bt_nodiscard int bt_dir_names_read(int fd, struct bt_dir_names *ret);
/** Release. */
void bt_dir_names_done(struct bt_dir_names *names);

#endif
