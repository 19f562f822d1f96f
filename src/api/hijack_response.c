/* SPDX-License-Identifier: Apache-2.0 */

#include "api/hijack_response.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/hijack.h"
#include "api/pending.h"
#include "api/relay.h"
#include "api/request.h"
#include "api/route.h"
#include "api/websocket.h"
#include "base/auto.h"
#include "base/log.h"
#include "base/time.h"

/* How long a client may take to read the head, and how often it is looked whether it did. */
#define HEAD_WAIT_NS      (BT_TIME_NSEC_PER_SEC / 2)
#define HEAD_PAUSE_NS     20000
#define HEAD_PAUSE_MAX_NS 1000000

/* Take the client's socket from under the HTTP library, which will shut down and close the
 * number it knows: that number becomes a socket that leads nowhere. */
static int take_socket(int sock)
{
	bt_auto_close int placeholder = -EBADF, taken = -EBADF;

	taken = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	if (taken < 0)
		return -errno;
	placeholder = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (placeholder < 0 || dup3(placeholder, sock, O_CLOEXEC) < 0)
		return -errno;
	return bt_take_fd(&taken);
}

/* Nothing follows the head before the client has taken it. Clients read it through a buffer and go
 * on with the bare socket (docker-py does): what came along would be lost to them, and with an
 * exec of four milliseconds that is no rare case. Of a unix socket SIOCOUTQ tells what the other
 * side has not read; over TCP nobody can tell. A client that does not read at all is not waited for
 * any longer than that. */
static void let_client_read(int sock)
{
	struct timespec pause = { .tv_nsec = HEAD_PAUSE_NS };
	int domain = 0, unread = 0;
	socklen_t len = sizeof(domain);
	int64_t until = bt_time_monotonic_ns() + HEAD_WAIT_NS;

	if (getsockopt(sock, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_UNIX)
		return;
	while (ioctl(sock, SIOCOUTQ, &unread) == 0 && unread > 0 &&
	       bt_time_monotonic_ns() < until) {
		(void)nanosleep(&pause, NULL);
		pause.tv_nsec += pause.tv_nsec < HEAD_PAUSE_MAX_NS ? pause.tv_nsec : 0;
	}
}

static ssize_t tls_recv(void *arg, void *buf, size_t len)
{
	ssize_t n = gnutls_record_recv(arg, buf, len);

	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return -EAGAIN;
	return n < 0 ? -EIO : n;
}

static ssize_t tls_send(void *arg, const void *data, size_t len)
{
	ssize_t n = gnutls_record_send(arg, data, len);

	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return -EAGAIN;
	return n < 0 ? -EIO : n;
}

static bool tls_pending(void *arg)
{
	return gnutls_record_check_pending(arg) > 0;
}

static ssize_t plain_recv(void *arg, void *buf, size_t len)
{
	ssize_t n = recv(*(int *)arg, buf, len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

static ssize_t plain_send(void *arg, const void *data, size_t len)
{
	ssize_t n = send(*(int *)arg, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

static bool plain_pending(void *arg bt_unused)
{
	return false;
}

static struct bt_relay_client client_of(struct bt_request *req, gnutls_session_t session)
{
	if (session)
		return (struct bt_relay_client){ .fd = req->sock,
						 .recv = tls_recv,
						 .send = tls_send,
						 .pending = tls_pending,
						 .arg = session };
	return (struct bt_relay_client){ .fd = req->sock,
					 .recv = plain_recv,
					 .send = plain_send,
					 .pending = plain_pending,
					 .arg = &req->sock };
}

/* The stream gets one end of a pair of sockets, and this thread copies between the other one and
 * the client until both have ended. False where that could not begin. */
static bool run_behind(struct bt_request *req, const struct bt_relay_client *client,
		       const void *early, size_t early_len)
{
	bt_auto_close int ours = -EBADF;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		bt_hijack_cancel(&req->answer.hijack);
		return false;
	}
	ours = ends[0];
	bt_hijack_run(&req->answer.hijack, ends[1], early, early_len);
	if (bt_relay_run(client, ours) < 0)
		bt_log_warn("a raw stream could not be copied: no memory");
	return true;
}

/* The stream gets one end of a pair of sockets, and this thread puts what passes into frames. */
static void run_in_frames(struct bt_request *req, const void *early, size_t early_len,
			  gnutls_session_t session)
{
	static const unsigned char close_frame[2] = { 0x88, 0 };
	struct bt_websocket ws = { .inner = client_of(req, session),
				   .early = early,
				   .early_len = early_len };
	const struct bt_relay_client client = bt_websocket_client(&ws);

	if (run_behind(req, &client, NULL, 0))
		(void)ws.inner.send(ws.inner.arg, close_frame, sizeof(close_frame));
}

/* Over TLS the stream gets one end of a pair of sockets, and this thread copies. The HTTP library
 * would copy as well, but does not hand on that the client's input has ended. */
static void run_over_tls(struct bt_request *req, const void *early, size_t early_len,
			 gnutls_session_t session)
{
	const struct bt_relay_client client = client_of(req, session);

	(void)run_behind(req, &client, early, early_len);
}

static void upgraded(void *arg, struct MHD_Connection *conn, void *cls bt_unused, const char *extra,
		     size_t extra_len, MHD_socket sock, struct MHD_UpgradeResponseHandle *urh)
{
	struct bt_request *req = arg;
	const union MHD_ConnectionInfo *tls =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	bool frames = req->answer.websocket;
	int taken = tls || frames ? -EBADF : take_socket(sock);

	bt_pending_settle(&req->owed);
	if (taken >= 0)
		let_client_read(taken);
	if (frames)
		run_in_frames(req, extra, extra_len, tls ? tls->tls_session : NULL);
	else if (tls)
		run_over_tls(req, extra, extra_len, tls->tls_session);
	else if (taken < 0)
		bt_hijack_cancel(&req->answer.hijack);
	else
		bt_hijack_run(&req->answer.hijack, taken, extra, extra_len);
	MHD_upgrade_action(urh, MHD_UPGRADE_ACTION_CLOSE);
}

static bool send_head(const struct bt_relay_client *client)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: " BT_ANSWER_RAW "\r\n"
				   "Api-Version: " BT_ROUTE_VERSION_MAX_STR "\r\n"
				   "Docker-Experimental: false\r\n"
				   "Ostype: linux\r\n"
				   "Server: berth/" BT_VERSION " (linux)\r\n\r\n";

	/* Nothing was sent on this connection before that waits, so it fits. */
	return client->send(client->arg, head, sizeof(head) - 1) == (ssize_t)sizeof(head) - 1;
}

void bt_hijack_response_take(struct bt_request *req)
{
	const union MHD_ConnectionInfo *tls =
		MHD_get_connection_info(req->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	const struct bt_relay_client client = client_of(req, tls ? tls->tls_session : NULL);
	int taken;

	if (!send_head(&client)) {
		bt_hijack_cancel(&req->answer.hijack);
		return;
	}
	bt_pending_settle(&req->owed);
	if (tls) {
		run_over_tls(req, NULL, 0, tls->tls_session);
		return;
	}
	taken = take_socket(req->sock);
	if (taken < 0) {
		bt_hijack_cancel(&req->answer.hijack);
		return;
	}
	let_client_read(taken);
	bt_hijack_run(&req->answer.hijack, taken, NULL, 0);
}

struct MHD_Response *bt_hijack_response(struct bt_request *req)
{
	struct MHD_Response *response = MHD_create_response_for_upgrade(upgraded, req);

	if (response)
		MHD_add_response_header(response, "Upgrade",
					req->answer.websocket ? "websocket" : "tcp");
	return response;
}
