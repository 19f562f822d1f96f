/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_mount.h"
#include "engine/jget.h"

/* In a row's configuration: its directory may still have this name. */
#define MOVED_FROM "MovedFrom"

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int bt_volume_config(struct bt_engine *engine, const char *name, json_t **ret, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(engine->db, &q, err, "SELECT config FROM volumes WHERE name = ?1");

	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, name);
	r = bt_db_step(&q, err);
	if (r <= 0)
		return r;
	*ret = bt_jget_load(bt_db_text(&q, 0));
	return *ret ? 1 : bt_err_sys(err, -ENOMEM, "read volume %s", name);
}

int bt_volume_names(struct bt_engine *engine, json_t *names, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(engine->db, &q, err, "SELECT name FROM volumes ORDER BY name");

	while (r == 0 && (r = bt_db_step(&q, err)) == 1) {
		r = 0;
		if (json_array_append_new(names, json_string(bt_db_text(&q, 0))) < 0)
			return bt_err_sys(err, -ENOMEM, "list volumes");
	}
	return r;
}

/* 1 where there is a row, 0 where not. */
static int has_row(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	json_auto_t *config = NULL;

	return bt_volume_config(engine, name, &config, err);
}

static int insert_row(struct bt_engine *engine, const struct bt_volume_new *v, struct bt_err *err)
{
	json_auto_t *config =
		json_pack("{s:o,s:o,s:b}", "Labels", bt_jget_copy(v->labels), "Options",
			  bt_jget_copy(v->options), "Anonymous", (int)v->anonymous);
	bt_auto_free char *text = bt_jget_dump(config);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	if (!text)
		return bt_err_sys(err, -ENOMEM, "create volume %s", v->name);
	r = bt_db_prepare(engine->db, &q, err,
			  "INSERT INTO volumes (name, created, driver, config)"
			  " VALUES (?1, ?2, 'local', ?3) ON CONFLICT DO NOTHING");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, v->name);
	bt_db_bind_int(&q, 2, bt_time_now_ns());
	bt_db_bind_text(&q, 3, text);
	return bt_db_step(&q, err);
}

static char *dir_of(const struct bt_engine *engine, const char *name)
{
	return bt_str_format("%s/volumes/%s", engine->cfg.data_root, name);
}

char *bt_volume_path(const struct bt_engine *engine, const char *name)
{
	return bt_str_format("%s/volumes/%s/_data", engine->cfg.data_root, name);
}

/* The outer directory keeps host users away from setuid files within. */
static int make_dirs(const char *dir, const char *data)
{
	int r = bt_io_mkdir_p(dir, 0701);

	return r == 0 && mkdir(data, 0755) < 0 && errno != EEXIST ? -errno : r;
}

/* Row and directories, or neither. Where a crash comes between them there is no row yet, and the
 * directories are swept. */
static int make(struct bt_engine *engine, const struct bt_volume_new *v, const char *dir,
		const char *data, struct bt_err *err)
{
	int r = bt_db_begin(engine->db, err);

	if (r < 0)
		return r;
	r = insert_row(engine, v, err);
	bt_fault_point("volume/row");
	if (r == 0) {
		r = make_dirs(dir, data);
		if (r < 0) {
			(void)bt_err_sys(err, r, "create %s", data);
			/* The outer one may be there already; not what somebody put into it. */
			(void)rmdir(dir);
		}
	}
	if (r == 0)
		return bt_db_commit(engine->db, err);
	bt_db_rollback(engine->db);
	return r;
}

int bt_volume_ensure(struct bt_engine *engine, const struct bt_volume_new *v, struct bt_err *err)
{
	bt_auto_free char *dir = dir_of(engine, v->name);
	bt_auto_free char *data = bt_volume_path(engine, v->name);
	int known = has_row(engine, v->name, err), r;

	if (known < 0)
		return known;
	if (!dir || !data)
		return bt_err_sys(err, -ENOMEM, "create volume %s", v->name);
	if (known) {
		r = make_dirs(dir, data);
		return r < 0 ? bt_err_sys(err, r, "create %s", data) : 0;
	}
	r = make(engine, v, dir, data, err);
	if (r == 0)
		bt_events_emit(engine, "volume", "create", v->name,
			       json_pack("{s:s}", "driver", "local"));
	return r;
}

int bt_volume_delete(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_free char *dir = dir_of(engine, name);
	bt_auto_free char *data = bt_volume_path(engine, name);
	json_auto_t *config = NULL;
	int r = bt_volume_config(engine, name, &config, err);

	if (r <= 0)
		return r;
	r = dir && data ? 0 : -ENOMEM;
	/* What we mounted there is not to be emptied; what others did makes the removal fail. */
	if (r == 0 && bt_jget_filled(config, "Options"))
		r = bt_host_mount_detach(data);
	if (r == 0)
		r = bt_io_remove_tree(AT_FDCWD, dir);

	if (r < 0)
		return bt_err_sys(err, r, "remove volume %s", name);
	bt_fault_point("volume-rm/data");
	r = bt_db_run(engine->db, err, "DELETE FROM volumes WHERE name = ?1", 1, name);
	if (r == 0)
		bt_events_emit(engine, "volume", "destroy", name,
			       json_pack("{s:s}", "driver", "local"));
	return r;
}

/* Write the row's name and, while its directory has the old one, what that was. */
static int write_name(struct bt_engine *engine, const char *from, const char *to, bool moved,
		      struct bt_err *err)
{
	json_auto_t *config = NULL;
	bt_auto_free char *text = NULL;
	int r = bt_volume_config(engine, from, &config, err);

	if (r <= 0)
		return r;
	if (moved)
		json_object_del(config, MOVED_FROM);
	else
		json_object_set_new(config, MOVED_FROM, json_string(from));
	text = bt_jget_dump(config);
	if (!text)
		return bt_err_sys(err, -ENOMEM, "rename volume %s", from);
	return bt_db_run(engine->db, err,
			 "UPDATE volumes SET name = ?1, config = ?2 WHERE name = ?3", 3, to, text,
			 from);
}

static int move_dir(struct bt_engine *engine, const char *from, const char *to)
{
	bt_auto_free char *old_dir = dir_of(engine, from), *new_dir = dir_of(engine, to);

	if (!old_dir || !new_dir)
		return -ENOMEM;
	return renameat2(AT_FDCWD, old_dir, AT_FDCWD, new_dir, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int bt_volume_rename(struct bt_engine *engine, const char *name, const char *new_name,
		     struct bt_err *err)
{
	int r = write_name(engine, name, new_name, false, err);

	if (r < 0)
		return r;
	r = move_dir(engine, name, new_name);
	if (r < 0) {
		bt_err_sys(err, r, "rename volume %s to %s", name, new_name);
		(void)!write_name(engine, new_name, name, true, BT_ERR_IGNORED);
		return r;
	}
	r = write_name(engine, new_name, new_name, true, err);
	if (r == 0)
		bt_events_emit(engine, "volume", "rename", new_name,
			       json_pack("{s:s,s:s}", "driver", "local", "oldName", name));
	return r;
}

/* A rename that was interrupted: the row has the new name already. */
static void finish_rename(struct bt_engine *engine, const char *name)
{
	json_auto_t *config = NULL;
	struct bt_err err;
	int r = bt_volume_config(engine, name, &config, &err);
	const char *from = r > 0 ? bt_jget_text(config, MOVED_FROM) : "";

	if (from[0] == '\0')
		return;
	r = move_dir(engine, from, name);
	if (r < 0 && r != -ENOENT && r != -EEXIST)
		bt_log_warn("rename volume %s to %s: %s", from, name, strerror(-r));
	else if (write_name(engine, name, name, true, &err) < 0)
		bt_log_warn("rename volume %s to %s: %s", from, name, err.msg);
}

/* A removal that was interrupted loses its row last; a volume that is there, and empty, can be used
 * and removed. */
static void finish_dirs(struct bt_engine *engine, const char *name)
{
	bt_auto_free char *dir = dir_of(engine, name);
	bt_auto_free char *data = bt_volume_path(engine, name);
	int r = dir && data ? make_dirs(dir, data) : -ENOMEM;

	if (r < 0)
		bt_log_warn("make the directory of volume %s: %s", name, strerror(-r));
}

void bt_volume_sweep(struct bt_engine *engine)
{
	bt_auto_free char *root = bt_path_join(engine->cfg.data_root, "volumes");
	bt_auto(dir_done) DIR *dir = root ? opendir(root) : NULL;
	json_auto_t *names = json_array();
	const struct dirent *entry;
	const json_t *name;
	struct bt_err err;
	size_t i;

	if (bt_volume_names(engine, names, &err) < 0) {
		bt_log_warn("sweep volumes: %s", err.msg);
		return;
	}
	json_array_foreach (names, i, name) {
		finish_rename(engine, json_string_value(name));
		finish_dirs(engine, json_string_value(name));
	}
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
