/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_JSON_STREAM_H
#define BT_CLI_JSON_STREAM_H

/*
 * An answer that is a row of JSON texts, one a line (events, stats, progress).
 */

#include <jansson.h>

#include "base/str.h"
#include "client/http.h"

struct bt_json_stream {
	struct bt_http_conn *conn;
	struct bt_str buf;
	size_t at; /* of the next line in `buf` */
	bool ended;
};

/** The next value (a new reference). Waits for it. Returns 1, 0 at the end, negative. */
bt_nodiscard int bt_json_stream_next(struct bt_json_stream *s, json_t **ret, struct bt_err *err);

/** Release; the connection stays the caller's. */
void bt_json_stream_done(struct bt_json_stream *s);

#endif
