/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_UPLOAD_H
#define BT_API_UPLOAD_H

/*
 * Large bodies (archives, build contexts): the handler runs in a thread of its
 * own beside the upload and reads the body from a descriptor. A client that
 * breaks off is an error on that descriptor (ECONNRESET), never an early end.
 */

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_upload;

/** What reads the body from `fd`, which is borrowed. Returns 0 or a negative errno, with `err`. */
typedef int (*bt_upload_fn)(void *arg, int fd, struct bt_err *err);

/** Run `reader` in a new thread; `arg` must stay until the upload is finished or destroyed. `ret`
 * is owned by the caller. */
bt_nodiscard int bt_upload_start(bt_upload_fn reader, void *arg, struct bt_upload **ret,
				 struct bt_err *err);
/** Hand on a piece of the body; waits until the handler takes it. Returns 0, or -EPIPE once the
 * handler wants no more. */
bt_nodiscard int bt_upload_write(struct bt_upload *upload, const char *data, size_t len);
/** The body is complete: wait for the handler. Returns what it returned, with its error. */
bt_nodiscard int bt_upload_finish(struct bt_upload *upload, struct bt_err *err);
/** Break off where it was not finished, wait for the handler, and release. NULL is fine. */
void bt_upload_destroy(struct bt_upload *upload);

#endif
