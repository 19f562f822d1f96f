/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/csv.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int quoted(const char **text, struct bt_str *ret, struct bt_err *err)
{
	const char *p = *text + 1;

	for (;; p++) {
		if (!*p)
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"parse error on line 1, column %zu: extraneous or missing "
				"\" in quoted-field",
				strlen(*text) + 1);
		if (*p == '"' && p[1] != '"')
			break;
		p += *p == '"';
		bt_str_putc(ret, *p);
	}
	*text = p + 1 + (p[1] == ',');
	return 1;
}

int bt_csv_next(const char **text, struct bt_str *ret, struct bt_err *err)
{
	size_t len;

	bt_str_clear(ret);
	if (!**text)
		return 0;
	if (**text == '"')
		return quoted(text, ret, err);
	len = strcspn(*text, ",");
	bt_str_add(ret, *text, len);
	*text += len + ((*text)[len] == ',');
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
