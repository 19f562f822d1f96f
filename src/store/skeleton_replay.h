/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_SKELETON_REPLAY_H
#define BT_STORE_SKELETON_REPLAY_H

/*
 * Writes the archive again of which store/skeleton.h has kept everything but the
 * contents of files. Whether it is the same to the last byte, its digest says:
 * the caller's to check.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** Takes bytes in order. Returns 0 or a negative errno, which ends the work. */
typedef int (*bt_skeleton_write_fn)(void *arg, const void *data, size_t len);

/** Write the archive of the layer in the directory `layer` (borrowed), which holds diff, skeleton
 * and perhaps shadow. */
bt_nodiscard int bt_skeleton_replay(int layer, bt_skeleton_write_fn fn, void *arg,
				    struct bt_err *err);

/** How long that archive is. */
bt_nodiscard int bt_skeleton_size(int layer, int64_t *ret, struct bt_err *err);

#endif
