/* SPDX-License-Identifier: Apache-2.0 */

/* Making, opening and joining groups. */

#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "sys/cgroup_delegate.h"
#include "sys/cgroup_files.h"

#define DIR_MODE 0755

/* Handed down to every group where version 2 has them, so that statistics are
 * there without limits. The rest costs at each start, and is handed down by the
 * limit that needs it. */
#define ALWAYS                                                                   \
	(1u << BT_CGROUP_CPU | 1u << BT_CGROUP_CPUSET | 1u << BT_CGROUP_MEMORY | \
	 1u << BT_CGROUP_BLKIO | 1u << BT_CGROUP_PIDS)

static bool path_is_valid(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len < 2 || len >= PATH_MAX - 1 || path[len - 1] == '/')
		return false;
	for (const char *p = path; *p; p++) {
		size_t n = strcspn(p + 1, "/");

		if (*p != '/')
			continue;
		if (n == 0 || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return false;
	}
	return true;
}

/* Copy one of the parent's cpuset files. -EAGAIN: it is empty there too. */
static int inherit_cpuset_file(int parent, int dir, const char *file)
{
	char value[1024];
	int r = bt_cgroup_files_read(parent, file, value, sizeof(value));

	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	return bt_cgroup_files_write(dir, file, value);
}

/* No process can join a cpuset without processors and nodes, so a new one gets its
 * parent's, unless the kernel has copied them (make_levels()). */
static int inherit_cpuset(int root, const char *level)
{
	bt_auto_close int dir = openat(root, level, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bt_auto_close int parent = -EBADF;
	char nodes[1024];
	int r;

	if (dir < 0)
		return -errno;
	r = bt_cgroup_files_read(dir, "cpuset.mems", nodes, sizeof(nodes));
	if (r != 0)
		return r < 0 ? r : 0;
	parent = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -errno;
	r = inherit_cpuset_file(parent, dir, "cpuset.cpus");
	return r < 0 ? r : inherit_cpuset_file(parent, dir, "cpuset.mems");
}

/* Let the kernel give the children of a cpuset that we have made its processors and nodes. */
static void copy_to_children(int root, const char *level)
{
	bt_auto_close int dir = openat(root, level, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		(void)!bt_cgroup_files_write(dir, "cgroup.clone_children", "1");
}

/* Make the parents of `relative`, then itself. Each new cpuset gets its values on the way
 * down. */
static int make_levels(const struct bt_cgroup_hierarchy *h, const char *relative)
{
	bool cpuset = !h->v2 && h->controllers & 1u << BT_CGROUP_CPUSET;
	char level[PATH_MAX];

	for (size_t i = 1;; i++) {
		bool made;
		int r;

		if (relative[i] != '/' && relative[i] != '\0')
			continue;
		memcpy(level, relative, i);
		level[i] = '\0';
		made = mkdirat(h->fd, level, DIR_MODE) == 0;
		if (!made && errno != EEXIST)
			return -errno;
		r = cpuset ? inherit_cpuset(h->fd, level) : 0;
		if (r < 0 || relative[i] == '\0')
			return r;
		if (made && cpuset)
			copy_to_children(h->fd, level);
	}
}

/* Make the group in one hierarchy. *ret_made: it was not there before. */
static int make_dir(const struct bt_cgroup_hierarchy *h, const char *relative, bool *ret_made)
{
	bool cpuset = !h->v2 && h->controllers & 1u << BT_CGROUP_CPUSET;
	int r = 0;

	*ret_made = mkdirat(h->fd, relative, DIR_MODE) == 0;
	if (!*ret_made && errno != EEXIST && errno != ENOENT)
		return -errno;
	if (!*ret_made && errno == ENOENT) {
		r = make_levels(h, relative);
		*ret_made = r == 0;
		return r;
	}
	/* Whoever makes the parent at this moment may not have filled it yet. */
	if (cpuset)
		r = inherit_cpuset(h->fd, relative);
	return r == -EAGAIN ? make_levels(h, relative) : r;
}

/* A list of controllers, of which the group has those that stand for all that every group gets. */
static bool has_usual(const char *have, uint32_t controllers)
{
	static const enum bt_cgroup_controller usual[] = { BT_CGROUP_MEMORY, BT_CGROUP_PIDS,
							   BT_CGROUP_CPU };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (controllers & 1u << usual[i] &&
		    !strstr(have, bt_cgroup_controller_v2_name(usual[i])))
			return false;
	return true;
}

/* On version 2: does the group have what every group gets? Beside version 1 there is as a rule
 * nothing to be had. */
static int check_controllers(const struct bt_cgroup_host *host, const char *path, int dir)
{
	const struct bt_cgroup_hierarchy *h = &host->v[host->unified];
	char have[512];
	int r;

	if (!(h->controllers & ALWAYS))
		return 0;
	r = bt_cgroup_files_read(dir, "cgroup.controllers", have, sizeof(have));
	if (r < 0)
		return r;
	if (r == 0 || !has_usual(have, h->controllers))
		bt_cgroup_delegate(h->fd, path, h->controllers & ALWAYS);
	return 0;
}

static int open_dir(const struct bt_cgroup_hierarchy *h, const char *relative)
{
	int fd = openat(h->fd, relative, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static int init(struct bt_cgroup *cg, const struct bt_cgroup_host *host, const char *path)
{
	if (!path_is_valid(path))
		return -EINVAL;
	cg->path = strdup(path);
	if (!cg->path)
		return -ENOMEM;
	cg->host = host;
	cg->ndirs = host->n;
	for (unsigned i = 0; i < BT_CGROUP_HIERARCHIES_MAX; i++)
		cg->dirs[i] = -EBADF;
	return 0;
}

/* Make it in the hierarchies of `which` (bits of their numbers) that it is not open in; none
 * stays after a failure. */
static int make_in(struct bt_cgroup *cg, uint32_t which)
{
	const struct bt_cgroup_host *host = cg->host;
	bool made[BT_CGROUP_HIERARCHIES_MAX] = { false };
	int r = 0;

	for (unsigned i = 0; i < host->n; i++)
		if (cg->dirs[i] >= 0)
			which &= ~(1u << i);
	for (unsigned i = 0; i < host->n && r >= 0; i++) {
		if (!(which & 1u << i))
			continue;
		r = make_dir(&host->v[i], cg->path + 1, &made[i]);
		if (r == 0)
			r = cg->dirs[i] = open_dir(&host->v[i], cg->path + 1);
	}
	if (r >= 0 && host->unified >= 0 && which & 1u << host->unified)
		r = check_controllers(host, cg->path, cg->dirs[host->unified]);
	for (unsigned i = 0; i < host->n && r < 0; i++) {
		if (made[i])
			(void)unlinkat(host->v[i].fd, cg->path + 1, AT_REMOVEDIR);
		if (which & 1u << i)
			bt_close(&cg->dirs[i]);
	}
	return r < 0 ? r : 0;
}

int bt_cgroup_begin(const struct bt_cgroup_host *host, const char *path, struct bt_cgroup *ret)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = init(&cg, host, path);

	if (r == 0 && host->unified >= 0)
		r = make_in(&cg, 1u << host->unified);
	if (r == 0)
		*ret = bt_take_struct(cg);
	return r;
}

int bt_cgroup_complete(struct bt_cgroup *cg)
{
	return make_in(cg, UINT32_MAX);
}

int bt_cgroup_create(const struct bt_cgroup_host *host, const char *path, struct bt_cgroup *ret)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = init(&cg, host, path);

	if (r == 0)
		r = make_in(&cg, UINT32_MAX);
	if (r == 0)
		*ret = bt_take_struct(cg);
	return r;
}

int bt_cgroup_open(const struct bt_cgroup_host *host, const char *path, struct bt_cgroup *ret)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	bool found = false;
	int r;

	r = init(&cg, host, path);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < host->n; i++) {
		r = cg.dirs[i] = open_dir(&host->v[i], path + 1);
		if (r < 0 && r != -ENOENT)
			return r;
		found = found || r >= 0;
	}
	if (!found)
		return -ENOENT;
	*ret = bt_take_struct(cg);
	return 0;
}

int bt_cgroup_open_one(const struct bt_cgroup_host *host, const char *path,
		       enum bt_cgroup_controller controller, struct bt_cgroup *ret)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int where = host->where[controller], r;

	if (where < 0)
		return -EOPNOTSUPP;
	r = init(&cg, host, path);
	if (r < 0)
		return r;
	cg.dirs[where] = open_dir(&host->v[where], path + 1);
	if (cg.dirs[where] < 0)
		return cg.dirs[where];
	*ret = bt_take_struct(cg);
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = path; *p != '\0';) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n + strspn(p + n, "/");
	}
	return false;
}

int bt_cgroup_descend(struct bt_cgroup *cg, unsigned hierarchy, const char *sub)
{
	int fd;

	sub += strspn(sub, "/");
	if (has_dotdot(sub))
		return -EINVAL;
	if (hierarchy >= cg->ndirs || cg->dirs[hierarchy] < 0)
		return -ENOENT;
	if (*sub == '\0')
		return 0;
	fd = openat(cg->dirs[hierarchy], sub, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	bt_close(&cg->dirs[hierarchy]);
	cg->dirs[hierarchy] = fd;
	return 0;
}

int bt_cgroup_remove_empty(const struct bt_cgroup_host *host, const char *path)
{
	int r = 0;

	if (!path_is_valid(path))
		return -EINVAL;
	for (unsigned i = 0; i < host->n; i++)
		if (unlinkat(host->v[i].fd, path + 1, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

void bt_cgroup_done(struct bt_cgroup *cg)
{
	for (unsigned i = 0; i < cg->ndirs; i++)
		bt_close(&cg->dirs[i]);
	free(cg->path);
	*cg = (struct bt_cgroup){ 0 };
}

int bt_cgroup_add(const struct bt_cgroup *cg, pid_t pid)
{
	for (unsigned i = 0; i < cg->ndirs; i++) {
		int r;

		if (cg->dirs[i] < 0)
			continue;
		r = bt_cgroup_files_printf(cg->dirs[i], "cgroup.procs", "%d", (int)pid);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_cgroup_enter(const struct bt_cgroup *cg, bool skip_unified)
{
	for (unsigned i = 0; i < cg->ndirs; i++) {
		bool v2 = cg->host->v[i].v2;
		int r;

		if (cg->dirs[i] < 0 || (v2 && skip_unified))
			continue;
		/* "tasks" moves a thread, which needs no lock on its group. Version 2 has
		 * the like only in threaded groups. */
		r = bt_cgroup_files_write(cg->dirs[i], v2 ? "cgroup.procs" : "tasks", "0");
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_cgroup_enter_made(const struct bt_cgroup *cg)
{
	char path[PATH_MAX];
	int r = 0, n = snprintf(path, sizeof(path), "%s/tasks", cg->path + 1);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	for (unsigned i = 0; i < cg->host->n && r == 0; i++)
		if (!cg->host->v[i].v2)
			r = bt_cgroup_files_write(cg->host->v[i].fd, path, "0");
	return r;
}

int bt_cgroup_clone_fd(const struct bt_cgroup *cg)
{
	return cg->ndirs > 0 && cg->host->unified >= 0 ? cg->dirs[cg->host->unified] : -EBADF;
}

bool bt_cgroup_needs_enter(const struct bt_cgroup *cg)
{
	for (unsigned i = 0; i < cg->ndirs; i++)
		if (cg->dirs[i] >= 0 && !cg->host->v[i].v2)
			return true;
	return false;
}

int bt_cgroup_dir(const struct bt_cgroup *cg, enum bt_cgroup_controller controller)
{
	int where = cg->host->where[controller];

	if (where < 0 || (unsigned)where >= cg->ndirs || cg->dirs[where] < 0)
		return -EOPNOTSUPP;
	return cg->dirs[where];
}

bool bt_cgroup_dir_is_v2(const struct bt_cgroup *cg, enum bt_cgroup_controller controller)
{
	int where = cg->host->where[controller];

	return where >= 0 && cg->host->v[where].v2;
}
