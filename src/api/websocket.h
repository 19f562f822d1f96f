/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_WEBSOCKET_H
#define BT_API_WEBSOCKET_H

/*
 * The server's side of WebSocket (RFC 6455) over a connection whose bytes
 * somebody else moves: the answer to the handshake, and frames around a raw
 * stream. A client's frames of any kind are data but for close, ping and pong;
 * what goes to it are binary frames.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/relay.h"
#include "base/attr.h"

#define BT_WEBSOCKET_ACCEPT_LEN 29 /* with its NUL */

/** What Sec-WebSocket-Accept says to a client's Sec-WebSocket-Key (section 4.2.2). */
void bt_websocket_accept(const char *key, char ret[BT_WEBSOCKET_ACCEPT_LEN]);

/** A connection. Zeroed, with `inner` set, it is ready; `early` are bytes that came with the
 * handshake. Nothing to release. */
struct bt_websocket {
	struct bt_relay_client inner; /* the bytes below */
	const char *early;
	size_t early_len;
	/* the client's frame that is being read */
	unsigned char head[14];
	size_t head_len;
	uint64_t left, at; /* of its payload; `at`: which byte of the mask is next */
	unsigned char opcode;
	bool in_frame, closed;
	/* our frame that is being sent */
	unsigned char out[10];
	size_t out_len, out_sent;
	size_t out_left;
};

/** The stream inside, for bt_relay_run(): recv() ends at a close frame, and with -EPROTO at what is
 * no frame or is not masked. The result borrows `ws`. */
struct bt_relay_client bt_websocket_client(struct bt_websocket *ws);

#endif
