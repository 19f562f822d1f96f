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

static void format_integer(const struct spec *sp, json_int_t n, struct bt_str *s)
{
	bool negative = n < 0;
	unsigned long long u = negative ? 0ull - (unsigned long long)n : (unsigned long long)n;
	const char *sign = negative ? "-" : sp->plus ? "+" : sp->blank ? " " : "";

	bt_str_puts(s, sign);
	if (sp->verb == 'x')
		bt_str_printf(s, "%s%llx", sp->sharp ? "0x" : "", u);
	else if (sp->verb == 'X')
		bt_str_printf(s, "%s%llX", sp->sharp ? "0X" : "", u);
	else if (sp->verb == 'o')
		bt_str_printf(s, "%s%llo", sp->sharp ? "0" : "", u);
	else if (sp->verb == 'c')
		bt_str_putc(s, (char)(u & 0x7f));
	else if (sp->verb == 'b')
		for (int bit = u ? 63 - __builtin_clzll(u) : 0; bit >= 0; bit--)
			bt_str_putc(s, u >> bit & 1 ? '1' : '0');
	else
		bt_str_printf(s, "%llu", u);
}

static void format_real(const struct spec *sp, double x, struct bt_str *s)
{
	int precision = sp->precision < 0 ? 6 : sp->precision;

	if (sp->plus && x >= 0)
		bt_str_putc(s, '+');
	if (sp->verb == 'e')
		bt_str_printf(s, "%.*e", precision, x);
	else if (sp->verb == 'g')
		bt_str_printf(s, "%.*g", sp->precision < 0 ? 17 : precision, x);
	else
		bt_str_printf(s, "%.*f", precision, x);
}

static void format_quoted(const json_t *v, struct bt_str *s)
{
	bt_auto_free char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	bt_str_puts(s, text ? text : "");
}

static bool verb_is(const struct spec *sp, const char *set)
{
	return sp->verb && strchr(set, sp->verb);
}

static void format_one(const struct spec *sp, const json_t *v, struct bt_str *s)
{
	if (sp->verb == 'v' || (sp->verb == 's' && (json_is_string(v) || json_is_array(v))) ||
	    (sp->verb == 't' && json_is_boolean(v)))
		bt_go_template_print(v, s);
	else if (json_is_integer(v) && verb_is(sp, "dxXobc"))
		format_integer(sp, json_integer_value(v), s);
	else if (json_is_number(v) && verb_is(sp, "feg"))
		format_real(sp, json_number_value(v), s);
	else if (json_is_string(v) && sp->verb == 'q')
		format_quoted(v, s);
	else if (json_is_string(v) && verb_is(sp, "xX"))
		for (const char *c = json_string_value(v); *c; c++)
			bt_str_printf(s, sp->verb == 'x' ? "%02x" : "%02X", (unsigned char)*c);
	else {
		bt_str_printf(s, "%%!%c(", sp->verb);
		bt_go_template_print(v, s);
		bt_str_putc(s, ')');
	}
	if (json_is_string(v) && verb_is(sp, "sv") && sp->precision >= 0 &&
	    s->len > (size_t)sp->precision)
		s->p[s->len = (size_t)sp->precision] = '\0';
}

static void pad(const struct spec *sp, const struct bt_str *s, bool number, struct bt_str *out)
{
	const char *text = bt_str_get(s);
	size_t runes = 0;
	int missing;

	for (const char *c = text; *c; c++)
		runes += ((unsigned char)*c & 0xc0) != 0x80;
	missing = sp->width > (int)runes ? sp->width - (int)runes : 0;
	if (sp->left) {
		bt_str_printf(out, "%s%*s", text, missing, "");
		return;
	}
	if (sp->zero && number && (*text == '-' || *text == '+')) {
		bt_str_putc(out, *text++);
	}
	for (; missing > 0; missing--)
		bt_str_putc(out, sp->zero && number ? '0' : ' ');
	bt_str_puts(out, text);
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
		bt_auto_str struct bt_str s = { 0 };
		struct spec sp;

		if (*p != '%') {
			bt_str_putc(&out, *p++);
			continue;
		}
		p = read_spec(p + 1, &sp);
		if (sp.verb == '%') {
			bt_str_putc(&out, '%');
		} else if (!sp.verb) {
			bt_str_puts(&out, "%!(NOVERB)");
		} else if (next >= nargs) {
			bt_str_printf(&out, "%%!%c(MISSING)", sp.verb);
		} else {
			format_one(&sp, args[next], &s);
			pad(&sp, &s, json_is_number(args[next]), &out);
			next++;
		}
	}
	*ret = out.failed ? NULL : json_stringn_nocheck(bt_str_get(&out), out.len);
	return *ret ? 0 : bt_err_set(err, BT_ERR_INVALID, EFBIG, "the result is too long");
}
