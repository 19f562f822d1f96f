/* SPDX-License-Identifier: Apache-2.0 */

#include "client/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"

#define MESSAGE_MAX (1u << 20)

void bt_api_init(struct bt_api *api, struct bt_endpoint *ep)
{
	const char *version = getenv("DOCKER_API_VERSION");

	*api = (struct bt_api){ .idle.fd = -EBADF };
	api->endpoint = bt_take_struct(*ep);
	if (version && *version)
		(void)snprintf(api->prefix, sizeof(api->prefix), "/v%s",
			       *version == 'v' ? version + 1 : version);
}

void bt_api_done(struct bt_api *api)
{
	bt_http_close(&api->idle);
	bt_endpoint_done(&api->endpoint);
}

/* Has the daemon closed a connection on which nothing is asked, or said something that nobody
 * asked? */
static bool is_stale(const struct bt_http_conn *conn)
{
	char byte;
	ssize_t n = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

static int connection(struct bt_api *api, struct bt_http_conn *ret, struct bt_err *err)
{
	int fd, r;

	if (api->idle.buf && is_stale(&api->idle))
		bt_http_close(&api->idle);
	if (api->idle.buf) {
		*ret = api->idle;
		api->idle = (struct bt_http_conn){ .fd = -EBADF };
		return 0;
	}
	fd = bt_endpoint_connect(&api->endpoint, err);
	if (fd < 0)
		return fd;
	r = bt_http_attach(fd, ret);
	return r < 0 ? bt_err_sys(err, r, "connect") : 0;
}

static void add_headers(const struct bt_api *api, const struct bt_api_request *req,
			struct bt_str *ret)
{
	const char *name;
	json_t *value;

	bt_str_puts(ret, req->extra ? req->extra : "");
	json_object_foreach (api->headers, name, value)
		if (json_is_string(value) && !strpbrk(name, "\r\n") &&
		    !strpbrk(json_string_value(value), "\r\n"))
			bt_str_printf(ret, "%s: %s\r\n", name, json_string_value(value));
}

int bt_api_send(struct bt_api *api, const struct bt_api_request *req, struct bt_http_conn *ret,
		struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	bt_auto_str struct bt_str extra = { 0 };
	struct bt_http_conn conn = { .fd = -EBADF };
	int r;

	bt_auto_free char *target =
		bt_str_format("%s%s%s", api->endpoint.base, api->prefix, req->target);
	if (!target || (req->json && bt_json_dump(req->json, &text, NULL) < 0))
		return bt_err_sys(err, -ENOMEM, "build request");
	add_headers(api, req, &extra);
	bool tcp = api->endpoint.kind == BT_ENDPOINT_TCP;
	struct bt_http_request http = {
		.method = req->method,
		.target = target,
		.host = tcp ? api->endpoint.host : "api.moby.localhost",
		.type = req->json ? "application/json" : req->type,
		.extra = bt_str_get(&extra),
		.body = text,
		.body_len = text ? strlen(text) : 0,
		.chunked = !req->json && req->type,
		.upgrade = req->upgrade,
	};
	r = connection(api, &conn, err);
	if (r == 0)
		r = bt_http_send(&conn, &http, err);
	if (r < 0) {
		bt_http_close(&conn);
		return r;
	}
	*ret = conn;
	return 0;
}

static enum bt_err_kind kind_of(int status)
{
	static const struct {
		int status;
		enum bt_err_kind kind;
	} table[] = {
		{ 400, BT_ERR_INVALID },     { 401, BT_ERR_UNAUTHORIZED },
		{ 403, BT_ERR_FORBIDDEN },   { 404, BT_ERR_NOT_FOUND },
		{ 409, BT_ERR_CONFLICT },    { 501, BT_ERR_NOT_IMPLEMENTED },
		{ 503, BT_ERR_UNAVAILABLE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].kind;
	return BT_ERR_SYSTEM;
}

static int fail(struct bt_http_conn *conn, const struct bt_api_request *req, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	json_auto_t *json = NULL;
	int status = conn->head.status;
	int r = bt_http_read_all(conn, MESSAGE_MAX, &text, NULL, err);

	if (r < 0)
		return r;
	json = json_loads(text, 0, NULL);
	const char *message = json_string_value(json_object_get(json, "message"));
	if (!message && *text && !json) {
		text[strcspn(text, "\r\n")] = '\0';
		message = text;
	}
	if (!message)
		return bt_err_set(
			err, kind_of(status), EIO,
			"request returned %d %s for API route and version %s, check if the "
			"server supports the requested API version",
			status, conn->head.reason, req->target);
	return bt_err_set(err, kind_of(status), status == 404 ? ENOENT : EIO,
			  "Error response from daemon: %s", message);
}

int bt_api_answer(struct bt_http_conn *conn, const struct bt_api_request *req, struct bt_err *err)
{
	int r = bt_http_receive(conn, strcmp(req->method, "HEAD") == 0, err);

	if (r < 0)
		return bt_err_context(err, "error during connect: %s %s", req->method, req->target);
	return conn->head.status >= 400 ? fail(conn, req, err) : 0;
}

int bt_api_open(struct bt_api *api, const struct bt_api_request *req, struct bt_http_conn *ret,
		struct bt_err *err)
{
	struct bt_http_conn conn = { .fd = -EBADF };
	/* A kept connection may be closed by the daemon just now: then once more, on a new one.
	 * What changes something is not asked twice, for a daemon that died may have done it before
	 * it could answer. */
	bool harmless = strcmp(req->method, "GET") == 0 || strcmp(req->method, "HEAD") == 0;
	const char *server;

	for (bool again = harmless && api->idle.buf != NULL;; again = false) {
		int r = bt_api_send(api, req, &conn, err);

		if (r == 0)
			r = bt_api_answer(&conn, req, err);
		if (r == 0)
			break;
		bt_http_close(&conn);
		if (!again || (r != -ECONNRESET && r != -EPIPE))
			return r;
	}
	server = bt_http_head_get(&conn.head, "Server");
	api->berth = api->berth || (server && bt_str_after(server, "berth/"));
	*ret = conn;
	return 0;
}

void bt_api_keep(struct bt_api *api, struct bt_http_conn *conn)
{
	if (!api->idle.buf && bt_http_reusable(conn)) {
		api->idle = *conn;
		*conn = (struct bt_http_conn){ .fd = -EBADF };
	} else {
		bt_http_close(conn);
	}
}

static int read_json(struct bt_http_conn *conn, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	json_error_t why;
	size_t len;
	int r = bt_http_read_all(conn, BT_API_ANSWER_MAX, &text, &len, err);

	if (r < 0 || !ret)
		return r;
	if (!len) {
		*ret = json_null();
		return 0;
	}
	*ret = json_loadb(text, len, JSON_DECODE_ANY, &why);
	if (*ret)
		return 0;
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "invalid JSON in response: %s", why.text);
}

int bt_api_call(struct bt_api *api, const char *method, const char *target, const json_t *body,
		json_t **ret, struct bt_err *err)
{
	struct bt_api_request req = { .method = method, .target = target, .json = body };

	return bt_api_call_with(api, &req, ret, err);
}

int bt_api_call_with(struct bt_api *api, const struct bt_api_request *req, json_t **ret,
		     struct bt_err *err)
{
	struct bt_http_conn conn;
	int r, status;

	r = bt_api_open(api, req, &conn, err);
	if (r < 0)
		return r;
	status = conn.head.status;
	r = read_json(&conn, ret, err);
	bt_api_keep(api, &conn);
	return r < 0 ? r : status;
}

int bt_api_get(struct bt_api *api, const char *target, char **ret, struct bt_err *err)
{
	struct bt_api_request req = { .method = "GET", .target = target };
	struct bt_http_conn conn;
	int r, status;

	r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	status = conn.head.status;
	r = bt_http_read_all(&conn, BT_API_ANSWER_MAX, ret, NULL, err);
	bt_api_keep(api, &conn);
	return r < 0 ? r : status;
}

int bt_api_ping(struct bt_api *api, char ret_version[16], struct bt_err *err)
{
	struct bt_api_request req = { .method = "HEAD", .target = "/_ping" };
	struct bt_http_conn conn;
	const char *version;
	int r = bt_api_open(api, &req, &conn, err);

	if (r < 0)
		return r;
	version = bt_http_head_get(&conn.head, "Api-Version");
	(void)snprintf(ret_version, 16, "%s", version ? version : "1.24");
	bt_api_keep(api, &conn);
	return 0;
}
