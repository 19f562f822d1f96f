/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "registry/session.h"
#include "registry/session_private.h"

static int denied(struct bt_err *err, const char *why)
{
	return bt_err_set(err, BT_ERR_UNAUTHORIZED, EACCES, "unauthorized: %s", why);
}

/* Append "name=value", escaped. */
static void add_parameter(struct bt_session *session, CURL *easy, struct bt_str *to, char separator,
			  const char *name, const char *value)
{
	char *escaped = session->curl->easy_escape(easy, value, (int)strlen(value));

	if (escaped)
		bt_str_printf(to, "%c%s=%s", separator, name, escaped);
	session->curl->free(escaped);
}

static char *make_scope(const struct bt_session *session)
{
	if (session->path[0] == '\0')
		return strdup("");
	return bt_str_format("repository:%s:%s", session->path,
			     session->push ? "pull,push" : "pull");
}

/* With an identity token, by OAuth 2 (distribution's "token authentication, OAuth2"). */
static void make_oauth(struct bt_session *session, CURL *easy, const struct bt_challenge *c,
		       const char *scope, struct bt_str *body)
{
	bt_str_puts(body, "grant_type=refresh_token");
	add_parameter(session, easy, body, '&', "refresh_token",
		      session->credentials.identity_token);
	add_parameter(session, easy, body, '&', "client_id", "berth");
	if (c->service)
		add_parameter(session, easy, body, '&', "service", c->service);
	if (scope[0])
		add_parameter(session, easy, body, '&', "scope", scope);
}

static void make_url(struct bt_session *session, CURL *easy, const struct bt_challenge *c,
		     const char *scope, struct bt_str *url)
{
	bt_str_puts(url, c->realm);
	if (session->credentials.user)
		add_parameter(session, easy, url, strchr(bt_str_get(url), '?') ? '&' : '?',
			      "account", session->credentials.user);
	if (c->service)
		add_parameter(session, easy, url, strchr(bt_str_get(url), '?') ? '&' : '?',
			      "service", c->service);
	if (scope[0])
		add_parameter(session, easy, url, strchr(bt_str_get(url), '?') ? '&' : '?', "scope",
			      scope);
}

static int keep_token(struct bt_session *session, const char *token, struct bt_err *err)
{
	char *copy = strdup(token);

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "ask for a token");
	(void)pthread_mutex_lock(&session->mutex);
	free(session->token);
	session->token = copy;
	(void)pthread_mutex_unlock(&session->mutex);
	return 0;
}

static int take_token(struct bt_session *session, const struct bt_http_answer *answer,
		      struct bt_err *err)
{
	json_auto_t *json = NULL;
	const char *token;

	if (answer->status == 401 || answer->status == 403)
		return denied(err, "authentication required: incorrect username or password");
	if (answer->status != 200)
		return bt_session_refused_(answer, err);
	if (bt_json_parse(bt_str_get(&answer->body), answer->body.len, 0, &json, err) < 0)
		return bt_err_context(err, "the registry's token");
	token = bt_json_str(json, "token", NULL);
	if (!token)
		token = bt_json_str(json, "access_token", NULL);
	if (!token || !token[0] || token[strcspn(token, "\r\n")])
		return denied(err, "authorization server did not include a token in the response");
	return keep_token(session, token, err);
}

static int fetch_token(struct bt_session *session, CURL *easy, const struct bt_challenge *c,
		       struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_str struct bt_str url = { 0 }, body = { 0 };
	bt_auto_free char *scope = make_scope(session);
	struct bt_http_request req = { .method = "GET",
				       .tls = &session->tls,
				       .proxy = &session->proxy };
	int r;

	if (!scope)
		return bt_err_sys(err, -ENOMEM, "ask for a token");
	if (session->credentials.identity_token) {
		make_oauth(session, easy, c, scope, &body);
		req.method = "POST";
		req.url = c->realm;
		req.content_type = "application/x-www-form-urlencoded";
		req.body = bt_str_get(&body);
		req.body_len = body.len;
	} else {
		make_url(session, easy, c, scope, &url);
		req.url = bt_str_get(&url);
		req.user = session->credentials.user;
		req.password = session->credentials.password;
	}
	if (url.failed < 0 || body.failed < 0)
		return bt_err_sys(err, -ENOMEM, "ask for a token");
	r = bt_http_perform(session->curl, easy, &req, &answer, err);
	return r < 0 ? r : take_token(session, &answer, err);
}

static int bearer(struct bt_session *session, const struct bt_challenge *c, struct bt_err *err)
{
	bool tls = bt_str_after(c->realm, "https://") != NULL;
	CURL *easy;
	int r;

	/* Whoever answers for the registry must not have credentials sent in the open. */
	if (!tls && (!session->endpoint.insecure || !bt_str_after(c->realm, "http://")))
		return denied(err, "the registry names an authorization server without TLS");
	if (session->credentials.registry_token)
		return keep_token(session, session->credentials.registry_token, err);
	easy = bt_session_borrow_(session);
	if (!easy)
		return bt_err_sys(err, -ENOMEM, "ask for a token");
	r = fetch_token(session, easy, c, err);
	bt_session_return_(session, easy);
	return r;
}

int bt_token_authenticate(struct bt_session *session, const char *challenge, struct bt_err *err)
{
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };
	int r;

	/* A mirror is not who the credentials are for. */
	if (session->endpoint.mirror)
		bt_credentials_done(&session->credentials);
	r = bt_challenge_parse(challenge, &c, err);
	if (r < 0)
		return r;
	if (c.bearer)
		return bearer(session, &c, err);
	if (!session->credentials.user)
		return denied(err, "no basic auth credentials");
	if (!session->endpoint.insecure && !bt_str_after(session->endpoint.base, "https://"))
		return denied(err, "credentials are not sent without TLS");
	(void)pthread_mutex_lock(&session->mutex);
	session->basic = true;
	(void)pthread_mutex_unlock(&session->mutex);
	return 0;
}
