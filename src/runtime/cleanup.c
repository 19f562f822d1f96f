/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a container: part of runtime/launch.h. */

#include "runtime/launch.h"

#include <errno.h>
#include <signal.h>

#include "base/auto.h"
#include "runtime/cgroups.h"
#include "runtime/hooks.h"
#include "runtime/plan.h"

/* Killed processes go at once, but for those in the kernel's hands (a dead network
 * file system): no container is worth waiting for them for ever. */
#define REMOVE_TIMEOUT_MS 10000

static int remove_group(const struct bt_oci_spec *spec, const char *id, struct bt_err *err)
{
	const struct bt_cgroup_host *host;
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	bt_auto_free char *path = NULL;
	int r = bt_cgroups_host(&host, err);

	if (r == 0)
		r = bt_cgroups_path(spec, id, &path, err);
	if (r < 0)
		return r;
	/* As a rule nobody is left in it. */
	r = bt_cgroup_remove_empty(host, path);
	if (r == 0)
		return 0;
	r = bt_cgroup_open(host, path, &cg);
	if (r == -ENOENT)
		return 0;
	if (r == 0 && bt_cgroup_pids_any(&cg) != 0)
		r = bt_cgroup_kill(&cg, SIGKILL);
	if (r == 0)
		r = bt_cgroup_remove(&cg, REMOVE_TIMEOUT_MS);
	return r < 0 ? bt_err_sys(err, r, "remove control group %s", path) : 0;
}

static void run_poststop(const struct bt_oci_spec *spec, const char *id,
			 char warning[BT_SYNC_WARNING_LEN])
{
	const struct bt_oci_hook_list *all = &spec->hooks.poststop;
	struct bt_arena arena = { 0 };
	struct bt_err err = { 0 };
	const char *state;

	if (all->n > 0 && bt_hooks_state(spec, id, NULL, &arena, &state, &err) == 0) {
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

int bt_launch_cleanup(const struct bt_oci_spec *spec, const char *id,
		      char warning[BT_SYNC_WARNING_LEN], struct bt_err *err)
{
	int r = remove_group(spec, id, err);

	if (r == 0)
		run_poststop(spec, id, warning);
	return r;
}
