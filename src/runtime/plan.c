/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

void bt_plan_warn(char warning[BT_SYNC_WARNING_LEN], const char *fmt, ...)
{
	size_t used = strlen(warning);
	va_list args;

	if (used + 3 >= BT_SYNC_WARNING_LEN)
		return;
	if (used > 0) {
		memcpy(warning + used, "; ", 3);
		used += 2;
	}
	va_start(args, fmt);
	(void)vsnprintf(warning + used, BT_SYNC_WARNING_LEN - used, fmt, args);
	va_end(args);
}

bool bt_plan_makes(const struct bt_plan *plan, uint64_t type)
{
	return ((plan->clone_flags | plan->unshare_flags) & type) != 0;
}

struct bt_mnt_change bt_plan_root_change(const struct bt_plan *plan)
{
	struct bt_mnt_change change = { .recursive = true, .propagation = plan->root_propagation };

	if (plan->root_propagation == MS_SHARED || plan->root_propagation == MS_UNBINDABLE)
		change.propagation = MS_PRIVATE;
	/* What the host has mounted below a shared root goes on being shared with it. */
	if (plan->root_propagation == MS_SHARED)
		change.recursive = false;
	return change;
}

bool bt_plan_has_userns(const struct bt_plan *plan)
{
	return bt_oci_spec_namespace(plan->spec, CLONE_NEWUSER) != NULL;
}
