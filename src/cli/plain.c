/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/plain.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

#define TEXT_MAX (64u << 20)

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* U+0080 to U+009F in UTF-8: what a terminal with eight bits takes for an escape and a letter. */
static bool is_second_set(const char *p)
{
	return (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] >= 0x80 &&
	       (unsigned char)p[1] <= 0x9f;
}

static bool is_shown(const char *p, bool lines)
{
	return is_second_set(p) ||
	       (is_control((unsigned char)*p) && !(lines && (*p == '\n' || *p == '\t')));
}

void bt_plain_add(struct bt_str *out, const char *text, bool lines)
{
	while (*text != '\0') {
		size_t n = 0;

		while (text[n] != '\0' && !is_shown(text + n, lines))
			n++;
		bt_str_add(out, text, n);
		text += n;
		if (*text == '\0')
			return;
		if (is_second_set(text)) {
			bt_str_printf(out, "<U+%04X>", (unsigned char)text[1]);
			text += 2;
			continue;
		}
		bt_str_putc(out, '^');
		bt_str_putc(out, (char)(*text++ ^ 0x40));
	}
}

static bool is_terminal(FILE *out)
{
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) == 1;
}

static bool has_any(const char *text, bool lines)
{
	for (; *text != '\0'; text++) {
		if (is_shown(text, lines))
			return true;
	}
	return false;
}

void bt_plain_put(FILE *out, const char *text)
{
	bt_auto_str struct bt_str shown = { .max = TEXT_MAX };

	if (!has_any(text, true) || !is_terminal(out)) {
		(void)fputs(text, out);
		return;
	}
	bt_plain_add(&shown, text, true);
	(void)fputs(bt_str_get(&shown), out);
}

void bt_plain_printf(FILE *out, const char *fmt, ...)
{
	bt_auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		bt_plain_put(out, text);
}

json_t *bt_plain_cell(FILE *out, json_t *value)
{
	const char *text = json_string_value(value);
	bt_auto_str struct bt_str shown = { .max = TEXT_MAX };
	json_t *cell;

	if (text == NULL || !has_any(text, false) || !is_terminal(out))
		return value;
	bt_plain_add(&shown, text, false);
	cell = json_string(bt_str_get(&shown));
	json_decref(value);
	return cell;
}
