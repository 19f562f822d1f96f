/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_BLOB_STREAM_H
#define BT_IMAGE_BLOB_STREAM_H

/*
 * A blob on its way from a registry: fetched by a thread of its own into a few
 * buffers, hashed there, and read by whoever unpacks it meanwhile.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/session.h"

struct bt_blob_stream;

/** Told how many bytes have come, on the fetching thread. Negative ends the transfer. */
typedef int (*bt_blob_stream_fn)(void *arg, int64_t got);

/** What to fetch; all borrowed until the stream is destroyed. */
struct bt_blob_stream_source {
	struct bt_session *session;
	const char *digest;
	int64_t size;
	bt_blob_stream_fn told;
	void *arg;
};

/** Begin. Release with bt_blob_stream_destroy(), which ends what still goes on. */
bt_nodiscard int bt_blob_stream_create(const struct bt_blob_stream_source *source,
				       struct bt_blob_stream **ret, struct bt_err *err);
/** A bt_inflate_read_fn whose argument is the stream. */
ssize_t bt_blob_stream_read(void *stream, void *buf, size_t len, struct bt_err *err);
/** Read what is left, and say whether all came and has the digest promised. */
bt_nodiscard int bt_blob_stream_finish(struct bt_blob_stream *stream, struct bt_err *err);
/** Release. NULL is fine. */
void bt_blob_stream_destroy(struct bt_blob_stream *stream);

#endif
