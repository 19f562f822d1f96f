/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/container_config.h"
#include "engine/container_event.h"
#include "engine/container_root.h"
#include "engine/container_row.h"
#include "engine/container_pause.h"
#include "engine/engine_private.h"
#include "image/commit.h"

struct bt_container_export {
	struct bt_container *container;
	int root;
	struct bt_id_map ids; /* of a running one; else without ranges */
};

/* The container's Cmd, as the image's history tells it; owned, or NULL. */
static char *command_text(const json_t *config)
{
	bt_auto_str struct bt_str text = { 0 };
	char *out = NULL;
	json_t *arg;
	size_t i;

	json_array_foreach (json_object_get(config, "Cmd"), i, arg)
		bt_str_printf(&text, "%s%s", i > 0 ? " " : "", json_string_value(arg));
	return bt_str_steal(&text, &out) < 0 ? NULL : out;
}

/* Under the container's `op` lock. */
static int commit_still(struct bt_container *c, const struct bt_container_commit *how,
			char ret_id[72], struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *command = NULL;
	json_auto_t *config = NULL;
	int r = bt_container_row_settings(c, &s, err);

	if (r == 0 && how->config)
		r = bt_container_config_make(how->config, s.config, &config, err);
	if (r < 0)
		return r;
	command = command_text(s.config);
	return bt_commit(c->engine->images,
			 &(struct bt_commit){ .container_id = c->id,
					      .image_id = c->image_id,
					      .config = config ? config : s.config,
					      .author = how->author,
					      .comment = how->comment,
					      .ref = how->ref,
					      .created_by = command,
					      .changes = how->changes },
			 ret_id, err);
}

int bt_container_commit(struct bt_engine *engine, const struct bt_container_commit *commit,
			char ret_id[72], struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bool paused = false;
	int r = bt_container_get(engine, commit->container, &c, err);

	if (r < 0)
		return r;
	/* One that does not run, or stands still already, needs no pause. */
	if (commit->pause) {
		r = bt_container_pause(engine, c->id, true, err);
		if (r < 0 && err->kind != BT_ERR_CONFLICT)
			return r;
		paused = r == 0;
	}
	{
		bt_auto_lock(op, &c->op);

		r = commit_still(c, commit, ret_id, err);
	}
	if (r == 0)
		bt_container_event(c, "commit",
				   json_pack("{ss ss ss}", "imageID", ret_id, "comment",
					     commit->comment ? commit->comment : "", "imageRef",
					     commit->ref ? commit->ref : ""));
	if (paused)
		bt_discard(bt_container_pause(engine, c->id, false, BT_ERR_IGNORED));
	return r;
}

int bt_container_changes(struct bt_engine *engine, const char *ref, json_t **ret,
			 struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	json_auto_t *list = NULL;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	{
		bt_auto_lock(op, &c->op);

		r = bt_commit_diff(engine->images, c->id, &list, err);
	}
	if (r == 0)
		*ret = json_array_size(list) > 0 ? bt_take(list) : json_null();
	return r;
}

int bt_container_export_open(struct bt_engine *engine, const char *ref,
			     struct bt_container_export **ret, struct bt_err *err)
{
	struct bt_container_export *export = calloc(1, sizeof(*export));
	bt_auto_free char *rest = NULL;
	int r = export ? 0 : bt_err_sys(err, -ENOMEM, "export a container");

	if (!export)
		return r;
	export->root = -EBADF;
	r = bt_container_get(engine, ref, &export->container, err);
	if (r == 0) {
		bt_auto_lock(op, &export->container->op);

		export->root = bt_container_root_open(export->container, "/", true, &rest,
						      &export->ids, err);
		r = export->root < 0 ? export->root : 0;
	}
	if (r < 0) {
		bt_container_export_close(export);
		return r;
	}
	*ret = export;
	return 0;
}

int bt_container_export_write(struct bt_container_export *export,
			      int (*fn)(void *arg, const void *data, size_t len), void *arg,
			      struct bt_err *err)
{
	bt_container_event(export->container, "export", NULL);
	return bt_commit_export(export->root, export->ids.nuids > 0 ? &export->ids : NULL, fn, arg,
				err);
}

void bt_container_export_close(struct bt_container_export *export)
{
	if (!export)
		return;
	bt_container_unref(export->container);
	bt_close(&export->root);
	free(export);
}
