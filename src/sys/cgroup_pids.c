/* SPDX-License-Identifier: Apache-2.0 */

/* The processes of a group. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/cgroup_walk.h"

#define PIDS_MAX (1u << 20)

/* The directory that processes are counted in: the one they are stopped in. */
static int process_dir(const struct bt_cgroup *cg)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_FREEZER);

	for (unsigned i = 0; dir < 0 && i < cg->ndirs; i++)
		dir = cg->dirs[i];
	return dir < 0 ? -ENOENT : dir;
}

struct pid_list {
	pid_t *v;
	size_t n, cap;
};

static int add_pid(struct pid_list *list, pid_t pid)
{
	if (list->n == PIDS_MAX)
		return -E2BIG;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		pid_t *v = realloc(list->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = pid;
	return 0;
}

static int collect_pids(int at, const char *name, void *arg)
{
	char path[NAME_MAX + sizeof("/cgroup.procs")];
	int fd, r = 0;
	FILE *file;
	int pid;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	file = fdopen(fd, "re");
	if (!file) {
		bt_close(&fd);
		return -ENOMEM;
	}
	/* 0 stands for a process that this pid namespace does not see. */
	while (r == 0 && fscanf(file, "%d", &pid) == 1)
		r = pid > 0 ? add_pid(arg, pid) : 0;
	(void)fclose(file);
	return r;
}

static int list_pids(int dir, struct pid_list *ret)
{
	return bt_cgroup_walk(dir, collect_pids, ret);
}

int bt_cgroup_pids(const struct bt_cgroup *cg, pid_t **ret, size_t *ret_n)
{
	struct pid_list list = { 0 };
	int dir = process_dir(cg);
	int r = dir < 0 ? dir : list_pids(dir, &list);

	if (r < 0) {
		free(list.v);
		return r;
	}
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}

int bt_cgroup_pids_any(const struct bt_cgroup *cg)
{
	bt_auto_free pid_t *pids = NULL;
	uint64_t populated;
	size_t n = 0;
	int r;

	if (bt_cgroup_dir_is_v2(cg, BT_CGROUP_FREEZER)) {
		int dir = bt_cgroup_dir(cg, BT_CGROUP_FREEZER);

		r = dir < 0 ? dir
			    : bt_cgroup_files_read_key(dir, "cgroup.events", "populated",
						       &populated);
		return r < 0 ? r : populated > 0;
	}
	r = bt_cgroup_pids(cg, &pids, &n);
	return r < 0 ? r : n > 0;
}
