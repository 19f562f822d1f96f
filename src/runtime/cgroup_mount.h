/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_CGROUP_MOUNT_H
#define BT_RUNTIME_CGROUP_MOUNT_H

/*
 * /sys/fs/cgroup inside a container. On version 2 a file system of its own, which
 * shows what the container's cgroup namespace shows. On version 1 a tmpfs with a
 * directory for each hierarchy, on which the container's own group is bound from
 * the host's tree. The version 2 tree of a hybrid host is left out there, as it
 * controls nothing.
 */

#include "runtime/plan.h"

/** Mount on `target`. Runs in the init while it still sees the host's tree. Returns 0 or
 * -errno. */
bt_nodiscard int bt_cgroup_mount_apply(const struct bt_plan *plan, const struct bt_plan_mount *m,
				       int target, struct bt_err *err);

#endif
