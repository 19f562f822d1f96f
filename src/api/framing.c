/* SPDX-License-Identifier: Apache-2.0 */

#include "api/framing.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    (text[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", text[i])))
			return false;
	return len > 0;
}

static bool is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == '\x7f')
			return false;
	return true;
}

static bool is_named(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		(*len)--;
}

bool bt_framing_is_old(const char *http_version)
{
	return strncmp(http_version, "HTTP/1.", 7) != 0 || http_version[7] < '1';
}

void bt_framing_add(struct bt_framing *f, const char *name, size_t name_len, const char *value,
		    size_t value_len)
{
	trim(&value, &value_len);
	if (!is_token(name, name_len) || !is_clean(value, value_len))
		f->is_malformed = true;
	if (is_named(name, name_len, "Host"))
		f->hosts++;
	if (is_named(name, name_len, "Transfer-Encoding")) {
		f->encodings++;
		f->encoding_is_other |= !is_named(value, value_len, "chunked");
	}
	if (!is_named(name, name_len, "Content-Length"))
		return;
	if (f->lengths++ == 0) {
		f->length = value;
		f->length_len = value_len;
	}
	f->lengths_differ |= value_len != f->length_len || memcmp(value, f->length, value_len) != 0;
}

int bt_framing_check(const struct bt_framing *f, struct bt_err *err)
{
	const char *what = NULL;

	if (f->is_malformed)
		what = "malformed header: a field has no valid name or a control character";
	else if (f->lengths_differ)
		what = "more than one Content-Length, and they differ";
	else if (f->encodings > 0 && f->lengths > 0)
		what = "both Content-Length and Transfer-Encoding";
	else if (f->encodings > 0 && f->is_old)
		what = "a Transfer-Encoding before HTTP/1.1";
	else if (f->hosts > 1)
		what = "too many Host headers";
	else if (f->hosts == 0 && !f->is_old)
		what = "missing required Host header";
	if (what)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "%s", what);
	if (f->encodings > 1 || f->encoding_is_other)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EBADMSG,
				  "unsupported transfer encoding: only \"chunked\" is read");
	return 0;
}
