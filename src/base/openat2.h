/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_OPENAT2_H
#define BT_BASE_OPENAT2_H

/*
 * openat2(2), which came with Linux 5.6 and which filters of older engines refuse.
 * Where it is not to be had, or others rename so much that it gives up, base/openat2_walk.h does
 * the same step by step.
 */

#include <stdint.h>

#include "base/attr.h"

/**
 * Open `path` below `at`, close-on-exec.
 *
 * @flags: of openat(2), without O_CREAT.
 * @resolve: RESOLVE_* of <linux/openat2.h>.
 *
 * Returns a descriptor owned by the caller, or -errno; -EAGAIN where the directories of the path
 * themselves were exchanged a hundred times during the lookup.
 */
bt_nodiscard int bt_openat2_open(int at, const char *path, int flags, uint64_t resolve);

#endif
