/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/container_row.h"
#include "engine/container_userns.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/remap.h"
#include "engine/volume.h"
#include "engine/volume_mount.h"
#include "sys/inroot.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* The root of the process, and how ids look from outside, or -ENOENT where there is none. */
static int open_running(struct bt_container *c, struct bt_id_map *ret_ids)
{
	bt_auto_close int fd = -EBADF, proc = -EBADF;
	char path[40];
	pid_t pid;
	int r;

	pthread_mutex_lock(&c->lock);
	pid = bt_container_is_running(c) ? c->state.pid : 0;
	pthread_mutex_unlock(&c->lock);
	if (pid == 0)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = proc < 0 ? -1 : openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = bt_id_map_of(proc, ret_ids);
	if (r < 0)
		return r;
	/* Still the same process? Else the number may be another's by now. */
	pthread_mutex_lock(&c->lock);
	if (!bt_container_is_running(c) || c->state.pid != pid)
		bt_close(&fd);
	pthread_mutex_unlock(&c->lock);
	return fd < 0 ? -ENOENT : bt_take_fd(&fd);
}

/* What the symlink `name` in the directory `dir` of `root` says; 0 where it is none. */
static size_t read_link(int root, const char *dir, const char *name, char text[PATH_MAX])
{
	bt_auto_close int fd = -EBADF;
	ssize_t n;

	if (bt_inroot_open(root, dir, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, &fd) < 0)
		return 0;
	n = readlinkat(fd, name, text, PATH_MAX - 1);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* `path` as it reads without symlinks, looked up in `root`, a mount that nobody else sees. What is
 * not there is no symlink: it may be in a volume. The last component is looked at only if
 * `follow`. Owned; NULL without memory, and where links go in a circle. */
static char *real_path(int root, const char *path, bool follow)
{
	bt_auto_free char *rest = strdup(path), *done = strdup("");
	char target[PATH_MAX];

	for (int links = 0; rest && done && links < LINKS_MAX;) {
		char *name = rest + strspn(rest, "/"), *end = name + strcspn(name, "/"), *next;
		bool last = end[strspn(end, "/")] == '\0';

		if (*name == '\0')
			return bt_path_clean(done[0] ? done : "/");
		next = strdup(end);
		*end = '\0';
		if ((!last || follow) && read_link(root, done, name, target) > 0) {
			links++;
			free(rest);
			rest = next ? bt_str_format("%s%s%s", target, next[0] ? "/" : "", next)
				    : NULL;
			if (target[0] == '/')
				done[0] = '\0';
			free(next);
			continue;
		}
		name = bt_str_format("%s/%s", done, name);
		free(done);
		done = name ? bt_path_clean(name) : NULL;
		free(name);
		free(rest);
		rest = next;
	}
	return NULL;
}

/* The mount point that `path` lies in, borrowed, or NULL. Both are compared as they read without
 * symlinks: the image may have /var/run -> /run, and a volume at /var/run/x. */
static const json_t *mount_of(int root, const json_t *mounts, const char *path, size_t *ret_len)
{
	const json_t *mount, *found = NULL;
	size_t i, longest = 0;

	json_array_foreach (mounts, i, mount) {
		const char *type = bt_jget_text(mount, "Type");
		bt_auto_free char *at = NULL;

		if (strcmp(type, "bind") != 0 && strcmp(type, "volume") != 0)
			continue;
		at = real_path(root, bt_jget_text(mount, "Destination"), true);
		if (at && bt_path_is_under(path, at) && strlen(at) > longest) {
			longest = strlen(at);
			found = mount;
		}
	}
	*ret_len = longest;
	return found;
}

/* Nothing may be written through `fd`, a mount of our own. */
static int make_read_only(int fd, struct bt_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0
		       ? bt_err_sys(err, -errno, "protect a read-only mount")
		       : 0;
}

static int open_mount(struct bt_container *c, const json_t *mount, struct bt_err *err)
{
	bool is_volume = strcmp(bt_jget_text(mount, "Type"), "volume") == 0;
	bool read_only = json_is_false(json_object_get(mount, "RW"));
	bt_auto_free char *path = is_volume ? bt_volume_path(c->engine, bt_jget_text(mount, "Name"))
					    : strdup(bt_jget_text(mount, "Source"));
	bt_auto_close int fd = -EBADF;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "open a mount");
	fd = read_only ? open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
		       : open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return bt_err_sys(err, -errno, "open the mount at %s",
				  bt_jget_text(mount, "Destination"));
	if (read_only && make_read_only(fd, err) < 0)
		return -err->errnum;
	return bt_take_fd(&fd);
}

/* A tree of the host's has the host's ids; the layers and the engine's volumes have those inside.
 */
static bool shows_host(struct bt_container *c, const json_t *mount)
{
	return strcmp(bt_jget_text(mount, "Type"), "bind") == 0 ||
	       bt_volume_mount_is_foreign(c->engine, bt_jget_text(mount, "Name"), BT_ERR_IGNORED) >
		       0;
}

/* The root of one that does not run, or the mount that `path` lies in. */
static int open_stopped(struct bt_container *c, const char *path, bool follow, char **ret_path,
			struct bt_id_map *ret_ids, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_close int root = -EBADF;
	bt_auto_free char *real = NULL;
	const json_t *mount;
	size_t len;
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r;
	root = c->auto_remove ? bt_layers_rw_mount_volatile(c->engine->layers, c->id, NULL, err)
			      : bt_layers_rw_mount(c->engine->layers, c->id, NULL, err);
	if (root < 0)
		return root;
	real = real_path(root, path, follow);
	mount = real ? mount_of(root, s.mounts, real, &len) : NULL;
	*ret_path = strdup(mount ? real + len : path);
	if (!*ret_path)
		return bt_err_sys(err, -ENOMEM, "look up %s", path);
	if (mount && shows_host(c, mount) && bt_container_userns_wanted(c->engine, s.host_config))
		*ret_ids = c->engine->remap->map;
	if (mount)
		return open_mount(c, mount, err);
	if (bt_jget_bool(s.host_config, "ReadonlyRootfs") && make_read_only(root, err) < 0)
		return -err->errnum;
	return bt_take_fd(&root);
}

int bt_container_root_open(struct bt_container *container, const char *path, bool follow,
			   char **ret_path, struct bt_id_map *ret_ids, struct bt_err *err)
{
	int fd = open_running(container, ret_ids);

	if (fd == -ENOENT) {
		*ret_ids = (struct bt_id_map){ 0 };
		return open_stopped(container, path, follow, ret_path, ret_ids, err);
	}
	if (fd < 0)
		return bt_err_sys(err, fd, "open the root of container %s", container->id);
	*ret_path = strdup(path);
	if (!*ret_path) {
		bt_close(&fd);
		return bt_err_sys(err, -ENOMEM, "look up %s", path);
	}
	return fd;
}
