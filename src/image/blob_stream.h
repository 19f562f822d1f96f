/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_BLOB_STREAM_H
#define BT_IMAGE_BLOB_STREAM_H

/*
 * A blob on its way from a registry: threads of its own fetch it into a spool,
 * a large one in several ranges, and whoever unpacks it reads and hashes what
 * has come meanwhile.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/session.h"

struct bt_blob_stream;

/** What to fetch; all borrowed until the stream is destroyed. */
struct bt_blob_stream_source {
	struct bt_session *session;
	const char *root;   /* where spools are */
	const char *digest; /* valid */
	int64_t size;
	const atomic_bool *cancelled; /* ends it */
};

/** Begin. Release with bt_blob_stream_destroy(), which ends what still goes on. */
bt_nodiscard int bt_blob_stream_create(const struct bt_blob_stream_source *source,
				       struct bt_blob_stream **ret, struct bt_err *err);
/** How many bytes are here. Any thread. */
int64_t bt_blob_stream_have(struct bt_blob_stream *stream);
/** Were some of them here before? Then a wrong digest may be the fault of a disk. */
bool bt_blob_stream_was_resumed(const struct bt_blob_stream *stream);
/** A bt_inflate_read_fn whose argument is the stream. */
ssize_t bt_blob_stream_read(void *stream, void *buf, size_t len, struct bt_err *err);
/** Read what is left, and say whether all came and has the digest promised. */
bt_nodiscard int bt_blob_stream_finish(struct bt_blob_stream *stream, struct bt_err *err);
/** Release, and remove the spool. NULL is fine. */
void bt_blob_stream_destroy(struct bt_blob_stream *stream);

#endif
