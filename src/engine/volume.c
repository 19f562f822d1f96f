/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/jget.h"

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* 1 where there is a row, 0 where not. */
static int has_row(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(engine->db, &q, err, "SELECT 1 FROM volumes WHERE name = ?1");

	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, name);
	return bt_db_step(&q, err);
}

static int insert_row(struct bt_engine *engine, const char *name, bool anonymous,
		      const json_t *labels, struct bt_err *err)
{
	json_auto_t *config =
		json_pack("{s:o,s:n,s:b}", "Labels", labels ? bt_jget_copy(labels) : json_object(),
			  "Options", "Anonymous", (int)anonymous);
	bt_auto_free char *text = bt_jget_dump(config);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	if (!text)
		return bt_err_sys(err, -ENOMEM, "create volume %s", name);
	r = bt_db_prepare(engine->db, &q, err,
			  "INSERT INTO volumes (name, created, driver, config)"
			  " VALUES (?1, ?2, 'local', ?3) ON CONFLICT DO NOTHING");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, name);
	bt_db_bind_int(&q, 2, bt_time_now_ns());
	bt_db_bind_text(&q, 3, text);
	return bt_db_step(&q, err);
}

char *bt_volume_path(const struct bt_engine *engine, const char *name)
{
	return bt_str_format("%s/volumes/%s/_data", engine->cfg.data_root, name);
}

int bt_volume_ensure(struct bt_engine *engine, const char *name, bool anonymous,
		     const json_t *labels, struct bt_err *err)
{
	bt_auto_free char *dir = bt_str_format("%s/volumes/%s", engine->cfg.data_root, name);
	bt_auto_free char *data = bt_volume_path(engine, name);
	int known = has_row(engine, name, err), r;

	if (known < 0)
		return known;
	if (!dir || !data)
		return bt_err_sys(err, -ENOMEM, "create volume %s", name);
	r = known ? 0 : insert_row(engine, name, anonymous, labels, err);
	if (r < 0)
		return r;
	/* The outer directory keeps host users away from setuid files within. */
	r = bt_io_mkdir_p(dir, 0701);
	if (r == 0 && mkdir(data, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		return bt_err_sys(err, r, "create %s", data);
	if (!known)
		bt_events_emit(engine, "volume", "create", name,
			       json_pack("{s:s}", "driver", "local"));
	return 0;
}

int bt_volume_delete(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_free char *dir = bt_str_format("%s/volumes/%s", engine->cfg.data_root, name);
	int r = dir ? bt_io_remove_tree(AT_FDCWD, dir) : -ENOMEM;

	if (r < 0)
		return bt_err_sys(err, r, "remove volume %s", name);
	r = bt_db_run(engine->db, err, "DELETE FROM volumes WHERE name = ?1", 1, name);
	if (r == 0)
		bt_events_emit(engine, "volume", "destroy", name,
			       json_pack("{s:s}", "driver", "local"));
	return r;
}

void bt_volume_sweep(struct bt_engine *engine)
{
	bt_auto_free char *root = bt_path_join(engine->cfg.data_root, "volumes");
	bt_auto(dir_done) DIR *dir = root ? opendir(root) : NULL;
	const struct dirent *entry;
	struct bt_err err;

	while (dir && (entry = readdir(dir))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = has_row(engine, entry->d_name, &err);
		if (r == 0)
			r = bt_io_remove_tree(dirfd(dir), entry->d_name);
		if (r < 0)
			bt_log_warn("sweep volume %s: %s", entry->d_name, strerror(-r));
	}
}
