/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_API_H
#define BT_CLIENT_API_H

/*
 * Calls of the Engine API: JSON in, JSON out or a stream, errors in docker's words.
 *
 * Targets are given without a version. None is sent unless the environment asks for one
 * (DOCKER_API_VERSION): a daemon answers such a call in its newest version, and the commands read
 * every version's answers, so the usual extra round trip of a ping is saved.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/endpoint.h"
#include "client/http.h"

/* What one answer in memory may take. */
#define BT_API_ANSWER_MAX (256u << 20)

struct bt_api {
	struct bt_endpoint endpoint;
	char prefix[24];          /* "/v1.41", or "" */
	struct bt_http_conn idle; /* kept for the next call */
	json_t *headers;          /* HttpHeaders of the configuration, borrowed, or NULL */
	bool berth;               /* an answer named berth as its server */
};

/** A call; everything borrowed. */
struct bt_api_request {
	const char *method;
	const char *target; /* "/containers/json?all=1" */
	const json_t *json; /* the body, or NULL */
	const char *type;   /* of a body that follows in chunks; NULL for none */
	const char *extra;  /* header lines, each ending in "\r\n", or NULL */
	bool upgrade;       /* a raw stream both ways */
};

/** Prepare to talk to `ep`, which is taken over. No connection is made yet. */
void bt_api_init(struct bt_api *api, struct bt_endpoint *ep);
/** Close and release. */
void bt_api_done(struct bt_api *api);

/** Send a call without reading its answer: the caller writes the body's chunks
 * (bt_http_write_chunk()), then bt_api_answer(). `ret` is to close with bt_http_close(). */
bt_nodiscard int bt_api_send(struct bt_api *api, const struct bt_api_request *req,
			     struct bt_http_conn *ret, struct bt_err *err);

/** Receive the head of the answer; a status of 400 and more is an error with the daemon's message:
 * "Error response from daemon: …", its kind by the status. */
bt_nodiscard int bt_api_answer(struct bt_http_conn *conn, const struct bt_api_request *req,
			       struct bt_err *err);

/** Send a call and receive the head of its answer; the body is the caller's to read. */
bt_nodiscard int bt_api_open(struct bt_api *api, const struct bt_api_request *req,
			     struct bt_http_conn *ret, struct bt_err *err);

/** Give a connection back for the next call, or close it where that cannot be. */
void bt_api_keep(struct bt_api *api, struct bt_http_conn *conn);

/** One whole call. `ret` (optional) gets the answer's JSON as a new reference, json_null() for an
 * empty body. Returns the status (200, 201, 204, 304 …), or negative. */
bt_nodiscard int bt_api_call(struct bt_api *api, const char *method, const char *target,
			     const json_t *body, json_t **ret, struct bt_err *err);

/** The same, of a request with header lines of its own. */
bt_nodiscard int bt_api_call_with(struct bt_api *api, const struct bt_api_request *req,
				  json_t **ret, struct bt_err *err);

/** GET an answer as text, which is not looked at (owned by the caller). Returns the status, or
 * negative. */
bt_nodiscard int bt_api_get(struct bt_api *api, const char *target, char **ret, struct bt_err *err);

/** The daemon's newest API version by HEAD /_ping ("1.51"), and further facts of its headers. */
bt_nodiscard int bt_api_ping(struct bt_api *api, char ret_version[16], struct bt_err *err);

#endif
