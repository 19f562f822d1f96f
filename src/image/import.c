/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "image/change.h"
#include "image/images_private.h"
#include "image/platform.h"

struct image_facts {
	struct bt_platform platform;
	const char *message;
	char created[BT_TIME_RFC3339_LEN];
};

/* The configuration's text, an owned string. */
static int make_config(const struct image_facts *facts, json_t *config, const char *diff_id,
		       char **ret, size_t *ret_len, struct bt_err *err)
{
	const struct bt_platform *platform = &facts->platform;
	const char *now = facts->created, *message = facts->message;
	json_auto_t *image = NULL;

	image = json_pack("{ss ss ss ss sO s[{ss ss}] s{ss s[s]}}", "architecture", platform->arch,
			  "os", platform->os, "created", now, "comment", message, "config", config,
			  "history", "created", now, "comment", message, "rootfs", "type", "layers",
			  "diff_ids", diff_id);
	if (!image ||
	    (platform->variant[0] &&
	     json_object_set_new(image, "variant", json_string(platform->variant)) < 0) ||
	    json_object_set_new(image, "docker_version", json_string(BT_VERSION)) < 0 ||
	    bt_json_dump(image, ret, ret_len) < 0)
		return bt_err_sys(err, -ENOMEM, "import an image");
	return 0;
}

static int import_layer(struct bt_images *images, const char *ref, const struct image_facts *facts,
			json_t *config, const struct bt_layer_result *layer, char ret_id[72],
			struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	r = make_config(facts, config, layer->diff_id, &text, &len, err);
	if (r < 0)
		return r;
	return bt_images_add(images, text, len, layer->chain_id, NULL, ref, ret_id, err);
}

/* What can be refused before anything is read. */
static int check_ref(const char *ref, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref parsed = { 0 };
	int r;

	if (!ref)
		return 0;
	r = bt_name_parse(ref, &parsed, err);
	if (r == 0 && parsed.digest)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "cannot import digest reference");
	return r;
}

/* The time that the image says it was made. */
static int creation_time(const char *text, char ret[BT_TIME_RFC3339_LEN], struct bt_err *err)
{
	int64_t ns;

	if (!text) {
		bt_time_rfc3339(bt_time_now_ns(), ret);
		return 0;
	}
	if (strlen(text) >= BT_TIME_RFC3339_LEN || bt_time_rfc3339_parse(text, &ns) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid time: %.100s", text);
	(void)strcpy(ret, text);
	return 0;
}

int bt_images_import(struct bt_images *images, int fd, const struct bt_import *import,
		     char ret_id[72], struct bt_err *err)
{
	json_auto_t *config = json_object();
	struct bt_layer_result layer;
	struct image_facts facts = { .message = import->message };
	int r;

	if (!config)
		return bt_err_sys(err, -ENOMEM, "import an image");
	if (!facts.message || !facts.message[0])
		facts.message = "Imported from -";
	r = check_ref(import->ref, err);
	if (r == 0)
		r = bt_platform_parse(import->platform, &facts.platform, err);
	if (r == 0 && strcmp(facts.platform.os, "linux") != 0)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "operating system is not supported");
	if (r == 0)
		r = creation_time(import->created, facts.created, err);
	if (r == 0)
		r = bt_change_apply_all(config, import->changes, err);
	if (r == 0)
		r = bt_layers_unpack(images->layers, NULL, fd, NULL, 0, &layer, err);
	if (r < 0)
		return r;
	r = import_layer(images, import->ref, &facts, config, &layer, ret_id, err);
	if (r < 0) {
		bt_discard(bt_layers_unref(images->layers, layer.chain_id, BT_ERR_IGNORED));
		return r;
	}
	bt_images_tell_(images, "import", ret_id, import->ref ? import->ref : ret_id);
	return 0;
}
