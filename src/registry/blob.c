/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "base/auto.h"
#include "base/str.h"
#include "registry/session.h"
#include "registry/session_private.h"

#define TRIES 5

/* A blob or a part of it being fetched, over several requests where need be. */
struct fetch {
	const struct bt_session_part *part;
	int64_t got;
	bool partial, too_long, enough;
};

/* How much may come: once the registry sends everything, all that follows. */
static int64_t limit(const struct fetch *f)
{
	const struct bt_session_part *p = f->part;

	return f->partial || p->size < 0 ? p->len : p->size - p->from;
}

static int take(void *arg, const void *data, size_t len)
{
	struct fetch *f = arg;
	int r;

	if (f->part->ret_partial)
		*f->part->ret_partial = f->partial;
	if (f->part->len >= 0 && f->got + (int64_t)len > limit(f)) {
		f->too_long = true;
		return -EBADMSG;
	}
	r = f->part->sink(f->part->arg, data, len);
	if (r >= 0)
		f->got += (int64_t)len;
	f->enough = r == BT_HTTP_ENOUGH;
	return r;
}

/* One request for what is missing. Returns 1 where all is here, 0 to try again, or a negative
 * errno. */
static int fetch_rest(struct bt_session *session, const char *url, struct fetch *f,
		      struct bt_err *err)
{
	bt_auto(bt_http_answer_done) struct bt_http_answer answer = { 0 };
	const struct bt_session_part *p = f->part;
	bool whole = p->len < 0 || p->from + p->len == p->size;
	struct bt_http_request req = { .method = "GET",
				       .url = url,
				       .range_from = p->from + f->got,
				       .range_len = whole ? 0 : p->len - f->got,
				       .ret_partial = &f->partial,
				       .sink = take,
				       .sink_arg = f,
				       .cancelled = p->cancelled,
				       .follow = true };
	int r = bt_session_send_(session, &req, &answer, err);

	if (f->too_long)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "the registry sends more than the %lld bytes promised",
				  (long long)limit(f));
	if (r < 0)
		return r == -ECANCELED || r == -EACCES || r == -EBADMSG ? r : 0;
	if (answer.status < 200 || answer.status >= 300)
		return bt_session_refused_(&answer, err);
	if (p->len < 0 || f->enough || f->got >= p->len)
		return 1;
	return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
			  "the registry sent %lld bytes of the %lld promised", (long long)f->got,
			  (long long)p->len);
}

int bt_session_get_part(struct bt_session *session, const struct bt_session_part *part,
			struct bt_err *err)
{
	bt_auto_free char *url = bt_session_url_(session, "blobs", part->digest);
	struct fetch f = { .part = part };

	if (!url)
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	for (int attempt = 0;;) {
		int64_t before = f.got;
		int r = fetch_rest(session, url, &f, err);

		if (r != 0)
			return r < 0 ? r : 0;
		/* Whoever makes progress may go on for ever. */
		attempt = f.got > before ? 1 : attempt + 1;
		if (attempt == TRIES)
			return -err->errnum;
		if (bt_session_pause_(part->cancelled, attempt - 1, 0) < 0)
			return bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED, "cancelled");
	}
}

int bt_session_get_blob(struct bt_session *session, const char *digest, int64_t size,
			bt_http_sink_fn sink, void *arg, struct bt_err *err)
{
	return bt_session_get_part(
		session,
		&(struct bt_session_part){
			.digest = digest, .len = size, .size = size, .sink = sink, .arg = arg },
		err);
}
