/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"

#define DEPTH_MAX  128
#define XATTRS_MAX 65536

static int copy_dir(int from, int to, int depth);

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int open_beneath(int root, const char *path, int flags)
{
	return bt_openat2_open(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* Extended attributes that the target's file system takes; others are dropped, as cp(1) does
 * where nobody insists. */
static void copy_xattrs(int from, int to)
{
	char names[4096], value[XATTRS_MAX];
	ssize_t n = flistxattr(from, names, sizeof(names));

	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len = fgetxattr(from, name, value, sizeof(value));

		if (len >= 0)
			(void)fsetxattr(to, name, value, (size_t)len, 0);
	}
}

/* Owner before mode: chown(2) takes set-user-ID bits away. */
static int copy_meta(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	copy_xattrs(from, to);
	return futimens(to, times) < 0 ? -errno : 0;
}

static int copy_data(int from, int to)
{
	ssize_t n;

	do
		n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
	while (n > 0);
	if (n == 0)
		return 0;
	/* Between file systems that cannot copy for us. */
	do
		n = sendfile(to, from, NULL, 1 << 30);
	while (n > 0);
	return n < 0 ? -errno : 0;
}

static int copy_regular(int from, const char *name, int to, const struct stat *st)
{
	bt_auto_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bt_auto_close int out = -EBADF;
	int r;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_data(in, out);
	return r < 0 ? r : copy_meta(in, out, st);
}

static int copy_symlink(int from, const char *name, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Fifos, sockets and devices: the node is all there is. */
static int copy_node(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_subdir(int from, const char *name, int to, const struct stat *st, int depth)
{
	bt_auto_close int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bt_auto_close int out = -EBADF;
	int r;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = copy_dir(in, out, depth + 1);
	return r < 0 ? r : copy_meta(in, out, st);
}

static int copy_entry(int from, const char *name, int to, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdir(from, name, to, &st, depth);
	if (S_ISREG(st.st_mode))
		return copy_regular(from, name, to, &st);
	if (S_ISLNK(st.st_mode))
		return copy_symlink(from, name, to, &st);
	return copy_node(to, name, &st);
}

static int copy_dir(int from, int to, int depth)
{
	bt_auto(dir_done) DIR *dir = NULL;
	bt_auto_close int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return -errno;
	(void)bt_take_fd(&again); /* the stream's now */
	while ((entry = readdir(dir))) {
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_entry(from, entry->d_name, to, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 1: empty, 0: not, or -errno. */
static int is_empty(int fd)
{
	bt_auto(dir_done) DIR *dir = NULL;
	bt_auto_close int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;

	dir = again < 0 ? NULL : fdopendir(again);
	if (!dir)
		return -errno;
	(void)bt_take_fd(&again);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return 0;
	return 1;
}

int bt_volume_copy(int root, const char *path, const char *volume, struct bt_err *err)
{
	bt_auto_close int from = open_beneath(root, path, O_RDONLY | O_DIRECTORY);
	bt_auto_close int to = -EBADF;
	struct stat st;
	int r;

	if (from == -ENOENT || from == -ENOTDIR)
		return 0;
	if (from < 0)
		return bt_err_sys(err, from, "open %s of the container", path);
	to = open(volume, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || fstat(from, &st) < 0)
		return bt_err_sys(err, -errno, "open %s", volume);
	r = is_empty(to);
	if (r > 0)
		r = copy_dir(from, to, 0);
	else if (r == 0)
		return 0;
	if (r == 0)
		r = copy_meta(from, to, &st);
	return r < 0 ? bt_err_sys(err, r, "copy %s of the image into %s", path, volume) : 0;
}
