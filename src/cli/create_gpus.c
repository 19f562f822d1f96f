/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_gpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/csv.h"
#include "codec/json.h"

static void split(const char *text, json_t *list)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, n));
		if (text[n] == '\0')
			return;
		text += n + 1;
	}
}

static int set_count(json_t *request, const char *text, struct bt_err *err)
{
	long long n = -1;

	int r = strcmp(text, "all") == 0 ? 0 : bt_str_to_i64(text, &n);

	if (r < 0)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid count (%s): value must be either \"all\" or an integer: %s", text,
			r == -ERANGE ? "value out of range" : "invalid syntax");
	return json_object_set_new(request, "Count", json_integer(n));
}

static int set_options(json_t *request, const char *text, struct bt_err *err)
{
	bt_auto_str struct bt_str field = { 0 };
	json_t *options = json_object_get(request, "Options");
	int r;

	if (!text || !*text)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "failed to read gpu options: EOF");
	while ((r = bt_csv_next(&text, &field, err)) > 0) {
		char *value = strchr(field.p, '=');

		if (value)
			*value++ = '\0';
		json_object_set_new(options, field.p, bt_json_text(value ? value : ""));
	}
	return r;
}

static int set_field(json_t *request, json_t *seen, char *text, struct bt_err *err)
{
	bt_auto_free char *field = strdup(text);
	char *value = strchr(text, '=');
	const char *key = text;

	if (!field)
		return bt_err_sys(err, -ENOMEM, "gpus");
	if (value)
		*value++ = '\0';
	if (json_object_get(seen, key))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "gpu request key '%s' can be specified only once", key);
	json_object_set_new(seen, key, json_true());
	if (!value || strcmp(key, "count") == 0) {
		json_object_set_new(seen, "count", json_true());
		return set_count(request, value ? value : text, err);
	}
	if (strcmp(key, "driver") == 0)
		return json_object_set_new(request, "Driver", bt_json_text(value));
	if (strcmp(key, "device") == 0)
		split(value, json_object_get(request, "DeviceIDs"));
	else if (strcmp(key, "capabilities") == 0)
		split(value, json_array_get(json_object_get(request, "Capabilities"), 0));
	else if (strcmp(key, "options") == 0)
		return set_options(request, value, err);
	else
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unexpected key '%s' in '%s'", key,
				  field);
	return 0;
}

int bt_create_gpus_parse(const char *text, json_t **ret, struct bt_err *err)
{
	json_auto_t *request = json_pack("{s:s,s:i,s:[],s:[[]],s:{}}", "Driver", "", "Count", 0,
					 "DeviceIDs", "Capabilities", "Options");
	json_auto_t *seen = json_object();
	bt_auto_str struct bt_str field = { 0 };
	int r;

	if (!*text)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "EOF");
	while ((r = bt_csv_next(&text, &field, err)) > 0) {
		r = set_field(request, seen, field.p, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!json_object_get(seen, "count") && !json_object_get(seen, "device"))
		json_object_set_new(request, "Count", json_integer(1));
	json_array_append_new(json_array_get(json_object_get(request, "Capabilities"), 0),
			      json_string("gpu"));
	*ret = json_incref(request);
	return 0;
}

int bt_create_gpus_check(const char *text, struct bt_err *err)
{
	json_auto_t *request = NULL;

	return bt_create_gpus_parse(text, &request, err);
}
