/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/map.h"
#include "base/path.h"
#include "store/layers_priv.h"

static void dir_done(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* Rows of what was being made or removed, and of what nobody uses, go; counts are made right. The
 * directories follow in sweep_dir(), for they have no rows then. */
static int sweep_rows(struct bt_db *db, struct bt_err *err)
{
	static const char *const steps[] = {
		"DELETE FROM rw_layers WHERE id NOT IN (SELECT id FROM containers)",
		"DELETE FROM layers WHERE state <> 1",
		/* Whoever lies on top of what is used is used. */
		"WITH RECURSIVE used (chain_id) AS ("
		"  SELECT chain_id FROM images WHERE chain_id IS NOT NULL"
		"  UNION SELECT chain_id FROM rw_layers WHERE chain_id IS NOT NULL"
		"  UNION SELECT l.parent FROM layers l JOIN used u ON l.chain_id = u.chain_id"
		"    WHERE l.parent IS NOT NULL)"
		"DELETE FROM layers WHERE chain_id NOT IN (SELECT chain_id FROM used)",
		"UPDATE layers SET refs ="
		"  (SELECT count(*) FROM images i WHERE i.chain_id = layers.chain_id) +"
		"  (SELECT count(*) FROM rw_layers r WHERE r.chain_id = layers.chain_id) +"
		"  (SELECT count(*) FROM layers l WHERE l.parent = layers.chain_id)",
		"DELETE FROM blobs WHERE diff_id NOT IN (SELECT diff_id FROM layers)",
	};
	int r = bt_db_begin(db, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r = bt_db_run(db, err, steps[i], 0);
		if (r < 0) {
			bt_db_rollback(db);
			return r;
		}
	}
	return bt_db_commit(db, err);
}

/* The names that `sql` selects. */
static int load_names(struct bt_layers *layers, const char *sql, struct bt_map *names,
		      struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(layers->db, &q, err, sql);
	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0)
		if (bt_map_put(names, bt_db_text(&q, 0), layers, NULL) < 0)
			return bt_err_sys(err, -ENOMEM, "open the layers");
	return r;
}

/* Remove what lies in `fd` and is not among `names` or `more`, which may be NULL: by the reaper,
 * or, without one, now. */
static int sweep_dir(int fd, const struct bt_map *names, const struct bt_map *more,
		     struct bt_reaper *reaper, struct bt_err *err)
{
	bt_auto(dir_done) DIR *d = NULL;
	struct dirent *e;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		int r = -errno;

		bt_close(&copy);
		return bt_err_sys(err, r, "read the directory of layers");
	}
	while ((e = readdir(d))) {
		int r;

		if (e->d_name[0] == '.' || bt_map_get(names, e->d_name) ||
		    (more && bt_map_get(more, e->d_name)))
			continue;
		if (reaper)
			bt_reaper_add(reaper, e->d_name);
		r = reaper ? 0 : bt_io_remove_tree(fd, e->d_name);
		if (r < 0)
			return bt_err_sys(err, r, "remove the layer %s", e->d_name);
	}
	return 0;
}

/* What lies below the data root at `name` was for a moment only. */
static int sweep_scratch(struct bt_layers *layers, const char *name, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(layers->root, name);
	bt_auto_close int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -ENOMEM;

	if (fd < 0)
		return bt_err_sys(err, -errno, "open %s/%s", layers->root, name);
	return sweep_dir(fd, &(struct bt_map){ 0 }, NULL, NULL, err);
}

int bt_layers_sweep_(struct bt_layers *layers, struct bt_err *err)
{
	bt_auto(bt_map_done) struct bt_map rw = { 0 }, read_only = { 0 };
	int r;

	r = sweep_rows(layers->db, err);
	if (r == 0)
		r = load_names(layers, "SELECT id FROM rw_layers", &rw, err);
	if (r == 0)
		r = sweep_dir(layers->mounts_fd, &rw, NULL, NULL, err);
	if (r == 0)
		r = load_names(layers, "SELECT cache_id FROM layers", &read_only, err);
	if (r == 0)
		r = sweep_dir(layers->dirfd, &rw, &read_only, layers->reaper, err);
	if (r == 0)
		r = sweep_scratch(layers, BT_LAYERS_LINKS, err);
	return r == 0 ? sweep_scratch(layers, BT_LAYERS_NURSERY, err) : r;
}
