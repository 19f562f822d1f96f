/* SPDX-License-Identifier: Apache-2.0 */

/* Removing a group. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/cgroup.h"
#include "sys/cgroup_walk.h"

static int64_t now_ms(void)
{
	return bt_time_monotonic_ns() / 1000000;
}

static int remove_dir(int at, const char *name, void *arg)
{
	(void)arg;
	if (strcmp(name, ".") == 0)
		return 0;
	return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Remove the group from one hierarchy. Returns 0 or -errno. */
static int remove_from(const struct bt_cgroup *cg, unsigned i)
{
	int root = cg->host->v[i].fd;
	const char *relative = cg->path + 1;
	int r;

	if (unlinkat(root, relative, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return -errno;
	r = bt_cgroup_walk(cg->dirs[i], remove_dir, NULL);
	if (r < 0)
		return r;
	return unlinkat(root, relative, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* One try in each hierarchy that still has it. Returns 0, or the last -errno. */
static int remove_everywhere(const struct bt_cgroup *cg, bool gone[])
{
	int r = 0;

	for (unsigned i = 0; i < cg->ndirs; i++) {
		int one = gone[i] || cg->dirs[i] < 0 ? 0 : remove_from(cg, i);

		gone[i] = one == 0;
		if (one < 0)
			r = one;
	}
	return r;
}

int bt_cgroup_remove(struct bt_cgroup *cg, int timeout_ms)
{
	bool gone[BT_CGROUP_HIERARCHIES_MAX] = { false };
	int64_t end = now_ms() + timeout_ms;
	long wait = 200;
	int r;

	for (;;) {
		r = remove_everywhere(cg, gone);
		if (r != -EBUSY || now_ms() >= end)
			break;
		bt_cgroup_walk_wait(wait);
		wait = wait < 20000 ? wait * 2 : wait;
	}
	if (r == 0)
		bt_cgroup_done(cg);
	return r;
}
