/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_MASKS_H
#define BT_RUNTIME_MASKS_H

/*
 * linux.maskedPaths and linux.readonlyPaths (config-linux.md). A masked directory
 * is covered by an empty read-only tmpfs that all of them share, a file by the
 * null device. Paths that do not exist are skipped.
 */

#include "runtime/plan.h"

/** Cover and protect. Runs in the init when everything else is mounted. Returns 0 or -errno. */
bt_nodiscard int bt_masks_apply(const struct bt_plan *plan, int root, struct bt_err *err);

#endif
