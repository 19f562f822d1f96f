/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PLAN_PROCESS_H
#define BT_RUNTIME_PLAN_PROCESS_H

/*
 * The process part of a plan, for a container's init and for processes that join
 * it later: environment, capabilities, filter.
 */

#include "runtime/plan.h"

#define BT_PLAN_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** Work out the process part alone, in `arena`, with the capabilities cut to `available`;
 * warnings are appended to `warning`. */
bt_nodiscard int bt_plan_process_make(const struct bt_oci_process *process,
				      const struct bt_launch_filter *filter,
				      const struct bt_oci_seccomp *seccomp, uint64_t available,
				      struct bt_arena *arena, struct bt_plan_process *ret,
				      char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

/** Is a label of SELinux that the specification asks for at `field` possible here? NULL and "" ask
 * for none. Returns 0, or -EOPNOTSUPP (kind INVALID). */
bt_nodiscard int bt_plan_process_check_label(const char *label, const char *field,
					     struct bt_err *err);

/** Release what the process part owns besides the arena. */
void bt_plan_process_done(struct bt_plan_process *p);

#endif
