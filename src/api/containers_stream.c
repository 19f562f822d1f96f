/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "api/websocket.h"
#include "base/auto.h"
#include "codec/json.h"
#include "engine/container_attach.h"
#include "engine/container_logs.h"
#include "engine/container_wait.h"

/* The log's reader wants room for one whole frame. */
#define LOGS_BUFFER (32u << 10)

static int attach_run(void *arg, int sock, const void *early, size_t len, struct bt_err *err)
{
	return bt_container_attach_run(arg, sock, early, len, err);
}

static void attach_cancel(void *arg)
{
	bt_container_attach_cancel(arg);
}

static int attach(struct bt_request *req, bool frames, struct bt_err *err)
{
	const struct bt_attach_options opt = {
		.raw = frames,
		.logs = bt_query_bool(&req->query, "logs", false),
		.stream = bt_query_bool(&req->query, "stream", false),
		.in = bt_query_bool(&req->query, "stdin", false),
		.out = bt_query_bool(&req->query, "stdout", false),
		.err = bt_query_bool(&req->query, "stderr", false),
		.detach_keys = bt_query_text(&req->query, "detachKeys"),
	};
	struct bt_container_attach *handle;
	bool tty;
	int r = bt_container_attach_open(req->api->engine, req->name, &opt, &tty, &handle, err);

	if (r < 0)
		return r;
	return bt_answer_hijack(req, tty || frames,
				(struct bt_hijack){ attach_run, attach_cancel, handle });
}

int bt_containers_stream_attach(struct bt_request *req, struct bt_err *err)
{
	return attach(req, false, err);
}

int bt_containers_stream_attach_ws(struct bt_request *req, struct bt_err *err)
{
	const char *key = bt_request_header(req, "Sec-WebSocket-Key");
	const char *protocol = bt_request_header(req, "Upgrade");
	const char *version = bt_request_header(req, "Sec-WebSocket-Version");
	char accept[BT_WEBSOCKET_ACCEPT_LEN];
	int r;

	if (!req->upgrade || !key || strcasecmp(protocol, "websocket") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EPROTO,
				  "attach/ws wants the handshake of a WebSocket");
	if (!version || strcmp(version, "13") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EPROTO,
				  "attach/ws speaks version 13 of WebSocket");
	r = attach(req, true, err);
	if (r < 0)
		return r;
	bt_websocket_accept(key, accept);
	req->answer.type = NULL;
	req->answer.websocket = true;
	return bt_answer_header(req, "Sec-WebSocket-Accept", accept, err);
}

int bt_containers_stream_resize(struct bt_request *req, struct bt_err *err)
{
	unsigned rows, cols;
	int r = bt_params_size(req, &rows, &cols, err);

	if (r == 0)
		r = bt_container_resize(req->api->engine, req->name, rows, cols, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}

struct logs_source {
	struct bt_container_logs *logs;
	size_t at, len;
	char buf[LOGS_BUFFER];
};

static ssize_t logs_read(void *arg, char *buf, size_t size)
{
	struct logs_source *s = arg;
	size_t n;

	if (s->at == s->len) {
		ssize_t got = bt_container_logs_read(s->logs, s->buf, sizeof(s->buf));

		if (got <= 0)
			return got;
		s->at = 0;
		s->len = (size_t)got;
	}
	n = s->len - s->at < size ? s->len - s->at : size;
	memcpy(buf, s->buf + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int logs_fd(void *arg)
{
	return bt_container_logs_fd(((struct logs_source *)arg)->logs);
}

static void logs_close(void *arg)
{
	struct logs_source *s = arg;

	bt_container_logs_close(s->logs);
	free(s);
}

/* A number of lines; "all" and, as in Docker, whatever is no number mean all of them. */
static int64_t tail_of(const struct bt_request *req)
{
	const char *text = bt_query_text(&req->query, "tail");
	long long tail = -1;

	if (!text || bt_str_to_i64(text, &tail) < 0 || tail < 0)
		return -1;
	return tail;
}

static int logs_options(const struct bt_request *req, struct bt_logs_options *ret,
			struct bt_err *err)
{
	struct bt_logs_options opt = {
		.out = bt_query_bool(&req->query, "stdout", false),
		.err = bt_query_bool(&req->query, "stderr", false),
		.follow = bt_query_bool(&req->query, "follow", false),
		.timestamps = bt_query_bool(&req->query, "timestamps", false),
		.details = bt_query_bool(&req->query, "details", false),
		.tail = tail_of(req),
	};
	int r = bt_params_time(req, "since", &opt.since_ns, err);

	if (r == 0)
		r = bt_params_time(req, "until", &opt.until_ns, err);
	if (r < 0)
		return r;
	if (!opt.out && !opt.err)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Bad parameters: you must choose at least one stream");
	*ret = opt;
	return 0;
}

int bt_containers_stream_logs(struct bt_request *req, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { logs_read, logs_fd, logs_close };
	bt_auto_free struct logs_source *s = malloc(sizeof(*s));
	struct bt_logs_options opt;
	bool tty;
	int r = s ? logs_options(req, &opt, err) : bt_err_sys(err, -ENOMEM, "read the log");

	if (r < 0)
		return r;
	r = bt_container_logs_open(req->api->engine, req->name, &opt, &tty, &s->logs, err);
	if (r < 0)
		return r;
	s->at = s->len = 0;
	return bt_answer_stream(req, tty || req->version < 42 ? BT_ANSWER_RAW : BT_ANSWER_MUXED,
				(struct bt_stream){ .ops = &ops, .arg = bt_take(s) });
}

struct wait_source {
	struct bt_container_wait *wait;
	char *text;
	size_t at, len;
};

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static int wait_take(struct wait_source *s)
{
	json_auto_t *result = NULL;
	struct bt_err err = { 0 };
	int r = bt_container_wait_result(s->wait, &result, &err);

	if (r == 0)
		r = bt_json_dump(result, &s->text, &s->len);
	if (r == 0)
		s->text[s->len++] = '\n'; /* over the NUL, which is not sent */
	return r;
}

static ssize_t wait_read(void *arg, char *buf, size_t size)
{
	struct wait_source *s = arg;
	size_t n;
	int r;

	if (!s->text) {
		if (!readable(bt_container_wait_fd(s->wait)))
			return -EAGAIN;
		r = wait_take(s);
		if (r < 0)
			return r;
	}
	n = s->len - s->at < size ? s->len - s->at : size;
	memcpy(buf, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int wait_fd(void *arg)
{
	return bt_container_wait_fd(((struct wait_source *)arg)->wait);
}

static void wait_close(void *arg)
{
	struct wait_source *s = arg;

	bt_container_wait_close(s->wait);
	free(s->text);
	free(s);
}

static int condition_of(const struct bt_request *req, enum bt_wait_condition *ret,
			struct bt_err *err)
{
	static const struct {
		const char *name;
		enum bt_wait_condition condition;
	} known[] = {
		{ "not-running", BT_WAIT_NOT_RUNNING },
		{ "next-exit", BT_WAIT_NEXT_EXIT },
		{ "removed", BT_WAIT_REMOVED },
	};
	const char *text = bt_query_text(&req->query, "condition");

	if (!text)
		text = known[0].name;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, text) == 0) {
			*ret = known[i].condition;
			return 0;
		}
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid condition: \"%.64s\"", text);
}

int bt_containers_stream_wait(struct bt_request *req, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { wait_read, wait_fd, wait_close };
	bt_auto_free struct wait_source *s = calloc(1, sizeof(*s));
	enum bt_wait_condition condition = BT_WAIT_NOT_RUNNING;
	int r = s ? condition_of(req, &condition, err) : bt_err_sys(err, -ENOMEM, "wait");

	if (r == 0)
		r = bt_container_wait_open(req->api->engine, req->name, condition, &s->wait, err);
	if (r < 0)
		return r;
	return bt_answer_stream(req, BT_ANSWER_JSON,
				(struct bt_stream){ .ops = &ops, .arg = bt_take(s) });
}
