/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/field.h"

#include <errno.h>
#include <string.h>

#include "codec/json.h"

const char *bt_field_type_name(enum bt_field_type type)
{
	static const char *const names[] = {
		[BT_FIELD_TEXT] = "a string",
		[BT_FIELD_INT] = "an integer",
		[BT_FIELD_BOOL] = "a boolean",
		[BT_FIELD_TEXTS] = "an array of strings",
		[BT_FIELD_WORDS] = "an array of strings",
		[BT_FIELD_ARRAY] = "an array",
		[BT_FIELD_OBJECT] = "an object",
	};

	return names[type];
}

/* Some clients write whole numbers as reals. Of others, and of those beyond 64 bits, nobody knows
 * what was meant. */
static bool is_whole(const json_t *value)
{
	const double real = json_real_value(value), limit = 9223372036854775808.0;

	return json_is_real(value) && real >= -limit && real < limit &&
	       (double)(json_int_t)real == real;
}

bool bt_field_has_type(const json_t *value, enum bt_field_type type)
{
	switch (type) {
	case BT_FIELD_TEXT:
		return json_is_string(value);
	case BT_FIELD_INT:
		return json_is_integer(value) || is_whole(value);
	case BT_FIELD_BOOL:
		return json_is_boolean(value);
	case BT_FIELD_TEXTS:
		return bt_json_is_strs(value);
	case BT_FIELD_WORDS:
		return bt_json_is_strs(value) || json_is_string(value);
	case BT_FIELD_ARRAY:
		return json_is_array(value);
	case BT_FIELD_OBJECT:
		return json_is_object(value);
	}
	return false;
}

static bool is_empty(const json_t *value)
{
	if (json_is_string(value))
		return json_string_length(value) == 0;
	if (json_is_integer(value))
		return json_integer_value(value) == 0;
	if (json_is_real(value))
		return json_real_value(value) == 0.0;
	return json_is_false(value) || (json_array_size(value) == 0 &&
					json_object_size(value) == 0 && !json_is_true(value));
}

static json_t *copy_value(const json_t *value, enum bt_field_type type)
{
	if (type == BT_FIELD_WORDS && json_is_string(value))
		return json_pack("[s]", json_string_value(value));
	if (type == BT_FIELD_INT)
		return json_integer(json_is_real(value) ? (json_int_t)json_real_value(value)
							: json_integer_value(value));
	return json_deep_copy(value);
}

/* The value of one member: 1 with a new reference, 0 where it is left out. */
static int apply_one(const struct bt_field *field, const char *what, const json_t *in, json_t **ret,
		     struct bt_err *err)
{
	const json_t *given = bt_json_member(in, field->name);

	if (!given) {
		if (field->flags & BT_FIELD_OMIT)
			return 0;
		*ret = json_loads(field->absent, JSON_DECODE_ANY, NULL);
		return 1;
	}
	if (!bt_field_has_type(given, field->type))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid JSON: %s.%s must be %s",
				  what, field->name, bt_field_type_name(field->type));
	if ((field->flags & BT_FIELD_REFUSE) && !is_empty(given))
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS, "%s.%s is not supported",
				  what, field->name);
	*ret = copy_value(given, field->type);
	return 1;
}

int bt_field_apply(const struct bt_field *fields, size_t n, const char *what, const json_t *in,
		   json_t **ret, struct bt_err *err)
{
	json_auto_t *out = json_object();

	if (in && !json_is_null(in) && !json_is_object(in))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid JSON: %s must be an object",
				  what);
	for (size_t i = 0; i < n; i++) {
		json_t *value = NULL;
		int r = apply_one(&fields[i], what, in, &value, err);

		if (r < 0)
			return r;
		if (r > 0 && json_object_set_new(out, fields[i].name, value) < 0)
			return bt_err_sys(err, -ENOMEM, "read %s", what);
	}
	*ret = json_incref(out);
	return 0;
}
