/* SPDX-License-Identifier: Apache-2.0 */

#include "store/implied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

#define PATHS_MAX (1u << 20)
#define NAMES_MAX (64u << 20)

/* Stays with the directory's inode, wherever later entries of the archive move it. */
#define XATTR_IMPLIED "trusted.berth.implied"
#define XATTR_OVERLAY "trusted.overlay."
#define XATTR_OPAQUE  XATTR_OVERLAY "opaque"

int bt_implied_add(void *arg, int fd, const char *path)
{
	struct bt_implied *implied = arg;

	implied->names += strlen(path) + 1;
	if (implied->len == PATHS_MAX || implied->names > NAMES_MAX)
		return -E2BIG;
	if (implied->len == implied->cap) {
		size_t cap = implied->cap ? 2 * implied->cap : 16;
		char **more = reallocarray(implied->paths, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		implied->paths = more;
		implied->cap = cap;
	}
	/* Where there are no such attributes, overlay cannot put layers on top of one another. */
	if (fsetxattr(fd, XATTR_IMPLIED, "y", 1, 0) < 0)
		return errno == ENOTSUP ? 0 : -errno;
	implied->paths[implied->len] = strdup(path);
	if (!implied->paths[implied->len])
		return -ENOMEM;
	implied->len++;
	return 0;
}

int bt_implied_told(const struct bt_implied *implied, int fd)
{
	if (implied->len == 0 || fremovexattr(fd, XATTR_IMPLIED) == 0 || errno == ENODATA)
		return 0;
	return -errno;
}

static bool is_opaque(int fd)
{
	char value;

	return fgetxattr(fd, XATTR_OPAQUE, &value, 1) == 1 && value == 'y';
}

/* Open the directory `path` of a layer, through directories alone. Returns a descriptor; -ENOENT
 * where what lies below shows, -ENOTDIR where this layer hides it. *ret_covers: do directories
 * that hold it hide all that is below them? */
static int open_in_layer(int root, const char *path, bool *ret_covers)
{
	bt_auto_free char *names = strdup(path);
	bt_auto_close int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool covers = false;
	char *rest = names, *name;

	if (!names)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	while ((name = strsep(&rest, "/"))) {
		int next;

		covers = covers || is_opaque(fd);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno == ELOOP || (errno == ENOENT && covers) ? -ENOTDIR : -errno;
		bt_close(&fd);
		fd = next;
	}
	*ret_covers = covers;
	return bt_take_fd(&fd);
}

static int copy_xattr(int from, int to, const char *name)
{
	ssize_t len = fgetxattr(from, name, NULL, 0);
	bt_auto_free char *value = len < 0 ? NULL : malloc((size_t)len + 1);

	if (len < 0)
		return -errno;
	if (!value)
		return -ENOMEM;
	len = fgetxattr(from, name, value, (size_t)len);
	if (len < 0 || fsetxattr(to, name, value, (size_t)len, 0) < 0)
		return -errno;
	return 0;
}

/* All but overlay's own and the mark. */
static int copy_xattrs(int from, int to)
{
	ssize_t len = flistxattr(from, NULL, 0);
	bt_auto_free char *names = len < 0 ? NULL : malloc((size_t)len + 1);

	if (len < 0)
		return errno == ENOTSUP ? 0 : -errno;
	if (!names)
		return -ENOMEM;
	len = flistxattr(from, names, (size_t)len);
	if (len < 0)
		return -errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		int r = 0;

		if (!bt_str_after(name, XATTR_OVERLAY) && strcmp(name, XATTR_IMPLIED) != 0)
			r = copy_xattr(from, to, name);
		if (r < 0 && r != -ENOTSUP && r != -EPERM)
			return r;
	}
	return 0;
}

static int copy_attributes(int from, int to)
{
	struct stat st;
	int r;

	if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	if (fchmod(to, st.st_mode & 07777) < 0 ||
	    futimens(to, (struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
		return -errno;
	return 0;
}

/* The uppermost directory `path` of the layers below. -ENOENT or -ENOTDIR: there is none. */
static int open_below(char *const *lowers, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		bt_auto_close int root = open(lowers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool covers;
		int fd = root < 0 ? -errno : open_in_layer(root, path, &covers);

		if (root < 0 || fd != -ENOENT)
			return fd;
	}
	return -ENOENT;
}

static int inherit_one(int layer, char *const *lowers, size_t n, const char *path)
{
	bt_auto_close int fd = -EBADF, below = -EBADF;
	bool covers = false;

	fd = open_in_layer(layer, path, &covers);
	/* A later entry took its place, or brought attributes. */
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	if (fremovexattr(fd, XATTR_IMPLIED) < 0)
		return errno == ENODATA ? 0 : -errno;
	if (covers)
		return 0;
	below = open_below(lowers, n, path);
	if (below == -ENOENT || below == -ENOTDIR)
		return 0;
	return below < 0 ? below : copy_attributes(below, fd);
}

int bt_implied_inherit(const struct bt_implied *implied, int layer, char *const *lowers, size_t n,
		       struct bt_err *err)
{
	for (size_t i = 0; i < implied->len; i++) {
		int r = inherit_one(layer, lowers, n, implied->paths[i]);

		if (r < 0)
			return bt_err_sys(err, r, "give /%s the attributes it has below",
					  implied->paths[i]);
	}
	return 0;
}

void bt_implied_done(struct bt_implied *implied)
{
	for (size_t i = 0; i < implied->len; i++)
		free(implied->paths[i]);
	free(implied->paths);
	*implied = (struct bt_implied){ 0 };
}
