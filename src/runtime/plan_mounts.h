/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PLAN_MOUNTS_H
#define BT_RUNTIME_PLAN_MOUNTS_H

/*
 * The mounts of a plan: options sorted, and the sources of bind mounts cloned by
 * the creating process, which sees the host as it is and has all its rights: an
 * init in a user namespace could not open them.
 */

#include "runtime/plan.h"

/** Fill plan->mounts. On failure what was opened stays in the plan, for bt_plan_done(). */
bt_nodiscard int bt_plan_mounts_make(struct bt_plan *plan, struct bt_err *err);

/** Give the clone of a bind mount's source the attributes and the propagation that its options ask
 * for. Returns 0 or -errno; -ENOSYS where the kernel can only do that once it is attached. */
bt_nodiscard int bt_plan_mounts_change(const struct bt_plan *plan, const struct bt_plan_mount *m);

#endif
