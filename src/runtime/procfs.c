/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

int bt_procfs_open(int root, int *ret_fd)
{
	const struct bt_mnt_fs fs = { .type = "proc" };
	bt_auto_close int fd = -EBADF;
	int r = bt_mnt_create(&fs, NULL, ret_fd);

	if (r == 0)
		return 0;
	r = bt_inroot_open(root, "proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, &fd);
	if (r < 0)
		return r;
	if (bt_mnt_magic(fd) != PROC_SUPER_MAGIC)
		return -EXDEV;
	*ret_fd = bt_take_fd(&fd);
	return 0;
}

/* The root of every procfs has this number (PROC_ROOT_INO), and nothing else of it. */
#define ROOT_INODE 1

static bool is_whole_and_writable(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
	       (fs.f_flags & ST_RDONLY) == 0 && fstat(fd, &st) == 0 && st.st_ino == ROOT_INODE;
}

int bt_procfs_open_bare(int root, int *ret_fd)
{
	bt_auto_close int fd = -EBADF;
	int r = bt_inroot_open(root, "proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, &fd);

	if (r < 0 || !is_whole_and_writable(fd))
		return bt_procfs_open(root, ret_fd);
	*ret_fd = bt_take_fd(&fd);
	return 0;
}

int bt_procfs_open_file(int proc, const char *path, int flags, int *ret_fd)
{
	int fd = bt_openat2_open(proc, path, flags,
				 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int bt_procfs_write(int proc, const char *path, const char *data)
{
	bt_auto_close int fd = -EBADF;
	int r = bt_procfs_open_file(proc, path, O_WRONLY, &fd);

	if (r < 0)
		return r;
	return write(fd, data, strlen(data)) < 0 ? -errno : 0;
}

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; with a slash in
 * the name its dots are part of it (an interface "eth0.1"). */
static int sysctl_path(const char *key, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "sys/%s", key);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (strchr(key, '/') != NULL)
		return 0;
	for (char *p = ret; *p != '\0'; p++) {
		if (*p == '.')
			*p = '/';
	}
	return 0;
}

int bt_procfs_sysctl(int proc, const struct bt_oci_pairs *sysctl, struct bt_err *err)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sysctl->n; i++) {
		int r = sysctl_path(sysctl->v[i].key, path);

		if (r == 0)
			r = bt_procfs_write(proc, path, sysctl->v[i].value);
		if (r < 0)
			return bt_err_sys(err, r, "linux.sysctl: write %s to /proc/%s",
					  sysctl->v[i].value, path);
	}
	return 0;
}
