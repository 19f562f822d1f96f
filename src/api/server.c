/* SPDX-License-Identifier: Apache-2.0 */

#include "api/server.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/answer.h"
#include "api/crowd.h"
#include "api/pending.h"
#include "api/request.h"
#include "api/trim.h"
#include "api/upload.h"
#include "base/auto.h"
#include "base/log.h"

#define STACK_SIZE (128u << 10)
/* Holds a request's line and headers (builds have long ones), and then a piece of its body. */
#define CONNECTION_MEMORY (64u << 10)
#define CONNECTIONS_MAX   32768u
/* A connection that is silent in the middle of a request, or kept alive for nothing. */
#define IDLE_SECONDS 300u
/* At the end, so long a connection that began to speak has for the rest of its request's head. */
#define GRACE_MS 1000u
/* GnuTLS's own choice, without the versions before 1.2. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct bt_server {
	struct bt_api api;
	const struct bt_route *routes;
	size_t nroutes;
	struct MHD_Daemon *plain, *tls;
	struct bt_acceptor *acceptor;
	struct bt_pending pending;
	struct bt_crowd crowd;
	bool verify_clients;
};

/* What is remembered with a connection. */
struct connection {
	bool asked; /* its first request was read */
	struct bt_crowd_member member;
};

static struct connection *connection_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static int socket_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -EBADF;
}

static void *new_request(void *arg, const char *target, struct MHD_Connection *conn)
{
	struct connection *connection = connection_of(conn);
	struct bt_server *server = arg;
	struct bt_request *req = bt_request_create(&server->api, target);

	if (!req)
		return NULL;
	bt_pending_owe(&server->pending, connection && !connection->asked);
	req->owed = &server->pending;
	if (connection)
		connection->asked = true;
	return req;
}

static void note_connection(void *arg, struct MHD_Connection *conn, void **context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct bt_server *server = arg;
	struct connection *connection = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = connection = calloc(1, sizeof(struct connection));
		if (connection)
			bt_crowd_enter(&server->crowd, &connection->member, socket_of(conn));
		else
			bt_pending_left(&server->pending);
	} else if (connection) {
		bt_crowd_leave(&server->crowd, &connection->member);
		if (!connection->asked)
			bt_pending_left(&server->pending);
		free(connection);
	}
}

/* Is the client's turn, or ours. */
static void set_silent(struct bt_server *server, struct MHD_Connection *conn, bool silent)
{
	struct connection *connection = connection_of(conn);

	if (connection)
		bt_crowd_set_silent(&server->crowd, &connection->member, silent);
}

static void request_over(void *arg, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode code bt_unused)
{
	struct bt_request *req = *con_cls;
	struct bt_server *server = arg;

	/* What was taken over (101) speaks no HTTP any more. */
	if (req && req->answer.status != MHD_HTTP_SWITCHING_PROTOCOLS)
		set_silent(server, conn, true);
	if (req && req->stays)
		bt_crowd_go(&server->crowd);
	if (req)
		bt_pending_settle(&req->owed);
	bt_request_destroy(req);
	*con_cls = NULL;
	(void)MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_SECONDS);
}

/* From here on it is ours how long the request takes. */
static void no_timeout(struct bt_server *server, struct bt_request *req)
{
	set_silent(server, req->conn, false);
	(void)MHD_set_connection_option(req->conn, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
}

static void note_failure(const struct bt_request *req, const struct bt_err *err)
{
	if (bt_err_http_status(err->kind) >= 500 && err->kind != BT_ERR_NOT_IMPLEMENTED &&
	    err->kind != BT_ERR_UNAVAILABLE)
		bt_log_error("%s: %s", req->path, err->msg);
	else
		bt_log_debug("%s: %s", req->path, err->msg);
}

static int run_handler(struct bt_request *req, struct bt_err *err)
{
	int r;

	if (req->refused.kind != BT_ERR_NONE) {
		*err = req->refused;
		return -err->errnum;
	}
	if (req->upload)
		return bt_upload_finish(req->upload, err);
	r = bt_request_end_body(req, err);
	return r < 0 ? r : req->route->handle(req, err);
}

/* Make the answer, whatever happened. */
static void answer(struct bt_server *server, struct bt_request *req)
{
	struct bt_err err = { 0 };
	int r;

	no_timeout(server, req);
	r = run_handler(req, &err);
	if (r == 0 && req->answer.status == 0)
		r = bt_err_set(&err, BT_ERR_SYSTEM, EPROTO, "the handler gave no answer");
	if (r < 0) {
		note_failure(req, &err);
		bt_answer_error(req, &err);
	}
}

/* The library asks clients for a certificate, and leaves it to us to look at it. */
static int check_client(const struct bt_server *server, struct bt_request *req, struct bt_err *err)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st want = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
				       .data = (unsigned char *)purpose };
	unsigned status = 0;

	if (!info || !server->verify_clients)
		return 0;
	/* Not one that was made for servers: theirs are kept with less care. */
	if (gnutls_certificate_verify_peers(info->tls_session, &want, 1, &status) == 0 &&
	    status == 0)
		return 0;
	return bt_err_set(err, BT_ERR_UNAUTHORIZED, EACCES,
			  "a client certificate of this daemon's authority is needed");
}

/* In the upload's thread. */
static int run_on_upload(void *arg, int fd, struct bt_err *err)
{
	struct bt_request *req = arg;
	int r;

	req->body_fd = fd;
	r = req->route->handle(req, err);
	req->body_fd = -EBADF;
	return r;
}

/* An answer that goes on for as long as its client likes. */
static int check_room(struct bt_server *server, struct bt_request *req, struct bt_err *err)
{
	if (req->refused.kind != BT_ERR_NONE || (req->route->methods & BT_ROUTE_STAYS) == 0)
		return 0;
	req->stays = bt_crowd_stay(&server->crowd);
	if (req->stays)
		return 0;
	return bt_err_set(err, BT_ERR_UNAVAILABLE, EMFILE,
			  "too many requests are open: the daemon's limit of open files "
			  "(LimitNOFILE) leaves no room for one that stays");
}

static enum MHD_Result begin(struct bt_server *server, struct bt_request *req,
			     struct MHD_Connection *conn, const char *method, const char *version)
{
	bt_request_begin(req, conn, method, version, server->routes, server->nroutes);
	/* Answered before its body, which is not worth reading. */
	if (check_client(server, req, &req->refused) < 0 ||
	    check_room(server, req, &req->refused) < 0 || req->refused.errnum == EFBIG ||
	    req->refused.errnum == EBADMSG) {
		answer(server, req);
		/* Where it ends is in doubt (api/framing.h): nothing behind it is read. */
		if (req->refused.errnum == EBADMSG)
			bt_discard(bt_answer_header(req, "Connection", "close", BT_ERR_IGNORED));
		return (enum MHD_Result)bt_answer_send(req);
	}
	if (req->refused.kind == BT_ERR_NONE && req->route->body == BT_BODY_STREAM) {
		no_timeout(server, req);
		if (bt_upload_start(run_on_upload, req, &req->upload, &req->refused) < 0)
			req->upload = NULL;
	}
	return MHD_YES;
}

/* Answer in the middle of a body, which the HTTP library cannot, and cut the connection. */
static enum MHD_Result cut(struct bt_server *server, struct bt_request *req)
{
	char head[256];
	int n;

	answer(server, req);
	if (!req->answer.text ||
	    MHD_get_connection_info(req->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION))
		return MHD_NO;
	n = snprintf(head, sizeof(head),
		     "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		     "Connection: close\r\n\r\n",
		     req->answer.status, MHD_get_reason_phrase_for(req->answer.status),
		     req->answer.type, req->answer.len);
	if (n > 0 && send(req->sock, head, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
		(void)send(req->sock, req->answer.text, req->answer.len,
			   MSG_NOSIGNAL | MSG_DONTWAIT);
	return MHD_NO;
}

static enum MHD_Result take_body(struct bt_server *server, struct bt_request *req, const char *data,
				 size_t *len)
{
	size_t size = *len;

	*len = 0;
	if (req->upload && bt_upload_write(req->upload, data, size) == 0)
		return MHD_YES;
	return bt_request_add_body(req, data, size) == 0 ? MHD_YES : cut(server, req);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *conn, const char *url bt_unused,
			      const char *method, const char *version, const char *data,
			      size_t *len, void **con_cls)
{
	struct bt_request *req = *con_cls;

	if (!req)
		return MHD_NO;
	if (!req->started)
		return begin(arg, req, conn, method, version);
	if (*len > 0)
		return take_body(arg, req, data, len);
	answer(arg, req);
	return (enum MHD_Result)bt_answer_send(req);
}

bt_printf(2, 0) static void note_http(void *arg bt_unused, const char *fmt, va_list ap)
{
	char line[512];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	bt_log_debug("http: %s", line);
}

static void make_room(void *arg)
{
	struct bt_server *server = arg;

	(void)bt_crowd_shed(&server->crowd, BT_CROWD_SILENT_MS);
}

static void hand_over(void *arg, int sock, bool tls)
{
	struct bt_server *server = arg;
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	(void)getpeername(sock, (struct sockaddr *)&addr, &len);
	bt_pending_spoke(&server->pending);
	if (bt_crowd_is_scarce(sock))
		make_room(server);
	/* Closes the socket where it fails. */
	if (MHD_add_connection(tls ? server->tls : server->plain, sock, (struct sockaddr *)&addr,
			       len) != MHD_YES)
		bt_pending_left(&server->pending);
}

static struct MHD_Daemon *start_http(struct bt_server *server, unsigned flags,
				     const struct MHD_OptionItem *extra)
{
	return MHD_start_daemon(
		flags | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			MHD_USE_POLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_ALLOW_UPGRADE |
			MHD_USE_ERROR_LOG,
		0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, note_http, NULL,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED, request_over, server,
		MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_URI_LOG_CALLBACK,
		new_request, server, MHD_OPTION_ARRAY, extra, MHD_OPTION_END);
}

static bool start_daemons(struct bt_server *server, const struct bt_server_tls *tls)
{
	const struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	server->plain = start_http(server, 0, none);
	if (server->plain && tls) {
		/* The library takes these as void pointers and only reads them. */
		const struct MHD_OptionItem with_tls[] = {
			{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
			{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)tls->cert },
			{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)tls->key },
			{ tls->ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
			  (void *)(uintptr_t)tls->ca },
			{ MHD_OPTION_END, 0, NULL },
		};

		server->tls = start_http(server, MHD_USE_TLS, with_tls);
	}
	return server->plain && (!tls || server->tls);
}

int bt_server_start(const struct bt_server_config *cfg, struct bt_server **ret, struct bt_err *err)
{
	struct bt_server *server = calloc(1, sizeof(*server));
	const struct bt_acceptor_clients clients = { hand_over, make_room, server };
	int r;

	if (!server)
		return bt_err_sys(err, -ENOMEM, "start the server");
	bt_pending_init(&server->pending);
	bt_crowd_init(&server->crowd);
	server->api = cfg->api;
	server->routes = cfg->routes;
	server->nroutes = cfg->nroutes;
	server->verify_clients = cfg->tls && cfg->tls->ca;
	if (start_daemons(server, cfg->tls))
		r = bt_acceptor_create(cfg->listeners, cfg->nlisteners, &clients, bt_trim_memory,
				       &server->acceptor, err);
	else
		r = bt_err_set(err, BT_ERR_SYSTEM, EIO, "the HTTP server could not be started%s",
			       cfg->tls ? ": check the TLS certificate and key" : "");
	if (r < 0)
		bt_server_stop(server);
	else
		*ret = server;
	return r;
}

void bt_server_stop(struct bt_server *server)
{
	if (!server)
		return;
	bt_acceptor_destroy(server->acceptor);
	bt_pending_end(&server->pending, GRACE_MS);
	if (server->plain)
		MHD_stop_daemon(server->plain);
	if (server->tls)
		MHD_stop_daemon(server->tls);
	bt_crowd_done(&server->crowd);
	bt_pending_done(&server->pending);
	free(server);
}
