/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_HTTP_H
#define BT_CLIENT_HTTP_H

/*
 * An HTTP/1.1 client on one connected stream socket: requests with a body in memory or written in
 * chunks, answers of any framing read piece by piece, and upgrades, after which the socket is
 * the caller's two-way stream. No pipelining, no redirects, no compression.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/http_head.h"

/** A connection. What has been received and not yet consumed is in `buf` from `pos` to `len`. */
struct bt_http_conn {
	int fd;
	char *buf;
	size_t pos, len;
	struct bt_http_head head; /* of the last answer */
	bool bodyless;            /* the last answer has no body, whatever its head says */
	unsigned long long left;  /* of the body, or of the chunk */
	bool in_chunk, ended;     /* how far the body has been read */
};

/** A request; everything borrowed. */
struct bt_http_request {
	const char *method;
	const char *target; /* "/v1.51/containers/json?all=1" */
	const char *host;   /* for the Host field */
	const char *type;   /* Content-Type, or NULL */
	const char *extra;  /* further fields, each ending in "\r\n", or NULL */
	const char *body;   /* or NULL */
	size_t body_len;
	bool chunked; /* the body follows through bt_http_write_chunk() */
	bool upgrade; /* ask for a raw stream: "Upgrade: tcp" */
};

/** Take over the connected socket `fd`. Returns 0 (release with bt_http_close()), or -ENOMEM and
 * `fd` is closed. */
bt_nodiscard int bt_http_attach(int fd, struct bt_http_conn *ret);

/** Close and release. A zeroed or closed connection is fine. */
void bt_http_close(struct bt_http_conn *conn);

/** Send a request's head and its body in memory. */
bt_nodiscard int bt_http_send(struct bt_http_conn *conn, const struct bt_http_request *req,
			      struct bt_err *err);

/** Send a piece of a chunked body; `len` 0 ends it. */
bt_nodiscard int bt_http_write_chunk(struct bt_http_conn *conn, const void *data, size_t len,
				     struct bt_err *err);

/** Receive the head of the answer into conn->head, passing over interim ones (1xx but 101).
 * `head_only`: the request's method was HEAD. Returns 0, -EPROTO, -ECONNRESET (closed before any
 * byte came), or another -errno. */
bt_nodiscard int bt_http_receive(struct bt_http_conn *conn, bool head_only, struct bt_err *err);

/** Read some of the body, without its framing; after an upgrade, of the stream. Returns the count,
 * 0 at its end, -EPROTO if the peer broke off inside, or another -errno. */
bt_nodiscard ssize_t bt_http_read(struct bt_http_conn *conn, void *ret, size_t size,
				  struct bt_err *err);

/** Read the rest of the body into a new NUL-terminated buffer (owned by the caller). Returns 0,
 * -EFBIG past `max` bytes, or as bt_http_read(). */
bt_nodiscard int bt_http_read_all(struct bt_http_conn *conn, size_t max, char **ret,
				  size_t *ret_len, struct bt_err *err);

/** May another request be sent: was the body read to its end, and does the peer keep the
 * connection? */
bool bt_http_reusable(const struct bt_http_conn *conn);

#endif
