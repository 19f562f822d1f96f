/* SPDX-License-Identifier: Apache-2.0 */

/*
 * printf in templates: the verbs of Go's fmt that make sense for JSON values.
 */

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "codec/go_template.h"
#include "codec/go_template_ast.h"

#define WIDTH_MAX 4096

/* One directive: "%-08.3f" without its verb. */
struct spec {
	bool left, plus, zero, blank, sharp;
	int width, precision; /* -1: none */
	char verb;
};

static const char *read_number(const char *p, int *ret)
{
	int n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		n = n > WIDTH_MAX ? n : n * 10 + (*p - '0');
	*ret = n > WIDTH_MAX ? WIDTH_MAX : n;
	return p;
}

static const char *read_spec(const char *p, struct spec *ret)
{
	*ret = (struct spec){ .width = -1, .precision = -1 };
	for (;; p++) {
		if (*p == '-')
			ret->left = true;
		else if (*p == '+')
			ret->plus = true;
		else if (*p == '0')
			ret->zero = true;
		else if (*p == ' ')
			ret->blank = true;
		else if (*p == '#')
			ret->sharp = true;
		else
			break;
	}
	if (*p >= '0' && *p <= '9')
		p = read_number(p, &ret->width);
	if (*p == '.')
		p = read_number(p + 1, &ret->precision);
	ret->verb = *p;
	return *p ? p + 1 : p;
}

static bool verb_is(const struct spec *sp, const char *set)
{
	return sp->verb && strchr(set, sp->verb);
}

static void add_digits(const struct spec *sp, unsigned long long u, struct bt_str *s)
{
	if (sp->verb == 'x')
		bt_str_printf(s, "%llx", u);
	else if (sp->verb == 'X')
		bt_str_printf(s, "%llX", u);
	else if (sp->verb == 'o')
		bt_str_printf(s, "%llo", u);
	else if (sp->verb == 'b')
		for (int bit = u ? 63 - __builtin_clzll(u) : 0; bit >= 0; bit--)
			bt_str_putc(s, u >> bit & 1 ? '1' : '0');
	else
		bt_str_printf(s, "%llu", u);
}

static void add_sign(const struct spec *sp, bool negative, struct bt_str *s)
{
	bt_str_puts(s, negative ? "-" : sp->plus ? "+" : sp->blank ? " " : "");
}

static void format_integer(const struct spec *sp, json_int_t n, struct bt_str *s)
{
	unsigned long long u = n < 0 ? 0ull - (unsigned long long)n : (unsigned long long)n;
	bt_auto_str struct bt_str digits = { 0 };

	if (sp->verb == 'c') {
		/* What is no character is shown as Go shows it; none is the string's end. */
		if (n <= 0 || n > 0x10ffff || bt_tmpl_add_rune((unsigned long)n, s) < 0)
			bt_str_puts(s, "\uFFFD");
		return;
	}
	add_digits(sp, u, &digits);
	add_sign(sp, n < 0, s);
	if (sp->sharp)
		bt_str_puts(s, sp->verb == 'x'   ? "0x"
			       : sp->verb == 'X' ? "0X"
			       : sp->verb == 'b' ? "0b"
			       : sp->verb == 'o' ? "0"
						 : "");
	if (sp->precision > 0 && (size_t)sp->precision > digits.len)
		bt_str_fill(s, '0', (size_t)sp->precision - digits.len);
	bt_str_puts(s, bt_str_get(&digits));
}

static void format_real(const struct spec *sp, double x, struct bt_str *s)
{
	int precision = sp->precision < 0 ? 6 : sp->precision;

	if (x >= 0)
		add_sign(sp, false, s);
	if (sp->verb == 'e')
		bt_str_printf(s, "%.*e", precision, x);
	else if (sp->verb == 'f')
		bt_str_printf(s, "%.*f", precision, x);
	else if (sp->precision >= 0)
		bt_str_printf(s, "%.*g", precision, x);
	else
		bt_go_template_print_real(x, s);
}

static void add_quoted_byte(unsigned char c, struct bt_str *s)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	const char *hit = c ? strchr(from, (char)c) : NULL;

	if (hit)
		bt_str_printf(s, "\\%c", to[hit - from]);
	else if (c < 0x20 || c == 0x7f)
		bt_str_printf(s, "\\x%02x", c);
	else
		bt_str_putc(s, (char)c);
}

/* As much of `text` as the precision allows: it counts characters, not bytes. */
static size_t cut(const struct spec *sp, const char *text)
{
	int runes = 0;
	size_t n = 0;

	for (; text[n]; n++) {
		if (((unsigned char)text[n] & 0xc0) != 0x80 && sp->precision >= 0 &&
		    runes++ == sp->precision)
			break;
	}
	return n;
}

static void format_text(const struct spec *sp, const char *text, struct bt_str *s)
{
	size_t n = cut(sp, text);

	if (verb_is(sp, "vs")) {
		bt_str_add(s, text, n);
		return;
	}
	bt_str_puts(s, sp->verb == 'q' ? "\"" : "");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (sp->verb == 'q')
			add_quoted_byte(c, s);
		else
			bt_str_printf(s, sp->verb == 'x' ? "%02x" : "%02X", c);
	}
	bt_str_puts(s, sp->verb == 'q' ? "\"" : "");
}

static void print_inside(const json_t *v, struct bt_str *s)
{
	if (json_is_null(v))
		bt_str_puts(s, "<nil>");
	else
		bt_go_template_print(v, s);
}

/* "string=web": how Go shows an operand that does not fit. */
static void add_typed(const json_t *v, struct bt_str *s)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "map[string]interface {}=",
		[JSON_ARRAY] = "[]interface {}=",
		[JSON_STRING] = "string=",
		[JSON_INTEGER] = "int=",
		[JSON_REAL] = "float64=",
		[JSON_TRUE] = "bool=",
		[JSON_FALSE] = "bool=",
		[JSON_NULL] = "",
	};

	bt_str_puts(s, types[json_typeof(v)]);
	print_inside(v, s);
}

static void pad(const struct spec *sp, const struct bt_str *s, bool number, struct bt_str *out)
{
	const char *text = bt_str_get(s);
	bool zeros = sp->zero && number && !(sp->precision >= 0 && verb_is(sp, "dxXob"));
	size_t runes = 0, missing;

	for (const char *c = text; *c; c++)
		runes += ((unsigned char)*c & 0xc0) != 0x80;
	missing = sp->width > (int)runes ? (size_t)sp->width - runes : 0;
	if (!sp->left && zeros && *text && strchr("-+ ", *text))
		bt_str_putc(out, *text++);
	if (!sp->left)
		bt_str_fill(out, zeros ? '0' : ' ', missing);
	bt_str_puts(out, text);
	if (sp->left)
		bt_str_fill(out, ' ', missing);
}

static void format_one(const struct spec *sp, const json_t *v, struct bt_str *out)
{
	bt_auto_str struct bt_str s = { 0 };

	if (json_is_integer(v) && verb_is(sp, "vdxXobc"))
		format_integer(sp, json_integer_value(v), &s);
	else if (json_is_number(v) && verb_is(sp, "vfeg"))
		format_real(sp, json_number_value(v), &s);
	else if (json_is_string(v) && verb_is(sp, "vsqxX"))
		format_text(sp, json_string_value(v), &s);
	else if (sp->verb == 'v' || (sp->verb == 't' && json_is_boolean(v)))
		print_inside(v, &s);
	else {
		bt_str_printf(&s, "%%!%c(", sp->verb);
		add_typed(v, &s);
		bt_str_putc(&s, ')');
	}
	pad(sp, &s, json_is_number(v), out);
}

/* Of a list each element is formatted, as deep as lists are in each other. */
static void format_any(const struct spec *sp, const json_t *v, unsigned depth, struct bt_str *out)
{
	const json_t *element;
	size_t i;

	if (!json_is_array(v) || depth == BT_GO_TEMPLATE_DEPTH_MAX) {
		format_one(sp, v, out);
		return;
	}
	bt_str_putc(out, '[');
	json_array_foreach (v, i, element) {
		bt_str_puts(out, i ? " " : "");
		format_any(sp, element, depth + 1, out);
	}
	bt_str_putc(out, ']');
}

/* One directive, behind its '%'. Returns what follows it. */
static const char *directive(const char *p, json_t *const *args, size_t nargs, size_t *next,
			     struct bt_str *out)
{
	struct spec sp;

	p = read_spec(p, &sp);
	if (sp.verb == '%')
		bt_str_putc(out, '%');
	else if (!sp.verb)
		bt_str_puts(out, "%!(NOVERB)");
	else if (*next >= nargs)
		bt_str_printf(out, "%%!%c(MISSING)", sp.verb);
	else
		format_any(&sp, args[(*next)++], 0, out);
	return p;
}

static void add_extra(json_t *const *args, size_t next, size_t nargs, struct bt_str *out)
{
	if (next >= nargs)
		return;
	bt_str_puts(out, "%!(EXTRA ");
	for (size_t i = next; i < nargs; i++) {
		bt_str_puts(out, i > next ? ", " : "");
		add_typed(args[i], out);
	}
	bt_str_putc(out, ')');
}

int bt_tmpl_printf(json_t *const *args, size_t nargs, json_t **ret, struct bt_err *err)
{
	const char *p = json_string_value(args[0]);
	bt_auto_str struct bt_str out = { .max = BT_GO_TEMPLATE_OUT_MAX };
	size_t next = 1;

	if (!p)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "wrong type for value; expected string");
	while (*p) {
		if (*p == '%')
			p = directive(p + 1, args, nargs, &next, &out);
		else
			bt_str_putc(&out, *p++);
	}
	add_extra(args, next, nargs, &out);
	*ret = out.failed ? NULL : json_stringn_nocheck(bt_str_get(&out), out.len);
	return *ret ? 0 : bt_err_set(err, BT_ERR_INVALID, EFBIG, "the result is too long");
}
