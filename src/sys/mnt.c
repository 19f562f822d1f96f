/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/kernel.h"
#include "sys/mnt_remount.h"

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

int bt_mnt_attach_at(int mount_fd, int at, const char *path)
{
	return move_mount(mount_fd, "", at, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
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
	return bt_kernel_lacks(SYS_mount_setattr, errno) ? bt_mnt_remount(fd, change) : -errno;
}

int bt_mnt_attach_changed(int mount_fd, int at, const char *path,
			  const struct bt_mnt_change *change)
{
	int r = bt_mnt_apply(mount_fd, change);
	bool later = r == -ENOSYS;

	if (r == 0 || later)
		r = *path != '\0' ? bt_mnt_attach_at(mount_fd, at, path)
				  : bt_mnt_attach(mount_fd, at);
	return r == 0 && later ? bt_mnt_apply(mount_fd, change) : r;
}

unsigned long bt_mnt_magic(int fd)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return 0;
	return (unsigned long)st.f_type;
}
