/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"

static bool is_dots(const char *p, size_t len)
{
	return (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.');
}

int bt_tree_clean(const char *path, char **ret)
{
	size_t len = strlen(path), out = 0;
	bt_auto_free char *clean = NULL;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	clean = malloc(len + 1);
	if (!clean)
		return -ENOMEM;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && is_dots(path, n)) {
			if (out == 0)
				return -EXDEV;
			while (out > 0 && clean[--out] != '/')
				;
		} else if (n > 0 && !is_dots(path, n)) {
			if (out > 0)
				clean[out++] = '/';
			memcpy(clean + out, path, n);
			out += n;
		}
		path += n;
		path += strspn(path, "/");
	}
	clean[out] = '\0';
	*ret = bt_take(clean);
	return 0;
}

int bt_tree_open(struct bt_tree *tree, const char *path, int flags)
{
	uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

	if (!tree->cross_mounts)
		resolve |= RESOLVE_NO_XDEV;
	return bt_openat2_open(tree->root, path[0] ? path : ".", flags, resolve);
}

static int open_dir(struct bt_tree *tree, const char *path)
{
	return bt_tree_open(tree, path, O_RDONLY | O_DIRECTORY);
}

/* Open the directory `path`, making what is missing of it. */
static int make_dirs(struct bt_tree *tree, const char *path)
{
	bt_auto_free char *prefix = strdup(path);
	bt_auto_close int fd = dup(tree->root);
	char *name = prefix;

	if (!prefix)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	for (;;) {
		char *slash = strchr(name, '/');
		int next, told = 0;

		if (slash)
			*slash = '\0';
		next = open_dir(tree, prefix);
		if (next == -ENOENT) {
			if (mkdirat(fd, name, 0755) < 0)
				return -errno;
			next = open_dir(tree, prefix);
			if (next >= 0 && tree->made)
				told = tree->made(tree->made_arg, next, prefix);
		}
		if (next < 0)
			return next;
		bt_close(&fd);
		fd = next;
		if (told < 0)
			return told;
		if (!slash)
			return bt_take_fd(&fd);
		*slash = '/';
		name = slash + 1;
	}
}

static struct bt_tree_slot *oldest_slot(struct bt_tree *tree)
{
	struct bt_tree_slot *oldest = &tree->slots[0];

	for (size_t i = 0; i < BT_TREE_SLOTS; i++) {
		if (!tree->slots[i].path)
			return &tree->slots[i];
		if (tree->slots[i].used < oldest->used)
			oldest = &tree->slots[i];
	}
	return oldest;
}

static void clear_slot(struct bt_tree_slot *slot)
{
	if (!slot->path)
		return;
	free(slot->path);
	(void)close(slot->fd);
	*slot = (struct bt_tree_slot){ 0 };
}

int bt_tree_parent(struct bt_tree *tree, const char *path, bool make, const char **ret_base)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	bt_auto_free char *dir = NULL;
	struct bt_tree_slot *slot;
	int fd;

	if (!slash) {
		*ret_base = path;
		return tree->root;
	}
	for (size_t i = 0; i < BT_TREE_SLOTS; i++) {
		slot = &tree->slots[i];
		if (slot->path && strncmp(slot->path, path, len) == 0 && slot->path[len] == '\0') {
			slot->used = ++tree->uses;
			*ret_base = slash + 1;
			return slot->fd;
		}
	}

	dir = strndup(path, len);
	if (!dir)
		return -ENOMEM;
	fd = open_dir(tree, dir);
	if (fd == -ENOENT && make)
		fd = make_dirs(tree, dir);
	if (fd < 0)
		return fd;
	slot = oldest_slot(tree);
	clear_slot(slot);
	*slot = (struct bt_tree_slot){ .path = bt_take(dir), .fd = fd, .used = ++tree->uses };
	*ret_base = slash + 1;
	return fd;
}

void bt_tree_forget(struct bt_tree *tree)
{
	for (size_t i = 0; i < BT_TREE_SLOTS; i++)
		clear_slot(&tree->slots[i]);
}
