/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_HTTP_HEAD_H
#define BT_CLIENT_HTTP_HEAD_H

/*
 * The head of an HTTP/1.1 response (RFC 9112): status line and fields. Whoever answers may be
 * hostile: size and number of fields are bounded, and what decides about framing is read strictly.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_HTTP_HEAD_MAX   (64u << 10)
#define BT_HTTP_FIELDS_MAX 128

enum bt_http_framing {
	BT_HTTP_EMPTY,  /* no body */
	BT_HTTP_LENGTH, /* `length` bytes */
	BT_HTTP_CHUNKED,
	BT_HTTP_UNTIL_CLOSE,
};

struct bt_http_field {
	const char *name, *value; /* into `text` */
};

/** A parsed head; zeroed is empty. Strings live in `text`, which is owned. */
struct bt_http_head {
	char *text;
	int status;
	const char *reason;
	struct bt_http_field fields[BT_HTTP_FIELDS_MAX];
	size_t nfields;
	enum bt_http_framing framing; /* as the fields say; HEAD requests have no body anyway */
	unsigned long long length;
	bool keeps; /* the connection may be used again */
};

/** How many bytes of `data` are the head with its empty line; 0 where the end is not there yet. */
size_t bt_http_head_find(const char *data, size_t len);

/** Parse `len` bytes, as bt_http_head_find() counted them. Returns 0 (release with
 * bt_http_head_done()), or -EPROTO where they are no HTTP/1.x response. */
bt_nodiscard int bt_http_head_parse(const char *data, size_t len, struct bt_http_head *ret,
				    struct bt_err *err);

/** The value of a field by its name in any case, borrowed, or NULL. */
const char *bt_http_head_get(const struct bt_http_head *head, const char *name);

/** Release and leave empty. */
void bt_http_head_done(struct bt_http_head *head);

#endif
