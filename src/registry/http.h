/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_HTTP_H
#define BT_REGISTRY_HTTP_H

/*
 * One HTTP request to a registry and its answer, which is hostile: bounded, and
 * never led to another protocol, to this machine or its link by a redirect, nor
 * given credentials of another host.
 */

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "registry/curl_lib.h"

/** Takes the body of an answer of 2xx. Returns 0, BT_HTTP_ENOUGH, which ends it with success, or a
 * negative errno, which ends it without. Of a request that can be cancelled `len` 0 (`data` NULL)
 * says that for the moment nothing more is there, at least once a second, also before the first
 * byte: so whoever has lost interest is heard though the server says nothing. */
#define BT_HTTP_ENOUGH 1
typedef int (*bt_http_sink_fn)(void *arg, const void *data, size_t len);
/** Gives the body of a request: how many bytes, 0 at the end, or a negative errno. */
typedef ssize_t (*bt_http_source_fn)(void *arg, void *buf, size_t len);

/** How to speak to a host. Strings borrowed. */
struct bt_http_tls {
	bool no_verify;              /* any certificate will do */
	const char *ca, *cert, *key; /* files, or NULL */
};

/** Proxies, by the scheme of what is asked. Strings borrowed, or NULL. */
struct bt_http_proxy {
	const char *http, *https;
	const char *none; /* names and networks that are reached without */
};

/** A request. Strings borrowed; zeroed where unused. */
struct bt_http_request {
	const char *method; /* "GET", "HEAD", "POST", "PATCH", "PUT" */
	const char *url;
	const char *shown_url;       /* what messages call it, or NULL: the URL itself */
	const char *user, *password; /* basic authentication */
	const char *bearer;          /* or a token */
	const char *accept, *content_type;
	/* range_from > 0 or range_len > 0: ask for a part only (RFC 9110, 14.2). What a server that
	 * sends everything all the same has before `range_from` is left out. */
	int64_t range_from, range_len; /* range_len 0: to the end */
	bool *ret_partial;             /* set before the sink is called: was only the part sent? */
	_Atomic(int64_t) *ret_length;  /* set before the sink is called: bytes that come, or -1 */
	const char *body;              /* a text */
	size_t body_len;
	bt_http_source_fn source; /* or a stream, chunked where body_len is 0 */
	void *source_arg;
	bt_http_sink_fn sink; /* NULL: collected in the answer's `body` */
	void *sink_arg;
	const struct bt_http_tls *tls;
	const struct bt_http_proxy *proxy; /* NULL: none */
	const json_t *headers;             /* further ones: array of "Name: value", or NULL */
	long connect_ms;                   /* 0: the default */
	bool follow;                       /* redirects */
	const atomic_bool *cancelled;      /* ends it within a second, or NULL */
};

/** An answer, owned. Texts of headers are NULL where missing. */
struct bt_http_answer {
	long status;
	char *content_type, *digest, *challenge, *location, *range, *mounted;
	int retry_after; /* seconds, or 0 */
	struct bt_str body;
};

/** Send `req` on `easy` (kept for the connection) and await the answer. Returns 0 whatever the
 * status, or a negative errno where there was none: -ECANCELED where sink or source ended it,
 * else kind UNAVAILABLE. */
bt_nodiscard int bt_http_perform(const struct bt_curl_lib *curl, CURL *easy,
				 const struct bt_http_request *req, struct bt_http_answer *ret,
				 struct bt_err *err);

/** Release. */
void bt_http_answer_done(struct bt_http_answer *answer);

#endif
