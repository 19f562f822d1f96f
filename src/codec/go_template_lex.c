/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Constants in templates: Go's strings, raw strings, characters and numbers.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/go_template_ast.h"

static char *keep(struct bt_arena *arena, const char *from, size_t len)
{
	char *s = bt_arena_alloc(arena, len + 1);

	if (s)
		memcpy(s, from, len);
	return s;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

int bt_tmpl_add_rune(unsigned long rune, struct bt_str *out)
{
	char b[4];
	size_t n = 0;

	if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return -EINVAL;
	if (rune < 0x80) {
		b[n++] = (char)rune;
	} else if (rune < 0x800) {
		b[n++] = (char)(0xc0 | rune >> 6);
	} else if (rune < 0x10000) {
		b[n++] = (char)(0xe0 | rune >> 12);
		b[n++] = (char)(0x80 | (rune >> 6 & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | rune >> 18);
		b[n++] = (char)(0x80 | (rune >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (rune >> 6 & 0x3f));
	}
	if (rune >= 0x80)
		b[n++] = (char)(0x80 | (rune & 0x3f));
	bt_str_add(out, b, n);
	return 0;
}

/* \xHH, \uHHHH, \UHHHHHHHH, \NNN; `p` is behind the backslash. */
static int unescape_number(const char **p, struct bt_str *s)
{
	size_t digits = **p == 'x' ? 2 : **p == 'u' ? 4 : **p == 'U' ? 8 : 3;
	int base = digits == 3 ? 8 : 16;
	char text[9] = { 0 }, *end;
	unsigned long rune;
	char kind = **p;

	if (base == 16)
		(*p)++;
	for (size_t i = 0; i < digits; i++) {
		if (!isxdigit((unsigned char)(*p)[i]))
			return -EINVAL;
		text[i] = (*p)[i];
	}
	rune = strtoul(text, &end, base);
	if (*end)
		return -EINVAL;
	*p += digits;
	if (kind == 'u' || kind == 'U')
		return bt_tmpl_add_rune(rune, s);
	if (rune > 255 || rune == 0)
		return -EINVAL;
	bt_str_putc(s, (char)rune);
	return 0;
}

static int unescape(const char **p, struct bt_str *s)
{
	static const char from[] = "abfnrtv\\\"'";
	static const char to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *hit = **p ? strchr(from, **p) : NULL;

	if (!hit)
		return unescape_number(p, s);
	bt_str_putc(s, to[hit - from]);
	(*p)++;
	return 0;
}

static const char *lex_quoted(struct bt_arena *arena, const char **at, struct bt_tmpl_arg *arg)
{
	bt_auto_str struct bt_str s = { 0 };
	const char *p = *at + 1;

	while (*p != '"') {
		if (!*p || *p == '\n')
			return "unterminated quoted string";
		if (*p == '\\') {
			p++;
			if (unescape(&p, &s) < 0)
				return "bad escape in quoted string";
		} else {
			bt_str_putc(&s, *p++);
		}
	}
	*at = p + 1;
	arg->kind = BT_TMPL_STRING;
	arg->text = keep(arena, bt_str_get(&s), s.len);
	return arg->text ? NULL : "out of memory";
}

static const char *lex_raw(struct bt_arena *arena, const char **at, struct bt_tmpl_arg *arg)
{
	const char *end = strchr(*at + 1, '`');

	if (!end)
		return "unterminated raw quoted string";
	arg->kind = BT_TMPL_STRING;
	arg->text = keep(arena, *at + 1, (size_t)(end - *at - 1));
	*at = end + 1;
	return arg->text ? NULL : "out of memory";
}

static const char *lex_char(const char **at, struct bt_tmpl_arg *arg)
{
	bt_auto_str struct bt_str s = { 0 };
	const char *p = *at + 1;

	if (*p == '\\') {
		p++;
		if (unescape(&p, &s) < 0)
			return "malformed character constant";
	} else if (*p) {
		bt_str_putc(&s, *p++);
	}
	if (*p != '\'' || s.len != 1)
		return "malformed character constant";
	arg->kind = BT_TMPL_INTEGER;
	arg->integer = (unsigned char)bt_str_get(&s)[0];
	*at = p + 1;
	return NULL;
}

const char *bt_tmpl_lex_number(const char **at, struct bt_tmpl_arg *arg)
{
	const char *first = *at + (**at == '-' || **at == '+');
	char *end;
	double real;
	long long integer;

	/* strtod(3) knows "inf" and "nan", Go's constants do not. */
	if (!isdigit((unsigned char)*first) && *first != '.')
		return "bad number syntax:";
	errno = 0;
	integer = strtoll(*at, &end, 0);
	if (errno == 0 && end != *at && !is_word(*end) && *end != '.') {
		arg->kind = BT_TMPL_INTEGER;
		arg->integer = integer;
		*at = end;
		return NULL;
	}
	errno = 0;
	real = strtod(*at, &end);
	if (errno || end == *at || is_word(*end) || *end == '.')
		return "bad number syntax:";
	arg->kind = BT_TMPL_REAL;
	arg->real = real;
	*at = end;
	return NULL;
}

const char *bt_tmpl_lex_string(struct bt_arena *arena, const char **at, struct bt_tmpl_arg *arg)
{
	if (**at == '"')
		return lex_quoted(arena, at, arg);
	return **at == '`' ? lex_raw(arena, at, arg) : lex_char(at, arg);
}
