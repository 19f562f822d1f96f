/* SPDX-License-Identifier: Apache-2.0 */

/* Ending the processes of a group. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/auto.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/cgroup_walk.h"

#define KILL_ROUNDS 5

/* Signal what is in the group now. Returns how many there were. */
static int signal_once(const struct bt_cgroup *cg, int signal)
{
	bt_auto_free pid_t *pids = NULL;
	size_t n = 0;
	int r = bt_cgroup_pids(cg, &pids, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			r = -errno;
	return r < 0 ? r : (int)n;
}

/* Without cgroup.kill: stop them so that nothing forks, signal all, and let them die. Where
 * they cannot be stopped, signal until nobody new appears. */
static int kill_by_list(const struct bt_cgroup *cg)
{
	int r, thawed;

	for (int round = 0; round < KILL_ROUNDS; round++) {
		int frozen = bt_cgroup_freeze(cg);

		r = signal_once(cg, SIGKILL);
		thawed = bt_cgroup_freeze_end(cg);
		if (r <= 0 || frozen == 0)
			return r < 0 ? r : thawed == -EOPNOTSUPP ? 0 : thawed;
		bt_cgroup_walk_wait(1000);
	}
	return 0;
}

int bt_cgroup_kill(const struct bt_cgroup *cg, int signal)
{
	int unified = bt_cgroup_clone_fd(cg);
	int r;

	if (signal != SIGKILL) {
		r = signal_once(cg, signal);
		return r < 0 ? r : 0;
	}
	if (unified < 0 || bt_cgroup_files_write(unified, "cgroup.kill", "1") < 0)
		return kill_by_list(cg);
	if (bt_cgroup_dir_is_v2(cg, BT_CGROUP_FREEZER))
		return 0;
	/* Beside version 1 something may be there that never joined version 2; and what
	 * version 1 has frozen does not die before it is thawed. */
	r = signal_once(cg, SIGKILL);
	if (r <= 0)
		return r;
	r = bt_cgroup_freeze_end(cg);
	return r == -EOPNOTSUPP ? 0 : r;
}
