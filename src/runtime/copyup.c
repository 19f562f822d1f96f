/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"

#define DEPTH_MAX 64

static int copy_tree(int from, int to, int depth);

static int open_beneath(int at, const char *name, int flags)
{
	return bt_openat2_open(at, name, flags,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	bt_auto_close int in = open_beneath(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	bt_auto_close int out = -EBADF;
	ssize_t n;

	if (in < 0)
		return in;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		continue;
	if (n < 0 || fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static int copy_directory(int from, int to, const char *name, const struct stat *st, int depth)
{
	bt_auto_close int in = open_beneath(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	bt_auto_close int out = -EBADF;
	int r;

	/* Something else is mounted there. */
	if (in == -EXDEV)
		return 0;
	if (in < 0)
		return in;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = copy_tree(in, out, depth + 1);
	if (r < 0)
		return r;
	if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return -errno;
	return 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_node(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name, &st);
	case S_IFDIR:
		return copy_directory(from, to, name, &st, depth);
	case S_IFLNK:
		return copy_link(from, to, name, &st);
	case S_IFSOCK:
		return 0;
	default:
		return copy_node(to, name, &st);
	}
}

static int copy_tree(int from, int to, int depth)
{
	_Alignas(struct dirent64) char buf[4096];
	ssize_t n;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	while ((n = getdents64(from, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buf + at);
			int r = copy_entry(from, to, entry->d_name, depth);

			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
	return n < 0 ? -errno : 0;
}

int bt_copyup_tree(int from, int to)
{
	bt_auto_close int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return in < 0 ? -errno : copy_tree(in, to, 0);
}
