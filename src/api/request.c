/* SPDX-License-Identifier: Apache-2.0 */

#include "api/request.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/framing.h"
#include "api/origin.h"
#include "api/upload.h"
#include "base/auto.h"
#include "codec/json.h"

static int parse_target(struct bt_request *req, const char *target, struct bt_err *err)
{
	const char *question = strchr(target, '?');

	req->path = question ? strndup(target, (size_t)(question - target)) : strdup(target);
	if (!req->path)
		return bt_err_sys(err, -ENOMEM, "read the request");
	if (bt_query_unescape(req->path, false) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid URL escape in the path");
	return bt_query_parse(question ? question + 1 : NULL, &req->query, err);
}

struct bt_request *bt_request_create(const struct bt_api *api, const char *target)
{
	struct bt_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->api = api;
	req->body_fd = -EBADF;
	req->version = BT_ROUTE_VERSION_MAX;
	req->text.max = BT_REQUEST_BODY_MAX;
	(void)parse_target(req, target, &req->refused);
	return req;
}

void bt_request_destroy(struct bt_request *req)
{
	if (!req)
		return;
	bt_upload_destroy(req->upload);
	bt_reply_done(&req->answer);
	json_decref(req->body);
	bt_str_done(&req->text);
	bt_query_done(&req->query);
	free(req->path);
	free(req->name);
	free(req);
}

/* The route by method and path. HEAD is answered where GET is only if the table says so. */
static int find_route(struct bt_request *req, const struct bt_route *routes, size_t n,
		      struct bt_err *err)
{
	const char *version, *rest, *name;
	size_t version_len, name_len;

	rest = bt_route_split_version(req->path, &version, &version_len);
	req->route = bt_route_find(routes, n, req->method, rest, &name, &name_len);
	if (!req->route)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "page not found");
	if (name) {
		req->name = strndup(name, name_len);
		if (!req->name)
			return bt_err_sys(err, -ENOMEM, "read the request");
	}
	return version ? bt_route_check_version(version, version_len, &req->version, err) : 0;
}

static bool wants_json(const struct bt_request *req)
{
	return req->route->body == BT_BODY_JSON || req->route->body == BT_BODY_ANY_JSON;
}

static int check_length(const struct bt_request *req, struct bt_err *err)
{
	const char *text = bt_request_header(req, "Content-Length");
	unsigned long long length = 0;

	if (!wants_json(req) || !text || bt_str_to_u64(text, &length) < 0 ||
	    length <= BT_REQUEST_BODY_MAX)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EFBIG,
			  "the request body of %llu bytes is too large: at most %u are read",
			  length, BT_REQUEST_BODY_MAX);
}

/* Only over TCP: no web page reaches a socket in the file system. */
static int check_origin(const struct bt_request *req, struct bt_err *err)
{
	const struct bt_origin origin = {
		.origin = bt_request_header(req, "Origin"),
		.host = bt_request_header(req, "Host"),
		.changes = req->upgrade ||
			   (req->method != BT_METHOD_GET && req->method != BT_METHOD_HEAD),
		.tls = MHD_get_connection_info(req->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION) !=
		       NULL,
	};
	int domain = AF_UNIX;
	socklen_t len = sizeof(domain);

	(void)getsockopt(req->sock, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_UNIX ? 0 : bt_origin_check(&origin, err);
}

static enum MHD_Result add_header(void *arg, enum MHD_ValueKind kind bt_unused, const char *name,
				  size_t name_len, const char *value, size_t value_len)
{
	bt_framing_add(arg, name, name_len, value ? value : "", value ? value_len : 0);
	return MHD_YES;
}

static int check_framing(struct MHD_Connection *conn, const char *http_version, struct bt_err *err)
{
	struct bt_framing framing = { .is_old = bt_framing_is_old(http_version) };

	(void)MHD_get_connection_values_n(conn, MHD_HEADER_KIND, add_header, &framing);
	return bt_framing_check(&framing, err);
}

void bt_request_begin(struct bt_request *req, struct MHD_Connection *conn, const char *method,
		      const char *http_version, const struct bt_route *routes, size_t n)
{
	const union MHD_ConnectionInfo *info;

	req->started = true;
	req->conn = conn;
	req->method = bt_route_method(method);
	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	req->sock = info ? info->connect_fd : -EBADF;
	req->upgrade = strcmp(http_version, "HTTP/1.1") == 0 && bt_request_header(req, "Upgrade");
	/* Before any other doubt, for this one ends the connection. */
	if (check_framing(conn, http_version, &req->refused) == 0 &&
	    req->refused.kind == BT_ERR_NONE)
		(void)check_origin(req, &req->refused);
	if (req->refused.kind == BT_ERR_NONE && find_route(req, routes, n, &req->refused) == 0)
		(void)check_length(req, &req->refused);
}

int bt_request_add_body(struct bt_request *req, const char *data, size_t len)
{
	if (req->refused.kind != BT_ERR_NONE || !wants_json(req)) {
		req->dropped += len;
		return req->dropped > BT_REQUEST_DROP_MAX ? -EMSGSIZE : 0;
	}
	bt_str_add(&req->text, data, len);
	if (req->text.failed == -ENOMEM)
		bt_err_sys(&req->refused, -ENOMEM, "read the request body");
	else if (req->text.failed < 0)
		bt_err_set(&req->refused, BT_ERR_INVALID, EFBIG,
			   "the request body is too large: at most %u bytes are read",
			   BT_REQUEST_BODY_MAX);
	return 0;
}

/* A web page's form cannot call itself JSON without asking first, so this keeps more out than
 * mistakes. Parameters behind the type say nothing. */
static int check_type(const struct bt_request *req, struct bt_err *err)
{
	static const char json[] = "application/json";
	const char *type = bt_request_header(req, "Content-Type");
	size_t len = type ? strcspn(type, ";") : 0;

	while (len > 0 && (type[len - 1] == ' ' || type[len - 1] == '\t'))
		len--;
	if (req->route->body == BT_BODY_ANY_JSON ||
	    (len == strlen(json) && strncasecmp(type, json, len) == 0))
		return 0;
	if (len == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "malformed Content-Type header (%.100s): mime: no media type",
				  type ? type : "");
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "unsupported Content-Type header (%.100s): must be 'application/json'",
			  type);
}

int bt_request_end_body(struct bt_request *req, struct bt_err *err)
{
	const char *text = bt_str_get(&req->text);
	int r = 0;

	req->empty = text[strspn(text, " \t\r\n")] == '\0';
	if (!req->empty)
		r = check_type(req, err);
	if (!req->empty && r == 0)
		r = bt_json_parse(text, req->text.len, BT_JSON_ANY, &req->body, err);
	bt_str_done(&req->text);
	if (r == 0 && json_is_null(req->body))
		req->body = NULL;
	return r;
}

int bt_request_object(struct bt_request *req, const json_t **ret, struct bt_err *err)
{
	if (!req->body)
		req->body = json_object();
	if (!req->body)
		return bt_err_sys(err, -ENOMEM, "read the request body");
	if (!json_is_object(req->body))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid JSON: the request body must be an object");
	*ret = req->body;
	return 0;
}

const char *bt_request_header(const struct bt_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->conn, MHD_HEADER_KIND, name);
}
