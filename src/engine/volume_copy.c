/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/map.h"
#include "base/openat2.h"
#include "base/str.h"

#define DEPTH_MAX  128
#define XATTRS_MAX 65536

#define KEY_LEN 40

struct copy {
	int volume;          /* its directory, where the paths of `links` begin */
	struct bt_str path;  /* of the directory that is copied now: "", or ending in a slash */
	struct bt_map links; /* a file of several names → the path of the first (owned) */
};

static int copy_dir(struct copy *c, int from, int to, int depth);

static void copy_done(struct copy *c)
{
	size_t pos = 0;
	void *path;

	while (bt_map_next(&c->links, &pos, NULL, &path))
		free(path);
	bt_map_done(&c->links);
	bt_str_done(&c->path);
}

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A stream of a directory's own, so that its descriptor stays at the beginning. */
static int open_dir(int fd, DIR **ret)
{
	bt_auto_close int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret = again < 0 ? NULL : fdopendir(again);
	if (!*ret)
		return -errno;
	(void)bt_take_fd(&again);
	return 0;
}

/* 1 and the next entry's name, 0 at the end, or -errno. */
static int next_name(DIR *dir, const char **ret)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	if (!entry)
		return -errno;
	*ret = entry->d_name;
	return 1;
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

static int copy_subdir(struct copy *c, int from, const char *name, int to, const struct stat *st,
		       int depth)
{
	bt_auto_close int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bt_auto_close int out = -EBADF;
	const size_t outer = c->path.len;
	int r;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	bt_str_printf(&c->path, "%s/", name);
	r = c->path.failed ? c->path.failed : copy_dir(c, in, out, depth + 1);
	if (r < 0)
		return r;
	c->path.len = outer;
	c->path.p[outer] = '\0';
	return copy_meta(in, out, st);
}

static int copy_file(int from, const char *name, int to, const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return copy_regular(from, name, to, st);
	if (S_ISLNK(st->st_mode))
		return copy_symlink(from, name, to, st);
	return copy_node(to, name, st);
}

/* The first name of a file that has more, for the others; it is fine if they are not found. */
static int remember(struct copy *c, const char *key, const char *name)
{
	char *path = bt_str_format("%s%s", bt_str_get(&c->path), name);
	int r = path ? bt_map_put(&c->links, key, path, NULL) : -ENOMEM;

	if (r < 0)
		free(path);
	return r;
}

/* One name of a file that has several: they stay one file. */
static int copy_linked(struct copy *c, int from, const char *name, int to, const struct stat *st)
{
	char key[KEY_LEN];
	const char *first;
	int r;

	(void)snprintf(key, sizeof(key), "%jx:%jx", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
	first = bt_map_get(&c->links, key);
	if (first && linkat(c->volume, first, to, name, 0) == 0)
		return 0;
	/* Where the target has fewer names for a file, or paths are not as long. */
	if (first && errno != EMLINK && errno != ENAMETOOLONG)
		return -errno;
	r = copy_file(from, name, to, st);
	return r < 0 || first ? r : remember(c, key, name);
}

static int copy_entry(struct copy *c, int from, const char *name, int to, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, from, name, to, &st, depth);
	return st.st_nlink > 1 ? copy_linked(c, from, name, to, &st)
			       : copy_file(from, name, to, &st);
}

static int copy_dir(struct copy *c, int from, int to, int depth)
{
	bt_auto(dir_done) DIR *dir = NULL;
	const char *name;
	int r;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	r = open_dir(from, &dir);
	while (r == 0 && (r = next_name(dir, &name)) > 0)
		r = copy_entry(c, from, name, to, depth);
	return r;
}

/* 1: empty, 0: not, or -errno. */
static int is_empty(int fd)
{
	bt_auto(dir_done) DIR *dir = NULL;
	const char *name;
	int r = open_dir(fd, &dir);

	if (r == 0)
		r = next_name(dir, &name);
	return r < 0 ? r : r == 0;
}

/* What was copied before a failure goes: a volume that is not empty is never filled again. */
static void undo(int volume)
{
	bt_auto(dir_done) DIR *dir = NULL;
	const char *name;

	if (open_dir(volume, &dir) < 0)
		return;
	while (next_name(dir, &name) > 0)
		(void)!bt_io_remove_tree(volume, name);
}

/* Into a directory that is empty. */
static int fill(int from, int to, const struct stat *st)
{
	bt_auto(copy_done) struct copy c = { .volume = to };
	int r = copy_dir(&c, from, to, 0);

	if (r == 0)
		r = copy_meta(from, to, st);
	if (r < 0)
		undo(to);
	return r;
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
		r = fill(from, to, &st);
	return r < 0 ? bt_err_sys(err, r, "copy %s of the image into %s", path, volume) : 0;
}
