/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_ANSWER_H
#define BT_API_ANSWER_H

/*
 * The answer to a request. A handler describes it with one of the functions
 * below; it is sent after the handler returned. The last description counts.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/hijack.h"
#include "api/stream.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct bt_request;

#define BT_ANSWER_JSON  "application/json"
#define BT_ANSWER_TEXT  "text/plain; charset=utf-8"
#define BT_ANSWER_RAW   "application/vnd.docker.raw-stream"
#define BT_ANSWER_MUXED "application/vnd.docker.multiplexed-stream"

/** A status without a body (204, 304, 200). Always returns 0. */
int bt_answer_empty(struct bt_request *req, unsigned status);
/** Text; `text` is stolen. Always returns 0. */
int bt_answer_text(struct bt_request *req, unsigned status, const char *type, char *text,
		   size_t len);
/** JSON, with the newline that Go's encoder ends it with. `json` is stolen; NULL is an error
 * (no memory). */
bt_nodiscard int bt_answer_json(struct bt_request *req, unsigned status, json_t *json,
				struct bt_err *err);
/** JSON that is text already, with the same newline. What `text` holds is stolen. */
bt_nodiscard int bt_answer_json_text(struct bt_request *req, unsigned status, struct bt_str *text,
				     struct bt_err *err);
/** An error as {"message":…}, with the status of its kind. */
void bt_answer_error(struct bt_request *req, const struct bt_err *error);
/** A body that is read from `stream` (stolen) until it ends. Always returns 0. */
int bt_answer_stream(struct bt_request *req, const char *type, struct bt_stream stream);
/** Switch the connection to a raw stream: 101 where the client asked for it, else a plain
 * stream with status 200. `tty` tells raw from multiplexed. `hijack` is stolen. Always returns 0.
 */
int bt_answer_hijack(struct bt_request *req, bool tty, struct bt_hijack hijack);
/** Add a header; `name` is a literal, `value` is copied. */
bt_nodiscard int bt_answer_header(struct bt_request *req, const char *name, const char *value,
				  struct bt_err *err);

/** Send what was described. Returns what the HTTP library wants of its handler: MHD_YES or
 * MHD_NO. */
int bt_answer_send(struct bt_request *req);

#endif
