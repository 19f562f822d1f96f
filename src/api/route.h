/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_ROUTE_H
#define BT_API_ROUTE_H

/*
 * One route: a method, a pattern of the path, and who handles it. Finding one
 * is text work only; the table itself is in api/routes.c.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* Versions are 1.N; only N is kept. */
#define BT_ROUTE_VERSION_MIN     12
#define BT_ROUTE_VERSION_MAX     51
#define BT_ROUTE_VERSION_MAX_STR "1.51"
#define BT_ROUTE_VERSION_MIN_STR "1.12"

struct bt_request;

/** Fills the request's answer (api/answer.h), or fails: then `err` becomes the answer. */
typedef int bt_handler(struct bt_request *req, struct bt_err *err);

enum bt_method {
	BT_METHOD_NONE = 0,
	BT_METHOD_GET = 1,
	BT_METHOD_HEAD = 2,
	BT_METHOD_POST = 4,
	BT_METHOD_PUT = 8,
	BT_METHOD_DELETE = 16,
	BT_METHOD_OPTIONS = 32,
};

/** What becomes of a request's body. */
enum bt_route_body {
	BT_BODY_IGNORED,
	BT_BODY_JSON,     /* parsed before the handler runs; may be absent */
	BT_BODY_ANY_JSON, /* the same, whatever the client says that it is */
	BT_BODY_STREAM,   /* the handler runs beside the upload and reads it from a descriptor */
};

/* Among a route's methods: its answer may go on for as long as the client likes. */
#define BT_ROUTE_STAYS 128u

struct bt_route {
	unsigned methods;    /* of enum bt_method, and BT_ROUTE_STAYS */
	const char *pattern; /* at most one '*', which matches one character or more, also '/' */
	enum bt_route_body body;
	bt_handler *handle;
};

/** The method by its name, or BT_METHOD_NONE. */
enum bt_method bt_route_method(const char *name);

/** The first of `n` routes that matches, or NULL. `path` has no version. `ret_name` and `ret_len`:
 * what '*' matched, inside `path` (NULL and 0 for a pattern without it). */
const struct bt_route *bt_route_find(const struct bt_route *routes, size_t n, enum bt_method method,
				     const char *path, const char **ret_name, size_t *ret_len);

/**
 * Split "/v1.40/info" into the version's text and the rest. Returns what follows the
 * version, inside `path`, or `path` itself where there is none.
 *
 * @ret, @ret_len: the version's text inside `path`; NULL and 0 where there is none.
 */
const char *bt_route_split_version(const char *path, const char **ret, size_t *ret_len);

/** Check a version's text against what is spoken here. `ret` gets N of 1.N. Kind INVALID,
 * Docker's wording. */
bt_nodiscard int bt_route_check_version(const char *text, size_t len, unsigned *ret,
					struct bt_err *err);

#endif
