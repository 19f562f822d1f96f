/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_REQUEST_H
#define BT_API_REQUEST_H

/*
 * A request as handlers see it: who is asked for what, in which version, with
 * which parameters and body; and the answer being made (api/answer.h).
 *
 * Everything in it comes from a client and is bounded here: the length of the
 * URL, the size of a JSON body (codec/json.h bounds its depth).
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/reply.h"
#include "api/route.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/query.h"

/* JSON bodies larger than this are refused; the largest honest ones have some 100 KiB. */
#define BT_REQUEST_BODY_MAX (4u << 20)
/* So much of a body is read and dropped, so that a client that sends everything before it reads
 * gets its answer; then the connection is cut. */
#define BT_REQUEST_DROP_MAX (16u << 20)

struct MHD_Connection;
struct bt_api;
struct bt_pending;

struct bt_request {
	const struct bt_api *api; /* borrowed */
	struct MHD_Connection *conn;
	int sock; /* the client's, borrowed: to notice that it left */
	enum bt_method method;
	const struct bt_route *route; /* NULL: none matches */
	unsigned version;             /* N of the requested 1.N */
	char *path;                   /* decoded, without the version */
	char *name;                   /* what the pattern's '*' matched, or NULL */
	struct bt_query query;
	bool stays;               /* counted as one that goes on (api/crowd.h) */
	struct bt_pending *owed;  /* counts the answer to this one; NULL once it was given */
	bool upgrade;             /* the client asked to switch protocols */
	bool started;             /* the headers were looked at */
	struct bt_err refused;    /* found before the handler could run; kind NONE: fine */
	struct bt_str text;       /* the body, as far as it arrived */
	size_t dropped;           /* bytes of the body that nobody wants */
	bool empty;               /* the body has no bytes */
	json_t *body;             /* JSON: parsed (owned), NULL where it was empty or null */
	struct bt_upload *upload; /* BT_BODY_STREAM: api/upload.h */
	int body_fd;              /* BT_BODY_STREAM: the body, for the handler; borrowed */
	struct bt_reply answer;
};

/** A new request for the raw target of a request line ("/v1.40/info?x=y"). What is wrong with
 * it is kept in `refused`. NULL without memory. */
struct bt_request *bt_request_create(const struct bt_api *api, const char *target);
/** Release. NULL is fine. */
void bt_request_destroy(struct bt_request *req);

/** The headers arrived: check the version, find the route in the table of `n`, and note what
 * the headers say. What is wrong is kept in `refused`. */
void bt_request_begin(struct bt_request *req, struct MHD_Connection *conn, const char *method,
		      const char *http_version, const struct bt_route *routes, size_t n);
/** Take another piece of the body; what is wrong with it is kept in `refused`. Returns
 * -EMSGSIZE once more has come than is worth reading to the end. */
bt_nodiscard int bt_request_add_body(struct bt_request *req, const char *data, size_t len);
/** The body is complete: parse it where the route wants JSON. */
bt_nodiscard int bt_request_end_body(struct bt_request *req, struct bt_err *err);

/** The body, which must be a JSON object; borrowed. One that is empty or null says nothing, as an
 * object without members. Kind INVALID where it is something else. */
bt_nodiscard int bt_request_object(struct bt_request *req, const json_t **ret, struct bt_err *err);
/** The value of a request header, borrowed, or NULL. */
const char *bt_request_header(const struct bt_request *req, const char *name);

#endif
