/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "sys/mnt.h"

/* Mounts may lie upon one another; more than this is no accident. */
#define STACK_MAX 64

static int make_point(const char *path, bool file)
{
	bt_auto_free char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	bt_auto_close int fd = -EBADF;
	int r;

	if (!slash)
		return dir ? -EINVAL : -ENOMEM;
	if (!file)
		return bt_io_mkdir_p(path, 0700);
	*slash = '\0';
	r = bt_io_mkdir_p(dir, 0700);
	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : 0;
}

int bt_host_mount_attach(int fd, const char *path, bool file)
{
	bt_auto_close int target = -EBADF;
	int r = make_point(path, file);

	if (r < 0)
		return r;
	target = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return target < 0 ? -errno : bt_mnt_attach(fd, target);
}

bool bt_host_mount_is_there(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &st) < 0)
		return false;
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int bt_host_mount_detach(const char *path)
{
	for (int i = 0; i < STACK_MAX; i++) {
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			continue;
		/* EINVAL: no mount is there. */
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	}
	return -EBUSY;
}
