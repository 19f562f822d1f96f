/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/jget.h"

#include <string.h>

#include "codec/json.h"

const char *bt_jget_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The cast of a real that an integer cannot hold has no meaning in C. */
static int64_t cut(double real)
{
	const double limit = 9223372036854775808.0;

	if (real >= limit)
		return INT64_MAX;
	return real < -limit ? INT64_MIN : (int64_t)real;
}

int64_t bt_jget_int(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_real(value))
		return cut(json_real_value(value));
	return json_integer_value(value);
}

bool bt_jget_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const json_t *bt_jget_filled(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_array_size(value) > 0 || json_object_size(value) > 0)
		return value;
	return NULL;
}

json_t *bt_jget_copy(const json_t *value)
{
	return value ? json_deep_copy(value) : json_null();
}

char *bt_jget_dump(const json_t *value)
{
	char *text = NULL;

	if (!value)
		return strdup("null");
	return bt_json_dump(value, &text, NULL) < 0 ? NULL : text;
}

json_t *bt_jget_load(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
}
