/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/str.h"
#include "store/layers_priv.h"
#include "store/overlay_view.h"
#include "store/tree_size.h"

#define ID_MAX 128

static int unknown_rw(struct bt_err *err, const char *id)
{
	return bt_err_set(err, BT_ERR_SYSTEM, ENOENT, "the writable layer of %.12s does not exist",
			  id);
}

int bt_layers_add_rw(struct bt_layers *layers, const char *id, const char *chain_id,
		     struct bt_err *err)
{
	int r = 0;

	if (!bt_str_is_hex(id) || strlen(id) > ID_MAX)
		return bt_err_set(err, BT_ERR_SYSTEM, EINVAL, "not a container's id: %.80s", id);
	if (chain_id)
		r = bt_layers_ref(layers, chain_id, err);
	if (r < 0)
		return r;
	return bt_db_run(layers->db, err,
			 "INSERT INTO rw_layers (id, chain_id, state) VALUES (?1, ?2, 1)", 2, id,
			 chain_id);
}

/* The root of a container is root's with mode 0755 whatever the image's is, as Docker has it: an
 * archive made from a private directory must not lock the container's users out. */
int bt_layers_make_rw(struct bt_layers *layers, const char *id, struct bt_err *err)
{
	bt_auto_close int dir = -EBADF, diff = -EBADF, mounts = -EBADF;
	int r;

	r = bt_nursery_mkdir(&layers->nursery, layers->dirfd, id, 0710);
	if (r < 0)
		return bt_err_sys(err, r, "make " BT_LAYERS_DIR "/%s", id);
	dir = openat(layers->dirfd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || mkdirat(dir, "diff", 0755) < 0 || mkdirat(dir, "work", 0700) < 0)
		return bt_err_sys(err, -errno, "make " BT_LAYERS_DIR "/%s", id);
	diff = openat(dir, "diff", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (diff < 0 || fchmod(diff, 0755) < 0)
		return bt_err_sys(err, -errno, "make " BT_LAYERS_DIR "/%s", id);
	r = bt_nursery_mkdir(&layers->nursery, layers->mounts_fd, id, 0700);
	if (r < 0)
		return bt_err_sys(err, r, "make " BT_LAYERS_MOUNTS "/%s", id);
	mounts = openat(layers->mounts_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mounts < 0)
		return bt_err_sys(err, -errno, "make " BT_LAYERS_MOUNTS "/%s", id);
	r = bt_io_create_file(mounts, "mount-id", 0644, id, strlen(id));
	if (r < 0)
		return bt_err_sys(err, r, "make " BT_LAYERS_MOUNTS "/%s/mount-id", id);
	return 0;
}

int bt_layers_rw_create(struct bt_layers *layers, const char *id, const char *chain_id,
			struct bt_err *err)
{
	int r = bt_db_begin(layers->db, err);

	if (r < 0)
		return r;
	r = bt_layers_add_rw(layers, id, chain_id, err);
	if (r < 0) {
		bt_db_rollback(layers->db);
		return r;
	}
	r = bt_db_commit(layers->db, err);
	if (r < 0)
		return r;
	r = bt_layers_make_rw(layers, id, err);
	if (r < 0)
		bt_discard(bt_layers_rw_remove(layers, id, BT_ERR_IGNORED));
	return r;
}

int bt_layers_make_dir(struct bt_layers *layers, const char *path, mode_t mode)
{
	return bt_nursery_mkdir(&layers->nursery, AT_FDCWD, path, mode);
}

/* mount-id is what bt_layers_make_rw() makes last. */
bool bt_layers_has_rw(struct bt_layers *layers, const char *id)
{
	char path[ID_MAX + 16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%.*s/mount-id", ID_MAX, id);
	return fstatat(layers->mounts_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size == (off_t)strlen(id);
}

/* The lower directories of a writable layer. */
static int find_rw(struct bt_layers *layers, const char *id, struct bt_layers_lowers *ret,
		   struct bt_err *err)
{
	bt_auto_free char *chain_id = NULL;
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(layers->db, &q, err,
				  "SELECT chain_id FROM rw_layers WHERE id = ?1");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, id);
		r = bt_db_step(&q, err);
		if (r <= 0)
			return r == 0 ? unknown_rw(err, id) : r;
		if (bt_db_text(&q, 0)) {
			chain_id = strdup(bt_db_text(&q, 0));
			if (!chain_id)
				return bt_err_sys(err, -ENOMEM, "find a writable layer");
		}
	}
	if (chain_id)
		return bt_layers_lowers_(layers, chain_id, ret, err);
	*ret = (struct bt_layers_lowers){ .len = 0 };
	return 0;
}

static int mount_failed(const struct bt_layers *layers, const struct bt_userns_view *view, size_t n,
			int r, struct bt_err *err)
{
	if (view && (r == -EINVAL || r == -EPERM))
		return bt_err_set(
			err, BT_ERR_NOT_IMPLEMENTED, -r,
			"id-mapped mounts cannot be had below %s: its file system and the "
			"kernel (5.19 or newer) must have them: %s",
			layers->dir, strerror(-r));
	return bt_err_sys(err, r, "mount a root file system of %zu layers", n);
}

/* Mount; where there are fewer than `least` lower directories, an empty one is added. */
static int mount_overlay(struct bt_layers *layers, struct bt_layers_lowers *lowers, size_t least,
			 struct bt_overlay *o, const struct bt_layers_look *look,
			 struct bt_err *err)
{
	const struct bt_userns_view *view = look ? look->view : NULL;
	bt_auto_free char *links = bt_path_join(layers->root, BT_LAYERS_LINKS);
	int fd;

	if (!links)
		return bt_err_sys(err, -ENOMEM, "mount a root file system");
	if (lowers->len < least) {
		lowers->paths[lowers->len] = bt_path_join(layers->root, BT_LAYERS_EMPTY);
		if (!lowers->paths[lowers->len++])
			return bt_err_sys(err, -ENOMEM, "mount a root file system");
	}
	o->lowers = (const char *const *)lowers->paths;
	o->lowers_len = lowers->len;
	o->scratch = links;
	o->label = look ? look->label : NULL;
	fd = view ? bt_overlay_view_mount(&(struct bt_overlay_view){
			    .overlay = o, .view = view, .base = layers->dir })
		  : bt_overlay_mount(o);
	return fd < 0 ? mount_failed(layers, view, lowers->len, fd, err) : fd;
}

static int mount_rw(struct bt_layers *layers, const char *id, const struct bt_layers_look *look,
		    bool is_volatile, struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	bt_auto_free char *upper = bt_str_format("%s/%s/diff", layers->dir, id);
	bt_auto_free char *work = bt_str_format("%s/%s/work", layers->dir, id);
	struct bt_overlay o = { .volatile_upper = is_volatile };
	int r;

	if (!upper || !work)
		return bt_err_sys(err, -ENOMEM, "mount a root file system");
	r = find_rw(layers, id, &lowers, err);
	if (r < 0)
		return r;
	bt_discard(bt_layers_init_make_(layers, &lowers));
	if (bt_layers_init_add_(&lowers) < 0)
		return bt_err_sys(err, -ENOMEM, "mount a root file system");
	o.upper = upper;
	o.work = work;
	return mount_overlay(layers, &lowers, 1, &o, look, err);
}

int bt_layers_rw_mount(struct bt_layers *layers, const char *id, const struct bt_layers_look *look,
		       struct bt_err *err)
{
	return mount_rw(layers, id, look, false, err);
}

int bt_layers_rw_mount_volatile(struct bt_layers *layers, const char *id,
				const struct bt_layers_look *look, struct bt_err *err)
{
	char path[ID_MAX + 40];

	/* What an earlier mount left, whose files may have missed a sync: nobody minds. */
	(void)snprintf(path, sizeof(path), "%.*s/work/work/incompat", ID_MAX, id);
	bt_discard(bt_io_remove_tree(layers->dirfd, path));
	return mount_rw(layers, id, look, true, err);
}

int bt_layers_rw_mount_ro(struct bt_layers *layers, const char *chain_id,
			  const struct bt_layers_look *look, struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	int r;

	r = bt_layers_lowers_(layers, chain_id, &lowers, err);
	if (r < 0)
		return r;
	return mount_overlay(layers, &lowers, 2, &(struct bt_overlay){ .upper = NULL }, look, err);
}

int bt_layers_check_view(struct bt_layers *layers, const struct bt_userns_view *view,
			 struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 1 };
	bt_auto_close int fd = -EBADF;

	lowers.paths[0] = strdup(layers->dir);
	if (!lowers.paths[0])
		return bt_err_sys(err, -ENOMEM, "mount a root file system");
	fd = mount_overlay(layers, &lowers, 2, &(struct bt_overlay){ .upper = NULL },
			   &(struct bt_layers_look){ .view = view }, err);
	return fd < 0 ? fd : 0;
}

int bt_layers_drop_rw(struct bt_layers *layers, const char *id, struct bt_err *err)
{
	bt_auto_free char *chain_id = NULL;
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(layers->db, &q, err,
				  "DELETE FROM rw_layers WHERE id = ?1 RETURNING chain_id");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, id);
		r = bt_db_step(&q, err);
		if (r <= 0)
			return r;
		if (!bt_db_text(&q, 0))
			return 0;
		chain_id = strdup(bt_db_text(&q, 0));
		if (!chain_id)
			return bt_err_sys(err, -ENOMEM, "remove a writable layer");
	}
	return bt_layers_drop(layers, chain_id, NULL, NULL, err);
}

int bt_layers_empty_rw(struct bt_layers *layers, const char *id, struct bt_err *err)
{
	char path[ID_MAX + 8];
	int r;

	(void)snprintf(path, sizeof(path), "%.*s/diff", ID_MAX, id);
	r = bt_io_remove_tree(layers->dirfd, path);
	/* Should the removal fail all the same, the container has a root to start from. */
	if (r == 0 && mkdirat(layers->dirfd, path, 0755) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? bt_err_sys(err, r, "empty " BT_LAYERS_DIR "/%s", path) : 0;
}

/* Put the tree `name` in `fd` into the directory that is removed behind, or, where that cannot be
 * (another file system, nothing there to put it into), remove it now. */
static int put_away(struct bt_layers *layers, int fd, const char *name, const char *away,
		    const char *as)
{
	char path[ID_MAX + sizeof(BT_LAYERS_REMOVING) + 16];

	(void)snprintf(path, sizeof(path), "%s/%s", away, as);
	if (renameat(fd, name, layers->dirfd, path) == 0)
		return 0;
	if (errno == ENOENT || errno == EXDEV || errno == ENOTEMPTY || errno == EEXIST)
		return bt_io_remove_tree(fd, name);
	return -errno;
}

int bt_layers_discard_rw(struct bt_layers *layers, const char *id, const char *files,
			 struct bt_err *err)
{
	char away[ID_MAX + sizeof(BT_LAYERS_REMOVING)];
	bool any;
	int r;

	(void)snprintf(away, sizeof(away), "%.*s" BT_LAYERS_REMOVING, ID_MAX, id);
	any = renameat(layers->dirfd, id, layers->dirfd, away) == 0;
	if (!any && errno != ENOENT)
		return bt_err_sys(err, -errno, "remove " BT_LAYERS_DIR "/%s", id);
	r = put_away(layers, layers->mounts_fd, id, away, "mounts");
	if (r < 0)
		return bt_err_sys(err, r, "remove " BT_LAYERS_MOUNTS "/%s", id);
	r = files ? put_away(layers, AT_FDCWD, files, away, "files") : 0;
	if (r < 0)
		return bt_err_sys(err, r, "remove %s", files);
	if (any)
		bt_reaper_add(layers->reaper, away);
	return 0;
}

int bt_layers_rw_remove(struct bt_layers *layers, const char *id, struct bt_err *err)
{
	int useless, r = bt_layers_discard_rw(layers, id, NULL, err);

	if (r == 0)
		r = bt_db_begin(layers->db, err);
	if (r < 0)
		return r;
	useless = bt_layers_drop_rw(layers, id, err);
	if (useless < 0) {
		bt_db_rollback(layers->db);
		return useless;
	}
	r = bt_db_commit(layers->db, err);
	if (r == 0 && useless > 0)
		bt_layers_collect(layers);
	return r;
}

static char *join_lowers(const struct bt_layers_lowers *lowers)
{
	bt_auto_str struct bt_str s = { 0 };
	char *joined = NULL;

	for (size_t i = 0; i < lowers->len; i++) {
		if (i > 0)
			bt_str_putc(&s, ':');
		bt_str_puts(&s, lowers->paths[i]);
	}
	if (lowers->len == 0)
		return strdup("");
	return bt_str_steal(&s, &joined) < 0 ? NULL : joined;
}

int bt_layers_rw_paths(struct bt_layers *layers, const char *id, struct bt_layer_paths *ret,
		       struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	int r;

	r = find_rw(layers, id, &lowers, err);
	if (r < 0)
		return r;
	if (bt_layers_init_add_(&lowers) < 0)
		return bt_err_sys(err, -ENOMEM, "find a writable layer");
	paths.lower = join_lowers(&lowers);
	paths.upper = bt_str_format("%s/%s/diff", layers->dir, id);
	paths.work = bt_str_format("%s/%s/work", layers->dir, id);
	paths.merged = bt_str_format("%s/%s/merged", layers->dir, id);
	if (!paths.lower || !paths.upper || !paths.work || !paths.merged)
		return bt_err_sys(err, -ENOMEM, "find a writable layer");
	*ret = bt_take_struct(paths);
	return 0;
}

int bt_layers_rw_image_paths(struct bt_layers *layers, const char *chain_id,
			     struct bt_layer_paths *ret, struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	const char *top;
	int r;

	r = bt_layers_lowers_(layers, chain_id, &lowers, err);
	if (r < 0)
		return r;
	top = lowers.paths[0];
	paths.upper = strdup(top);
	paths.work = bt_str_format("%.*s/work", (int)(strlen(top) - strlen("/diff")), top);
	paths.merged = bt_str_format("%.*s/merged", (int)(strlen(top) - strlen("/diff")), top);
	free(lowers.paths[0]);
	lowers.len--;
	memmove(lowers.paths, lowers.paths + 1, lowers.len * sizeof(lowers.paths[0]));
	paths.lower = join_lowers(&lowers);
	if (!paths.lower || !paths.upper || !paths.work || !paths.merged)
		return bt_err_sys(err, -ENOMEM, "find the layers of an image");
	*ret = bt_take_struct(paths);
	return 0;
}

void bt_layers_rw_paths_done(struct bt_layer_paths *paths)
{
	free(paths->lower);
	free(paths->upper);
	free(paths->work);
	free(paths->merged);
	*paths = (struct bt_layer_paths){ 0 };
}

int bt_layers_rw_size(struct bt_layers *layers, const char *id, int64_t *ret, struct bt_err *err)
{
	char path[ID_MAX + 8];
	int r;

	(void)snprintf(path, sizeof(path), "%.*s/diff", ID_MAX, id);
	r = bt_tree_size(layers->dirfd, path, ret);
	if (r == -ENOENT)
		return unknown_rw(err, id);
	return r < 0 ? bt_err_sys(err, r, "measure " BT_LAYERS_DIR "/%s", path) : 0;
}
