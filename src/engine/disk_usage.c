/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/disk_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/container_inspect.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/volume.h"
#include "engine/volumes.h"
#include "store/tree_size.h"

static int add_images(struct bt_engine *engine, json_t *out, struct bt_err *err)
{
	const struct bt_images_list_options opt = { .shared_sizes = true };
	bt_auto_str struct bt_str text = { 0 };
	int64_t layers = 0;
	int r = bt_images_layers_size(engine->images, &layers, err);

	if (r == 0)
		r = bt_images_list(engine->images, &opt, &text, err);
	if (r < 0)
		return r;
	return json_object_set_new(out, "LayersSize", json_integer(layers)) < 0 ||
			       json_object_set_new(out, "Images", bt_jget_load(bt_str_get(&text))) <
				       0
		       ? bt_err_sys(err, -ENOMEM, "system df")
		       : 0;
}

static int add_containers(struct bt_engine *engine, json_t *out, struct bt_err *err)
{
	const struct bt_list_options opt = { .all = true, .size = true };
	bt_auto_str struct bt_str text = { 0 };
	int r = bt_container_list(engine, &opt, &text, err);

	if (r == 0 && json_object_set_new(out, "Containers", bt_jget_load(bt_str_get(&text))) < 0)
		r = bt_err_sys(err, -ENOMEM, "system df");
	return r;
}

/* How many containers have each volume: {name: count}. */
static int count_users(struct bt_engine *engine, json_t *users, struct bt_err *err)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(engine, &all);
	int r = n < 0 ? bt_err_sys(err, (int)n, "system df") : 0;

	for (ssize_t i = 0; r == 0 && i < n; i++) {
		bt_auto_settings struct bt_container_settings s = { 0 };
		const json_t *mount;
		size_t k;

		/* Removed meanwhile, it uses nothing. */
		if (bt_container_row_settings(all[i], &s, BT_ERR_IGNORED) < 0)
			continue;
		json_array_foreach (s.mounts, k, mount) {
			const char *name = bt_jget_text(mount, "Name");

			if (*name &&
			    json_object_set_new(users, name,
						json_integer(bt_jget_int(users, name) + 1)) < 0)
				r = bt_err_sys(err, -ENOMEM, "system df");
		}
	}
	bt_container_unref_all(all, n);
	return r;
}

static int measure(struct bt_engine *engine, json_t *volume, const json_t *users,
		   struct bt_err *err)
{
	const char *name = bt_jget_text(volume, "Name");
	bt_auto_free char *path = bt_volume_path(engine, name);
	int64_t size = -1;

	/* One whose directory cannot be read, or is gone, has no size. */
	if (!path || bt_tree_size(AT_FDCWD, path, &size) < 0)
		size = -1;
	return json_object_set_new(volume, "UsageData",
				   json_pack("{sIsI}", "RefCount", bt_jget_int(users, name), "Size",
					     (json_int_t)size)) < 0
		       ? bt_err_sys(err, -ENOMEM, "system df")
		       : 0;
}

static int add_volumes(struct bt_engine *engine, json_t *out, struct bt_err *err)
{
	bt_auto_str struct bt_str text = { 0 };
	json_auto_t *answer = NULL, *users = json_object();
	json_t *volumes, *volume;
	size_t i;
	int r = bt_volumes_list(engine, NULL, &text, err);

	if (r == 0)
		r = count_users(engine, users, err);
	if (r < 0)
		return r;
	answer = bt_jget_load(bt_str_get(&text));
	volumes = json_object_get(answer, "Volumes");
	json_array_foreach (volumes, i, volume) {
		r = measure(engine, volume, users, err);
		if (r < 0)
			return r;
	}
	return json_object_set(out, "Volumes", volumes) < 0 ? bt_err_sys(err, -ENOMEM, "system df")
							    : 0;
}

int bt_disk_usage_get(struct bt_engine *engine, const struct bt_disk_usage *what, json_t **ret,
		      struct bt_err *err)
{
	json_auto_t *out = json_pack("{sI sn sn sn sn}", "LayersSize", (json_int_t)0, "Images",
				     "Containers", "Volumes", "BuildCache");
	int r = out ? 0 : bt_err_sys(err, -ENOMEM, "system df");

	if (r == 0 && what->images)
		r = add_images(engine, out, err);
	if (r == 0 && what->containers)
		r = add_containers(engine, out, err);
	if (r == 0 && what->volumes)
		r = add_volumes(engine, out, err);
	/* Nothing is cached by builds. */
	if (r == 0 && what->build_cache && json_object_set_new(out, "BuildCache", json_array()) < 0)
		r = bt_err_sys(err, -ENOMEM, "system df");
	if (r == 0)
		*ret = bt_take(out);
	return r;
}
