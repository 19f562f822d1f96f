/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_PROGRESS_H
#define BT_IMAGE_PROGRESS_H

/*
 * Progress as Docker streams it while an image is pulled, pushed or loaded: one
 * JSON object after another, which docker's command line turns into bars.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/attr.h"

/** Takes one message (borrowed), such as {"status":"Downloading","progressDetail":{"current":1,
 * "total":2},"progress":"…","id":"a1b2c3d4e5f6"}. Any thread, one at a time. A negative return
 * (the client has gone) cancels the work. */
typedef int (*bt_progress_fn)(void *arg, const json_t *message);

/** Where messages go. Zeroed: nowhere. */
struct bt_progress {
	bt_progress_fn fn;
	void *arg;
};

/** Send {"status": status}, and {"id": id} unless that is NULL. Returns what the taker did. */
int bt_progress_status(const struct bt_progress *progress, const char *id, const char *status);

/** Send how far something is: `id` may be NULL, `total` is below 0 where nobody knows. */
int bt_progress_bar(const struct bt_progress *progress, const char *id, const char *status,
		    int64_t current, int64_t total);

/** Send {"stream": text}. */
int bt_progress_stream(const struct bt_progress *progress, const char *text);

/** Send {"aux": object}; takes `aux`. */
int bt_progress_aux(const struct bt_progress *progress, json_t *aux);

#endif
