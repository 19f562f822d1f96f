/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_STREAM_H
#define BT_CLIENT_STREAM_H

/*
 * What flows after an upgrade (attach, exec), and the body of logs: the container's output, raw or
 * in docker's frames, to our descriptors, and our input to the container.
 *
 * A frame is eight bytes (stream, three zeros, length in network order) and its payload. Output
 * goes in large pieces, without a copy where the kernel can (splice).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/http.h"

/** How a stream ended. */
enum bt_stream_end {
	BT_STREAM_CLOSED,   /* the daemon closed it */
	BT_STREAM_DETACHED, /* by the detach keys */
};

#define BT_STREAM_KEYS_MAX 16

struct bt_stream {
	struct bt_http_conn *conn; /* with its head received */
	int in, out, err;          /* descriptors, borrowed; -1: none (output is dropped then) */
	bool mux;                  /* frames */
	unsigned char keys[BT_STREAM_KEYS_MAX]; /* detach keys in `in` */
	size_t nkeys;                           /* 0: none are looked for */
	int signals;                            /* a signalfd, or -1 */
	void (*on_signal)(void *arg, int sig);
	void *arg;
};

/** Parse "ctrl-p,ctrl-q" or single letters. Returns 0, or -EINVAL with docker's words. */
bt_nodiscard int bt_stream_keys_parse(const char *text, unsigned char ret[BT_STREAM_KEYS_MAX],
				      size_t *ret_n, struct bt_err *err);

/** Carry until the daemon closes or the keys are typed. At the end of `in` our half of the
 * connection is closed. Writing to a reader that has left ends it too (-EPIPE). Returns an enum
 * bt_stream_end, or negative. */
bt_nodiscard int bt_stream_run(struct bt_stream *s, struct bt_err *err);

#endif
