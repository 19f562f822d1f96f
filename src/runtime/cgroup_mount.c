/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/cgroup_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "runtime/mount_label.h"
#include "sys/mnt.h"

#define ALWAYS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int failed(const struct bt_plan_mount *m, int r, const char *what, struct bt_err *err)
{
	return bt_err_sys(err, r, "mounts[%s]: control groups: %s", m->mount->destination, what);
}

/* Bind the group's directory as the host's tree shows it. In a cgroup namespace of the container's
 * it is the root, as in a mount that is made there; the kernel needs a third of the time. */
static int bind_group(const struct bt_plan *plan, const struct bt_cgroup_hierarchy *h, bool whole,
		      int *ret_fd)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", h->mount_point,
			 whole ? "" : plan->cgroup.path);

	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return bt_mnt_clone(AT_FDCWD, path, false, ret_fd);
}

static bool joins(const struct bt_plan *plan, int type)
{
	for (size_t i = 0; i < plan->njoins; i++)
		if (plan->joins[i].type == type)
			return true;
	return false;
}

static int mount_v2(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
		    struct bt_err *err)
{
	const struct bt_cgroup_host *host = plan->cgroup.host;
	const struct bt_mnt_fs fs = { .type = "cgroup2", .source = "cgroup" };
	const struct bt_mnt_change change = { .set = m->options.set | ALWAYS,
					      .clear = m->options.clear,
					      .propagation = MS_PRIVATE };
	bool own = bt_plan_makes(plan, CLONE_NEWCGROUP);
	/* A mount that is made in the first cgroup namespace sets the flags of the whole hierarchy
	 * anew: the host would lose its nsdelegate and memory_recursiveprot. */
	bool make = own || joins(plan, CLONE_NEWCGROUP) || host->unified < 0;
	bt_auto_close int fd = -EBADF;
	int r = make ? bt_mnt_create(&fs, NULL, &fd) : -EPERM;

	/* Nor is it allowed where the network namespace or user namespace is not ours. */
	if ((r == -EPERM || r == -EBUSY) && host->unified >= 0)
		r = bind_group(plan, &host->v[host->unified], !own, &fd);
	if (r == 0)
		r = bt_mnt_attach_changed(fd, target, "", &change);
	return r < 0 ? failed(m, r, "mount version 2", err) : 0;
}

static int attach_hierarchy(const struct bt_plan *plan, const struct bt_plan_mount *m,
			    const struct bt_cgroup_hierarchy *h, int dir)
{
	const struct bt_mnt_change change = { .set = m->options.set | ALWAYS,
					      .clear = m->options.clear,
					      .propagation = MS_PRIVATE };
	const char *name = bt_path_base(h->mount_point);
	bt_auto_close int fd = -EBADF;
	int r;

	if (mkdirat(dir, name, 0755) < 0)
		return -errno;
	r = bind_group(plan, h, false, &fd);
	/* By name: nobody else has the tmpfs yet. */
	return r < 0 ? r : bt_mnt_attach_changed(fd, dir, name, &change);
}

/* Programs look for "cpu" also where the directory is called "cpu,cpuacct". */
static int link_controllers(const struct bt_cgroup_hierarchy *h, int dir)
{
	const char *name = bt_path_base(h->mount_point);

	if (strchr(name, ',') == NULL)
		return 0;
	for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++) {
		if ((h->controllers & (1u << c)) &&
		    symlinkat(name, dir, bt_cgroup_controller_name(c)) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int mount_v1(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
		    struct bt_err *err)
{
	char label[BT_MOUNT_LABEL_LEN];
	const char *const options[] = { "mode=755", bt_mount_label_option(plan, "tmpfs", label) };
	const struct bt_mnt_fs fs = { .type = "tmpfs",
				      .options = options,
				      .noptions = options[1] != NULL ? 2 : 1,
				      .attributes = ALWAYS };
	const struct bt_mnt_change read_only = { .set = MOUNT_ATTR_RDONLY };
	const struct bt_cgroup_host *host = plan->cgroup.host;
	bt_auto_close int top = -EBADF;
	int r = bt_mnt_create(&fs, NULL, &top);

	if (r == 0)
		r = bt_mnt_attach(top, target);
	if (r < 0)
		return failed(m, r, "mount a tmpfs for the hierarchies", err);
	for (unsigned i = 0; i < host->n; i++) {
		if (host->v[i].v2)
			continue;
		r = attach_hierarchy(plan, m, &host->v[i], top);
		if (r == 0)
			r = link_controllers(&host->v[i], top);
		if (r < 0)
			return failed(m, r, host->v[i].mount_point, err);
	}
	if (m->options.read_only)
		r = bt_mnt_apply(top, &read_only);
	return r < 0 ? failed(m, r, "make it read-only", err) : 0;
}

int bt_cgroup_mount_apply(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
			  struct bt_err *err)
{
	bool v2 = strcmp(m->mount->type, "cgroup2") == 0;

	if (plan->cgroup.host == NULL)
		return failed(m, -ENOTSUP, "the container has none", err);
	if (v2 || bt_cgroup_host_is_v2(plan->cgroup.host))
		return mount_v2(plan, m, target, err);
	return mount_v1(plan, m, target, err);
}
