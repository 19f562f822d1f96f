/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "runtime/cgroup_mount.h"
#include "runtime/copyup.h"
#include "runtime/mount_label.h"
#include "runtime/plan_mounts.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

/* A mount has a handful of options for its file system. */
#define OPTIONS_MAX 64

static int refuse(const struct bt_plan_mount *m, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EPERM, "mounts[%s]: %s", m->mount->destination, why);
}

/* Files of /proc that lxcfs and others cover with their own. */
static bool may_cover(const char *destination)
{
	static const char *const files[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/net/dev",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(files[i], destination) == 0)
			return true;
	}
	return false;
}

static bool is_proc_root(const char *destination)
{
	size_t slashes = strspn(destination, "/");
	const char *rest = destination + slashes;

	return strncmp(rest, "proc", 4) == 0 && rest[4 + strspn(rest + 4, "/")] == '\0';
}

/* Whatever the path looked like: what counts is where it led. A /proc that is no
 * procfs, or one with something hidden below a mount, would let writes of the
 * security label or a sysctl go astray. */
static int check_target(const struct bt_plan_mount *m, int target, struct bt_err *err)
{
	bool proc = m->kind == BT_PLAN_FS && strcmp(m->mount->type, "proc") == 0;
	unsigned long magic = bt_mnt_magic(target);

	if (m->kind == BT_PLAN_BIND && bt_mnt_magic(m->source_fd) == PROC_SUPER_MAGIC)
		proc = true;
	if (is_proc_root(m->mount->destination))
		return proc ? 0
			    : refuse(m, "cannot be mounted because it is not of type proc", err);
	if (magic == 0)
		return refuse(m, "lies on a file system that does not say what it is", err);
	if (magic == PROC_SUPER_MAGIC && m->kind != BT_PLAN_REMOUNT &&
	    !(m->kind == BT_PLAN_BIND && may_cover(m->mount->destination)))
		return refuse(m, "is inside /proc, where nothing may be mounted", err);
	return 0;
}

/* A procfs or sysfs must end up where its name says, for the sake of everybody
 * who will look there. */
static bool must_not_follow(const struct bt_plan_mount *m)
{
	return m->kind == BT_PLAN_FS &&
	       (strcmp(m->mount->type, "proc") == 0 || strcmp(m->mount->type, "sysfs") == 0);
}

/* Is there something already at the place of a tmpfs that is to look like what it covers? */
static bool is_there(const struct bt_plan_mount *m, int root)
{
	bt_auto_close int fd = -EBADF;

	return bt_inroot_open(root, m->mount->destination, O_PATH, 0, &fd) == 0;
}

/* A directory that is reached without symlinks, made if there is none. */
static int open_plain(int root, const char *destination, int *ret_fd)
{
	bt_auto_close int made = -EBADF;
	int r = bt_inroot_open(root, destination, O_PATH, RESOLVE_NO_SYMLINKS, ret_fd);

	if (r != -ENOENT)
		return r;
	r = bt_inroot_make(root, destination, S_IFDIR, &made);
	return r < 0 ? r : bt_inroot_open(root, destination, O_PATH, RESOLVE_NO_SYMLINKS, ret_fd);
}

static int open_target(const struct bt_plan_mount *m, int root, int *ret_fd, struct bt_err *err)
{
	mode_t type = m->kind == BT_PLAN_BIND && !m->source_is_dir ? S_IFREG : S_IFDIR;
	const char *destination = m->mount->destination;
	bt_auto_close int fd = -EBADF;
	int r = must_not_follow(m) ? open_plain(root, destination, &fd)
				   : bt_inroot_make(root, destination, type, &fd);

	if (r == -ELOOP && must_not_follow(m))
		return refuse(m, "must be mounted on an ordinary directory, not through a symlink",
			      err);
	if (r < 0)
		return bt_err_sys(err, r, "mounts[%s]: open the mount point in the root",
				  destination);
	r = check_target(m, fd, err);
	if (r < 0)
		return r;
	*ret_fd = bt_take_fd(&fd);
	return 0;
}

static bool has_option(const struct bt_mount_options *o, const char *prefix)
{
	for (size_t i = 0; i < o->ndata; i++) {
		if (bt_str_after(o->data[i], prefix) != NULL)
			return true;
	}
	return false;
}

static int create_fs(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
		     bool keep_mode, int *ret_fd, struct bt_err *err)
{
	const struct bt_mount_options *o = &m->options;
	const char *options[OPTIONS_MAX + 2];
	char mode[sizeof("mode=07777")], label[BT_MOUNT_LABEL_LEN], why[BT_MNT_WHY_LEN];
	bool tmpfs = strcmp(m->mount->type, "tmpfs") == 0;
	struct bt_mnt_fs fs = { .type = m->mount->type,
				.source = m->mount->source,
				.options = options,
				.attributes = o->set,
				.read_only = o->read_only && !tmpfs };
	struct stat st;
	int r;

	if (o->ndata > OPTIONS_MAX)
		return refuse(m, "has too many options", err);
	/* A tmpfs that is not told otherwise looks like the directory it covers; a directory that
	 * was only made for it has nothing to say, and the kernel's mode is 1777. */
	if (keep_mode && fstat(target, &st) == 0) {
		(void)snprintf(mode, sizeof(mode), "mode=0%o", (unsigned)(st.st_mode & 07777));
		options[fs.noptions++] = mode;
	}
	if (bt_mount_label_option(plan, m->mount->type, label) != NULL)
		options[fs.noptions++] = label;
	for (size_t i = 0; i < o->ndata; i++)
		options[fs.noptions++] = o->data[i];
	/* What comes later may have to be put into it. */
	if (tmpfs)
		fs.attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	r = bt_mnt_create(&fs, why, ret_fd);
	if (r < 0)
		return bt_err_sys(err, r, "mounts[%s]: mount %s%s%s", m->mount->destination,
				  m->mount->type, why[0] != '\0' ? ": " : "", why);
	return 0;
}

static int change_after(const struct bt_plan_mount *m, int fd)
{
	const struct bt_mount_options *o = &m->options;
	struct bt_mnt_change all = { .recursive = true,
				     .set = o->rec_set,
				     .clear = o->rec_clear,
				     .propagation = o->rec_propagation };
	struct bt_mnt_change one = { .propagation = o->propagation };
	int r = bt_mnt_apply(fd, &all);

	return r < 0 ? r : bt_mnt_apply(fd, &one);
}

static int mount_fs(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
		    bool keep_mode, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	int r = create_fs(plan, m, target, keep_mode, &fd, err);

	if (r < 0)
		return r;
	r = bt_mount_label_set(plan, m->mount->type, fd);
	if (r < 0)
		return bt_err_sys(err, r, "mounts[%s]: linux.mountLabel", m->mount->destination);
	if (m->options.tmpcopyup)
		r = bt_copyup_tree(target, fd);
	if (r < 0)
		return bt_err_sys(err, r, "mounts[%s]: tmpcopyup", m->mount->destination);
	r = bt_mnt_attach(fd, target);
	if (r == 0)
		r = change_after(m, fd);
	return r < 0 ? bt_err_sys(err, r, "mounts[%s]: attach", m->mount->destination) : 0;
}

static int mount_bind(const struct bt_plan *plan, const struct bt_plan_mount *m, int target,
		      struct bt_err *err)
{
	int r = bt_mnt_attach(m->source_fd, target);

	if (r == -ENOTDIR)
		return bt_err_set(
			err, BT_ERR_INVALID, ENOTDIR,
			"error mounting \"%s\" to rootfs at \"%s\": not a directory: Are "
			"you trying to mount a directory onto a file (or vice-versa)? "
			"Check if the specified host path exists and is the expected type",
			m->mount->source, m->mount->destination);
	if (r < 0)
		return bt_err_sys(err, r, "error mounting \"%s\" to rootfs at \"%s\"",
				  m->mount->source, m->mount->destination);
	r = m->late ? bt_plan_mounts_change(plan, m) : 0;
	return r < 0 ? bt_err_sys(err, r, "mounts[%s].options", m->mount->destination) : 0;
}

static int remount(const struct bt_plan_mount *m, int target, struct bt_err *err)
{
	struct bt_mnt_change one = { .set = m->options.set, .clear = m->options.clear };
	int r = bt_mnt_apply(target, &one);

	if (r == 0)
		r = change_after(m, target);
	return r < 0 ? bt_err_sys(err, r, "mounts[%s]: remount", m->mount->destination) : 0;
}

static int mount_one(const struct bt_plan *plan, const struct bt_plan_mount *m, int root,
		     struct bt_err *err)
{
	bt_auto_close int target = -EBADF;
	bool keep_mode = m->kind == BT_PLAN_FS && strcmp(m->mount->type, "tmpfs") == 0 &&
			 !has_option(&m->options, "mode=") && is_there(m, root);
	int r = open_target(m, root, &target, err);

	if (r < 0)
		return r;
	switch (m->kind) {
	case BT_PLAN_FS:
		return mount_fs(plan, m, target, keep_mode, err);
	case BT_PLAN_BIND:
		return mount_bind(plan, m, target, err);
	case BT_PLAN_REMOUNT:
		return remount(m, target, err);
	case BT_PLAN_CGROUP:
		return bt_cgroup_mount_apply(plan, m, target, err);
	}
	return 0;
}

size_t bt_mounts_first_cgroup(const struct bt_plan *plan)
{
	size_t i = 0;

	while (i < plan->nmounts && plan->mounts[i].kind != BT_PLAN_CGROUP)
		i++;
	return i;
}

/* procfs looks for its reader's network. */
static bool knows_no_net(const char *type)
{
	static const char *const types[] = { "proc", "tmpfs", "devpts", "mqueue" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

size_t bt_mounts_first_of_net(const struct bt_plan *plan)
{
	size_t i = 0;

	while (i < plan->nmounts &&
	       (plan->mounts[i].kind == BT_PLAN_BIND || plan->mounts[i].kind == BT_PLAN_REMOUNT ||
		(plan->mounts[i].kind == BT_PLAN_FS && knows_no_net(plan->mounts[i].mount->type))))
		i++;
	return i;
}

int bt_mounts_apply(const struct bt_plan *plan, int root, size_t first, size_t end,
		    struct bt_err *err)
{
	for (size_t i = first; i < end; i++) {
		int r = mount_one(plan, &plan->mounts[i], root, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int bt_mounts_seal(const struct bt_plan *plan, int root, struct bt_err *err)
{
	const struct bt_mnt_change read_only = { .set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < plan->nmounts; i++) {
		const struct bt_plan_mount *m = &plan->mounts[i];
		bt_auto_close int fd = -EBADF;
		int r;

		if (m->kind != BT_PLAN_FS || !m->options.read_only ||
		    strcmp(m->mount->type, "tmpfs") != 0)
			continue;
		r = bt_inroot_open(root, m->mount->destination, O_PATH, 0, &fd);
		if (r == 0)
			r = bt_mnt_apply(fd, &read_only);
		if (r < 0)
			return bt_err_sys(err, r, "mounts[%s]: make it read-only",
					  m->mount->destination);
	}
	return 0;
}
