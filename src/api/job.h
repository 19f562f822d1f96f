/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_JOB_H
#define BT_API_JOB_H

/*
 * Work that writes its answer while it goes on (pull, push, save, build): it
 * runs in a thread of its own, and what it writes is streamed to the client. What
 * fails before the first byte is an ordinary error with its status; what fails
 * later ends a stream of JSON messages with an error message, as Docker does,
 * and breaks off any other stream. A client that leaves makes writing fail.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_job;
struct bt_request;

/** The work. */
typedef int (*bt_job_fn)(struct bt_job *job, void *arg, struct bt_err *err);

/**
 * Run `fn` and describe the answer of `req`, once the first byte is there or the work ended.
 *
 * @type:    the answer's content type; BT_ANSWER_JSON makes late errors messages.
 * @release: releases `arg` when the work is over, also after a failure here.
 */
bt_nodiscard int bt_job_answer(struct bt_request *req, const char *type, bt_job_fn fn,
			       void (*release)(void *arg), void *arg, struct bt_err *err);

/** For `fn`: send bytes to the client; waits while it does not read. Returns 0, or -EPIPE once
 * it has left. May be called with a job as `void *`, as a writer's callback. */
int bt_job_write(void *job, const void *data, size_t len);
/** For `fn`: send one JSON message with "\r\n", as Docker ends them. The same. */
int bt_job_message(void *job, const json_t *message);

#endif
