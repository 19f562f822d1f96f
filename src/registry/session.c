/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "registry/endpoint_list.h"
#include "registry/session_private.h"

#define PAUSE_MAX 20 /* seconds */
#define ACCEPT                                                                                  \
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                           \
	"application/vnd.docker.distribution.manifest.v2+json, "                                \
	"application/vnd.docker.distribution.manifest.v1+prettyjws, */*"

CURL *bt_session_borrow_(struct bt_session *session)
{
	CURL *easy = NULL;

	(void)pthread_mutex_lock(&session->mutex);
	if (session->idle_len > 0)
		easy = session->idle[--session->idle_len];
	(void)pthread_mutex_unlock(&session->mutex);
	return easy ? easy : session->curl->easy_init();
}

void bt_session_return_(struct bt_session *session, CURL *easy)
{
	(void)pthread_mutex_lock(&session->mutex);
	if (session->idle_len < BT_SESSION_IDLE_MAX) {
		session->idle[session->idle_len++] = easy;
		easy = NULL;
	}
	(void)pthread_mutex_unlock(&session->mutex);
	if (easy)
		session->curl->easy_cleanup(easy);
}

int bt_session_refused_(const struct bt_http_answer *answer, struct bt_err *err)
{
	static const struct {
		long status;
		enum bt_err_kind kind;
		int errnum;
	} kinds[] = {
		{ 400, BT_ERR_INVALID, EINVAL },     { 401, BT_ERR_UNAUTHORIZED, EACCES },
		{ 403, BT_ERR_FORBIDDEN, EPERM },    { 404, BT_ERR_NOT_FOUND, ENOENT },
		{ 429, BT_ERR_UNAVAILABLE, EAGAIN }, { 503, BT_ERR_UNAVAILABLE, EAGAIN },
	};
	enum bt_err_kind kind = BT_ERR_SYSTEM;
	json_auto_t *body = NULL;
	const json_t *first = NULL;
	const char *code, *message;
	int errnum = EIO;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].status == answer->status) {
			kind = kinds[i].kind;
			errnum = kinds[i].errnum;
		}
	if (bt_json_parse(bt_str_get(&answer->body), answer->body.len, 0, &body, BT_ERR_IGNORED) ==
	    0)
		first = json_array_get(bt_json_arr(body, "errors"), 0);
	code = bt_json_str(first, "code", "");
	message = bt_json_str(first, "message", "");
	if (!code[0] && !message[0] && (answer->status == 401 || answer->status == 403))
		return bt_err_set(err, kind, errnum,
				  "denied: requested access to the resource is denied");
	if (!code[0] && !message[0])
		return bt_err_set(err, kind, errnum, "received unexpected HTTP status: %ld",
				  answer->status);
	{
		bt_auto_free char *words = strdup(code);

		/* MANIFEST_UNKNOWN reads "manifest unknown". */
		for (char *p = words; p && *p; p++)
			*p = *p == '_' ? ' ' : (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
		return bt_err_set(err, kind, errnum, "%.100s: %.300s", words ? words : code,
				  message);
	}
}

/* Is `url` one of the registry's own? Where it says that something is to be uploaded elsewhere, its
 * credentials are not for that. */
static bool is_ours(const struct bt_session *session, const char *url)
{
	const char *rest = bt_str_after(url, session->endpoint.base);

	return rest && (rest[0] == '/' || rest[0] == '?' || rest[0] == '\0');
}

/* One request, once. */
static int perform(struct bt_session *session, struct bt_http_request *req,
		   struct bt_http_answer *ret, struct bt_err *err)
{
	bt_auto_free char *token = NULL;
	CURL *easy = bt_session_borrow_(session);
	bool ours = is_ours(session, req->url);
	int r;

	(void)pthread_mutex_lock(&session->mutex);
	token = ours && session->token ? strdup(session->token) : NULL;
	req->bearer = token;
	req->user = ours && !token && session->basic ? session->credentials.user : NULL;
	req->password = req->user ? session->credentials.password : NULL;
	(void)pthread_mutex_unlock(&session->mutex);
	req->tls = &session->tls;
	req->proxy = &session->proxy;
	req->headers = ours ? session->endpoint.headers : NULL;
	req->connect_ms = session->endpoint.connect_ms;
	if (!easy)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = bt_http_perform(session->curl, easy, req, ret, err);
	bt_session_return_(session, easy);
	req->bearer = NULL;
	return r;
}

static bool is_worth_a_try(long status)
{
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

int bt_session_pause_(const atomic_bool *cancelled, int attempt, int wanted)
{
	const struct timespec tick = { .tv_nsec = 100000000 };
	int seconds = wanted > 0 ? wanted : 1 << attempt;

	if (seconds > PAUSE_MAX)
		seconds = PAUSE_MAX;
	for (int i = 0; i < seconds * 10; i++) {
		if (cancelled && atomic_load(cancelled))
			return -ECANCELED;
		(void)nanosleep(&tick, NULL);
	}
	return 0;
}

int bt_session_send_(struct bt_session *session, struct bt_http_request *req,
		     struct bt_http_answer *ret, struct bt_err *err)
{
	bool authenticated = false;

	for (int attempt = 0;; attempt++) {
		struct bt_http_answer answer = { 0 };
		int r = perform(session, req, &answer, err);

		if (r < 0)
			return r;
		if (answer.status == 401 && answer.challenge && !authenticated && !req->source) {
			r = bt_token_authenticate(session, answer.challenge, err);
			authenticated = true;
		} else if (is_worth_a_try(answer.status) && attempt < 2 && !req->source) {
			r = bt_session_pause_(req->cancelled, attempt, answer.retry_after);
			if (r < 0)
				(void)bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED, "cancelled");
		} else {
			*ret = answer;
			return 0;
		}
		bt_http_answer_done(&answer);
		if (r < 0)
			return r;
	}
}

char *bt_session_url_(const struct bt_session *session, const char *kind, const char *name)
{
	return bt_str_format("%s/%s/%s/%s", session->endpoint.api, session->path, kind, name);
}

/* Does something speak the protocol there? It may ask for authentication. */
static int ping(struct bt_session *session, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_str_format("%s/", session->endpoint.api);
	struct bt_http_request req = { .method = "GET", .url = url, .follow = true };
	int r;

	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = perform(session, &req, &answer, err);
	if (r < 0)
		return r;
	if (answer.status == 401 && answer.challenge)
		return bt_token_authenticate(session, answer.challenge, err);
	/* Some registries have no answer for the base alone. */
	if (answer.status < 500)
		return 0;
	return bt_session_refused_(&answer, err);
}

static int copy_credentials(struct bt_session *session, const struct bt_credentials *from)
{
	struct bt_credentials *to = &session->credentials;

	if (!from)
		return 0;
	to->user = from->user ? strdup(from->user) : NULL;
	to->password = from->password ? strdup(from->password) : NULL;
	to->identity_token = from->identity_token ? strdup(from->identity_token) : NULL;
	to->registry_token = from->registry_token ? strdup(from->registry_token) : NULL;
	return (from->user && !to->user) || (from->password && !to->password) ||
			       (from->identity_token && !to->identity_token) ||
			       (from->registry_token && !to->registry_token)
		       ? -ENOMEM
		       : 0;
}

/* Take the first endpoint that answers; the first failure of the registry itself is told. */
static int connect_to(struct bt_session *session, struct bt_endpoint *list, int n,
		      struct bt_err *err)
{
	int r = bt_err_set(err, BT_ERR_SYSTEM, EHOSTUNREACH, "no registry to ask");

	for (int i = 0; i < n; i++) {
		struct bt_err failure = { 0 };

		bt_endpoint_done(&session->endpoint);
		session->endpoint = list[i];
		list[i] = (struct bt_endpoint){ 0 };
		session->tls = (struct bt_http_tls){ .no_verify = session->endpoint.insecure,
						     .ca = session->endpoint.ca,
						     .cert = session->endpoint.cert,
						     .key = session->endpoint.key };
		r = ping(session, &failure);
		if (r == 0)
			return 0;
		*err = failure;
		if (failure.kind == BT_ERR_UNAUTHORIZED && !session->endpoint.mirror)
			break;
	}
	return r;
}

static int copy_settings(struct bt_session *session, const struct bt_settings *from)
{
	if (from && bt_settings_copy(from, &session->settings) < 0)
		return -ENOMEM;
	session->proxy = (struct bt_http_proxy){ .http = session->settings.http_proxy,
						 .https = session->settings.https_proxy,
						 .none = session->settings.no_proxy };
	return 0;
}

int bt_session_open(const struct bt_session_target *target, struct bt_session **ret,
		    struct bt_err *err)
{
	struct bt_session *session = calloc(1, sizeof(*session));
	struct bt_endpoint *list = NULL;
	int n, r;

	if (!session)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	(void)pthread_mutex_init(&session->mutex, NULL);
	atomic_init(&session->refs, 1);
	r = bt_curl_lib_ref(&session->curl, err);
	if (r < 0) {
		bt_session_destroy(session);
		return r;
	}
	session->path = strdup(target->path);
	session->push = target->push;
	n = bt_endpoint_list(target, &list, err);
	if (n < 0)
		r = n;
	else if (!session->path || copy_credentials(session, target->credentials) < 0 ||
		 copy_settings(session, target->settings) < 0)
		r = bt_err_sys(err, -ENOMEM, "ask a registry");
	else
		r = connect_to(session, list, n, err);
	for (int i = 0; i < n; i++)
		bt_endpoint_done(&list[i]);
	free(list);
	if (r < 0) {
		bt_session_destroy(session);
		return r;
	}
	*ret = session;
	return 0;
}

struct bt_session *bt_session_ref(struct bt_session *session)
{
	(void)atomic_fetch_add(&session->refs, 1);
	return session;
}

void bt_session_destroy(struct bt_session *session)
{
	if (!session || atomic_fetch_sub(&session->refs, 1) > 1)
		return;
	for (size_t i = 0; i < session->idle_len; i++)
		session->curl->easy_cleanup(session->idle[i]);
	if (session->curl)
		bt_curl_lib_unref();
	bt_endpoint_done(&session->endpoint);
	bt_settings_done(&session->settings);
	bt_credentials_done(&session->credentials);
	(void)pthread_mutex_destroy(&session->mutex);
	free(session->token);
	free(session->path);
	free(session);
}

/* Ask about `url`, which is NULL where there was no memory for it. */
static int ask(struct bt_session *session, const char *method, const char *url,
	       struct bt_http_answer *answer, struct bt_err *err)
{
	struct bt_http_request req = { .method = method, .url = url, .follow = true };

	return url ? bt_session_send_(session, &req, answer, err)
		   : bt_err_sys(err, -ENOMEM, "ask a registry");
}

int bt_session_check(struct bt_session *session, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_str_format("%s/", session->endpoint.api);
	int r = ask(session, "GET", url, &answer, err);

	if (r < 0)
		return r;
	if (answer.status == 401)
		return bt_err_set(err, BT_ERR_UNAUTHORIZED, EACCES,
				  "login attempt to %.200s failed with status: 401 Unauthorized",
				  url);
	return answer.status < 300 ? 0 : bt_session_refused_(&answer, err);
}

bool bt_session_is_mirror(const struct bt_session *session)
{
	return session->endpoint.mirror;
}

int bt_session_get_manifest(struct bt_session *session, const char *ref,
			    struct bt_session_manifest *ret, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_session_url_(session, "manifests", ref);
	struct bt_session_manifest m = { 0 };
	int r;

	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = bt_session_send_(
		session,
		&(struct bt_http_request){
			.method = "GET", .url = url, .accept = ACCEPT, .follow = true },
		&answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200)
		return bt_session_refused_(&answer, err);
	m.len = answer.body.len;
	m.media_type = strdup(answer.content_type ? answer.content_type : "");
	if (bt_str_steal(&answer.body, &m.text) < 0 || !m.media_type) {
		bt_session_manifest_done(&m);
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	}
	m.media_type[strcspn(m.media_type, "; ")] = '\0';
	*ret = m;
	return 0;
}

void bt_session_manifest_done(struct bt_session_manifest *manifest)
{
	free(manifest->text);
	free(manifest->media_type);
	*manifest = (struct bt_session_manifest){ 0 };
}

static bool is_tag(const char *tag)
{
	return tag && tag[0] && strlen(tag) <= 128 && tag[0] != '.' && tag[0] != '-' &&
	       tag[strspn(tag,
			  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] ==
		       '\0';
}

int bt_session_list_tags(struct bt_session *session, size_t max, json_t **ret, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_session_url_(session, "tags", "list");
	json_auto_t *list = NULL;
	json_t *tag;
	size_t i;
	int r = ask(session, "GET", url, &answer, err);

	if (r < 0)
		return r;
	if (answer.status != 200)
		return bt_session_refused_(&answer, err);
	r = bt_json_parse(bt_str_get(&answer.body), answer.body.len, 0, &list, err);
	if (r < 0)
		return bt_err_context(err, "the registry's list of tags");
	if (json_array_size(bt_json_arr(list, "tags")) > max)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "more than %zu tags", max);
	json_array_foreach (bt_json_arr(list, "tags"), i, tag)
		if (!is_tag(json_string_value(tag)))
			return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
					  "the registry lists what is no tag");
	*ret = json_incref(bt_json_arr(list, "tags"));
	return 0;
}

int bt_session_search(struct bt_session *session, const char *name, int64_t limit, json_t **ret,
		      struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_str struct bt_str url = { 0 };
	CURL *easy = bt_session_borrow_(session);
	char *escaped = easy ? session->curl->easy_escape(easy, name, (int)strlen(name)) : NULL;
	int r;

	bt_str_printf(&url, "%s/v1/search?q=%s", session->endpoint.base, escaped ? escaped : "");
	if (limit > 0)
		bt_str_printf(&url, "&n=%lld", (long long)limit);
	if (escaped)
		session->curl->free(escaped);
	if (easy)
		bt_session_return_(session, easy);
	if (!escaped || url.failed < 0)
		return bt_err_sys(err, -ENOMEM, "search");
	r = ask(session, "GET", bt_str_get(&url), &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200)
		return bt_session_refused_(&answer, err);
	r = bt_json_parse(bt_str_get(&answer.body), answer.body.len, 0, ret, err);
	return r < 0 ? bt_err_context(err, "the registry's answer") : 0;
}

int bt_session_has_blob(struct bt_session *session, const char *digest, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_session_url_(session, "blobs", digest);
	int r = ask(session, "HEAD", url, &answer, err);

	if (r < 0)
		return r;
	if (answer.status == 200 || answer.status == 404)
		return answer.status == 200;
	return bt_session_refused_(&answer, err);
}

int bt_session_put_manifest(struct bt_session *session, const char *ref, const char *media_type,
			    const char *text, size_t len, char **ret_digest, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url = bt_session_url_(session, "manifests", ref);
	int r;

	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = bt_session_send_(session,
			     &(struct bt_http_request){ .method = "PUT",
							.url = url,
							.content_type = media_type,
							.body = text,
							.body_len = len },
			     &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 201 && answer.status != 200)
		return bt_session_refused_(&answer, err);
	if (ret_digest)
		*ret_digest = bt_take(answer.digest);
	return 0;
}
