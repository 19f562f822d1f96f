/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/commit.h"
#include "image/images_private.h"
#include "store/dir_names.h"
#include "store/tree.h"

/* Each level holds a descriptor, and some of a small stack; what is nested deeper shows by the
 * directory it is in. */
#define DEPTH_MAX 128

/* Docker's numbers. */
enum change {
	CHANGED = 0,
	ADDED = 1,
	DELETED = 2
};

struct walk {
	struct bt_tree lower; /* the image's root; `root` is negative without an image */
	struct bt_str path;
	json_t *out;
};

static int add(struct walk *w, enum change kind)
{
	return json_array_append_new(w->out,
				     json_pack("{sosi}", "Path", bt_json_text(bt_str_get(&w->path)),
					       "Kind", (int)kind)) < 0
		       ? -ENOMEM
		       : 0;
}

static bool was_there(struct walk *w)
{
	struct stat st;
	const char *name;
	int at;

	if (w->lower.root < 0)
		return false;
	at = bt_tree_parent(&w->lower, bt_str_get(&w->path) + 1, false, &name);
	return at >= 0 && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int walk_dir(struct walk *w, int fd, int depth);

static int walk_entry(struct walk *w, int at, const char *name, int depth)
{
	bt_auto_close int fd = -EBADF;
	struct stat st;
	int r;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return add(w, DELETED);
	r = add(w, was_there(w) ? CHANGED : ADDED);
	if (r < 0 || !S_ISDIR(st.st_mode) || depth > DEPTH_MAX)
		return r;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return walk_dir(w, fd, depth + 1);
}

static int walk_dir(struct walk *w, int fd, int depth)
{
	bt_auto(bt_dir_names_done) struct bt_dir_names names = { 0 };
	size_t parent = w->path.len;
	int r;

	r = bt_dir_names_read(fd, &names);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		bt_str_putc(&w->path, '/');
		bt_str_puts(&w->path, names.names[i]);
		r = w->path.failed < 0 ? w->path.failed : walk_entry(w, fd, names.names[i], depth);
		if (r == 0) {
			w->path.len = parent;
			w->path.p[parent] = '\0';
		}
	}
	return r;
}

/* The root of the image below, mounted; -ENOENT where there is none. */
static int open_lower(struct bt_images *images, const char *container_id, struct bt_err *err)
{
	char chain_id[BT_DIGEST_SIZE];
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(images->db, &q, err,
				  "SELECT chain_id FROM rw_layers WHERE id = ?1");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, container_id);
		r = bt_db_step(&q, err);
		if (r <= 0 || !bt_db_text(&q, 0))
			return r < 0 ? r : -ENOENT;
		(void)snprintf(chain_id, sizeof(chain_id), "%s", bt_db_text(&q, 0));
	}
	return bt_layers_rw_mount_ro(images->layers, chain_id, NULL, err);
}

int bt_commit_diff(struct bt_images *images, const char *container_id, json_t **ret,
		   struct bt_err *err)
{
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	bt_auto_close int upper = -EBADF, lower = -EBADF;
	json_auto_t *out = json_array();
	struct walk w = { .out = out };
	int r;

	r = bt_layers_rw_paths(images->layers, container_id, &paths, err);
	if (r < 0)
		return r;
	upper = open(paths.upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return bt_err_sys(err, -errno, "open %s", paths.upper);
	lower = open_lower(images, container_id, err);
	if (lower < 0 && lower != -ENOENT)
		return lower;
	w.lower.root = lower;
	r = walk_dir(&w, upper, 0);
	bt_tree_done(&w.lower);
	bt_str_done(&w.path);
	if (r < 0)
		return bt_err_sys(err, r, "compare a container with its image");
	*ret = bt_take(out);
	return 0;
}
