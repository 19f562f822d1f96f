/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/json_raw.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "codec/json.h"

/* Digits of an integer that is read without asking jansson. */
#define SHORT_DIGITS 18

struct bt_json_raw bt_json_raw_of(const char *text)
{
	struct bt_json_raw raw = { text, text ? strlen(text) : 0 };

	while (raw.len && strchr(" \t\r\n", raw.p[raw.len - 1]))
		raw.len--;
	while (raw.len && strchr(" \t\r\n", *raw.p))
		raw.p++, raw.len--;
	return raw;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at `p`; NULL where it does not end. */
static const char *skip_string(const char *p, const char *end)
{
	const char *begin = ++p, *quote;

	while ((quote = memchr(p, '"', (size_t)(end - p)))) {
		const char *q = quote;

		while (q > begin && q[-1] == '\\')
			q--;
		if (((quote - q) & 1) == 0)
			return quote + 1;
		p = quote + 1;
	}
	return NULL;
}

/* Behind the object or array that begins at `p`; NULL where it does not end. Which brackets are
 * open is a bit each. */
static const char *skip_nested(const char *p, const char *end)
{
	uint64_t arrays = 0;
	unsigned depth = 0;

	while (p && p < end) {
		char c = *p;

		if (c == '"') {
			p = skip_string(p, end);
			continue;
		}
		p++;
		if (c == '{' || c == '[') {
			if (depth++ == BT_JSON_DEPTH_MAX)
				return NULL;
			arrays = arrays << 1 | (c == '[');
		} else if (c == '}' || c == ']') {
			if ((arrays & 1) != (c == ']'))
				return NULL;
			arrays >>= 1;
			if (--depth == 0)
				return p;
		}
	}
	return NULL;
}

/* Behind a number, true, false or null; NULL where there is nothing of the kind. */
static const char *skip_scalar(const char *p, const char *end)
{
	const char *begin = p;

	while (p < end && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || *p == '-' ||
			   *p == '+' || *p == '.' || *p == 'E'))
		p++;
	return p == begin ? NULL : p;
}

static const char *skip_value(const char *p, const char *end)
{
	if (p == end)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	return *p == '{' || *p == '[' ? skip_nested(p, end) : skip_scalar(p, end);
}

int bt_json_walk_begin(struct bt_json_raw value, struct bt_json_walk *ret)
{
	if (!value.p || value.len == 0 || (*value.p != '{' && *value.p != '['))
		return -EINVAL;
	*ret = (struct bt_json_walk){
		.p = value.p + 1,
		.end = value.p + value.len,
		.close = *value.p == '{' ? '}' : ']',
	};
	return 0;
}

/* To the begin of the next member or element. As bt_json_walk_next(). */
static int step_in(struct bt_json_walk *walk)
{
	const char *p = skip_blanks(walk->p, walk->end);

	if (p == walk->end)
		return -EINVAL;
	if (*p == walk->close) {
		walk->p = p;
		return 0;
	}
	if (walk->begun) {
		if (*p != ',')
			return -EINVAL;
		p = skip_blanks(p + 1, walk->end);
	}
	walk->begun = true;
	walk->p = p;
	return 1;
}

/* "name": */
static int take_name(struct bt_json_walk *walk, struct bt_json_raw *ret)
{
	const char *begin = walk->p, *p;

	p = begin < walk->end && *begin == '"' ? skip_string(begin, walk->end) : NULL;
	if (!p)
		return -EINVAL;
	*ret = (struct bt_json_raw){ begin + 1, (size_t)(p - begin) - 2 };
	p = skip_blanks(p, walk->end);
	if (p == walk->end || *p != ':')
		return -EINVAL;
	walk->p = skip_blanks(p + 1, walk->end);
	return 0;
}

int bt_json_walk_next(struct bt_json_walk *walk, struct bt_json_raw *ret_name,
		      struct bt_json_raw *ret_value)
{
	struct bt_json_raw name = { 0 };
	const char *end;
	int r = step_in(walk);

	if (r <= 0)
		return r;
	if (walk->close == '}' && take_name(walk, &name) < 0)
		return -EINVAL;
	end = skip_value(walk->p, walk->end);
	if (!end)
		return -EINVAL;
	*ret_name = name;
	*ret_value = (struct bt_json_raw){ walk->p, (size_t)(end - walk->p) };
	walk->p = end;
	return 1;
}

static bool is_text(struct bt_json_raw raw, const char *text, size_t len)
{
	return raw.len == len && memcmp(raw.p, text, len) == 0;
}

bool bt_json_raw_same(struct bt_json_raw raw, const char *text)
{
	return raw.p && is_text(raw, text, strlen(text));
}

struct bt_json_raw bt_json_raw_member(struct bt_json_raw object, const char *name)
{
	struct bt_json_raw key, value, found = { 0 };
	size_t len = strlen(name);
	struct bt_json_walk walk;

	if (bt_json_walk_begin(object, &walk) < 0 || walk.close != '}')
		return found;
	while (bt_json_walk_next(&walk, &key, &value) > 0)
		if (is_text(key, name, len))
			found = value;
	return found.p && is_text(found, "null", 4) ? (struct bt_json_raw){ 0 } : found;
}

bool bt_json_raw_filled(struct bt_json_raw value)
{
	struct bt_json_raw name, first;
	struct bt_json_walk walk;

	if (!value.p)
		return false;
	if (bt_json_walk_begin(value, &walk) == 0)
		return bt_json_walk_next(&walk, &name, &first) > 0;
	return !is_text(value, "\"\"", 2);
}

bool bt_json_raw_is(struct bt_json_raw value, const char *text)
{
	size_t len = strlen(text);

	return value.p && value.len == len + 2 && value.p[0] == '"' &&
	       memcmp(value.p + 1, text, len) == 0;
}

int64_t bt_json_raw_integer(struct bt_json_raw value)
{
	char digits[24];
	long long n;

	if (value.len == 0 || value.len >= sizeof(digits) || value.p[0] == '+')
		return 0;
	memcpy(digits, value.p, value.len);
	digits[value.len] = '\0';
	return bt_str_to_i64(digits, &n) < 0 ? 0 : n;
}

void bt_json_raw_append(struct bt_str *s, struct bt_json_raw value, const char *none)
{
	if (value.p)
		bt_str_add(s, value.p, value.len);
	else
		bt_str_puts(s, none);
}

/* A string of plain characters, as most are: NULL leaves the others to jansson. */
static json_t *load_plain_string(struct bt_json_raw value)
{
	if (value.len < 2 || value.p[0] != '"')
		return NULL;
	for (size_t i = 1; i < value.len - 1; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == '\\' || value.p[i] == '"')
			return NULL;
	/* Refuses what is not UTF-8. */
	return json_stringn(value.p + 1, value.len - 2);
}

/* A short positive integer; NULL leaves other numbers to jansson. */
static json_t *load_short_integer(struct bt_json_raw value)
{
	json_int_t n = 0;

	if (value.len == 0 || value.len > SHORT_DIGITS || (value.p[0] == '0' && value.len > 1))
		return NULL;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return NULL;
		n = n * 10 + (value.p[i] - '0');
	}
	return json_integer(n);
}

json_t *bt_json_raw_load(struct bt_json_raw value)
{
	json_t *plain;

	if (!value.p)
		return NULL;
	plain = load_plain_string(value);
	if (!plain)
		plain = load_short_integer(value);
	return plain ? plain : json_loadb(value.p, value.len, JSON_DECODE_ANY, NULL);
}
