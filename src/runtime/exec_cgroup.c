/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/exec_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"

/* A path of PATH_MAX in each of two dozen hierarchies. */
#define FILE_MAX ((size_t)128 << 10)
/* How often an init may have moved on between the look and the leap. */
#define TRIES 8

int bt_exec_cgroup_open(const struct bt_cgroups_owner *owner, bool rootless, struct bt_cgroup *ret,
			struct bt_err *err)
{
	const struct bt_cgroup_host *host;
	bt_auto_free char *path = NULL;
	int r = bt_cgroups_host(&host, err);

	if (r == 0)
		r = bt_cgroups_path(owner, &path, err);
	if (r < 0)
		return r;
	r = bt_cgroup_open(host, path, ret);
	if (r == -ENOENT && rootless)
		return 0;
	return r < 0 ? bt_err_sys(err, r, "open control group %s", path) : 0;
}

static int descend(struct bt_cgroup *cg, unsigned hierarchy, const char *sub, struct bt_err *err)
{
	int r = bt_cgroup_descend(cg, hierarchy, sub);

	if (r == -EINVAL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--cgroup: %s is not a sub cgroup path", sub);
	if (r < 0)
		return bt_err_sys(err, r, "--cgroup: open control group %s/%s of %s", cg->path,
				  sub + strspn(sub, "/"), cg->host->v[hierarchy].mount_point);
	return 0;
}

/* Version 2 is the only one, or has controllers of its own. */
static bool limits_something(const struct bt_cgroup_host *host, unsigned hierarchy)
{
	return host->n == 1 || host->v[hierarchy].controllers != 0;
}

static int descend_everywhere(struct bt_cgroup *cg, const char *sub, struct bt_err *err)
{
	for (unsigned i = 0; i < cg->ndirs; i++) {
		int r = descend(cg, i, sub, err);

		if (r == -ENOENT && !limits_something(cg->host, i))
			continue;
		if (r < 0)
			return r;
	}
	return 0;
}

/* The hierarchy of version 1 that a text of `len` bytes names; -ENOENT where none is. */
static int find_hierarchy(const struct bt_cgroup_host *host, const char *name, size_t len)
{
	for (unsigned i = 0; i < host->n; i++) {
		const char *own = host->v[i].name;

		if (own != NULL && len == strlen(own) + 5 && strncmp(name, "name=", 5) == 0 &&
		    strncmp(name + 5, own, len - 5) == 0)
			return (int)i;
	}
	for (int c = 0; c < BT_CGROUP_CONTROLLERS_; c++) {
		const char *own = bt_cgroup_controller_name((enum bt_cgroup_controller)c);

		if (len == strlen(own) && strncmp(name, own, len) == 0 && host->where[c] >= 0 &&
		    !host->v[host->where[c]].v2)
			return host->where[c];
	}
	return -ENOENT;
}

/* Controllers that share a hierarchy (cpu,cpuacct) may both be named: that is one step down. */
static int descend_named(struct bt_cgroup *cg, const char *names, const char *sub, uint32_t *done,
			 struct bt_err *err)
{
	for (const char *name = names;; name++) {
		size_t len = strcspn(name, ",:");
		int where = find_hierarchy(cg->host, name, len), r = 0;

		if (where < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "--cgroup: unknown controller %.*s (version 2 has one "
					  "path for all)",
					  len > 64 ? 64 : (int)len, name);
		if (!(*done & 1u << where))
			r = descend(cg, (unsigned)where, sub, err);
		if (r < 0)
			return r;
		*done |= 1u << where;
		name += len;
		if (*name != ',')
			return 0;
	}
}

int bt_exec_cgroup_descend(struct bt_cgroup *cg, const struct bt_oci_strings *subs,
			   struct bt_err *err)
{
	uint32_t done = 0;
	int r = 0;

	if (subs->n > 0 && cg->host == NULL)
		return bt_err_set(err, BT_ERR_INVALID, ENOENT,
				  "--cgroup: the container has no control group of its own");
	for (size_t i = 0; i < subs->n && r == 0; i++) {
		const char *colon = strchr(subs->v[i], ':');

		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			r = bt_err_set(err, BT_ERR_INVALID, EINVAL,
				       "--cgroup: \"%s\" is not [controller:]path", subs->v[i]);
		else if (colon != NULL)
			r = descend_named(cg, subs->v[i], colon + 1, &done, err);
		else if (subs->n > 1)
			r = bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"--cgroup: \"%s\" lacks its controller, and there are others",
				subs->v[i]);
		else
			r = descend_everywhere(cg, subs->v[i], err);
	}
	return r;
}

bool bt_exec_cgroup_is_closed(int r)
{
	/* The second is said of groups among threaded ones (cgroup-v2.rst, "Threads"). */
	return r == -EBUSY || r == -EOPNOTSUPP;
}

const char *bt_exec_cgroup_below(char *text, const char *group)
{
	for (char *line = text; line != NULL;) {
		char *end = strchr(line, '\n');
		const char *path = bt_str_after(line, "0::");

		if (end != NULL)
			*end = '\0';
		if (path != NULL)
			return bt_path_is_under(path, group) ? path + strlen(group) : NULL;
		line = end != NULL ? end + 1 : NULL;
	}
	return NULL;
}

static int follow_once(struct bt_cgroup *cg, pid_t init)
{
	bt_auto_free char *text = NULL;
	const char *below;
	char name[32];
	size_t len;
	int r;

	(void)snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)init);
	r = bt_io_read_file(AT_FDCWD, name, FILE_MAX, &text, &len);
	if (r < 0)
		return r;
	below = bt_exec_cgroup_below(text, cg->path);
	return below == NULL ? -EPERM : bt_cgroup_descend(cg, (unsigned)cg->host->unified, below);
}

int bt_exec_cgroup_follow(struct bt_cgroup *cg, pid_t init)
{
	int r = -ENOENT;

	if (cg->host->unified < 0)
		return -EOPNOTSUPP;
	for (int i = 0; i < TRIES && r == -ENOENT; i++)
		r = follow_once(cg, init);
	return r;
}
