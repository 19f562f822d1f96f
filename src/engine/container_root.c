/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/volume.h"

/* The root of the process, or -ENOENT where there is none. */
static int open_running(struct bt_container *c)
{
	bt_auto_close int fd = -EBADF;
	char path[40];
	pid_t pid;

	pthread_mutex_lock(&c->lock);
	pid = bt_container_is_running(c) ? c->state.pid : 0;
	pthread_mutex_unlock(&c->lock);
	if (pid == 0)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Still the same process? Else the number may be another's by now. */
	pthread_mutex_lock(&c->lock);
	if (!bt_container_is_running(c) || c->state.pid != pid)
		bt_close(&fd);
	pthread_mutex_unlock(&c->lock);
	return fd < 0 ? -ENOENT : bt_take_fd(&fd);
}

/* The mount point that `path` lies in, borrowed, or NULL. */
static const json_t *mount_of(const json_t *mounts, const char *path)
{
	const json_t *mount, *found = NULL;
	size_t i, longest = 0;

	json_array_foreach (mounts, i, mount) {
		const char *at = bt_jget_text(mount, "Destination"), *type;

		type = bt_jget_text(mount, "Type");
		if (strcmp(type, "bind") != 0 && strcmp(type, "volume") != 0)
			continue;
		if (bt_path_is_under(path, at) && strlen(at) > longest) {
			longest = strlen(at);
			found = mount;
		}
	}
	return found;
}

static int open_mount(struct bt_container *c, const json_t *mount, struct bt_err *err)
{
	bool is_volume = strcmp(bt_jget_text(mount, "Type"), "volume") == 0;
	bt_auto_free char *path = is_volume ? bt_volume_path(c->engine, bt_jget_text(mount, "Name"))
					    : strdup(bt_jget_text(mount, "Source"));
	int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;

	return fd < 0 ? bt_err_sys(err, path ? -errno : -ENOMEM, "open the mount at %s",
				   bt_jget_text(mount, "Destination"))
		      : fd;
}

int bt_container_root_open(struct bt_container *container, const char *path, const char **ret_path,
			   struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	const json_t *mount;
	int fd = open_running(container), r;

	*ret_path = path;
	if (fd >= 0)
		return fd;
	if (fd != -ENOENT)
		return bt_err_sys(err, fd, "open the root of container %s", container->id);
	r = bt_container_row_settings(container, &s, err);
	if (r < 0)
		return r;
	mount = mount_of(s.mounts, path);
	if (!mount)
		return bt_layers_mount_rw(container->engine->layers, container->id, err);
	*ret_path = path + strlen(bt_jget_text(mount, "Destination"));
	return open_mount(container, mount, err);
}
