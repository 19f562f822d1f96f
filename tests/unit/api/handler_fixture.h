/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_HANDLER_FIXTURE_H
#define BT_TESTS_HANDLER_FIXTURE_H

/*
 * Requests by the table of routes to their handlers, and what these describe as the answer; behind
 * them an engine of stores, in which no container has a monitor.
 */

#include "../engine/stores_fixture.h"
#include "api/answer.h"
#include "api/request.h"
#include "api/routes.h"
#include "api/server.h"
#include "codec/json.h"
#include "engine/volume_claim.h"

static const struct bt_api api = { .engine = &engine };
static struct bt_request *req; /* the last one */
static int body_fd = -EBADF;   /* the body of the next ones, where it is a file; borrowed */

static inline void setup_handlers(void)
{
	setup_stores();
	engine.volume_claims = bt_volume_claims_create();
	ck_assert_ptr_nonnull(engine.volume_claims);
}

static inline void forget_request(void)
{
	bt_request_destroy(bt_take(req));
	err = (struct bt_err){ 0 };
}

static inline void teardown_handlers(void)
{
	forget_request();
	bt_volume_claims_destroy(engine.volume_claims);
	teardown_stores();
}

/* Path and version of the request, as far as they can be read. */
static inline int route_request(const char *method)
{
	const char *version, *rest, *name;
	size_t version_len, name_len;

	rest = bt_route_split_version(req->path, &version, &version_len);
	req->method = bt_route_method(method);
	req->route = bt_route_find(bt_routes, bt_routes_count, req->method, rest, &name, &name_len);
	ck_assert_msg(req->route != NULL, "no route for %s %s", method, req->path);
	req->name = name ? strndup(name, name_len) : NULL;
	return version ? bt_route_check_version(version, version_len, &req->version, &err) : 0;
}

static inline int handle_request(const char *method, const char *body)
{
	int r;

	if (req->refused.kind != BT_ERR_NONE) {
		err = req->refused;
		return -err.errnum;
	}
	r = route_request(method);
	req->empty = !body;
	if (r == 0 && body)
		req->body = parse(body);
	return r < 0 ? r : req->route->handle(req, &err);
}

/** Ask for `target`; `body` is JSON in single quotes, or NULL. Returns the status; `err` says why
 * where it is one of an error. */
static inline unsigned ask(const char *method, const char *target, const char *body)
{
	forget_request();
	req = bt_request_create(&api, target);
	ck_assert_ptr_nonnull(req);
	req->sock = -EBADF;
	req->body_fd = body_fd;
	return handle_request(method, body) < 0 ? (unsigned)bt_err_http_status(err.kind)
						: req->answer.status;
}

/** It is answered with this status, and (NULL: whatever) the message of the error has `words`. */
#define check_answers(status, words, method, target, body)                                      \
	do {                                                                                    \
		unsigned got_ = ask(method, target, body);                                      \
		const char *words_ = words;                                                     \
                                                                                                \
		ck_assert_msg(got_ == (status), "%s %s: %u %s", method, target, got_, err.msg); \
		ck_assert_msg(words_ == NULL || strstr(err.msg, words_) != NULL, "%s %s: %s",   \
			      method, target, err.msg);                                         \
	} while (0)

/** The answer's body is this JSON. */
static inline void check_json(const char *want)
{
	json_auto_t *got = json_loads(req->answer.text ? req->answer.text : "", 0, NULL);

	ck_assert_msg(got != NULL, "%s", req->answer.text ? req->answer.text : "no body");
	assert_json(got, want);
}

/** What the answer's stream has now, a few bytes at a time, until the next call; `ret_end` (may be
 * NULL): whether that is all there ever is. */
static inline const char *read_stream(bool *ret_end)
{
	static char text[8192];
	const struct bt_stream *stream = &req->answer.stream;
	size_t len = 0;
	ssize_t n;

	ck_assert_ptr_nonnull(stream->ops);
	while ((n = stream->ops->read(stream->arg, text + len, 7)) > 0) {
		len += (size_t)n;
		ck_assert_uint_lt(len, sizeof(text) - 8);
	}
	ck_assert_msg(n == 0 || n == -EAGAIN, "%s", strerror((int)-n));
	/* Who has nothing now can be waited for. */
	ck_assert(n == 0 || stream->ops->fd(stream->arg) >= 0);
	text[len] = '\0';
	if (ret_end)
		*ret_end = n == 0;
	return text;
}

/** run_suite() with all this. */
static inline int run_handlers(const char *name, void (*add)(TCase *))
{
	return run_suite(name, setup_handlers, teardown_handlers, add);
}

#endif
