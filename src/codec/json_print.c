/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Printing trees, byte for byte as jansson does with JSON_COMPACT. Its own printer remembers each
 * object and array by the text of its address, to find trees that contain themselves, which is more
 * than half of its work; a bound on the depth does as well. What is rare, strings with escapes and
 * reals, is left to it.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/auto.h"
#include "codec/json.h"

/* More than any parser of ours lets in, and no more than the stack of a thread holds. */
#define PRINT_DEPTH_MAX 256

static void print(struct bt_str *s, const json_t *json, unsigned depth);

static int append_bytes(const char *bytes, size_t len, void *arg)
{
	struct bt_str *s = arg;

	bt_str_add(s, bytes, len);
	return s->failed ? -1 : 0;
}

static void print_by_jansson(struct bt_str *s, const json_t *json)
{
	if (json_dump_callback(json, append_bytes, s, JSON_COMPACT | JSON_ENCODE_ANY) < 0 &&
	    !s->failed)
		s->failed = -ENOMEM;
}

/* ASCII that stands for itself, all of it? */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

static void print_text(struct bt_str *s, const char *text, size_t len)
{
	json_auto_t *special = NULL;

	if (is_plain(text, len)) {
		bt_str_putc(s, '"');
		bt_str_add(s, text, len);
		bt_str_putc(s, '"');
		return;
	}
	special = json_stringn_nocheck(text, len);
	print_by_jansson(s, special);
}

static void print_object(struct bt_str *s, const json_t *json, unsigned depth)
{
	json_t *object = (json_t *)(uintptr_t)json;
	char before = '{';

	if (json_object_size(object) == 0)
		bt_str_putc(s, '{');
	for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
		bt_str_putc(s, before);
		print_text(s, json_object_iter_key(it), json_object_iter_key_len(it));
		bt_str_putc(s, ':');
		print(s, json_object_iter_value(it), depth + 1);
		before = ',';
	}
	bt_str_putc(s, '}');
}

static void print_array(struct bt_str *s, const json_t *array, unsigned depth)
{
	const json_t *item;
	uint64_t number;
	size_t i;

	/* What is larger than the library's integers has this form in a tree: BT_JSON_BIG. */
	if (json_array_size(array) == 1 && bt_json_u64_value(array, &number) == 0) {
		bt_str_printf(s, "%" PRIu64, number);
		return;
	}
	bt_str_putc(s, '[');
	json_array_foreach (array, i, item) {
		if (i > 0)
			bt_str_putc(s, ',');
		print(s, item, depth + 1);
	}
	bt_str_putc(s, ']');
}

static void print(struct bt_str *s, const json_t *json, unsigned depth)
{
	if (s->failed)
		return;
	if (depth > PRINT_DEPTH_MAX) {
		s->failed = -ELOOP;
		return;
	}
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		print_object(s, json, depth);
		break;
	case JSON_ARRAY:
		print_array(s, json, depth);
		break;
	case JSON_STRING:
		print_text(s, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		bt_str_printf(s, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		break;
	case JSON_REAL:
		print_by_jansson(s, json);
		break;
	case JSON_TRUE:
		bt_str_puts(s, "true");
		break;
	case JSON_FALSE:
		bt_str_puts(s, "false");
		break;
	case JSON_NULL:
		bt_str_puts(s, "null");
		break;
	}
}

void bt_json_append(struct bt_str *s, const json_t *json)
{
	if (json)
		print(s, json, 0);
	else if (!s->failed)
		s->failed = -ENOMEM;
}

int bt_json_dump(const json_t *json, char **ret, size_t *ret_len)
{
	bt_auto_str struct bt_str s = { 0 };
	char *text, *fitting;
	size_t len;
	int r;

	bt_json_append(&s, json);
	len = s.len;
	r = bt_str_steal(&s, &text);
	if (r < 0)
		return r;
	/* It may be kept for long: without the room that it grew into. */
	fitting = realloc(text, len + 1);
	*ret = fitting ? fitting : text;
	if (ret_len)
		*ret_len = len;
	return 0;
}
