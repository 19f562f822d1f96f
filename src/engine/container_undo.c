/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_undo.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "engine/container_files.h"
#include "engine/container_mounts.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/network.h"
#include "engine/volume.h"

/* Does another container mount it? */
static int is_used(const struct bt_container *c, const char *volume, bool *ret)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(c->engine, &all);

	*ret = false;
	for (ssize_t i = 0; i < n && !*ret; i++) {
		json_auto_t *summary = all[i] == c ? NULL : bt_jget_load(all[i]->summary);
		const json_t *mount;
		size_t k;

		json_array_foreach (json_object_get(summary, "Mounts"), k, mount)
			*ret |= strcmp(bt_jget_text(mount, "Name"), volume) == 0;
	}
	bt_container_unref_all(all, n);
	return n < 0 ? (int)n : 0;
}

/* The volumes that were made for it alone. */
static int remove_volumes(struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	const json_t *mount;
	size_t i;
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	json_array_foreach (s.mounts, i, mount) {
		const char *name = bt_jget_text(mount, "Name");
		bool used;

		if (!bt_jget_bool(mount, "Anonymous"))
			continue;
		r = is_used(c, name, &used);
		if (r < 0)
			return bt_err_sys(err, r, "remove volumes");
		r = used ? 0 : bt_volume_delete(c->engine, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_container_dismantle(struct bt_container *c, struct bt_err *err)
{
	int r;

	bt_network_detach(c->engine, c->id);
	bt_fault_point("rm/network");
	r = bt_container_mounts_release(c, err);
	if (r == 0 && c->state.remove_volumes)
		r = remove_volumes(c, err);
	if (r < 0)
		return r;
	bt_fault_point("rm/volumes");
	r = bt_layers_remove_rw(c->engine->layers, c->id, err);
	bt_fault_point("rm/layer");
	if (r == 0)
		r = bt_container_files_remove(c->engine, c->id, err);
	bt_fault_point("rm/files");
	if (r == 0)
		r = bt_container_row_delete(c, err);
	return r;
}

void bt_container_undo(struct bt_container *c)
{
	struct bt_err err;

	if (bt_container_dismantle(c, &err) < 0)
		bt_log_warn("remove the remains of container %.12s: %s", c->id, err.msg);
}
