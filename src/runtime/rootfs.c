/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/mnt.h"

/* The copies of the host's mounts follow the host no further than the root's
 * propagation says. The one under our root must be private: what is attached to a
 * shared mount appears at all its peers. */
static int cut_off(const struct bt_plan *plan, int old)
{
	struct bt_mnt_change all = {
		.recursive = true,
		.propagation = plan->root_propagation == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE,
	};
	struct bt_mnt_change one = { .propagation = MS_PRIVATE };
	int r = 0;

	if (plan->root_propagation != MS_SHARED)
		r = bt_mnt_apply(old, &all);
	return r < 0 ? r : bt_mnt_apply(old, &one);
}

/* Where it is put does not matter to pivot_root(2), as long as it is no shared mount. */
static int attach(const struct bt_plan *plan, int old, struct bt_err *err)
{
	bt_auto_close int place = -EBADF;
	int r;

	if (plan->root_place != NULL)
		place = open(plan->root_place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = bt_mnt_attach(plan->rootfs_fd, place >= 0 ? place : old);
	return r < 0 ? bt_err_sys(err, r, "attach the root file system") : 0;
}

int bt_rootfs_attach(const struct bt_plan *plan, int *ret_root, struct bt_err *err)
{
	const struct bt_mnt_change late = bt_plan_root_change(plan);
	bt_auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0)
		return bt_err_sys(err, -errno, "open /");
	r = cut_off(plan, old);
	if (r < 0)
		return bt_err_sys(err, r, "set the propagation of the mount namespace");
	r = attach(plan, old, err);
	if (r < 0)
		return r;
	r = plan->root_late ? bt_mnt_apply(plan->rootfs_fd, &late) : 0;
	if (r < 0)
		return bt_err_sys(err, r, "set the propagation of the root file system");
	*ret_root = plan->rootfs_fd;
	return 0;
}

static int pivot(int root, struct bt_err *err)
{
	struct bt_mnt_change slave = { .recursive = true, .propagation = MS_SLAVE };
	bt_auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0)
		return bt_err_sys(err, -errno, "open /");
	if (fchdir(root) < 0)
		return bt_err_sys(err, -errno, "enter the root file system");
	/* The old root ends up on top of the new one, from where it is detached. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return bt_err_sys(err, -errno, "pivot_root");
	/* Detaching must not reach the host through mounts that were left shared. */
	r = bt_mnt_apply(old, &slave);
	if (r < 0)
		return bt_err_sys(err, r, "cut the old root off");
	if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
		return bt_err_sys(err, -errno, "detach the old root");
	return 0;
}

int bt_rootfs_enter(const struct bt_plan *plan, int root, struct bt_err *err)
{
	int r;

	if (plan->req->no_pivot) {
		if (fchdir(root) < 0 || chroot(".") < 0)
			return bt_err_sys(err, -errno, "chroot");
		return 0;
	}
	r = pivot(root, err);
	if (r < 0)
		return r;
	return chdir("/") < 0 ? bt_err_sys(err, -errno, "chdir /") : 0;
}

int bt_rootfs_finish(const struct bt_plan *plan, int root, struct bt_err *err)
{
	struct bt_mnt_change propagation = { .recursive = plan->root_propagation_recursive,
					     .propagation = plan->root_propagation };
	struct bt_mnt_change read_only = { .set = MOUNT_ATTR_RDONLY };
	int r = 0;

	if (plan->root_propagation_given)
		r = bt_mnt_apply(root, &propagation);
	if (r < 0)
		return bt_err_sys(err, r, "linux.rootfsPropagation");
	if (plan->spec->root_readonly)
		r = bt_mnt_apply(root, &read_only);
	return r < 0 ? bt_err_sys(err, r, "root.readonly") : 0;
}
