/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"

/* As many links as the kernel follows in one lookup (MAXSYMLINKS). */
#define LINKS_MAX 40

int bt_inroot_open(int root, const char *path, int flags, uint64_t resolve, int *ret_fd)
{
	int fd;

	path += strspn(path, "/");
	fd = bt_openat2_open(root, *path != '\0' ? path : ".", flags,
			     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* The path being walked. Everything before `done` exists. */
struct walk {
	char path[PATH_MAX];
	size_t done;
	unsigned links;
};

/* Replace the component at [start, end) of the walk, a symlink, by what it
 * says, and begin again. */
static int follow(struct walk *walk, size_t start, size_t end, const char *target, size_t len)
{
	char rest[PATH_MAX];
	size_t rest_len = strlen(walk->path + end);
	size_t keep = target[0] == '/' ? 0 : start;

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (keep + len + rest_len >= sizeof(walk->path))
		return -ENAMETOOLONG;
	memcpy(rest, walk->path + end, rest_len + 1);
	memcpy(walk->path + keep, target, len);
	memcpy(walk->path + keep + len, rest, rest_len + 1);
	walk->done = 0;
	return 0;
}

static int create(int parent, const char *name, mode_t type)
{
	int fd;

	if (type == S_IFDIR)
		return mkdirat(parent, name, 0755) < 0 ? -errno : 0;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
	if (fd < 0)
		return -errno;
	bt_close(&fd);
	return 0;
}

/* The component at [start, end) could not be opened because it is missing, or
 * is a symlink to something missing. */
static int make_component(int root, struct walk *walk, size_t start, size_t end, mode_t type)
{
	bt_auto_close int parent = -EBADF;
	char name[NAME_MAX + 1], target[PATH_MAX], saved;
	ssize_t len;
	int r;

	if (end - start > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->path + start, end - start);
	name[end - start] = '\0';
	saved = walk->path[start];
	walk->path[start] = '\0';
	r = bt_inroot_open(root, walk->path, O_PATH | O_DIRECTORY, 0, &parent);
	walk->path[start] = saved;
	if (r < 0)
		return r;
	len = readlinkat(parent, name, target, sizeof(target));
	if (len == (ssize_t)sizeof(target))
		return -ENAMETOOLONG;
	if (len > 0)
		return follow(walk, start, end, target, (size_t)len);
	r = create(parent, name, type);
	if (r < 0 && r != -EEXIST)
		return r;
	walk->done = end;
	return 0;
}

/* One step: make sure that the first component after `done` exists. */
static int step(int root, struct walk *walk, mode_t type)
{
	size_t start = walk->done + strspn(walk->path + walk->done, "/");
	size_t end = start + strcspn(walk->path + start, "/");
	bool last = walk->path[end + strspn(walk->path + end, "/")] == '\0';
	bt_auto_close int fd = -EBADF;
	char saved = walk->path[end];
	int r;

	walk->path[end] = '\0';
	r = bt_inroot_open(root, walk->path, O_PATH, 0, &fd);
	walk->path[end] = saved;
	if (r == 0) {
		walk->done = end;
		return 0;
	}
	if (r != -ENOENT)
		return r;
	return make_component(root, walk, start, end, last ? type : S_IFDIR);
}

/* As a rule only the last component is missing. -ENOENT where more is, and -EEXIST where a symlink
 * leads nowhere. */
static int make_last(int root, const char *path, size_t len, mode_t type)
{
	const char *slash = memrchr(path, '/', len), *name = slash != NULL ? slash + 1 : path;
	bt_auto_close int parent = -EBADF;
	char dir[PATH_MAX];
	int r;

	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || *name == '\0')
		return -ENOENT;
	memcpy(dir, path, (size_t)(name - path));
	dir[name - path] = '\0';
	r = bt_inroot_open(root, dir, O_PATH | O_DIRECTORY, 0, &parent);
	return r < 0 ? r : create(parent, name, type);
}

int bt_inroot_make(int root, const char *path, mode_t type, int *ret_fd)
{
	struct walk walk = { .done = 0 };
	size_t len = strlen(path);
	int r = bt_inroot_open(root, path, O_PATH, 0, ret_fd);

	if (r != -ENOENT)
		return r;
	if (len >= sizeof(walk.path))
		return -ENAMETOOLONG;
	if (make_last(root, path, len, type) == 0)
		return bt_inroot_open(root, path, O_PATH, 0, ret_fd);
	memcpy(walk.path, path, len + 1);
	while (walk.path[walk.done + strspn(walk.path + walk.done, "/")] != '\0') {
		r = step(root, &walk, type);
		if (r < 0)
			return r;
	}
	return bt_inroot_open(root, walk.path, O_PATH, 0, ret_fd);
}

int bt_inroot_parent(int root, const char *path, int *ret_fd, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	size_t len = (size_t)(name - path);
	int r;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, len);
	dir[len] = '\0';
	r = bt_inroot_make(root, dir, S_IFDIR, ret_fd);
	if (r < 0)
		return r;
	*ret_name = name;
	return 0;
}
