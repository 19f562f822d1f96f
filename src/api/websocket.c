/* SPDX-License-Identifier: Apache-2.0 */

#include "api/websocket.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

/* RFC 6455, section 1.3. */
#define GUID       "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define OP_BINARY  2
#define OP_CLOSE   8
#define OP_PING    9
#define OP_PONG    10
#define FIN        0x80u
#define MASKED     0x80u
#define CLOSE_DONE "\x88\x00"
/* So much goes into one frame of ours. */
#define FRAME_MAX 65535u

void bt_websocket_accept(const char *key, char ret[BT_WEBSOCKET_ACCEPT_LEN])
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha;

	sha1_init(&sha);
	sha1_update(&sha, strlen(key), (const uint8_t *)key);
	sha1_update(&sha, strlen(GUID), (const uint8_t *)GUID);
	sha1_digest(&sha, sizeof(digest), digest);
	base64_encode_raw(ret, sizeof(digest), digest);
	ret[BT_WEBSOCKET_ACCEPT_LEN - 1] = '\0';
}

/* Bytes below: those that came early first. */
static ssize_t take(struct bt_websocket *ws, void *buf, size_t len)
{
	size_t n = ws->early_len < len ? ws->early_len : len;

	if (n == 0)
		return ws->inner.recv(ws->inner.arg, buf, len);
	memcpy(buf, ws->early, n);
	ws->early += n;
	ws->early_len -= n;
	return (ssize_t)n;
}

/* How long the head is, as far as that is known. */
static size_t head_size(const struct bt_websocket *ws)
{
	unsigned len = ws->head_len > 1 ? ws->head[1] & 0x7fu : 0;

	return 2 + (len == 126 ? 2u : len == 127 ? 8u : 0u) + 4;
}

static int parse_head(struct bt_websocket *ws)
{
	unsigned len = ws->head[1] & 0x7fu;
	size_t bytes = len == 126 ? 2 : len == 127 ? 8 : 0;

	ws->left = bytes == 0 ? len : 0;
	for (size_t i = 0; i < bytes; i++)
		ws->left = ws->left << 8 | ws->head[2 + i];
	ws->opcode = ws->head[0] & 0x0fu;
	/* Section 5.5: frames of control are short. */
	if (ws->opcode >= OP_CLOSE && (ws->left > 125 || (ws->head[0] & FIN) == 0))
		return -EPROTO;
	memmove(ws->head, ws->head + 2 + bytes, 4);
	ws->in_frame = true;
	ws->at = 0;
	return 0;
}

/* 1 where a frame is open, or 0 at the end, or a negative errno. */
static int read_head(struct bt_websocket *ws)
{
	while (!ws->in_frame) {
		ssize_t n = take(ws, ws->head + ws->head_len, head_size(ws) - ws->head_len);
		int r;

		if (n <= 0)
			return (int)n;
		ws->head_len += (size_t)n;
		if (ws->head_len < 2)
			continue;
		/* Section 5.1: a client masks; 5.2: the reserved bits are no extension of ours. */
		if ((ws->head[1] & MASKED) == 0 || (ws->head[0] & 0x70u) != 0)
			return -EPROTO;
		if (ws->head_len < head_size(ws))
			continue;
		ws->head_len = 0;
		r = parse_head(ws);
		if (r < 0)
			return r;
	}
	return 1;
}

/* The end of a frame: a ping is answered by an empty pong, a close ends the stream. */
static void end_frame(struct bt_websocket *ws)
{
	static const unsigned char pong[2] = { FIN | OP_PONG, 0 };

	ws->in_frame = false;
	ws->closed |= ws->opcode == OP_CLOSE;
	/* Not in the middle of a frame of ours: then it is not worth keeping. */
	if (ws->opcode == OP_PING && ws->out_left == 0 && ws->out_sent == ws->out_len)
		(void)ws->inner.send(ws->inner.arg, pong, sizeof(pong));
}

static ssize_t ws_recv(void *arg, void *buf, size_t len)
{
	struct bt_websocket *ws = arg;
	unsigned char *bytes = buf;

	while (!ws->closed) {
		size_t want;
		ssize_t n;
		int r = read_head(ws);

		if (r <= 0)
			return r;
		want = ws->left < len ? (size_t)ws->left : len;
		n = want > 0 ? take(ws, buf, want) : 0;
		if (n < 0 || (n == 0 && want > 0))
			return n;
		for (ssize_t i = 0; i < n; i++)
			bytes[i] ^= ws->head[ws->at++ % 4];
		ws->left -= (uint64_t)n;
		if (ws->left == 0)
			end_frame(ws);
		if (n > 0 && ws->opcode < OP_CLOSE)
			return n;
	}
	return 0;
}

static void make_head(struct bt_websocket *ws, size_t len)
{
	ws->out[0] = FIN | OP_BINARY;
	ws->out[1] = (unsigned char)(len < 126 ? len : 126);
	ws->out[2] = (unsigned char)(len >> 8);
	ws->out[3] = (unsigned char)len;
	ws->out_len = len < 126 ? 2 : 4;
	ws->out_sent = 0;
	ws->out_left = len;
}

static ssize_t ws_send(void *arg, const void *data, size_t len)
{
	struct bt_websocket *ws = arg;
	ssize_t n;

	if (ws->out_left == 0)
		make_head(ws, len < FRAME_MAX ? len : FRAME_MAX);
	while (ws->out_sent < ws->out_len) {
		n = ws->inner.send(ws->inner.arg, ws->out + ws->out_sent,
				   ws->out_len - ws->out_sent);
		if (n < 0)
			return n;
		ws->out_sent += (size_t)n;
	}
	n = ws->inner.send(ws->inner.arg, data, len < ws->out_left ? len : ws->out_left);
	if (n > 0)
		ws->out_left -= (size_t)n;
	return n;
}

static bool ws_pending(void *arg)
{
	struct bt_websocket *ws = arg;

	return ws->early_len > 0 || ws->closed || ws->inner.pending(ws->inner.arg);
}

struct bt_relay_client bt_websocket_client(struct bt_websocket *ws)
{
	return (struct bt_relay_client){ .fd = ws->inner.fd,
					 .recv = ws_recv,
					 .send = ws_send,
					 .pending = ws_pending,
					 .arg = ws };
}
