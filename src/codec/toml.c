/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/toml.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"

#define DEPTH_MAX  16
#define STRING_MAX 4096

struct parser {
	const char *p; /* NUL-terminated text without another NUL */
	size_t line;
	struct bt_err *err;
};

static int refuse(struct parser *s, const char *what)
{
	return bt_err_set(s->err, BT_ERR_INVALID, EINVAL, "line %zu: %s", s->line, what);
}

static void skip_blanks(struct parser *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

/* A comment, and the end of its line. */
static int end_line(struct parser *s)
{
	skip_blanks(s);
	if (*s->p == '#')
		s->p += strcspn(s->p, "\n");
	if (s->p[0] == '\r' && s->p[1] == '\n')
		s->p++;
	if (*s->p == '\0')
		return 0;
	if (*s->p != '\n')
		return refuse(s, "something follows where the line should end");
	s->p++;
	s->line++;
	return 0;
}

/* Blanks, comments and line ends, which arrays may contain. */
static void skip_all(struct parser *s)
{
	for (;;) {
		s->p += strspn(s->p, " \t\r");
		if (*s->p == '#')
			s->p += strcspn(s->p, "\n");
		if (*s->p != '\n')
			return;
		s->p++;
		s->line++;
	}
}

static int add_code_point(struct parser *s, struct bt_str *to, int digits)
{
	unsigned long code = 0;

	for (int i = 0; i < digits; i++, s->p++) {
		if (!isxdigit((unsigned char)s->p[0]))
			return refuse(s, "an escape that is none");
		code = code * 16 + strtoul((char[]){ s->p[0], '\0' }, NULL, 16);
	}
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return refuse(s, "an escape that names no character");
	if (code < 0x80) {
		bt_str_putc(to, (char)code);
	} else if (code < 0x800) {
		bt_str_putc(to, (char)(0xc0 | code >> 6));
		bt_str_putc(to, (char)(0x80 | (code & 63)));
	} else {
		if (code >= 0x10000) {
			bt_str_putc(to, (char)(0xf0 | code >> 18));
			bt_str_putc(to, (char)(0x80 | (code >> 12 & 63)));
		} else {
			bt_str_putc(to, (char)(0xe0 | code >> 12));
		}
		bt_str_putc(to, (char)(0x80 | (code >> 6 & 63)));
		bt_str_putc(to, (char)(0x80 | (code & 63)));
	}
	return 0;
}

static int add_escape(struct parser *s, struct bt_str *to)
{
	static const char from[] = "btnfr\"\\", what[] = "\b\t\n\f\r\"\\";
	const char *found = *s->p ? strchr(from, *s->p) : NULL;

	if (found) {
		bt_str_putc(to, what[found - from]);
		s->p++;
		return 0;
	}
	if (*s->p != 'u' && *s->p != 'U')
		return refuse(s, "an escape that is none");
	return add_code_point(s, to, *s->p++ == 'u' ? 4 : 8);
}

/* A quoted string, as a new C string (owned). */
static int read_string(struct parser *s, char **ret)
{
	bt_auto_str struct bt_str text = { .max = STRING_MAX };
	char quote = *s->p++;

	if (s->p[0] == quote && s->p[1] == quote)
		return refuse(s, "strings of several lines are not understood");
	while (*s->p != quote) {
		int r = 0;

		if (*s->p == '\0' || *s->p == '\n')
			return refuse(s, "a string without its end");
		if (*s->p == '\\' && quote == '"') {
			s->p++;
			r = add_escape(s, &text);
		} else {
			bt_str_putc(&text, *s->p++);
		}
		if (r < 0)
			return r;
	}
	s->p++;
	bt_str_puts(&text, "");
	if (bt_str_steal(&text, ret) < 0)
		return refuse(s, "a string that is too long");
	return 0;
}

static int read_key(struct parser *s, char **ret)
{
	size_t n;

	skip_blanks(s);
	if (*s->p == '"' || *s->p == '\'')
		return read_string(s, ret);
	n = strspn(s->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (n == 0)
		return refuse(s, "a name is missing");
	*ret = strndup(s->p, n);
	s->p += n;
	return *ret ? 0 : bt_err_sys(s->err, -ENOMEM, "parse TOML");
}

/* A dotted key: goes down from `*table`, makes what is missing, and leaves the last name (owned).
 */
static int read_path(struct parser *s, json_t **table, char **ret)
{
	for (int depth = 0;; depth++) {
		bt_auto_free char *key = NULL;
		int r = read_key(s, &key);
		json_t *next;

		if (r < 0)
			return r;
		skip_blanks(s);
		if (*s->p != '.') {
			*ret = bt_take(key);
			return 0;
		}
		s->p++;
		next = json_object_get(*table, key);
		if (!next && depth < DEPTH_MAX &&
		    json_object_set_new(*table, key, json_object()) == 0)
			next = json_object_get(*table, key);
		if (!json_is_object(next))
			return refuse(s, "a table that cannot be one");
		*table = next;
	}
}

static int read_value(struct parser *s, int depth, json_t **ret);

static int read_pair(struct parser *s, json_t *table, int depth)
{
	bt_auto_free char *key = NULL;
	json_t *value = NULL;
	int r = read_path(s, &table, &key);

	if (r < 0)
		return r;
	if (*s->p != '=')
		return refuse(s, "\"=\" is missing");
	s->p++;
	skip_blanks(s);
	r = read_value(s, depth, &value);
	if (r < 0)
		return r;
	if (json_object_get(table, key)) {
		json_decref(value);
		return refuse(s, "a name that was there already");
	}
	return json_object_set_new(table, key, value) < 0 ? refuse(s, "a name that is not UTF-8")
							  : 0;
}

/* [a, b] and {a = b}. */
static int read_members(struct parser *s, int depth, json_t *into)
{
	bool array = *s->p == '[';
	char end = array ? ']' : '}';

	if (depth == DEPTH_MAX)
		return refuse(s, "too deep");
	s->p++;
	for (;;) {
		json_t *value = NULL;
		int r;

		array ? skip_all(s) : skip_blanks(s);
		if (*s->p == end)
			break;
		r = array ? read_value(s, depth + 1, &value) : read_pair(s, into, depth + 1);
		if (r == 0 && array && json_array_append_new(into, value) < 0)
			return bt_err_sys(s->err, -ENOMEM, "parse TOML");
		if (r < 0)
			return r;
		array ? skip_all(s) : skip_blanks(s);
		if (*s->p == ',')
			s->p++;
		else if (*s->p != end)
			return refuse(s, "a list without its end");
	}
	s->p++;
	return 0;
}

static int read_word(struct parser *s, json_t **ret)
{
	size_t n = strcspn(s->p, " \t\r\n#,]}");
	char word[24];
	long long number;

	if (n == 0 || n >= sizeof(word))
		return refuse(s, "a value is missing, or of a kind that is not understood");
	memcpy(word, s->p, n);
	word[n] = '\0';
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		*ret = json_boolean(word[0] == 't');
	else if (bt_str_to_i64(word, &number) == 0)
		*ret = json_integer(number);
	else
		return refuse(s, "a value of a kind that is not understood");
	s->p += n;
	return *ret ? 0 : bt_err_sys(s->err, -ENOMEM, "parse TOML");
}

static int read_value(struct parser *s, int depth, json_t **ret)
{
	if (*s->p == '"' || *s->p == '\'') {
		bt_auto_free char *text = NULL;
		int r = read_string(s, &text);

		if (r < 0)
			return r;
		*ret = json_string(text);
		return *ret ? 0 : refuse(s, "a string that is not UTF-8");
	}
	if (*s->p == '[' || *s->p == '{') {
		json_auto_t *members = *s->p == '[' ? json_array() : json_object();
		int r = members ? read_members(s, depth, members)
				: bt_err_sys(s->err, -ENOMEM, "parse TOML");

		if (r == 0)
			*ret = bt_take(members);
		return r;
	}
	return read_word(s, ret);
}

/* [a."b".c]: the table that the following pairs go into. */
static int read_header(struct parser *s, json_t *top, json_t **ret)
{
	bt_auto_free char *key = NULL;
	json_t *table = top;
	int r;

	if (s->p[1] == '[')
		return refuse(s, "arrays of tables are not understood");
	s->p++;
	r = read_path(s, &table, &key);
	if (r < 0)
		return r;
	if (*s->p != ']')
		return refuse(s, "\"]\" is missing");
	s->p++;
	if (!json_object_get(table, key) && json_object_set_new(table, key, json_object()) < 0)
		return refuse(s, "a name that is not UTF-8");
	*ret = json_object_get(table, key);
	return json_is_object(*ret) ? 0 : refuse(s, "a table that cannot be one");
}

int bt_toml_parse(const char *text, size_t len, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *copy = strndup(text, len);
	json_auto_t *top = json_object();
	struct parser s = { .p = copy, .line = 1, .err = err };
	json_t *table = top;

	if (!copy || !top)
		return bt_err_sys(err, -ENOMEM, "parse TOML");
	if (strlen(copy) != len)
		return refuse(&s, "a zero byte");
	for (skip_all(&s); *s.p; skip_all(&s)) {
		int r = *s.p == '[' ? read_header(&s, top, &table) : read_pair(&s, table, 0);

		if (r == 0)
			r = end_line(&s);
		if (r < 0)
			return r;
	}
	*ret = bt_take(top);
	return 0;
}
