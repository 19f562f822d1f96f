/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"

/* One follower and the event that is being sent. */
struct source {
	struct bt_filters *filters;
	struct bt_events_follower *follower;
	char *text;
	size_t at, len;
};

static ssize_t source_read(void *arg, char *buf, size_t size)
{
	struct source *s = arg;
	size_t n;

	if (s->at == s->len) {
		int r;

		free(bt_take(s->text));
		s->at = s->len = 0;
		r = bt_events_next(s->follower, &s->text);
		if (r <= 0)
			return r == 0 ? -EAGAIN : r == -ENODATA ? 0 : r;
		s->len = strlen(s->text);
	}
	n = s->len - s->at < size ? s->len - s->at : size;
	memcpy(buf, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int source_fd(void *arg)
{
	return bt_events_fd(((struct source *)arg)->follower);
}

static void source_close(void *arg)
{
	struct source *s = arg;

	bt_events_close(s->follower);
	bt_filters_destroy(s->filters);
	free(s->text);
	free(s);
}

/* A time that is given and 0 is the beginning of 1970, and not "none": a nanosecond later. */
static int given_time(const struct bt_request *req, const char *name, int64_t *ret,
		      struct bt_err *err)
{
	const char *text = bt_query_text(&req->query, name);
	int r = bt_params_time(req, name, ret, err);

	if (r == 0 && text && text[0] && *ret == 0)
		*ret = 1;
	return r;
}

int bt_events_get(struct bt_request *req, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { source_read, source_fd, source_close };
	bt_auto_free struct source *s = calloc(1, sizeof(*s));
	bt_auto_filters struct bt_filters *filters = NULL;
	int64_t since, until;
	int r;

	if (!s)
		return bt_err_sys(err, -ENOMEM, "follow events");
	r = given_time(req, "since", &since, err);
	if (r == 0)
		r = given_time(req, "until", &until, err);
	if (r == 0 && since && until && since > until)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL,
			       "`since` time (%s) cannot be after `until` time (%s)",
			       bt_query_text(&req->query, "since"),
			       bt_query_text(&req->query, "until"));
	if (r == 0)
		r = bt_params_filters(req, &filters, err);
	if (r == 0)
		r = bt_events_follow(req->api->engine, since, until, filters, &s->follower, err);
	if (r < 0)
		return r;
	s->filters = bt_take(filters);
	return bt_answer_stream(req, BT_ANSWER_JSON,
				(struct bt_stream){ .ops = &ops, .arg = bt_take(s) });
}
