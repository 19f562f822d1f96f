/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/json_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/size.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/units.h"
#include "codec/json.h"

void bt_json_set_text(json_t *object, const char *name, const char *value)
{
	if (value && *value)
		(void)json_object_set_new(object, name, bt_json_text(value));
}

void bt_json_set_lower(json_t *object, const char *name, const char *value)
{
	bt_auto_free char *text = strdup(value ? value : "");

	for (char *c = text; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	bt_json_set_text(object, name, text);
}

void bt_json_set_append_new(json_t *object, const char *name, json_t *value)
{
	json_t *list = json_object_get(object, name);

	if (!list) {
		list = json_array();
		(void)json_object_set_new(object, name, list);
	}
	(void)json_array_append_new(list, value);
}

void bt_json_set_append(json_t *object, const char *name, const char *value)
{
	bt_json_set_append_new(object, name, bt_json_text(value));
}

void bt_json_set_string_flag(json_t *object, const char *name, const struct bt_args *args,
			     const char *flag)
{
	bt_json_set_text(object, name, bt_args_string(args, flag));
}

void bt_json_set_int_flag(json_t *object, const char *name, const struct bt_args *args,
			  const char *flag)
{
	if (bt_args_given(args, flag))
		(void)json_object_set_new(object, name, json_integer(bt_args_int(args, flag)));
}

void bt_json_set_bytes_flag(json_t *object, const char *name, const struct bt_args *args,
			    const char *flag)
{
	const char *text = bt_args_string(args, flag);
	int64_t n = -1;

	if (!text || (strcmp(text, "-1") != 0 && bt_size_parse(text, &n) < 0))
		return;
	(void)json_object_set_new(object, name, json_integer(n));
}

void bt_json_set_bool_flag(json_t *object, const char *name, const struct bt_args *args,
			   const char *flag)
{
	if (bt_args_bool(args, flag))
		(void)json_object_set_new(object, name, json_true());
}

void bt_json_set_duration_flag(json_t *object, const char *name, const struct bt_args *args,
			       const char *flag)
{
	const char *text = bt_args_string(args, flag);
	int64_t ns;

	if (text && bt_time_duration_parse(text, &ns) == 0)
		(void)json_object_set_new(object, name, json_integer(ns));
}

void bt_json_set_list_flag(json_t *object, const char *name, const struct bt_args *args,
			   const char *flag)
{
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, flag, i)); i++)
		bt_json_set_append(object, name, text);
}

void bt_json_set_pair(json_t *map, const char *pair)
{
	bt_auto_free char *bytes = strndup(pair, strcspn(pair, "="));
	json_auto_t *key = bytes ? bt_json_text(bytes) : NULL;
	const char *value = strchr(pair, '=');

	if (key)
		(void)json_object_set_new(map, json_string_value(key),
					  bt_json_text(value ? value + 1 : ""));
}

void bt_json_set_map_flag(json_t *object, const char *name, const struct bt_args *args,
			  const char *flag)
{
	json_t *map = json_object_get(object, name);
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, flag, i)); i++) {
		if (!map) {
			map = json_object();
			(void)json_object_set_new(object, name, map);
		}
		bt_json_set_pair(map, text);
	}
}

char *bt_json_set_absolute(const char *path)
{
	bt_auto_free char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	bt_auto_free char *joined = here ? bt_path_join(here, path) : strdup(path);

	return joined ? bt_path_clean(joined) : NULL;
}
