/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_COPYUP_H
#define BT_RUNTIME_COPYUP_H

/*
 * "tmpcopyup": a tmpfs that begins with what the directory it covers holds.
 */

#include "base/attr.h"

/** Copy directories, files, symlinks and device nodes with owners and modes from the directory
 * `from` into `to` (both any kind of descriptor of a directory, borrowed). Follows no link,
 * crosses no mount, goes at most 64 levels deep, allocates nothing. Returns 0 or -errno; -ELOOP
 * for deeper ones. */
bt_nodiscard int bt_copyup_tree(int from, int to);

#endif
