/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_STREAM_H
#define BT_API_STREAM_H

/*
 * Long answers: a source that may have nothing to say for hours. The
 * connection's thread sleeps on the source's descriptor and on the client's
 * socket, so that a client that left is noticed at once.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

struct MHD_Response;
struct bt_pending;

/** What a source can do; all take its `arg`. */
struct bt_stream_ops {
	/** Bytes into `buf`: their count, 0 at the end, -EAGAIN where the descriptor must be
	 * waited for, another -errno where the answer must break off. */
	ssize_t (*read)(void *arg, char *buf, size_t size);
	/** Readable when read() has something; borrowed. */
	int (*fd)(void *arg);
	/** Release `arg`. */
	void (*close)(void *arg);
};

struct bt_stream {
	const struct bt_stream_ops *ops;
	void *arg;
};

/** A response that reads `stream` (owned by it from now on) for the client at the socket `sock`
 * (borrowed: to notice that it left). With the first read `*owed` is settled: the request counts as
 * answered; it is borrowed until the response is destroyed. NULL without memory: then `stream` is
 * closed. */
struct MHD_Response *bt_stream_response(struct bt_stream stream, int sock,
					struct bt_pending **owed);
/** Close a stream that was never sent. A zeroed one is fine. */
void bt_stream_close(struct bt_stream *stream);

/** What a descriptor (owned from now on) gives until its end, as a stream. Sockets and pipes should
 * not block, so that a client that left is noticed. A zeroed stream without memory (`fd` is
 * closed). */
struct bt_stream bt_stream_of_fd(int fd);

#endif
