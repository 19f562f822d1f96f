/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What values look like in print, and the functions of templates.
 */

#include "codec/go_template.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template_ast.h"

#define PRINT_DEPTH_MAX 128
#define PAD_MAX         4096

bool bt_tmpl_truth(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return json_object_size(v) > 0;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_STRING:
		return json_string_length(v) > 0;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	case JSON_REAL:
		return json_real_value(v) < 0 || json_real_value(v) > 0;
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return false;
}

/* The shortest form that reads back as the same number. */
void bt_go_template_print_real(double real, struct bt_str *out)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, real);
		double back = strtod(text, NULL);
		if (!(back < real) && !(back > real))
			break;
	}
	char *e = strchr(text, 'e');
	if (e && labs(strtol(e + 1, NULL, 10)) < 21 && strtol(e + 1, NULL, 10) > 0)
		(void)snprintf(text, sizeof(text), "%.0f", real);
	bt_str_puts(out, text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_value(const json_t *v, struct bt_str *out, unsigned depth);

static void print_object(const json_t *v, struct bt_str *out, unsigned depth)
{
	size_t n = json_object_size(v), i = 0;
	bt_auto_free const char **names = calloc(n + 1, sizeof(*names));
	const char *name;
	json_t *value;

	if (!names) {
		out->failed = -ENOMEM;
		return;
	}
	json_object_foreach ((json_t *)(uintptr_t)v, name, value)
		names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	bt_str_puts(out, "map[");
	for (i = 0; i < n; i++) {
		bt_str_printf(out, "%s%s:", i ? " " : "", names[i]);
		print_value(json_object_get(v, names[i]), out, depth);
	}
	bt_str_putc(out, ']');
}

static void print_value(const json_t *v, struct bt_str *out, unsigned depth)
{
	const json_t *element;
	size_t i;

	if (depth > PRINT_DEPTH_MAX)
		return;
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		print_object(v, out, depth + 1);
		return;
	case JSON_ARRAY:
		bt_str_putc(out, '[');
		json_array_foreach (v, i, element) {
			bt_str_puts(out, i ? " " : "");
			print_value(element, out, depth + 1);
		}
		bt_str_putc(out, ']');
		return;
	case JSON_STRING:
		bt_str_add(out, json_string_value(v), json_string_length(v));
		return;
	case JSON_INTEGER:
		bt_str_printf(out, "%lld", (long long)json_integer_value(v));
		return;
	case JSON_REAL:
		bt_go_template_print_real(json_real_value(v), out);
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		bt_str_puts(out, json_is_true(v) ? "true" : "false");
		return;
	case JSON_NULL:
		bt_str_puts(out, depth ? "<nil>" : "<no value>");
		return;
	}
}

void bt_go_template_print(const json_t *value, struct bt_str *out)
{
	print_value(value, out, 0);
}

static int wrong(struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s", what);
}

/* The finished text as a JSON string; bytes that are not UTF-8 pass. */
static int give(struct bt_str *s, json_t **ret, struct bt_err *err)
{
	if (s->failed)
		return wrong(err, "the result is too long");
	*ret = json_stringn_nocheck(bt_str_get(s), s->len);
	return *ret ? 0 : wrong(err, "out of memory");
}

static int fn_json(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = json_dumps(args[0], JSON_COMPACT | JSON_ENCODE_ANY);

	if (!text)
		return wrong(err, "cannot encode the value");
	*ret = json_string_nocheck(text);
	return *ret ? 0 : wrong(err, "out of memory");
}

static int fn_join(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };
	const char *between = json_string_value(args[1]);
	const json_t *element;
	size_t i;

	if (!between || (!json_is_array(args[0]) && !json_is_null(args[0])))
		return wrong(err, "expected a list and a string");
	json_array_foreach (args[0], i, element) {
		bt_str_puts(&s, i ? between : "");
		bt_go_template_print(element, &s);
	}
	return give(&s, ret, err);
}

static size_t rune_length(const char *text)
{
	size_t n = 1;

	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static int fn_split(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	const char *text = json_string_value(args[0]), *by = json_string_value(args[1]);
	json_auto_t *list = json_array();

	if (!text || !by)
		return wrong(err, "expected two strings");
	if (!list)
		return wrong(err, "out of memory");
	/* By nothing is by character. */
	while (*text || *by) {
		const char *hit = *by ? strstr(text, by) : text + rune_length(text);

		if (!hit || (!*by && !*hit))
			break;
		(void)json_array_append_new(list, json_stringn_nocheck(text, (size_t)(hit - text)));
		text = hit + strlen(by);
	}
	(void)json_array_append_new(list, json_string_nocheck(text));
	*ret = bt_take(list);
	return 0;
}

/* Letters that are not ASCII are letters. */
static bool in_word(unsigned char c)
{
	return c >= 0x80 || isalnum(c) || c == '_' || c == '\'';
}

static int convert(const json_t *arg, int (*to)(int), bool words, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };
	const char *text = json_string_value(arg);

	if (!text)
		return wrong(err, "expected a string");
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];
		bool begins = i == 0 || !in_word((unsigned char)text[i - 1]);

		bt_str_putc(&s, (char)(c < 0x80 && (!words || begins) ? to(c) : c));
	}
	return give(&s, ret, err);
}

static int fn_lower(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return convert(args[0], tolower, false, ret, err);
}

static int fn_upper(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return convert(args[0], toupper, false, ret, err);
}

static int fn_title(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return convert(args[0], toupper, true, ret, err);
}

static int fn_pad(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };
	const char *text = json_string_value(args[0]);
	json_int_t before = json_integer_value(args[1]), behind = json_integer_value(args[2]);

	if (!text || !json_is_integer(args[1]) || !json_is_integer(args[2]))
		return wrong(err, "expected a string and two numbers");
	if (before < 0 || behind < 0 || before > PAD_MAX || behind > PAD_MAX)
		return wrong(err, "padding is out of range");
	if (*text)
		bt_str_printf(&s, "%*s%s%*s", (int)before, "", text, (int)behind, "");
	return give(&s, ret, err);
}

static int fn_truncate(json_t *const *args, size_t nargs bt_unused, json_t **ret,
		       struct bt_err *err)
{
	const char *text = json_string_value(args[0]);
	json_int_t len = json_integer_value(args[1]);

	if (!text || !json_is_integer(args[1]) || len < 0)
		return wrong(err, "expected a string and a number");
	size_t have = strlen(text);
	*ret = json_stringn_nocheck(text, have < (size_t)len ? have : (size_t)len);
	return *ret ? 0 : wrong(err, "out of memory");
}

static int fn_not(json_t *const *args, size_t nargs bt_unused, json_t **ret,
		  struct bt_err *err bt_unused)
{
	*ret = json_boolean(!bt_tmpl_truth(args[0]));
	return 0;
}

static int fn_len(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	if (json_is_string(args[0]))
		*ret = json_integer((json_int_t)json_string_length(args[0]));
	else if (json_is_array(args[0]))
		*ret = json_integer((json_int_t)json_array_size(args[0]));
	else if (json_is_object(args[0]))
		*ret = json_integer((json_int_t)json_object_size(args[0]));
	else
		return wrong(err, json_is_null(args[0]) ? "len of nil pointer"
							: "len of a value that has no length");
	return *ret ? 0 : wrong(err, "out of memory");
}

static int fn_index(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	json_t *v = args[0];

	for (size_t i = 1; i < nargs; i++) {
		json_int_t at = json_integer_value(args[i]);

		if (json_is_object(v) && json_is_string(args[i])) {
			v = json_object_get(v, json_string_value(args[i]));
			if (!v)
				v = json_null();
		} else if (json_is_array(v) && json_is_integer(args[i])) {
			if (at < 0 || (size_t)at >= json_array_size(v))
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "error calling index: index out of range: %lld",
						  (long long)at);
			v = json_array_get(v, (size_t)at);
		} else if (json_is_null(v)) {
			return wrong(err, "error calling index: index of untyped nil");
		} else {
			return wrong(err, "error calling index: can't index item with this key");
		}
	}
	*ret = json_incref(v);
	return 0;
}

static int fn_slice(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	bool text = json_is_string(args[0]);
	size_t n = text ? json_string_length(args[0]) : json_array_size(args[0]);
	size_t at[2] = { 0, n };

	for (size_t i = 1; i < nargs; i++) {
		json_int_t v = json_integer_value(args[i]);

		if (!json_is_integer(args[i]) || v < 0 || (size_t)v > n)
			return wrong(err, "error calling slice: index out of range");
		at[i - 1] = (size_t)v;
	}
	if ((!text && !json_is_array(args[0])) || at[0] > at[1])
		return wrong(err, "error calling slice: can't slice item");
	if (text) {
		*ret = json_stringn_nocheck(json_string_value(args[0]) + at[0], at[1] - at[0]);
		return *ret ? 0 : wrong(err, "out of memory");
	}
	json_auto_t *list = json_array();
	for (size_t i = at[0]; i < at[1]; i++)
		(void)json_array_append(list, json_array_get(args[0], i));
	*ret = bt_take(list);
	return *ret ? 0 : wrong(err, "out of memory");
}

/* Go's Sprint puts a blank between operands when neither is a string, Sprintln always does. */
static int fn_print(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };

	for (size_t i = 0; i < nargs; i++) {
		if (i && !json_is_string(args[i]) && !json_is_string(args[i - 1]))
			bt_str_putc(&s, ' ');
		bt_go_template_print(args[i], &s);
	}
	return give(&s, ret, err);
}

static int fn_println(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str s = { 0 };

	for (size_t i = 0; i < nargs; i++) {
		bt_str_puts(&s, i ? " " : "");
		bt_go_template_print(args[i], &s);
	}
	bt_str_putc(&s, '\n');
	return give(&s, ret, err);
}

static int order(const json_t *a, const json_t *b, int *ret)
{
	if (json_is_string(a) && json_is_string(b)) {
		*ret = strcmp(json_string_value(a), json_string_value(b));
	} else if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a), y = json_integer_value(b);

		*ret = (x > y) - (x < y);
	} else if (json_is_number(a) && json_is_number(b)) {
		double x = json_number_value(a), y = json_number_value(b);

		*ret = (x > y) - (x < y);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int equal(const json_t *a, const json_t *b, bool *ret)
{
	int o;

	if (order(a, b, &o) == 0)
		*ret = o == 0;
	else if (json_is_null(a) || json_is_null(b) || json_typeof(a) == json_typeof(b) ||
		 (json_is_boolean(a) && json_is_boolean(b)))
		*ret = json_equal(a, b);
	else
		return -EINVAL;
	return 0;
}

static int fn_eq(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	for (size_t i = 1; i < nargs; i++) {
		bool same;

		if (equal(args[0], args[i], &same) < 0)
			return wrong(err, "error calling eq: incompatible types for comparison");
		if (same) {
			*ret = json_true();
			return 0;
		}
	}
	*ret = json_false();
	return 0;
}

static int fn_ne(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	bool same;

	if (equal(args[0], args[1], &same) < 0)
		return wrong(err, "error calling ne: incompatible types for comparison");
	*ret = json_boolean(!same);
	return 0;
}

static int compare(json_t *const *args, bool less, bool same, json_t **ret, struct bt_err *err)
{
	int o;

	if (order(args[0], args[1], &o) < 0)
		return wrong(err, "incompatible types for comparison");
	*ret = json_boolean(o == 0 ? same : (o < 0) == less);
	return 0;
}

static int fn_lt(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return compare(args, true, false, ret, err);
}

static int fn_le(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return compare(args, true, true, ret, err);
}

static int fn_gt(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return compare(args, false, false, ret, err);
}

static int fn_ge(json_t *const *args, size_t nargs bt_unused, json_t **ret, struct bt_err *err)
{
	return compare(args, false, true, ret, err);
}

static int fn_html(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	static const struct {
		char c;
		const char *text;
	} table[] = { { '"', "&#34;" },
		      { '\'', "&#39;" },
		      { '&', "&amp;" },
		      { '<', "&lt;" },
		      { '>', "&gt;" } };
	bt_auto_str struct bt_str plain = { 0 };
	bt_auto_str struct bt_str s = { 0 };

	for (size_t i = 0; i < nargs; i++)
		bt_go_template_print(args[i], &plain);
	for (const char *c = bt_str_get(&plain); *c; c++) {
		const char *text = NULL;

		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (table[i].c == *c)
				text = table[i].text;
		if (text)
			bt_str_puts(&s, text);
		else
			bt_str_putc(&s, *c);
	}
	return give(&s, ret, err);
}

static int fn_urlquery(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str plain = { 0 };
	bt_auto_str struct bt_str s = { 0 };

	for (size_t i = 0; i < nargs; i++)
		bt_go_template_print(args[i], &plain);
	for (const char *c = bt_str_get(&plain); *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-_.~", *c))
			bt_str_putc(&s, *c);
		else if (*c == ' ')
			bt_str_putc(&s, '+');
		else
			bt_str_printf(&s, "%%%02X", (unsigned)(unsigned char)*c);
	}
	return give(&s, ret, err);
}

static const struct function {
	const char *name;
	size_t min, max; /* arguments */
	int (*call)(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err);
} functions[] = {
	{ "and", 1, SIZE_MAX, NULL },
	{ "or", 1, SIZE_MAX, NULL },
	{ "not", 1, 1, fn_not },
	{ "len", 1, 1, fn_len },
	{ "index", 1, SIZE_MAX, fn_index },
	{ "slice", 1, 3, fn_slice },
	{ "print", 0, SIZE_MAX, fn_print },
	{ "println", 0, SIZE_MAX, fn_println },
	{ "printf", 1, SIZE_MAX, bt_tmpl_printf },
	{ "eq", 2, SIZE_MAX, fn_eq },
	{ "ne", 2, 2, fn_ne },
	{ "lt", 2, 2, fn_lt },
	{ "le", 2, 2, fn_le },
	{ "gt", 2, 2, fn_gt },
	{ "ge", 2, 2, fn_ge },
	{ "html", 1, SIZE_MAX, fn_html },
	{ "urlquery", 1, SIZE_MAX, fn_urlquery },
	{ "json", 1, 1, fn_json },
	{ "join", 2, 2, fn_join },
	{ "split", 2, 2, fn_split },
	{ "lower", 1, 1, fn_lower },
	{ "upper", 1, 1, fn_upper },
	{ "title", 1, 1, fn_title },
	{ "pad", 3, 3, fn_pad },
	{ "truncate", 2, 2, fn_truncate },
};

static const struct function *find(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

bool bt_tmpl_is_function(const char *name)
{
	return find(name) != NULL;
}

int bt_tmpl_call(const char *name, json_t *const *args, size_t nargs, json_t **ret,
		 struct bt_err *err)
{
	const struct function *f = find(name);

	if (!f || !f->call || nargs < f->min || nargs > f->max)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "wrong number of args for %s: want %s%zu got %zu", name,
				  f && f->max == SIZE_MAX ? "at least " : "", f ? f->min : 0,
				  nargs);
	return f->call(args, nargs, ret, err);
}
