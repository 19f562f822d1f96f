/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"
#include "engine/container_config.h"
#include "image_store.h"

static void told(int r, const struct bt_err *err)
{
	if (r < 0 && (err->kind == BT_ERR_NONE || err->msg[0] == '\0'))
		abort();
}

/* What a container of it would be. */
static void configure(const json_t *config)
{
	json_auto_t *body = json_object(), *made = NULL, *args = NULL;
	struct bt_err err = { 0 };
	const char *path = NULL;
	int r = bt_container_config_make(body, bt_json_obj(config, "config"), &made, &err);

	told(r, &err);
	if (r == 0 && bt_container_config_command(made, &path, &args) == 0 && !path)
		abort();
}

/* Whatever was taken in can be shown, listed and removed. */
static void show(const char *id)
{
	json_auto_t *shown = NULL, *history = NULL, *list = NULL, *removed = NULL;
	const struct bt_images_list_options all = { .all = true };
	bt_auto_str struct bt_str text = { 0 };
	struct bt_err err = { 0 };

	told(bt_images_inspect(images, id, &shown, &err), &err);
	told(bt_images_inspect_history(images, id, &history, &err), &err);
	if (bt_images_list(images, &all, &text, &err) < 0)
		abort();
	list = json_loads(bt_str_get(&text), 0, NULL);
	if (json_array_size(list) != 1)
		abort();
	if (bt_images_remove(images, id, true, false, &removed, &err) < 0)
		abort();
}

/* An image's configuration, as a registry or an archive gives it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_err err = { 0 };
	json_t *config = NULL;
	char id[72];
	char *text;
	int r;

	if (!images)
		open_image_store();
	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (bt_json_parse(text, size, BT_JSON_UNIQUE, &config, &err) == 0) {
		configure(config);
		json_decref(config);
	}
	if (!memchr(text, '\0', size)) {
		r = bt_images_add(images, text, size, NULL, NULL, NULL, id, &err);
		told(r, &err);
		if (r == 0)
			show(id);
	}
	free(text);
	return 0;
}
