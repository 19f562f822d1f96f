/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_MOUNTS_H
#define BT_RUNTIME_MOUNTS_H

/*
 * Carrying out a plan's mounts inside the root: each target is opened, or made,
 * beneath the root's descriptor and mounted upon by descriptor. Nothing is ever
 * mounted inside a procfs but the few files that engines are known to replace.
 */

#include "runtime/plan.h"

/** Mount the plan's mounts from number `first` up to, but not with, `end`, in order. Runs in the
 * init before the root is entered. Returns 0 or -errno. */
bt_nodiscard int bt_mounts_apply(const struct bt_plan *plan, int root, size_t first, size_t end,
				 struct bt_err *err);

/** The number of the first mount that shows control groups; plan->nmounts where none does. */
size_t bt_mounts_first_cgroup(const struct bt_plan *plan);

/** The number of the first mount whose file system may depend on the network namespace that it is
 * made in, not behind the first that shows control groups; plan->nmounts where none does. */
size_t bt_mounts_first_of_net(const struct bt_plan *plan);

/** Make read-only what had to stay writable while the root was filled (tmpfs with "ro"). */
bt_nodiscard int bt_mounts_seal(const struct bt_plan *plan, int root, struct bt_err *err);

#endif
