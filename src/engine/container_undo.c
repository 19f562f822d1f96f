/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_undo.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "engine/container_cgroup.h"
#include "engine/container_files.h"
#include "engine/container_mounts.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/network.h"
#include "engine/volume.h"
#include "engine/volume_claim.h"
#include "engine/volume_users.h"

/* Unless another container has it, there or being made. */
static int remove_volume(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_volume_claim struct bt_volume_claim alone = { 0 };
	json_auto_t *users = NULL;
	int r = bt_volume_claim_or_leave(engine, name, &alone, err);

	if (r <= 0)
		return r;
	r = bt_volume_users_of(engine, name, true, &users, err);
	if (r != 0)
		return r < 0 ? r : 0;
	/* Another one that had it, and is removed at the same time, may have done it. */
	return bt_volume_delete(engine, name, err);
}

/* The volumes that were made without a name, for it or for one whose volumes it has
 * (--volumes-from): they go with the last of these. */
static int remove_volumes(struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	const json_t *mount;
	size_t i;
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	json_array_foreach (s.mounts, i, mount) {
		if (!bt_jget_bool(mount, "Anonymous"))
			continue;
		r = remove_volume(c->engine, bt_jget_text(mount, "Name"), err);
		if (r < 0)
			return r;
	}
	return 0;
}

bool bt_container_has_volumes(const struct bt_container *c)
{
	json_auto_t *summary = bt_jget_load(c->summary);
	const json_t *mount;
	size_t i;

	json_array_foreach (json_object_get(summary, "Mounts"), i, mount)
		if (strcmp(bt_jget_text(mount, "Type"), "volume") == 0)
			return true;
	return false;
}

/* All rows at once: either it is there, or a start of the daemon finds directories that belong to
 * nobody and sweeps them. */
static int try_delete_rows(struct bt_container *c, struct bt_err *err)
{
	struct bt_db *db = c->engine->db;
	int useless, r = bt_db_begin(db, err);

	if (r < 0)
		return r;
	useless = bt_layers_drop_rw(c->engine->layers, c->id, err);
	r = useless < 0 ? useless : bt_container_row_delete(c, err);
	if (r < 0) {
		bt_db_rollback(db);
		return r;
	}
	r = bt_db_commit(db, err);
	if (r == 0 && useless > 0)
		bt_layers_collect(c->engine->layers);
	return r;
}

/* A removal makes room, and must not fail for want of it: where the rows find none, the database
 * makes some of what it keeps in reserve, and then what is removed gives up its own before them. */
static int delete_rows(struct bt_container *c, struct bt_err *err)
{
	int r = try_delete_rows(c, err);

	if (r != -ENOSPC)
		return r;
	bt_db_make_room(c->engine->db);
	r = try_delete_rows(c, err);
	if (r != -ENOSPC)
		return r;
	bt_discard(bt_layers_empty_rw(c->engine->layers, c->id, BT_ERR_IGNORED));
	bt_container_files_empty_log(c->engine, c->id);
	bt_db_make_room(c->engine->db);
	return try_delete_rows(c, err);
}

int bt_container_dismantle(struct bt_container *c, struct bt_err *err)
{
	struct bt_err later;
	int r;

	bt_container_cgroup_sweep(c);
	bt_network_detach(c->engine, c->id);
	bt_fault_point("rm/network");
	r = bt_container_mounts_release(c, err);
	if (r == 0 && c->state.remove_volumes && bt_container_has_volumes(c))
		r = remove_volumes(c, err);
	bt_fault_point("rm/volumes");
	if (r == 0)
		r = delete_rows(c, err);
	bt_fault_point("rm/rows");
	if (r < 0)
		return r;
	if (bt_container_files_remove(c->engine, c->id, &later) < 0)
		bt_log_warn("container %.12s, until the next start: %s", c->id, later.msg);
	bt_fault_point("rm/files");
	return 0;
}

void bt_container_undo(struct bt_container *c)
{
	struct bt_err err;

	if (bt_container_dismantle(c, &err) < 0)
		bt_log_warn("remove the remains of container %.12s: %s", c->id, err.msg);
}

void bt_container_undo_volumes(struct bt_engine *engine, json_t *left)
{
	const char *name;
	json_t *none;
	struct bt_err err;

	json_object_foreach (left, name, none)
		if (remove_volume(engine, name, &err) < 0)
			bt_log_warn("remove volume %s: %s", name, err.msg);
	json_decref(left);
}
