/* SPDX-License-Identifier: Apache-2.0 */

#include "store/layers.h"

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
#include "store/untar.h"

/* States of a layer's row. */
#define BUILDING "0"
#define READY    "1"
#define REMOVING "2"

/* The reaper has removed a directory: if it was an image's layer, its row follows. */
static void forget_layer(void *arg, const char *name)
{
	struct bt_layers *layers = arg;

	bt_nursery_removed(&layers->nursery);
	bt_discard(bt_db_run(layers->db, BT_ERR_IGNORED,
			     "DELETE FROM layers WHERE cache_id = ?1 AND state <> " READY, 1,
			     name));
}

/* Without one, directories are made in place. */
static int open_nursery(struct bt_layers *layers, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(layers->root, BT_LAYERS_NURSERY);

	if (!path)
		return bt_err_sys(err, -ENOMEM, "open the layers");
	bt_nursery_open(&layers->nursery, path, &layers->spread);
	return 0;
}

static int open_dirs(struct bt_layers *layers, struct bt_err *err)
{
	static const char *const subdirs[] = { BT_LAYERS_DIR, BT_LAYERS_MOUNTS, BT_LAYERS_EMPTY,
					       BT_LAYERS_LINKS, BT_LAYERS_NURSERY };

	for (size_t i = 0; i < sizeof(subdirs) / sizeof(subdirs[0]); i++) {
		bt_auto_free char *path = bt_path_join(layers->root, subdirs[i]);
		int r = path ? bt_io_mkdir_p(path, 0710) : -ENOMEM;

		if (r < 0)
			return bt_err_sys(err, r, "make %s/%s", layers->root, subdirs[i]);
	}
	layers->dir = bt_path_join(layers->root, BT_LAYERS_DIR);
	if (!layers->dir)
		return bt_err_sys(err, -ENOMEM, "open the layers");
	layers->dirfd = open(layers->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layers->dirfd < 0)
		return bt_err_sys(err, -errno, "open %s", layers->dir);
	{
		bt_auto_free char *path = bt_path_join(layers->root, BT_LAYERS_MOUNTS);

		layers->mounts_fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	}
	if (layers->mounts_fd < 0)
		return bt_err_sys(err, -errno, "open %s/" BT_LAYERS_MOUNTS, layers->root);
	return open_nursery(layers, err);
}

int bt_layers_open(const char *data_root, struct bt_db *db, struct bt_layers **ret,
		   struct bt_err *err)
{
	struct bt_layers *layers = calloc(1, sizeof(*layers));
	int r;

	if (!layers)
		return bt_err_sys(err, -ENOMEM, "open the layers");
	layers->db = db;
	bt_spread_init(&layers->spread);
	(void)pthread_mutex_init(&layers->init_lock, NULL);
	layers->dirfd = layers->mounts_fd = -EBADF;
	layers->nursery = (struct bt_nursery){ .top = -EBADF, .fd = -EBADF };
	layers->root = strdup(data_root);
	r = layers->root ? open_dirs(layers, err) : bt_err_sys(err, -ENOMEM, "open the layers");
	if (r == 0) {
		r = bt_reaper_create(layers->dirfd, forget_layer, layers, &layers->reaper);
		if (r < 0)
			r = bt_err_sys(err, r, "open the layers");
	}
	if (r == 0)
		r = bt_layers_sweep_(layers, err);
	if (r < 0) {
		bt_layers_close(layers);
		return r;
	}
	*ret = layers;
	return 0;
}

void bt_layers_close(struct bt_layers *layers)
{
	if (!layers)
		return;
	bt_reaper_destroy(layers->reaper);
	bt_nursery_done(&layers->nursery);
	bt_spread_done(&layers->spread);
	(void)pthread_mutex_destroy(&layers->init_lock);
	bt_close(&layers->dirfd);
	bt_close(&layers->mounts_fd);
	free(layers->dir);
	free(layers->root);
	free(layers);
}

static int unknown_layer(struct bt_err *err, const char *chain_id)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "layer does not exist: %s", chain_id);
}

int bt_layers_ref(struct bt_layers *layers, const char *chain_id, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(layers->db, &q, err,
			  "UPDATE layers SET refs = refs + 1 WHERE chain_id = ?1 AND state = " READY
			  " RETURNING refs");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, chain_id);
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	return r == 0 ? unknown_layer(err, chain_id) : 0;
}

/* Take one reference; where it was the last, mark the layer for removal and say in `ret_parent`
 * (owned, or NULL) what it lay on. Returns 1 where it was, else 0. */
static int unref_one(struct bt_layers *layers, const char *chain_id, char **ret_parent,
		     struct bt_err *err)
{
	bt_auto_free char *cache_id = NULL, *parent = NULL;
	int64_t refs;
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(layers->db, &q, err,
				  "UPDATE layers SET refs = refs - 1 WHERE chain_id = ?1 AND "
				  "state = " READY " RETURNING refs, parent, cache_id");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, chain_id);
		r = bt_db_step(&q, err);
		if (r <= 0)
			return r == 0 ? unknown_layer(err, chain_id) : r;
		refs = bt_db_int(&q, 0);
		if (refs > 0)
			return 0;
		parent = bt_db_text(&q, 1) ? strdup(bt_db_text(&q, 1)) : NULL;
		cache_id = strdup(bt_db_text(&q, 2));
		if (!cache_id || (bt_db_text(&q, 1) && !parent))
			return bt_err_sys(err, -ENOMEM, "remove a layer");
	}
	/* The chain id is free for another copy from now on. */
	r = bt_db_run(layers->db, err,
		      "UPDATE layers SET chain_id = 'removing:' || cache_id, parent = NULL, "
		      "state = " REMOVING " WHERE cache_id = ?1",
		      1, cache_id);
	if (r < 0)
		return r;
	*ret_parent = bt_take(parent);
	return 1;
}

int bt_layers_drop(struct bt_layers *layers, const char *chain_id, bt_layers_gone_fn gone,
		   void *arg, struct bt_err *err)
{
	bt_auto_free char *chain = strdup(chain_id);
	int useless = 0;

	if (!chain)
		return bt_err_sys(err, -ENOMEM, "remove a layer");
	while (chain) {
		char *parent = NULL;
		int r = unref_one(layers, chain, &parent, err);

		if (r <= 0)
			return r < 0 ? r : useless;
		useless = 1;
		if (gone)
			gone(arg, chain);
		free(chain);
		chain = parent;
	}
	return useless;
}

void bt_layers_collect(struct bt_layers *layers)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	if (bt_db_prepare(layers->db, &q, BT_ERR_IGNORED,
			  "SELECT cache_id FROM layers WHERE state = " REMOVING) < 0)
		return;
	while (bt_db_step(&q, BT_ERR_IGNORED) > 0)
		bt_reaper_add(layers->reaper, bt_db_text(&q, 0));
}

int bt_layers_unref(struct bt_layers *layers, const char *chain_id, struct bt_err *err)
{
	int r = bt_db_begin(layers->db, err), useless;

	if (r < 0)
		return r;
	useless = bt_layers_drop(layers, chain_id, NULL, NULL, err);
	if (useless < 0) {
		bt_db_rollback(layers->db);
		return useless;
	}
	r = bt_db_commit(layers->db, err);
	if (r == 0 && useless > 0)
		bt_layers_collect(layers);
	return r;
}

int bt_layers_chain(struct bt_layers *layers, const char *chain_id,
		    struct bt_layer_result ret[BT_LAYERS_MAX], struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int n = 0, r;

	r = bt_db_prepare(layers->db, &q, err,
			  "WITH RECURSIVE chain (chain_id, diff_id, size, parent, depth) AS ("
			  "  SELECT chain_id, diff_id, size, parent, 0 FROM layers"
			  "    WHERE chain_id = ?1 AND state = " READY
			  "  UNION ALL SELECT l.chain_id, l.diff_id, l.size, l.parent, depth + 1"
			  "    FROM chain JOIN layers l ON l.chain_id = chain.parent"
			  "    WHERE depth < 200)"
			  "SELECT chain_id, diff_id, size FROM chain ORDER BY depth DESC");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, chain_id);
	while ((r = bt_db_step(&q, err)) > 0) {
		struct bt_layer_result *layer = &ret[n];

		if (n++ == BT_LAYERS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, E2BIG, "more than %d layers",
					  BT_LAYERS_MAX);
		*layer = (struct bt_layer_result){ .size = bt_db_int(&q, 2) };
		(void)snprintf(layer->chain_id, sizeof(layer->chain_id), "%s", bt_db_text(&q, 0));
		(void)snprintf(layer->diff_id, sizeof(layer->diff_id), "%s", bt_db_text(&q, 1));
	}
	if (r < 0)
		return r;
	return n > 0 ? n : unknown_layer(err, chain_id);
}

/* A layer being unpacked: its directory, until it is complete. */
struct bt_layer_copy {
	struct bt_layers *layers;
	char cache_id[BT_RAND_ID_LEN + 1];
	int diff_fd, shadow_fd;
	struct bt_skeleton *skeleton;
	struct bt_implied implied;
	struct bt_untar_result untarred;
	bool done;
};

void bt_layer_copy_destroy(struct bt_layer_copy *b)
{
	if (!b)
		return;
	bt_close(&b->diff_fd);
	bt_close(&b->shadow_fd);
	bt_skeleton_destroy(b->skeleton);
	bt_implied_done(&b->implied);
	if (!b->done && b->cache_id[0] != '\0') {
		/* A full disk, which may be why it was not done, has no room for that; its files go
		 * all the same, for nobody else knows of them. */
		bt_discard(bt_db_run(b->layers->db, BT_ERR_IGNORED,
				     "UPDATE layers SET state = " REMOVING " WHERE cache_id = ?1",
				     1, b->cache_id));
		bt_reaper_add(b->layers->reaper, b->cache_id);
	}
	free(b);
}

static int open_sub(int at, const char *dir, const char *name, mode_t mode, struct bt_err *err)
{
	char path[BT_RAND_ID_LEN + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdirat(at, path, mode) < 0)
		return bt_err_sys(err, -errno, "make the layer's directory %s", path);
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bt_err_sys(err, -errno, "open the layer's directory %s", path);
	/* Whatever the umask is. */
	if (fchmod(fd, mode) < 0) {
		bt_close(&fd);
		return bt_err_sys(err, -errno, "open the layer's directory %s", path);
	}
	return fd;
}

/* The layer's "diff". */
static int open_diff(struct bt_layers *layers, const char *cache_id, struct bt_err *err)
{
	bt_auto_close int dir = openat(layers->dirfd, cache_id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -errno : bt_spread_mkdir(&layers->spread, dir, "diff", 0755);

	return fd < 0 ? bt_err_sys(err, fd, "make the layer's directory %s/diff", cache_id) : fd;
}

static int building_start(struct bt_layer_copy *b, struct bt_layers *layers, struct bt_err *err)
{
	char path[BT_RAND_ID_LEN + 16];
	int fd, r;

	b->layers = layers;
	b->diff_fd = b->shadow_fd = -EBADF;
	r = bt_rand_id(b->cache_id);
	if (r < 0)
		return bt_err_sys(err, r, "make a layer");
	r = bt_db_run(layers->db, err,
		      "INSERT INTO layers (chain_id, diff_id, cache_id, size, refs, state) "
		      "VALUES ('building:' || ?1, '', ?1, 0, 0, " BUILDING ")",
		      1, b->cache_id);
	if (r < 0)
		return r;
	if (mkdirat(layers->dirfd, b->cache_id, 0710) < 0)
		return bt_err_sys(err, -errno, "make the layer's directory %s", b->cache_id);
	b->diff_fd = open_diff(layers, b->cache_id, err);
	if (b->diff_fd < 0)
		return b->diff_fd;
	b->shadow_fd = open_sub(layers->dirfd, b->cache_id, "shadow", 0700, err);
	if (b->shadow_fd < 0)
		return b->shadow_fd;
	(void)snprintf(path, sizeof(path), "%s/skeleton", b->cache_id);
	fd = openat(layers->dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return bt_err_sys(err, -errno, "make the layer's file %s", path);
	return bt_skeleton_create(fd, &b->skeleton, err);
}

static void drop_empty_shadow(const struct bt_layer_copy *b)
{
	char path[BT_RAND_ID_LEN + 16];

	(void)snprintf(path, sizeof(path), "%s/shadow", b->cache_id);
	(void)unlinkat(b->layers->dirfd, path, AT_REMOVEDIR);
}

/* In a transaction: make the complete directory the layer `chain_id`, or, where that is known
 * already, take a reference of it. Returns 1 where the directory is used, 0 where not. */
static int enter(struct bt_layer_copy *b, const char *parent, const struct bt_layer_result *res,
		 struct bt_err *err)
{
	struct bt_err ignored;
	int r;

	r = bt_layers_ref(b->layers, res->chain_id, &ignored);
	if (r == 0)
		return 0;
	if (r != -ENOENT)
		return bt_layers_ref(b->layers, res->chain_id, err);
	if (parent) {
		r = bt_layers_ref(b->layers, parent, err);
		if (r < 0)
			return r;
	}
	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(b->layers->db, &q, err,
				  "UPDATE layers SET chain_id = ?1, diff_id = ?2, parent = ?3, "
				  "size = ?4, refs = 1, state = " READY " WHERE cache_id = ?5");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, res->chain_id);
		bt_db_bind_text(&q, 2, res->diff_id);
		bt_db_bind_text(&q, 3, parent);
		bt_db_bind_int(&q, 4, res->size);
		bt_db_bind_text(&q, 5, b->cache_id);
		r = bt_db_step(&q, err);
	}
	return r < 0 ? r : 1;
}

static int commit(struct bt_layer_copy *b, const char *parent, const struct bt_layer_result *res,
		  struct bt_err *err)
{
	int used, r;

	r = bt_db_begin(b->layers->db, err);
	if (r < 0)
		return r;
	used = enter(b, parent, res, err);
	if (used < 0) {
		bt_db_rollback(b->layers->db);
		return used;
	}
	r = bt_db_commit(b->layers->db, err);
	if (r == 0)
		b->done = used == 1;
	return r;
}

static int unpack_copy(struct bt_layer_copy *b, const struct bt_layer_source *source,
		       struct bt_err *err)
{
	int r;

	r = bt_untar(&(struct bt_untar){ .root = b->diff_fd,
					 .whiteouts = true,
					 .shadow_fd = b->shadow_fd,
					 .skeleton = b->skeleton,
					 .implied = &b->implied,
					 .max_bytes = source->max_bytes,
					 .read = source->read,
					 .read_arg = source->arg },
		     &b->untarred, err);
	if (r == 0)
		r = bt_skeleton_finish(b->skeleton, err);
	if (r < 0)
		return r;
	drop_empty_shadow(b);
	bt_skeleton_destroy(bt_take(b->skeleton));
	bt_close(&b->shadow_fd);
	if (source->diff_id && strcmp(source->diff_id, b->untarred.diff_id) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "the layer has the diff id %s, the image promised %s",
				  b->untarred.diff_id, source->diff_id);
	return 0;
}

int bt_layers_prepare(struct bt_layers *layers, const struct bt_layer_source *source,
		      struct bt_layer_copy **ret, struct bt_err *err)
{
	struct bt_layer_copy *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return bt_err_sys(err, -ENOMEM, "unpack a layer");
	r = building_start(b, layers, err);
	if (r == 0)
		r = unpack_copy(b, source, err);
	if (r < 0) {
		bt_layer_copy_destroy(b);
		return r;
	}
	*ret = b;
	return 0;
}

const char *bt_layer_copy_diff_id(const struct bt_layer_copy *copy)
{
	return copy->untarred.diff_id;
}

static int inherit(struct bt_layer_copy *b, const char *parent, struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	int r = 0;

	if (parent && b->implied.len > 0)
		r = bt_layers_lowers_(b->layers, parent, &lowers, err);
	if (r < 0)
		return r;
	return bt_implied_inherit(&b->implied, b->diff_fd, lowers.paths, lowers.len, err);
}

int bt_layers_adopt(struct bt_layer_copy *copy, const char *parent, struct bt_layer_result *ret,
		    struct bt_err *err)
{
	struct bt_layer_result res = { .size = copy->untarred.size };
	int r;

	bt_digest_chain(parent, copy->untarred.diff_id, res.chain_id);
	memcpy(res.diff_id, copy->untarred.diff_id, sizeof(res.diff_id));
	r = inherit(copy, parent, err);
	if (r == 0)
		r = commit(copy, parent, &res, err);
	if (r == 0)
		*ret = res;
	return r;
}

int bt_layers_unpack_from(struct bt_layers *layers, const char *parent,
			  const struct bt_layer_source *source, struct bt_layer_result *ret,
			  struct bt_err *err)
{
	struct bt_layer_copy *copy = NULL;
	int r;

	r = bt_layers_prepare(layers, source, &copy, err);
	if (r == 0)
		r = bt_layers_adopt(copy, parent, ret, err);
	bt_layer_copy_destroy(copy);
	return r;
}

int bt_layers_unpack(struct bt_layers *layers, const char *parent, int fd, const char *diff_id,
		     int64_t max_bytes, struct bt_layer_result *ret, struct bt_err *err)
{
	return bt_layers_unpack_from(layers, parent,
				     &(struct bt_layer_source){ .read = bt_inflate_read_fd,
								.arg = &fd,
								.diff_id = diff_id,
								.max_bytes = max_bytes },
				     ret, err);
}

int bt_layers_lowers_(struct bt_layers *layers, const char *chain_id, struct bt_layers_lowers *ret,
		      struct bt_err *err)
{
	bt_auto(bt_layers_lowers_done_) struct bt_layers_lowers lowers = { .len = 0 };
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(layers->db, &q, err,
			  "WITH RECURSIVE chain (cache_id, parent, depth) AS ("
			  "  SELECT cache_id, parent, 0 FROM layers"
			  "    WHERE chain_id = ?1 AND state = " READY
			  "  UNION ALL SELECT l.cache_id, l.parent, depth + 1"
			  "    FROM chain JOIN layers l ON l.chain_id = chain.parent"
			  "    WHERE depth < 200)"
			  "SELECT cache_id FROM chain ORDER BY depth");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, chain_id);
	while ((r = bt_db_step(&q, err)) > 0) {
		if (lowers.len == BT_OVERLAY_LOWERS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, E2BIG,
					  "max depth exceeded: more than %d layers",
					  BT_OVERLAY_LOWERS_MAX);
		lowers.paths[lowers.len] =
			bt_str_format("%s/%s/diff", layers->dir, bt_db_text(&q, 0));
		if (!lowers.paths[lowers.len++])
			return bt_err_sys(err, -ENOMEM, "find layers");
	}
	if (r < 0)
		return r;
	if (lowers.len == 0)
		return unknown_layer(err, chain_id);
	*ret = bt_take_struct(lowers);
	return 0;
}

void bt_layers_lowers_done_(struct bt_layers_lowers *lowers)
{
	for (size_t i = 0; i < lowers->len; i++)
		free(lowers->paths[i]);
	lowers->len = 0;
}
