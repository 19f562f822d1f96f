/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/auto.h"

#define DEPTH_MAX 64

/* Call `visit` for the group at `at`/`name` after its children. `visit` returns 0 or a
 * negative errno, which ends the walk. */
static int walk(int at, const char *name, unsigned depth, bt_cgroup_walk_fn visit, void *arg)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		bt_close(&fd);
		return -ENOMEM;
	}
	while (r >= 0 && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			r = depth == 0 ? -ELOOP
				       : walk(dirfd(dir), entry->d_name, depth - 1, visit, arg);
	(void)closedir(dir);
	return r < 0 ? r : visit(at, name, arg);
}

int bt_cgroup_walk(int dir, bt_cgroup_walk_fn visit, void *arg)
{
	return walk(dir, ".", DEPTH_MAX, visit, arg);
}

void bt_cgroup_walk_wait(long us)
{
	(void)nanosleep(
		&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}
