/* SPDX-License-Identifier: Apache-2.0 */

/* Stopping the processes of a group. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/cgroup_walk.h"

#define FREEZE_WAIT_MS 2000

static int64_t now_ms(void)
{
	return bt_time_monotonic_ns() / 1000000;
}

/* Version 1 tells only when asked; a task that is just being forked or moved may keep it at
 * FREEZING until it is thawed and frozen again. */
static int freeze_v1(int dir)
{
	int64_t end = now_ms() + FREEZE_WAIT_MS;
	char state[32];
	int r;

	for (unsigned round = 0; now_ms() < end; round++) {
		if (round > 0 && round % 50 == 0) {
			r = bt_cgroup_files_write(dir, "freezer.state", "THAWED");
			if (r < 0)
				return r;
			bt_cgroup_walk_wait(1000);
		}
		r = bt_cgroup_files_write(dir, "freezer.state", "FROZEN");
		if (r < 0)
			return r;
		r = bt_cgroup_files_read(dir, "freezer.state", state, sizeof(state));
		if (r < 0)
			return r;
		if (strcmp(state, "FROZEN") == 0)
			return 0;
		bt_cgroup_walk_wait(round < 10 ? 50 : 2000);
	}
	r = bt_cgroup_files_write(dir, "freezer.state", "THAWED");
	return r < 0 ? r : -ETIMEDOUT;
}

static int freeze_v2(int dir)
{
	bt_auto_close int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + FREEZE_WAIT_MS;
	int r;

	if (fd < 0)
		return -errno;
	r = bt_cgroup_files_write(dir, "cgroup.freeze", "1");
	if (r < 0)
		return r;
	for (;;) {
		char text[256] = "";
		int64_t left = end - now_ms();

		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			return -errno;
		if (strstr(text, "frozen 1"))
			return 0;
		if (left <= 0)
			break;
		(void)poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, (int)left);
	}
	r = bt_cgroup_files_write(dir, "cgroup.freeze", "0");
	return r < 0 ? r : -ETIMEDOUT;
}

int bt_cgroup_freeze(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_FREEZER);

	if (dir < 0)
		return dir;
	return bt_cgroup_dir_is_v2(cg, BT_CGROUP_FREEZER) ? freeze_v2(dir) : freeze_v1(dir);
}

int bt_cgroup_freeze_end(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_FREEZER);

	if (dir < 0)
		return dir;
	if (bt_cgroup_dir_is_v2(cg, BT_CGROUP_FREEZER))
		return bt_cgroup_files_write(dir, "cgroup.freeze", "0");
	return bt_cgroup_files_write(dir, "freezer.state", "THAWED");
}

int bt_cgroup_freeze_is_on(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_FREEZER);
	char state[32];
	uint64_t frozen;
	int r;

	if (dir < 0)
		return dir;
	if (bt_cgroup_dir_is_v2(cg, BT_CGROUP_FREEZER)) {
		r = bt_cgroup_files_read_key(dir, "cgroup.events", "frozen", &frozen);
		return r < 0 ? r : frozen > 0;
	}
	r = bt_cgroup_files_read(dir, "freezer.state", state, sizeof(state));
	return r < 0 ? r : strcmp(state, "FROZEN") == 0;
}
