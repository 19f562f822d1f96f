/* SPDX-License-Identifier: Apache-2.0 */

#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

_Static_assert(sizeof(struct bt_err) <= PIPE_BUF, "an error must cross a pipe in one write");

/* Mark a message that did not fit, at the end of the buffer. A UTF-8 sequence
 * cut in two is removed first, so the text stays valid for JSON. */
static void mark_truncated(char *msg, size_t size)
{
	size_t end = size - sizeof(ellipsis);

	while (end > 0 && ((unsigned char)msg[end] & 0xC0) == 0x80)
		end--;
	memcpy(msg + end, ellipsis, sizeof(ellipsis));
}

bt_printf(3, 0) static void format_message(char *msg, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(msg, size, fmt, ap);

	if (n < 0)
		snprintf(msg, size, "(message could not be formatted)");
	else if ((size_t)n >= size)
		mark_truncated(msg, size);
}

/* Append `suffix` to the message in place. */
static void append_message(struct bt_err *err, const char *sep, const char *suffix)
{
	size_t len = strlen(err->msg);
	int n = snprintf(err->msg + len, sizeof(err->msg) - len, "%s%s", sep, suffix);

	if (n >= 0 && (size_t)n >= sizeof(err->msg) - len)
		mark_truncated(err->msg, sizeof(err->msg));
}

int bt_err_set(struct bt_err *err, enum bt_err_kind kind, int errnum, const char *fmt, ...)
{
	va_list ap;

	assert(kind > BT_ERR_NONE && kind < BT_ERR_KINDS_);
	assert(errnum > 0);

	err->kind = kind;
	err->errnum = errnum;
	va_start(ap, fmt);
	format_message(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -errnum;
}

int bt_err_sys(struct bt_err *err, int r, const char *fmt, ...)
{
	va_list ap;

	assert(r < 0);

	err->kind = BT_ERR_SYSTEM;
	err->errnum = -r;
	va_start(ap, fmt);
	format_message(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append_message(err, ": ", strerror(-r));
	return r;
}

int bt_err_context(struct bt_err *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list ap;

	assert(err->kind != BT_ERR_NONE);

	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	format_message(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append_message(err, ": ", inner);
	return -err->errnum;
}

bool bt_err_is_shortage(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

int bt_err_http_status(enum bt_err_kind kind)
{
	static const int status[BT_ERR_KINDS_] = {
		[BT_ERR_NONE] = 200,         [BT_ERR_INVALID] = 400,
		[BT_ERR_UNAUTHORIZED] = 401, [BT_ERR_FORBIDDEN] = 403,
		[BT_ERR_NOT_FOUND] = 404,    [BT_ERR_CONFLICT] = 409,
		[BT_ERR_SYSTEM] = 500,       [BT_ERR_NOT_IMPLEMENTED] = 501,
		[BT_ERR_UNAVAILABLE] = 503,
	};

	assert(kind < BT_ERR_KINDS_);
	return status[kind];
}
