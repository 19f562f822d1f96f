/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/container_files.h"
#include "engine/container_row.h"
#include "engine/container.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_config.h"
#include "engine/host_mount.h"
#include "engine/jget.h"
#include "engine/volume_mount.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

/* Where everything of one container lies. */
#define FOLDER "mounts"
#define SHM    "shm"
/* Containers that join one another's shared memory in a row. */
#define JOINS_MAX 16

static char *place_of(const struct bt_engine *engine, const char *id, const char *name)
{
	bt_auto_free char *dir = bt_container_files_path(engine, id, FOLDER);

	return dir ? bt_path_join(dir, name) : NULL;
}

static int attach(const struct bt_container *c, int fd, const char *name, bool file, char **ret,
		  struct bt_err *err)
{
	bt_auto_free char *path = place_of(c->engine, c->id, name);
	int r = path ? bt_host_mount_attach(fd, path, file) : -ENOMEM;

	if (r < 0)
		return bt_err_sys(err, r, "mount %s", path ? path : name);
	*ret = bt_take(path);
	return 0;
}

static int make_shm(const struct bt_container *c, const json_t *hc,
		    const struct bt_layers_look *look, char **ret, struct bt_err *err)
{
	bt_auto_free char *size = bt_str_format("size=%" PRId64, bt_jget_int(hc, "ShmSize"));
	bt_auto_free char *uid = bt_str_format("uid=%u", look->view ? look->view->uid : 0);
	bt_auto_free char *gid = bt_str_format("gid=%u", look->view ? look->view->gid : 0);
	bt_auto_free char *context = look->label ? bt_str_format("context=%s", look->label) : NULL;
	const char *options[] = { "mode=1777", size, uid, gid, context };
	const struct bt_mnt_fs fs = { .type = "tmpfs",
				      .source = "shm",
				      .options = options,
				      .noptions = context ? 5 : 4,
				      .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						    MOUNT_ATTR_NOEXEC };
	bt_auto_close int fd = -EBADF;
	int r = size && uid && gid && (context || !look->label) ? bt_mnt_create(&fs, NULL, &fd)
								: -ENOMEM;

	if (r < 0)
		return bt_err_sys(err, r, "make shared memory");
	return attach(c, fd, SHM, false, ret, err);
}

/* The mode of `ref`, with its id. */
static int mode_of(struct bt_engine *engine, const char *ref, char id[BT_RAND_ID_LEN + 1],
		   char **ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	int r = bt_container_get(engine, ref, &other, err);

	if (r == 0)
		r = bt_container_row_settings(other, &s, err);
	if (r < 0)
		return r;
	memcpy(id, other->id, sizeof(other->id));
	*ret = strdup(bt_jget_text(s.host_config, "IpcMode"));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "join shared memory");
}

/* The memory of the container that `ref` is or has joined itself. */
static int join_shm(struct bt_engine *engine, const char *ref, char **ret, struct bt_err *err)
{
	bt_auto_free char *next = strdup(ref);
	bt_auto_free char *path = NULL;
	char id[BT_RAND_ID_LEN + 1] = "";

	for (int i = 0; next && i < JOINS_MAX; i++) {
		bt_auto_free char *mode = NULL;
		const char *other;
		int r = mode_of(engine, next, id, &mode, err);

		if (r < 0)
			return r;
		other = bt_host_config_container(mode);
		if (!other && strcmp(mode, "host") == 0) {
			*ret = strdup("/dev/shm");
			return *ret ? 0 : bt_err_sys(err, -ENOMEM, "join shared memory");
		}
		free(next);
		next = other ? strdup(other) : NULL;
	}
	path = place_of(engine, id, SHM);
	if (!path)
		return bt_err_sys(err, -ENOMEM, "join shared memory");
	if (next || !bt_host_mount_is_there(path))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "failed to join IPC namespace: container %s: non-shareable IPC "
				  "(hint: use IpcMode:shareable for the donor container)",
				  id);
	*ret = bt_take(path);
	return 0;
}

/* A part of a volume or an image. What lies inside is not to be trusted: links in it, also those to
 * "/", stay inside. */
static int open_part(int root, const json_t *mount, const char *part, int *ret, struct bt_err *err)
{
	struct stat st;
	int r = bt_inroot_open(root, part, O_PATH, 0, ret);

	if (r == 0 && fstat(*ret, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		bt_close(ret);
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cannot mount %s at %s: neither a directory nor a file", part,
				  bt_jget_text(mount, "Destination"));
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "cannot access path %s for the mount at %s: no such file or "
				  "directory",
				  part, bt_jget_text(mount, "Destination"));
	return r < 0 ? bt_err_sys(err, r, "open %s for the mount at %s", part,
				  bt_jget_text(mount, "Destination"))
		     : 0;
}

/* Mount it as "<number>", with `suffix` behind, and make that the source. */
static int show_at(struct bt_container *c, json_t *mount, size_t number, const char *suffix, int fd,
		   struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	char name[24];
	struct stat st;
	int r;

	(void)snprintf(name, sizeof(name), "%zu%s", number, suffix);
	if (fstat(fd, &st) < 0)
		return bt_err_sys(err, -errno, "mount a part");
	r = attach(c, fd, name, !S_ISDIR(st.st_mode), &path, err);
	if (r == 0)
		json_object_set_new(mount, "Source", json_string(path));
	return r;
}

static int make_subpath(struct bt_container *c, json_t *mount, size_t number, struct bt_err *err)
{
	const char *source = bt_jget_text(mount, "Source");
	bt_auto_close int root = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bt_auto_close int part = -EBADF, fd = -EBADF;
	int r;

	if (root < 0)
		return bt_err_sys(err, -errno, "open %s", source);
	r = open_part(root, mount, bt_jget_text(mount, "Subpath"), &part, err);
	if (r < 0)
		return r;
	r = bt_mnt_clone(part, "", true, &fd);
	return r < 0 ? bt_err_sys(err, r, "mount a part of %s", source)
		     : show_at(c, mount, number, "", fd, err);
}

static int make_image(struct bt_container *c, json_t *mount, size_t number,
		      const struct bt_layers_look *look, struct bt_err *err)
{
	bt_auto_image struct bt_image image = { 0 };
	bt_auto_close int root = -EBADF, part = -EBADF, fd = -EBADF;
	const char *sub = bt_jget_text(mount, "Subpath");
	int r = bt_images_get(c->engine->images, bt_jget_text(mount, "ImageId"), &image, err);

	if (r < 0)
		return r;
	root = bt_layers_rw_mount_ro(c->engine->layers, image.chain_id, look, err);
	if (root < 0)
		return root;
	/* Only what is attached somewhere can be cloned: the part lies beside the whole. */
	r = show_at(c, mount, number, "", root, err);
	if (r < 0 || !sub[0])
		return r;
	r = open_part(root, mount, sub, &part, err);
	if (r < 0)
		return r;
	r = bt_mnt_clone(part, "", false, &fd);
	return r < 0 ? bt_err_sys(err, r, "mount a part of image %s", image.id)
		     : show_at(c, mount, number, "-part", fd, err);
}

static void tell_mounted(const struct bt_container *c, const json_t *mount)
{
	bt_events_emit(c->engine, "volume", "mount", bt_jget_text(mount, "Name"),
		       json_pack("{s:s,s:s,s:s,s:s,s:s}", "driver", "local", "container", c->id,
				 "destination", bt_jget_text(mount, "Destination"), "read/write",
				 bt_jget_bool(mount, "RW") ? "true" : "false", "propagation",
				 bt_jget_text(mount, "Propagation")));
}

static int make_one(struct bt_container *c, json_t *mount, size_t number,
		    const struct bt_layers_look *look, struct bt_err *err)
{
	const char *type = bt_jget_text(mount, "Type");
	int r;

	if (strcmp(type, "image") == 0)
		return make_image(c, mount, number, look, err);
	if (strcmp(type, "volume") != 0)
		return 0;
	r = bt_volume_mount_use(c->engine, bt_jget_text(mount, "Name"), c->id, err);
	if (r == 0)
		tell_mounted(c, mount);
	if (r == 0 && look->view)
		r = bt_volume_mount_is_foreign(c->engine, bt_jget_text(mount, "Name"), err);
	if (r > 0)
		json_object_set_new(mount, "Foreign", json_true());
	return r < 0 || !bt_jget_text(mount, "Subpath")[0] ? r
							   : make_subpath(c, mount, number, err);
}

int bt_container_mounts_make(struct bt_container *c, const json_t *hc, json_t *mounts,
			     const struct bt_layers_look *look, char **ret_shm, struct bt_err *err)
{
	const char *mode = bt_jget_text(hc, "IpcMode");
	const char *other = bt_host_config_container(mode);
	bt_auto_free char *shm = NULL;
	json_t *mount;
	size_t i;
	int r = 0;

	if (other)
		r = join_shm(c->engine, other, &shm, err);
	else if (strcmp(mode, "shareable") == 0)
		r = make_shm(c, hc, look, &shm, err);
	json_array_foreach (mounts, i, mount) {
		if (r == 0)
			r = make_one(c, mount, i, look, err);
	}
	if (r < 0)
		return r;
	*ret_shm = bt_take(shm);
	return 0;
}

void bt_container_mounts_adopt(struct bt_container *c)
{
	bt_volume_mount_adopt(c);
}

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int bt_container_mounts_release(struct bt_container *c, struct bt_err *err)
{
	bt_auto_free char *folder = bt_container_files_path(c->engine, c->id, FOLDER);
	bt_auto(dir_done) DIR *dir = folder ? opendir(folder) : NULL;
	const struct dirent *entry;
	int first = folder ? 0 : -ENOMEM;

	while (dir && (entry = readdir(dir))) {
		bt_auto_free char *path = bt_path_join(folder, entry->d_name);
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = path ? bt_host_mount_detach(path) : -ENOMEM;
		if (r < 0 && first == 0)
			first = r;
	}
	bt_volume_mount_drop(c->engine, c->id, true);
	return first < 0 ? bt_err_sys(err, first, "unmount what container %.12s had", c->id) : 0;
}
