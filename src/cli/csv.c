/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/csv.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int bad_quote(const char *what, size_t column, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "parse error on line 1, column %zu: %s",
			  column, what);
}

static int quoted(const char **text, struct bt_str *ret, struct bt_err *err)
{
	const char *p = *text + 1;

	for (;; p++) {
		if (*p == '"' && p[1] != '"')
			break;
		p += *p == '"';
		if (!*p)
			break;
		bt_str_putc(ret, *p);
	}
	if (!*p || (p[1] && p[1] != ','))
		return bad_quote("extraneous or missing \" in quoted-field",
				 (size_t)(p - *text) + 1, err);
	*text = p[1] ? p + 2 : NULL;
	return 1;
}

int bt_csv_next(const char **text, struct bt_str *ret, struct bt_err *err)
{
	const char *quote;
	size_t len;
	int r;

	bt_str_clear(ret);
	if (!*text)
		return 0;
	/* An empty field is a string, too. */
	r = bt_str_reserve(ret, 0);
	if (r < 0)
		return bt_err_sys(err, r, "read a list with commas");
	if (**text == '"')
		return quoted(text, ret, err);
	len = strcspn(*text, ",");
	quote = memchr(*text, '"', len);
	if (quote)
		return bad_quote("bare \" in non-quoted-field", (size_t)(quote - *text) + 1, err);
	bt_str_add(ret, *text, len);
	*text = (*text)[len] ? *text + len + 1 : NULL;
	return 1;
}

const char *bt_csv_pair(char *field)
{
	char *p = field;

	for (; *p && *p != '='; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!*p)
		return NULL;
	*p = '\0';
	return p + 1;
}
