/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_REPLY_H
#define BT_API_REPLY_H

/*
 * What a request will be answered with: plain data, which api/answer.h fills in
 * and sends.
 */

#include <stdbool.h>
#include <stddef.h>

#include "api/hijack.h"
#include "api/stream.h"

/* Headers that a handler may add. */
#define BT_REPLY_HEADERS_MAX 8

struct bt_reply {
	unsigned status; /* 0: nothing was described */
	const char *type;
	char *text; /* owned */
	size_t len;
	struct bt_stream stream; /* where stream.ops is set */
	struct bt_hijack hijack; /* where hijack.run is set */
	bool websocket;          /* the raw stream travels in frames (api/websocket.h) */
	struct {
		const char *name;
		char *value; /* owned */
	} headers[BT_REPLY_HEADERS_MAX];
	unsigned nheaders;
};

/** Start a new description: the headers stay, what was described before is released. */
void bt_reply_renew(struct bt_reply *reply, unsigned status, const char *type);
/** Release what was not sent. A zeroed one is fine. */
void bt_reply_done(struct bt_reply *reply);

#endif
