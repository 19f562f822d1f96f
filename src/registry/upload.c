/* SPDX-License-Identifier: Apache-2.0 */

/* Uploads of blobs (OCI distribution-spec 1.1, "Pushing Blobs"). */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "registry/session.h"
#include "registry/session_private.h"

/* The absolute form of a Location, or NULL without memory. */
static char *absolute(const struct bt_session *session, const char *location)
{
	return location[0] == '/' ? bt_str_format("%s%s", session->endpoint.base, location)
				  : strdup(location);
}

/* Where to go on with an upload: at the registry, or at another server that it names, but never out
 * of TLS. */
static int take_location(const struct bt_session *session, const struct bt_http_answer *answer,
			 char **ret, struct bt_err *err)
{
	bool tls = bt_str_after(session->endpoint.base, "https://") != NULL;
	bt_auto_free char *url = NULL;

	if (!answer->location)
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "the registry does not say where to upload");
	url = absolute(session, answer->location);
	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	if (!bt_str_after(url, "https://") && (tls || !bt_str_after(url, "http://")))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EACCES,
				  "the registry wants an upload at \"%.200s\"%s", url,
				  tls ? ", which is out of TLS" : "");
	*ret = bt_take(url);
	return 0;
}

int bt_session_begin_upload(struct bt_session *session, const char *digest, const char *from,
			    char **ret_url, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *url =
		from ? bt_str_format("%s/%s/blobs/uploads/?mount=%s&from=%s", session->endpoint.api,
				     session->path, digest, from)
		     : bt_str_format("%s/%s/blobs/uploads/", session->endpoint.api, session->path);
	int r;

	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = bt_session_send_(session, &(struct bt_http_request){ .method = "POST", .url = url },
			     &answer, err);
	if (r < 0)
		return r;
	if (answer.status == 201)
		return 1;
	if (answer.status != 202)
		return bt_session_refused_(&answer, err);
	return take_location(session, &answer, ret_url, err);
}

int bt_session_upload(struct bt_session *session, const char *url, bt_http_source_fn source,
		      void *arg, char **ret_url, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	int r;

	r = bt_session_send_(session,
			     &(struct bt_http_request){ .method = "PATCH",
							.url = url,
							.content_type = "application/octet-stream",
							.source = source,
							.source_arg = arg },
			     &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 202)
		return bt_session_refused_(&answer, err);
	return take_location(session, &answer, ret_url, err);
}

/* Range: 0-LAST, without a unit. That of an empty upload reads as that of one byte. */
static int64_t bytes_there(const char *range)
{
	long long first, last;

	if (!range || sscanf(range, "%lld-%lld", &first, &last) != 2 || first != 0 || last <= 0 ||
	    last == INT64_MAX)
		return 0;
	return last + 1;
}

int bt_session_ask_upload(struct bt_session *session, const char *url, char **ret_url,
			  int64_t *ret_have, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	int r;

	r = bt_session_send_(session, &(struct bt_http_request){ .method = "GET", .url = url },
			     &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 204 && answer.status != 202)
		return bt_session_refused_(&answer, err);
	r = take_location(session, &answer, ret_url, err);
	if (r == 0)
		*ret_have = bytes_there(answer.range);
	return r;
}

void bt_session_drop_upload(struct bt_session *session, const char *url)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };

	bt_discard(bt_session_send_(session,
				    &(struct bt_http_request){ .method = "DELETE", .url = url },
				    &answer, BT_ERR_IGNORED));
}

int bt_session_end_upload(struct bt_session *session, const char *url, const char *digest,
			  const char *body, size_t len, struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	bt_auto_free char *full =
		bt_str_format("%s%cdigest=%s", url, strchr(url, '?') ? '&' : '?', digest);
	int r;

	if (!full)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	r = bt_session_send_(session,
			     &(struct bt_http_request){ .method = "PUT",
							.url = full,
							.content_type = "application/octet-stream",
							.body = body,
							.body_len = len },
			     &answer, err);
	if (r < 0)
		return r;
	return answer.status == 201 ? 0 : bt_session_refused_(&answer, err);
}
