/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"

/* The longest key of any file system's option is far below; a value is at most
 * a page for the kernel. */
#define KEY_MAX 64

static int set_option(int fs, const char *option)
{
	const char *eq = strchr(option, '=');
	char key[KEY_MAX];
	size_t len;

	if (eq == NULL)
		return fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) < 0 ? -errno : 0;
	len = (size_t)(eq - option);
	if (len >= sizeof(key))
		return -EINVAL;
	memcpy(key, option, len);
	key[len] = '\0';
	return fsconfig(fs, FSCONFIG_SET_STRING, key, eq + 1, 0) < 0 ? -errno : 0;
}

/* A context's messages come one a read, with "e ", "w " or "i " before each. */
static void read_why(int fs, char why[BT_MNT_WHY_LEN])
{
	ssize_t n = read(fs, why, BT_MNT_WHY_LEN - 1);

	if (n < 3) {
		why[0] = '\0';
		return;
	}
	why[n] = '\0';
	memmove(why, why + 2, (size_t)n - 1);
	why[strcspn(why, "\n")] = '\0';
}

static int configure(int fs, const struct bt_mnt_fs *desc)
{
	const char *source = desc->source != NULL ? desc->source : desc->type;

	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return -errno;
	if (desc->read_only && fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return -errno;
	for (size_t i = 0; i < desc->noptions; i++) {
		int r = set_option(fs, desc->options[i]);

		if (r < 0)
			return r;
	}
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

int bt_mnt_create(const struct bt_mnt_fs *desc, char why[BT_MNT_WHY_LEN], int *ret_fd)
{
	bt_auto_close int fs = -EBADF;
	int r, fd;

	if (why != NULL)
		why[0] = '\0';
	fs = fsopen(desc->type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	r = configure(fs, desc);
	if (r < 0) {
		if (why != NULL)
			read_why(fs, why);
		return r;
	}
	fd = fsmount(fs, FSMOUNT_CLOEXEC,
		     (unsigned)(desc->attributes | (desc->read_only ? MOUNT_ATTR_RDONLY : 0)));
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int bt_mnt_clone(int at, const char *path, bool recursive, int *ret_fd)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
			 (recursive ? AT_RECURSIVE : 0);
	int fd = open_tree(at, path, flags);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int bt_mnt_attach(int mount_fd, int target_fd)
{
	if (move_mount(mount_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* statvfs(3) and mount(2) number the same flags differently only where they
 * have no counterpart. A remount replaces all flags, so those in force are kept. */
static unsigned long flags_after(const struct statvfs *now, const struct bt_mnt_change *change)
{
	static const struct {
		uint64_t attr;
		unsigned long st, ms;
	} map[] = {
		{ MOUNT_ATTR_RDONLY, ST_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, ST_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, ST_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, ST_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, MS_NODIRATIME },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		bool on = (now->f_flag & map[i].st) != 0 && !(change->clear & map[i].attr);

		if (on || (change->set & map[i].attr))
			flags |= map[i].ms;
	}
	if (change->clear & MOUNT_ATTR__ATIME) {
		if (change->set & MOUNT_ATTR_NOATIME)
			flags |= MS_NOATIME;
		else
			flags |=
				change->set & MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : MS_RELATIME;
	} else {
		flags |= now->f_flag & ST_NOATIME ? MS_NOATIME : 0;
		flags |= now->f_flag & ST_RELATIME ? MS_RELATIME : 0;
	}
	return flags;
}

static int apply_by_path(int fd, const struct bt_mnt_change *change)
{
	char path[sizeof("/proc/self/fd/") + 12];
	struct statvfs now;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((change->set | change->clear) != 0) {
		if (change->recursive || (change->set & ~(uint64_t)0xff) != 0)
			return -ENOSYS;
		if (fstatvfs(fd, &now) < 0)
			return -errno;
		if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags_after(&now, change),
			  NULL) < 0)
			return -errno;
	}
	if (change->propagation != 0 &&
	    mount(NULL, path, NULL, change->propagation | (change->recursive ? MS_REC : 0), NULL) <
		    0)
		return -errno;
	return 0;
}

int bt_mnt_apply(int fd, const struct bt_mnt_change *change)
{
	struct mount_attr attr = {
		.attr_set = change->set,
		.attr_clr = change->clear,
		.propagation = change->propagation,
		.userns_fd = (change->set & MOUNT_ATTR_IDMAP) ? (unsigned)change->userns_fd : 0,
	};

	if (change->set == 0 && change->clear == 0 && change->propagation == 0)
		return 0;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | (change->recursive ? AT_RECURSIVE : 0u), &attr,
			  sizeof(attr)) == 0)
		return 0;
	return errno == ENOSYS ? apply_by_path(fd, change) : -errno;
}

unsigned long bt_mnt_magic(int fd)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return 0;
	return (unsigned long)st.f_type;
}
