/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OUTSIDE_H
#define BT_RUNTIME_OUTSIDE_H

/*
 * What the root of a user namespace may not do for itself, and its creator does
 * for it: pipes that belong to the host's root, hard limits, and, before Linux
 * 6.10, the settings of its own IPC namespace.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/plan.h"

/** Give the pipes among `stdio` to the user `uid` of the namespace that `l` maps, so that programs
 * can open /dev/stdout again. Files are left alone: they are somebody's on the host. Nothing
 * without a map. */
void bt_outside_own_pipes(const struct bt_oci_linux *l, uint32_t uid, const int stdio[3]);

/** Raise the hard limits of the calling process to those of `process` as far as it may; they stay
 * when it enters a user namespace, where nobody may. */
void bt_outside_raise_limits(const struct bt_oci_process *process);

/** Is the setting one of an IPC namespace that is not the host's? */
bool bt_outside_is_ours(const struct bt_plan *plan, const char *sysctl);

/** Write linux.sysctl[index], which is such a one, in the IPC namespace of `pidfd`. Returns 0 or
 * -errno. */
bt_nodiscard int bt_outside_sysctl(const struct bt_plan *plan, int pidfd, size_t index,
				   struct bt_err *err);

#endif
