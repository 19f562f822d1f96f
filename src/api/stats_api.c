/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "engine/stats.h"

/* The statistics and the sample that is being sent. */
struct source {
	struct bt_stats *stats;
	char *text;
	size_t at, len;
};

static int next_text(struct source *s)
{
	char *text;
	int r = bt_stats_next(s->stats, &text);

	if (r <= 0)
		return r;
	free(s->text);
	s->text = text;
	s->at = 0;
	s->len = strlen(s->text);
	return 1;
}

static ssize_t source_read(void *arg, char *buf, size_t size)
{
	struct source *s = arg;
	size_t n;

	if (s->at == s->len) {
		int r = next_text(s);

		if (r <= 0)
			return r == 0 ? -EAGAIN : r == -ENODATA ? 0 : r;
	}
	n = s->len - s->at < size ? s->len - s->at : size;
	memcpy(buf, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int source_fd(void *arg)
{
	return bt_stats_fd(((struct source *)arg)->stats);
}

static void source_close(void *arg)
{
	struct source *s = arg;

	bt_stats_close(s->stats);
	free(s->text);
	free(s);
}

/* One sample, all of it at once. */
static int answer_one(struct bt_request *req, struct bt_stats *stats, struct bt_err *err)
{
	char *text = NULL;
	int r = bt_stats_next(stats, &text);

	if (r == -ENODATA)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such container: %s",
				  req->name);
	if (r <= 0)
		return bt_err_sys(err, r < 0 ? r : -ENODATA, "read statistics");
	return bt_answer_text(req, MHD_HTTP_OK, BT_ANSWER_JSON, text, strlen(text));
}

int bt_stats_api_get(struct bt_request *req, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { source_read, source_fd, source_close };
	bool stream = bt_query_bool(&req->query, "stream", true);
	bool one_shot = bt_query_bool(&req->query, "one-shot", false);
	bt_auto_free struct source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return bt_err_sys(err, -ENOMEM, "read statistics");
	if (stream && one_shot)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cannot have stream=true and one-shot=true");
	r = bt_stats_open(req->api->engine, req->name, stream, one_shot, &s->stats, err);
	if (r < 0)
		return r;
	if (!stream) {
		r = answer_one(req, s->stats, err);
		bt_stats_close(s->stats);
		return r;
	}
	return bt_answer_stream(req, BT_ANSWER_JSON,
				(struct bt_stream){ .ops = &ops, .arg = bt_take(s) });
}
