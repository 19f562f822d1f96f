/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "image/images_private.h"

/* Members of Config that are there always, and those that are where they say something. */
static const char *const config_always[] = { "User",    "Env",        "Entrypoint", "Cmd",
					     "Volumes", "WorkingDir", "Labels",     "OnBuild" };
static const char *const config_else[] = { "ExposedPorts", "StopSignal", "ArgsEscaped",
					   "Healthcheck",  "Shell",      "StopTimeout" };

static json_t *make_config(const json_t *image)
{
	const json_t *from = bt_json_obj(image, "config");
	json_t *config = json_object();
	int r = 0;

	for (size_t i = 0; i < sizeof(config_always) / sizeof(config_always[0]); i++) {
		const char *key = config_always[i];
		bool text = strcmp(key, "User") == 0 || strcmp(key, "WorkingDir") == 0;
		json_t *value = bt_json_member(from, key);

		r |= value ? json_object_set(config, key, value)
			   : json_object_set_new(config, key, text ? json_string("") : json_null());
	}
	for (size_t i = 0; i < sizeof(config_else) / sizeof(config_else[0]); i++) {
		json_t *value = bt_json_member(from, config_else[i]);

		if (value)
			r |= json_object_set(config, config_else[i], value);
	}
	if (r == 0)
		return config;
	json_decref(config);
	return NULL;
}

static int add_graph_driver(struct bt_images *images, const struct bt_image_row *row, json_t *out,
			    struct bt_err *err)
{
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	json_t *data = json_object();
	int r;

	if (row->chain_id) {
		r = bt_layers_rw_image_paths(images->layers, row->chain_id, &paths, err);
		if (r < 0) {
			json_decref(data);
			return r;
		}
		if (paths.lower[0])
			(void)json_object_set_new(data, "LowerDir", json_string(paths.lower));
		(void)json_object_set_new(data, "MergedDir", json_string(paths.merged));
		(void)json_object_set_new(data, "UpperDir", json_string(paths.upper));
		(void)json_object_set_new(data, "WorkDir", json_string(paths.work));
	}
	return json_object_set_new(out, "GraphDriver",
				   json_pack("{ssso}", "Name", "overlay2", "Data", data)) < 0
		       ? bt_err_sys(err, -ENOMEM, "inspect an image")
		       : 0;
}

static int set_optional(json_t *out, const char *key, const char *value)
{
	return value[0] ? json_object_set_new(out, key, json_string(value)) : 0;
}

static json_t *make_answer(const struct bt_image_row *row, json_t *tags, json_t *digests)
{
	const json_t *image = row->config;
	json_t *layers = bt_json_arr(bt_json_obj(image, "rootfs"), "diff_ids");
	const char *comment = bt_json_str(image, "comment", "");
	char tagged[BT_TIME_RFC3339_LEN];
	json_t *out;

	bt_time_rfc3339(row->last_tagged, tagged);
	if (!comment[0]) {
		const json_t *history = bt_json_arr(image, "history");
		size_t n = json_array_size(history);

		if (n > 0)
			comment = bt_json_str(json_array_get(history, n - 1), "comment", "");
	}
	out = json_pack("{ss sO sO ss ss ss ss ss so ss ss sI s{ss sO*} s{ss}}", "Id", row->id,
			"RepoTags", tags, "RepoDigests", digests, "Parent",
			row->parent ? row->parent : "", "Comment", comment, "Created",
			bt_json_str(image, "created", BT_TIME_NEVER), "DockerVersion",
			bt_json_str(image, "docker_version", ""), "Author",
			bt_json_str(image, "author", ""), "Config", make_config(image),
			"Architecture", bt_json_str(image, "architecture", ""), "Os",
			bt_json_str(image, "os", ""), "Size", (json_int_t)row->size, "RootFS",
			"Type", "layers", "Layers", layers, "Metadata", "LastTagTime", tagged);
	if (out && (set_optional(out, "Variant", bt_json_str(image, "variant", "")) < 0 ||
		    set_optional(out, "OsVersion", bt_json_str(image, "os.version", "")) < 0)) {
		json_decref(out);
		return NULL;
	}
	return out;
}

int bt_images_inspect(struct bt_images *images, const char *name, json_t **ret, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	json_auto_t *names = NULL, *tags = NULL, *digests = NULL, *out = NULL;
	int r;

	r = bt_images_find_(images, name, &row, err);
	if (r == 0)
		r = bt_images_names_(images, row.id, &names, err);
	if (r < 0)
		return r;
	tags = bt_images_names_texts_(names, false);
	digests = bt_images_names_texts_(names, true);
	if (tags && digests)
		out = make_answer(&row, tags, digests);
	if (!out)
		return bt_err_sys(err, -ENOMEM, "inspect an image");
	r = add_graph_driver(images, &row, out, err);
	if (r < 0)
		return r;
	*ret = bt_take(out);
	return 0;
}

/* The entries of "history" without ids and tags, the newest first. */
static json_t *steps(const json_t *image, const struct bt_layer_result *layers, int n)
{
	json_t *out = json_array(), *step;
	size_t i;
	int layer = 0;

	json_array_foreach (bt_json_arr(image, "history"), i, step) {
		int64_t created = 0, size = 0;

		if (!bt_json_bool(step, "empty_layer", false) && layer < n)
			size = layers[layer++].size;
		if (bt_time_rfc3339_parse(bt_json_str(step, "created", ""), &created) < 0)
			created = 0;
		if (json_array_insert_new(out, 0,
					  json_pack("{sssIsssssIsn}", "Id", "<missing>", "Created",
						    (json_int_t)(created / BT_TIME_NSEC_PER_SEC),
						    "CreatedBy",
						    bt_json_str(step, "created_by", ""), "Comment",
						    bt_json_str(step, "comment", ""), "Size",
						    (json_int_t)size, "Tags")) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

/* The newest steps are the image and its parents, as far as those are here. */
static int name_steps(struct bt_images *images, const struct bt_image_row *top, json_t *out,
		      struct bt_err *err)
{
	bt_auto_free char *id = strdup(top->id);
	json_t *step;
	size_t i;
	int r;

	json_array_foreach (out, i, step) {
		bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
		json_auto_t *names = NULL, *tags = NULL;

		if (!id)
			break;
		r = bt_images_row_(images, id, &row, err);
		if (r <= 0)
			return r;
		r = bt_images_names_(images, id, &names, err);
		if (r < 0)
			return r;
		tags = bt_images_names_texts_(names, false);
		if (!tags || json_object_set_new(step, "Id", json_string(id)) < 0 ||
		    (json_array_size(tags) > 0 && json_object_set(step, "Tags", tags) < 0))
			return bt_err_sys(err, -ENOMEM, "show an image's history");
		free(id);
		id = bt_take(row.parent);
	}
	return 0;
}

int bt_images_inspect_history(struct bt_images *images, const char *name, json_t **ret,
			      struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	bt_auto_free struct bt_layer_result *layers = calloc(BT_LAYERS_MAX, sizeof(*layers));
	json_auto_t *out = NULL;
	int n = 0, r;

	if (!layers)
		return bt_err_sys(err, -ENOMEM, "show an image's history");
	r = bt_images_find_(images, name, &row, err);
	if (r == 0 && row.chain_id) {
		n = bt_layers_chain(images->layers, row.chain_id, layers, err);
		r = n < 0 ? n : 0;
	}
	if (r < 0)
		return r;
	out = steps(row.config, layers, n);
	if (!out)
		return bt_err_sys(err, -ENOMEM, "show an image's history");
	r = name_steps(images, &row, out, err);
	if (r == 0)
		*ret = bt_take(out);
	return r;
}

int bt_images_check_platform(struct bt_images *images, const char *name, const char *platform,
			     struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	struct bt_platform wanted, have = { .os = "" };
	int r;

	r = bt_platform_parse(platform, &wanted, err);
	if (r == 0)
		r = bt_images_find_(images, name, &row, err);
	if (r < 0)
		return r;
	(void)snprintf(have.os, sizeof(have.os), "%s", bt_json_str(row.config, "os", ""));
	(void)snprintf(have.arch, sizeof(have.arch), "%s",
		       bt_json_str(row.config, "architecture", ""));
	(void)snprintf(have.variant, sizeof(have.variant), "%s",
		       bt_json_str(row.config, "variant", ""));
	if (bt_platform_match(&wanted, &have) > 0)
		return 0;
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "image with reference %.200s was found but its platform (%s/%s%s%s) does "
			  "not match the specified platform (%s/%s%s%s)",
			  name, have.os, have.arch, have.variant[0] ? "/" : "", have.variant,
			  wanted.os, wanted.arch, wanted.variant[0] ? "/" : "", wanted.variant);
}
