/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_SESSION_FIXTURE_H
#define BT_TESTS_SESSION_FIXTURE_H

/*
 * A session with the repository "a/b" of the test's own registry, which says what
 * a table tells it to.
 */

#include <errno.h>

#include "../keep_curl.h"
#include "../suite.h"
#include "../web_server.h"
#include "base/auto.h"
#include "registry/session.h"
#include "registry/session_private.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct bt_session *session;
static struct bt_err err;

/* A registry that lets everybody in. */
#define OPEN_REGISTRY                                      \
	{                                                  \
		.request = "GET /v2/ ", .status = "200 OK" \
	}

static inline void setup_registry(void)
{
	keep_curl();
	web_start(NULL, 0);
}

static inline void teardown_registry(void)
{
	bt_session_destroy(bt_take(session));
	web_stop();
}

/** "127.0.0.1:PORT". The caller frees it. */
static inline char *registry_domain(void)
{
	return bt_str_format("127.0.0.1:%d", web.port);
}

/** Open the session with the rest of `target` given. */
static inline int open_as(struct bt_session_target target)
{
	bt_auto_free char *domain = registry_domain();

	if (!target.domain)
		target.domain = domain;
	if (!target.path)
		target.path = "a/b";
	bt_session_destroy(bt_take(session));
	return bt_session_open(&target, &session, &err);
}

/** Serve `rules` and open the session by them. */
static inline void open_session(const struct web_rule *rules, size_t len)
{
	web_rules(rules, len);
	ck_well(open_as((struct bt_session_target){ .domain = NULL }), &err);
}

/** Append to a struct bt_str: a sink. */
static inline int append(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return 0;
}

#endif
