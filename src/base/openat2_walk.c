/* SPDX-License-Identifier: Apache-2.0 */

#include "base/openat2_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mount_id.h"

/* As many links as the kernel follows in one lookup (MAXSYMLINKS). */
#define LINKS_MAX 40
/* How often a walk that was disturbed begins again. */
#define TRIES_MAX 100

struct walk {
	int root; /* borrowed */
	int dir;  /* where the walk is, owned */
	int flags;
	uint64_t resolve;
	uint64_t mount;      /* of the root, with RESOLVE_NO_XDEV */
	unsigned links;      /* followed so far */
	char done[PATH_MAX]; /* names from the root to `dir`, each with a slash behind it */
	char rest[PATH_MAX]; /* what is still to be walked */
};

static void walk_done(struct walk *w)
{
	bt_close(&w->dir);
}

static int check_mount(const struct walk *w, int fd)
{
	uint64_t mount;
	int r;

	if ((w->resolve & RESOLVE_NO_XDEV) == 0)
		return 0;
	r = bt_mount_id_get(fd, &mount);
	if (r < 0)
		return r;
	return mount == w->mount ? 0 : -EXDEV;
}

/* Go to the root, and from there by the names in `done`, which were directories. */
static int begin_again(struct walk *w)
{
	bt_auto_close int dir = openat(w->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *name = w->done;

	if (dir < 0)
		return -errno;
	while (*name != '\0') {
		char *slash = strchr(name, '/');
		int next;

		*slash = '\0';
		next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		*slash = '/';
		if (next < 0)
			return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EAGAIN
										     : -errno;
		bt_close(&dir);
		dir = next;
		name = slash + 1;
	}
	bt_close(&w->dir);
	w->dir = bt_take_fd(&dir);
	return 0;
}

static int go_up(struct walk *w)
{
	size_t len = strlen(w->done);

	if (len == 0)
		return w->resolve & RESOLVE_IN_ROOT ? 0 : -EXDEV;
	for (len--; len > 0 && w->done[len - 1] != '/'; len--)
		continue;
	w->done[len] = '\0';
	return begin_again(w);
}

/* Links of procfs that lead to where their text does not say: it is absolute, or
 * names a kind and a number ("pipe:[17]"). */
static bool is_magic(int link, const char *text)
{
	struct statfs fs;

	if (fstatfs(link, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	return text[0] == '/' || strstr(text, ":[") != NULL;
}

static int follow(struct walk *w, int link)
{
	char text[PATH_MAX];
	size_t rest = strlen(w->rest);
	ssize_t len = readlinkat(link, "", text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	if ((w->resolve & RESOLVE_NO_SYMLINKS) || ++w->links > LINKS_MAX || is_magic(link, text))
		return -ELOOP;
	if (text[0] == '/' && (w->resolve & RESOLVE_IN_ROOT) == 0)
		return -EXDEV;
	if ((size_t)len + rest >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + len, w->rest, rest + 1);
	memcpy(w->rest, text, (size_t)len);
	if (text[0] != '/')
		return 0;
	w->done[0] = '\0';
	return begin_again(w);
}

/* The path's last component is `name`, which was `seen` and is no link to follow. */
static int open_last(const struct walk *w, const char *name, int *seen, const struct stat *st)
{
	bool directory = (w->flags & O_DIRECTORY) || w->rest[0] == '/';
	int fd, r;

	if (directory && !S_ISDIR(st->st_mode))
		return -ENOTDIR;
	if (w->flags & O_PATH)
		return bt_take_fd(seen);
	fd = openat(w->dir, name, w->flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP && !S_ISLNK(st->st_mode) ? -EAGAIN : -errno;
	r = check_mount(w, fd);
	if (r < 0)
		bt_close(&fd);
	return r < 0 ? r : fd;
}

static int enter(struct walk *w, const char *name, int *fd)
{
	size_t have = strlen(w->done), len = strlen(name);

	if (have + len + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	memcpy(w->done + have, name, len);
	memcpy(w->done + have + len, "/", 2);
	bt_close(&w->dir);
	w->dir = bt_take_fd(fd);
	return 0;
}

/* One component. `*ret_fd` is set where it was the last. */
static int step(struct walk *w, const char *name, int *ret_fd)
{
	bool last = w->rest[strspn(w->rest, "/")] == '\0';
	bt_auto_close int fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = check_mount(w, fd);
	if (r < 0)
		return r;
	if (S_ISLNK(st.st_mode) && !(last && w->rest[0] == '\0' && (w->flags & O_NOFOLLOW)))
		return follow(w, fd);
	if (!last)
		return S_ISDIR(st.st_mode) ? enter(w, name, &fd) : -ENOTDIR;
	r = open_last(w, name, &fd, &st);
	if (r >= 0)
		*ret_fd = r;
	return r < 0 ? r : 0;
}

/* Take the next component off what is left. Returns false where nothing is. */
static bool next_name(struct walk *w, char ret[NAME_MAX + 1], int *ret_error)
{
	size_t start = strspn(w->rest, "/"), len = strcspn(w->rest + start, "/");

	*ret_error = len > NAME_MAX ? -ENAMETOOLONG : 0;
	if (len == 0 || *ret_error < 0)
		return false;
	memcpy(ret, w->rest + start, len);
	ret[len] = '\0';
	memmove(w->rest, w->rest + start + len, strlen(w->rest + start + len) + 1);
	return true;
}

static int walk(struct walk *w)
{
	char name[NAME_MAX + 1];
	int fd = -EBADF, r = begin_again(w);

	if (r == 0 && (w->resolve & RESOLVE_NO_XDEV))
		r = bt_mount_id_get(w->dir, &w->mount);
	while (r == 0 && fd < 0 && next_name(w, name, &r)) {
		if (strcmp(name, "..") == 0)
			r = go_up(w);
		else if (strcmp(name, ".") != 0)
			r = step(w, name, &fd);
	}
	if (r < 0 || fd >= 0)
		return r < 0 ? r : fd;
	/* The path ended with a directory: the root, "." or "..". */
	fd = openat(w->dir, ".", (w->flags & ~O_NOFOLLOW) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int bt_openat2_walk(int at, const char *path, int flags, uint64_t resolve)
{
	size_t len = strlen(path);
	int r = -EAGAIN;

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (path[0] == '/' && (resolve & RESOLVE_IN_ROOT) == 0)
		return -EXDEV;
	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		bt_auto(walk_done) struct walk w = {
			.root = at, .dir = -EBADF, .flags = flags, .resolve = resolve
		};

		memcpy(w.rest, path, len + 1);
		r = walk(&w);
	}
	return r;
}
