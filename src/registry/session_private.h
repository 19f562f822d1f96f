/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_SESSION_PRIVATE_H
#define BT_REGISTRY_SESSION_PRIVATE_H

/*
 * What session.c (operations), blob.c (downloads), upload.c and
 * token.c (authentication) share.
 */

#include <pthread.h>

#include "registry/challenge.h"
#include "registry/endpoint.h"
#include "registry/http.h"
#include "registry/session_target.h"

#define BT_SESSION_IDLE_MAX 8

struct bt_session {
	atomic_int refs;
	const struct bt_curl_lib *curl;
	struct bt_endpoint endpoint;
	struct bt_http_tls tls;
	struct bt_settings settings; /* a copy, for the proxies */
	struct bt_http_proxy proxy;
	char *path;
	bool push;
	struct bt_credentials credentials;
	pthread_mutex_t mutex; /* of all below */
	char *token;
	bool basic;
	CURL *idle[BT_SESSION_IDLE_MAX];
	size_t idle_len;
};

/** Answer a challenge: afterwards `token` or `basic` is set. Kind UNAUTHORIZED where that is
 * refused. */
bt_nodiscard int bt_token_authenticate(struct bt_session *session, const char *challenge,
				       struct bt_err *err);

/** Send `req` with the session's rights; authenticate and try again where asked to. */
bt_nodiscard int bt_session_send_(struct bt_session *session, struct bt_http_request *req,
				  struct bt_http_answer *ret, struct bt_err *err);
/** A handle for one request, to be given back. NULL without memory. */
CURL *bt_session_borrow_(struct bt_session *session);
/** Give it back. */
void bt_session_return_(struct bt_session *session, CURL *easy);
/** BASE/v2/PATH/KIND/NAME: a new string (owned), or NULL without memory. */
char *bt_session_url_(const struct bt_session *session, const char *kind, const char *name);
/** Wait before trying again for the `attempt`th time: `wanted` seconds where the registry says so,
 * at most 20. Returns 0, or -ECANCELED. */
int bt_session_pause_(const atomic_bool *cancelled, int attempt, int wanted);
/** Turn an answer that is no success into an error: "CODE: MESSAGE" of the registry. */
int bt_session_refused_(const struct bt_http_answer *answer, struct bt_err *err);

#endif
