/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_TREE_SIZE_H
#define BT_STORE_TREE_SIZE_H

/*
 * How large a tree of files is, as Docker counts: the sizes of everything but
 * directories, a file with several names once.
 */

#include <stdint.h>

#include "base/attr.h"

/** Sum up what lies below `name` in `at`. What vanishes meanwhile, and what is
 * nested deeper than 128 directories, does not count. Returns 0 or a
 * negative errno. */
bt_nodiscard int bt_tree_size(int at, const char *name, int64_t *ret);

#endif
