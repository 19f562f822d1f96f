/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/json.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"

/* jansson has only int64_t. A larger number is parsed as a list in a list with a string, which no
 * document of ours has anywhere: where a text, a name or a list is wanted it is as wrong as a
 * number. Nothing but bt_json_u64_value() reads the form, and bt_json_append() prints it as a
 * number. */
#define BIG_BEGIN      "[[\""
#define BIG_PREFIX     "u64:"
#define BIG_END        "\"]]"
#define INT64_DIGITS   19
#define INT64_MAX_TEXT "9223372036854775807"

/* What a look over the text found before jansson sees it. */
struct scan {
	const char *text;
	size_t len;
	struct bt_str *big; /* the text with its big integers made strings, or NULL */
	size_t copied;      /* bytes of the text already in `big` */
};

/* The end of the string that begins at `i`. */
static size_t skip_string(const struct scan *sc, size_t i)
{
	for (i++; i < sc->len && sc->text[i] != '"'; i++)
		if (sc->text[i] == '\\')
			i++;
	return i + 1;
}

/* One with a zero before it is none, and jansson's to refuse. */
static bool is_big(const char *digits, size_t n)
{
	if (*digits == '0')
		return false;
	return n > INT64_DIGITS ||
	       (n == INT64_DIGITS && memcmp(digits, INT64_MAX_TEXT, INT64_DIGITS) > 0);
}

/* The end of the number that begins at `i`; a big positive integer is copied as a string. */
static size_t skip_number(struct scan *sc, size_t i)
{
	size_t end = i;

	while (end < sc->len && isdigit((unsigned char)sc->text[end]))
		end++;
	if (end < sc->len && strchr(".eE", sc->text[end]) && sc->text[end]) {
		while (end < sc->len && strchr("0123456789.eE+-", sc->text[end]) && sc->text[end])
			end++;
		return end;
	}
	if (sc->big && is_big(sc->text + i, end - i) && (i == 0 || sc->text[i - 1] != '-')) {
		bt_str_add(sc->big, sc->text + sc->copied, i - sc->copied);
		bt_str_puts(sc->big, BIG_BEGIN BIG_PREFIX);
		bt_str_add(sc->big, sc->text + i, end - i);
		bt_str_puts(sc->big, BIG_END);
		sc->copied = end;
	}
	return end;
}

/* Check the depth, and find big integers where `sc->big` is given. Nonsense is
 * jansson's to refuse. */
static int scan_text(struct scan *sc, struct bt_err *err)
{
	size_t depth = 0, i = 0;

	while (i < sc->len) {
		char c = sc->text[i];

		if (c == '"') {
			i = skip_string(sc, i);
			continue;
		}
		if (isdigit((unsigned char)c)) {
			i = skip_number(sc, i);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > BT_JSON_DEPTH_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid JSON: nested deeper than %d", BT_JSON_DEPTH_MAX);
		i++;
	}
	if (sc->copied > 0)
		bt_str_add(sc->big, sc->text + sc->copied, sc->len - sc->copied);
	return 0;
}

static int load(const char *text, size_t len, unsigned flags, json_t **ret, struct bt_err *err)
{
	size_t how = (flags & BT_JSON_UNIQUE) ? JSON_REJECT_DUPLICATES : 0;
	json_error_t why;
	json_auto_t *json = NULL;

	if (flags & BT_JSON_ANY)
		how |= JSON_DECODE_ANY;
	if (flags & BT_JSON_NUL)
		how |= JSON_ALLOW_NUL;
	errno = 0;
	json = json_loadb(text, len, how, &why);
	/* Where the text could not even be looked at, there is no line either. And a token that
	 * jansson's scanner had no memory for it takes for a wrong one: only malloc() says why. */
	if (!json &&
	    (errno == ENOMEM || json_error_code(&why) == json_error_out_of_memory || why.line < 0))
		return bt_err_sys(err, -ENOMEM, "parse JSON");
	if (!json)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid JSON: %s (line %d, column %d)", why.text, why.line,
				  why.column);
	*ret = bt_take(json);
	return 0;
}

int bt_json_parse(const char *text, size_t len, unsigned flags, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str big = { 0 };
	struct scan sc = { .text = text, .len = len, .big = (flags & BT_JSON_BIG) ? &big : NULL };
	int r;

	r = scan_text(&sc, err);
	if (r < 0)
		return r;
	if (big.failed)
		return bt_err_sys(err, big.failed, "parse JSON");
	if (sc.copied > 0)
		return load(big.p, big.len, flags, ret, err);
	return load(text, len, flags, ret, err);
}

/* Is a sequence that begins so longer than it must be, a surrogate, or past U+10FFFF? */
static bool is_forbidden(unsigned char first, unsigned char second)
{
	return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
}

/* The length of the UTF-8 sequence at `p`, or 0 where it is none (RFC 3629). */
static size_t utf8_len(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n > 1 && (p[0] < 0xc2 || p[0] > 0xf4 || is_forbidden(p[0], p[1])))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* How many bytes from `text` on stand for themselves: ASCII without quotes and controls. */
static size_t plain_len(const char *text)
{
	size_t n = 0;

	while (text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

/* The first character of `text`, which is not plain. Returns its length. */
static size_t append_special(struct bt_str *s, const char *text)
{
	unsigned char c = (unsigned char)*text;
	size_t n = utf8_len((const unsigned char *)text);

	if (c == '"' || c == '\\')
		bt_str_printf(s, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		bt_str_printf(s, "\\u%04x", c);
	else if (n == 0)
		bt_str_puts(s, "\\ufffd");
	else
		bt_str_add(s, text, n);
	return n ? n : 1;
}

void bt_json_append_str(struct bt_str *s, const char *text)
{
	bt_str_putc(s, '"');
	while (*text) {
		size_t n = plain_len(text);

		bt_str_add(s, text, n);
		text += n;
		if (*text)
			text += append_special(s, text);
	}
	bt_str_putc(s, '"');
}

json_t *bt_json_text(const char *text)
{
	bt_auto_str struct bt_str s = { 0 };

	while (*text) {
		size_t n = utf8_len((const unsigned char *)text);

		if (n == 0)
			bt_str_puts(&s, "\xef\xbf\xbd");
		else
			bt_str_add(&s, text, n);
		text += n ? n : 1;
	}
	return json_string(bt_str_get(&s));
}

json_t *bt_json_member(const json_t *obj, const char *key)
{
	json_t *value = json_object_get(obj, key);

	for (void *it = value ? NULL : json_object_iter((json_t *)(uintptr_t)obj); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)obj, it)) {
		if (strcasecmp(json_object_iter_key(it), key) == 0) {
			value = json_object_iter_value(it);
			break;
		}
	}
	return json_is_null(value) ? NULL : value;
}

/* Is it an integer, or a real that is one? */
static bool integer_value(const json_t *value, int64_t *ret)
{
	double real;

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return true;
	}
	if (!json_is_real(value))
		return false;
	real = json_real_value(value);
	if (!(real >= -0x1p63 && real < 0x1p63) || (double)(int64_t)real != real)
		return false;
	*ret = (int64_t)real;
	return true;
}

const char *bt_json_str(const json_t *obj, const char *key, const char *fallback)
{
	const char *s = json_string_value(bt_json_member(obj, key));

	return s ? s : fallback;
}

int64_t bt_json_i64(const json_t *obj, const char *key, int64_t fallback)
{
	int64_t value;

	return integer_value(bt_json_member(obj, key), &value) ? value : fallback;
}

bool bt_json_bool(const json_t *obj, const char *key, bool fallback)
{
	const json_t *value = bt_json_member(obj, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *bt_json_obj(const json_t *obj, const char *key)
{
	json_t *value = bt_json_member(obj, key);

	return json_is_object(value) ? value : NULL;
}

json_t *bt_json_arr(const json_t *obj, const char *key)
{
	json_t *value = bt_json_member(obj, key);

	return json_is_array(value) ? value : NULL;
}

static int wrong_type(const char *key, const char *want, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid JSON: %s must be %s", key, want);
}

int bt_json_get_str(const json_t *obj, const char *key, const char **ret, struct bt_err *err)
{
	const json_t *value = bt_json_member(obj, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return wrong_type(key, "a string", err);
	*ret = json_string_value(value);
	return 1;
}

int bt_json_get_i64(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *ret,
		    struct bt_err *err)
{
	const json_t *value = bt_json_member(obj, key);
	int64_t number;

	if (!value)
		return 0;
	if (!integer_value(value, &number))
		return wrong_type(key, "an integer", err);
	if (number < min || number > max)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid JSON: %s must be between %lld and %lld, not %lld", key,
				  (long long)min, (long long)max, (long long)number);
	*ret = number;
	return 1;
}

int bt_json_get_bool(const json_t *obj, const char *key, bool *ret, struct bt_err *err)
{
	const json_t *value = bt_json_member(obj, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return wrong_type(key, "true or false", err);
	*ret = json_is_true(value);
	return 1;
}

int bt_json_get_obj(const json_t *obj, const char *key, json_t **ret, struct bt_err *err)
{
	json_t *value = bt_json_member(obj, key);

	if (!value)
		return 0;
	if (!json_is_object(value))
		return wrong_type(key, "an object", err);
	*ret = value;
	return 1;
}

int bt_json_get_arr(const json_t *obj, const char *key, json_t **ret, struct bt_err *err)
{
	json_t *value = bt_json_member(obj, key);

	if (!value)
		return 0;
	if (!json_is_array(value))
		return wrong_type(key, "an array", err);
	*ret = value;
	return 1;
}

bool bt_json_is_strs(const json_t *json)
{
	const json_t *value;
	size_t i;

	if (!json_is_array(json))
		return false;
	json_array_foreach (json, i, value)
		if (!json_is_string(value))
			return false;
	return true;
}

int bt_json_get_strs(const json_t *obj, const char *key, json_t **ret, struct bt_err *err)
{
	json_t *list;
	int r = bt_json_get_arr(obj, key, &list, err);

	if (r <= 0)
		return r;
	if (!bt_json_is_strs(list))
		return wrong_type(key, "an array of strings", err);
	*ret = list;
	return 1;
}

int bt_json_u64_value(const json_t *json, uint64_t *ret)
{
	const char *text = json_string_value(json_array_get(json_array_get(json, 0), 0));
	const char *digits = text ? bt_str_after(text, BIG_PREFIX) : NULL;
	unsigned long long big;
	int r;

	if (digits) {
		r = is_big(digits, strlen(digits)) ? bt_str_to_u64(digits, &big) : -EINVAL;
		if (r == 0)
			*ret = big;
		return r;
	}
	if (!json_is_integer(json))
		return -EINVAL;
	if (json_integer_value(json) < 0)
		return -ERANGE;
	*ret = (uint64_t)json_integer_value(json);
	return 0;
}

static _Thread_local struct bt_arena *scratch;

static void *scratch_malloc(size_t size)
{
	return scratch ? bt_arena_alloc(scratch, size) : malloc(size);
}

static void scratch_free(void *p)
{
	if (!scratch)
		free(p);
}

void bt_json_arena_begin(struct bt_arena *arena)
{
	static bool installed;

	if (!installed)
		json_set_alloc_funcs(scratch_malloc, scratch_free);
	installed = true;
	scratch = arena;
}

void bt_json_arena_end(void)
{
	scratch = NULL;
}
