/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a container: part of runtime/launch.h. */

#include "runtime/launch.h"

#include "base/arena.h"
#include "base/auto.h"
#include "runtime/hooks.h"
#include "runtime/plan.h"
#include "runtime/rdt.h"

/* Killed processes go at once, but for those in the kernel's hands (a dead network
 * file system): no container is worth waiting for them for ever. */
#define REMOVE_TIMEOUT_MS 10000

static void run_poststop(const struct bt_cgroups_owner *owner, char warning[BT_SYNC_WARNING_LEN])
{
	const struct bt_oci_hook_list *all = &owner->spec->hooks.poststop;
	struct bt_arena arena = { 0 };
	struct bt_err err = { 0 };
	const char *state;

	if (all->n > 0 &&
	    bt_hooks_state(owner->spec, owner->id, owner->bundle, &arena, &state, &err) == 0) {
		for (size_t i = 0; i < all->n; i++) {
			const struct bt_oci_hook_list one = { .v = &all->v[i], .n = 1 };

			if (bt_hooks_run(&one, "poststop", state, "stopped", 0, &err) < 0 &&
			    warning != NULL)
				bt_plan_warn(warning, "%s", err.msg);
		}
	} else if (all->n > 0 && warning != NULL) {
		bt_plan_warn(warning, "%s", err.msg);
	}
	bt_arena_done(&arena);
}

void bt_launch_leave_class(const struct bt_cgroups_owner *owner)
{
	const struct bt_oci_intel_rdt *rdt = &owner->spec->linux_.intel_rdt;
	bt_auto_free char *root = NULL;

	/* An empty class that stays, or one whose file system is gone, hinders nobody. */
	if (rdt->set && bt_rdt_root(&root, BT_ERR_IGNORED) == 0)
		bt_ignore(bt_rdt_remove(root, rdt, owner->id, BT_ERR_IGNORED));
}

int bt_launch_cleanup(const struct bt_cgroups_owner *owner, char warning[BT_SYNC_WARNING_LEN],
		      struct bt_err *err)
{
	int r = bt_cgroups_remove(owner, REMOVE_TIMEOUT_MS, err);

	if (r < 0)
		return r;
	bt_launch_leave_class(owner);
	run_poststop(owner, warning);
	return 0;
}
