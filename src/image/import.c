/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "image/change.h"
#include "image/images_private.h"

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

/* What follows the archive: who sends it may have failed there. */
static int read_rest(bt_inflate_read_fn read, void *arg, struct bt_err *err)
{
	char rest[4096];
	ssize_t n;

	do
		n = read(arg, rest, sizeof(rest), err);
	while (n > 0);
	return (int)n;
}

/* All that an image is besides its layer. */
static int read_facts(const struct bt_import *import, struct image_facts *facts, json_t *config,
		      struct bt_err *err)
{
	int r = check_ref(import->ref, err);

	facts->message = import->message;
	if (!facts->message || !facts->message[0])
		facts->message = "Imported from -";
	if (r == 0)
		r = bt_platform_parse(import->platform, &facts->platform, err);
	if (r == 0 && strcmp(facts->platform.os, "linux") != 0)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "operating system is not supported");
	if (r == 0)
		r = creation_time(import->created, facts->created, err);
	if (r == 0)
		r = bt_change_apply_all(config, import->changes, err);
	return r;
}

int bt_images_import_from(struct bt_images *images, bt_inflate_read_fn read, void *arg,
			  const struct bt_import *import, char ret_id[72], struct bt_err *err)
{
	json_auto_t *config = json_object();
	struct bt_layer_result layer;
	struct image_facts facts = { .message = NULL };
	int r;

	if (!config)
		return bt_err_sys(err, -ENOMEM, "import an image");
	r = read_facts(import, &facts, config, err);
	if (r == 0)
		r = bt_layers_unpack_from(images->layers, NULL,
					  &(struct bt_layer_source){ .read = read, .arg = arg },
					  &layer, err);
	if (r < 0)
		return r;
	r = read_rest(read, arg, err);
	if (r == 0)
		r = import_layer(images, import->ref, &facts, config, &layer, ret_id, err);
	if (r < 0) {
		bt_discard(bt_layers_unref(images->layers, layer.chain_id, BT_ERR_IGNORED));
		return r;
	}
	bt_images_tell_(images, "import", ret_id, import->ref ? import->ref : ret_id);
	return 0;
}

int bt_images_import(struct bt_images *images, int fd, const struct bt_import *import,
		     char ret_id[72], struct bt_err *err)
{
	return bt_images_import_from(images, bt_inflate_read_fd, &fd, import, ret_id, err);
}
