/* SPDX-License-Identifier: Apache-2.0 */

/* Noticing that a group ran out of memory. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"

static int count(int dir, bool v2, uint64_t *ret)
{
	int r = bt_cgroup_files_read_key(dir, v2 ? "memory.events" : "memory.oom_control",
					 "oom_kill", ret);

	/* Before Linux 4.13 nobody counted. */
	return r == -ENODATA ? -EOPNOTSUPP : r;
}

int bt_cgroup_oom_kills(const struct bt_cgroup *cg, uint64_t *ret)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_MEMORY);

	return dir < 0 ? dir : count(dir, bt_cgroup_dir_is_v2(cg, BT_CGROUP_MEMORY), ret);
}

/* Version 1: an eventfd and the control file are registered with each other. */
static int watch_v1(int dir)
{
	bt_auto_close int control = openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	bt_auto_close int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r;

	if (control < 0 || fd < 0)
		return -errno;
	r = bt_cgroup_files_printf(dir, "cgroup.event_control", "%d %d", fd, control);
	return r < 0 ? r : bt_take_fd(&fd);
}

/* What nobody ever writes to. Returns the descriptor or -errno. */
static int never_readable(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* Version 2: the file is modified at each event. A user may have a number of such watches, which
 * all programs share; past it nothing is told when it happens, but counted when it is asked for. */
static int watch_v2(int dir)
{
	bt_auto_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	if (fd < 0)
		return errno == EMFILE ? never_readable() : -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/memory.events", dir);
	if (inotify_add_watch(fd, path, IN_MODIFY) < 0) {
		if (errno == ENOSPC)
			return never_readable();
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	}
	return bt_take_fd(&fd);
}

int bt_cgroup_oom_open(const struct bt_cgroup *cg, struct bt_cgroup_oom *ret)
{
	bool v2 = bt_cgroup_dir_is_v2(cg, BT_CGROUP_MEMORY);
	int dir = bt_cgroup_dir(cg, BT_CGROUP_MEMORY);
	bt_auto_close int held = -EBADF;
	bt_auto_close int fd = -EBADF;
	uint64_t seen = 0;
	int r;

	if (dir < 0)
		return dir;
	fd = v2 ? watch_v2(dir) : watch_v1(dir);
	if (fd < 0)
		return fd;
	r = count(dir, v2, &seen);
	if (r < 0)
		return r;
	held = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (held < 0)
		return -errno;
	*ret = (struct bt_cgroup_oom){
		.fd = bt_take_fd(&fd), .dir = bt_take_fd(&held), .v2 = v2, .seen = seen
	};
	return 0;
}

int bt_cgroup_oom_read(struct bt_cgroup_oom *oom)
{
	uint64_t kills, before = oom->seen;
	char events[1024];
	int r;

	while (read(oom->fd, events, sizeof(events)) > 0)
		;
	r = count(oom->dir, oom->v2, &kills);
	/* The event also tells of the group's removal. */
	if (r == -ENODEV || r == -EOPNOTSUPP || r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	oom->seen = kills;
	return kills > before ? (int)(kills - before) : 0;
}

void bt_cgroup_oom_done(struct bt_cgroup_oom *oom)
{
	bt_close(&oom->fd);
	bt_close(&oom->dir);
	*oom = (struct bt_cgroup_oom){ .fd = -EBADF, .dir = -EBADF };
}
