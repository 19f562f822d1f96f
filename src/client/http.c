/* SPDX-License-Identifier: Apache-2.0 */

#include "client/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/auto.h"
#include "base/str.h"

#define BUFFER_SIZE BT_HTTP_HEAD_MAX
/* Longer lines between chunks are nobody's honest framing. */
#define CHUNK_LINE_MAX 256
#define INTERIM_MAX    8

int bt_http_attach(int fd, struct bt_http_conn *ret)
{
	char *buf = malloc(BUFFER_SIZE);

	if (!buf) {
		bt_close(&fd);
		return -ENOMEM;
	}
	*ret = (struct bt_http_conn){ .fd = fd, .buf = buf };
	return 0;
}

void bt_http_close(struct bt_http_conn *conn)
{
	if (conn->buf)
		bt_close(&conn->fd);
	free(conn->buf);
	bt_http_head_done(&conn->head);
	*conn = (struct bt_http_conn){ .fd = -EBADF };
}

static int send_all(int fd, struct iovec *iov, size_t n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n };

	while (msg.msg_iovlen) {
		ssize_t sent = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		size_t gone = (size_t)sent;
		while (msg.msg_iovlen && gone >= msg.msg_iov->iov_len) {
			gone -= msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen) {
			msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + gone;
			msg.msg_iov->iov_len -= gone;
		}
	}
	return 0;
}

static void write_head(const struct bt_http_request *req, struct bt_str *s)
{
	bool body =
		req->body || strcmp(req->method, "POST") == 0 || strcmp(req->method, "PUT") == 0;

	bt_str_printf(
		s, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Docker-Client/berth-%s (linux)\r\n",
		req->method, req->target, req->host, BT_VERSION);
	if (req->chunked)
		bt_str_puts(s, "Transfer-Encoding: chunked\r\n");
	else if (body)
		bt_str_printf(s, "Content-Length: %zu\r\n", req->body_len);
	if (req->type)
		bt_str_printf(s, "Content-Type: %s\r\n", req->type);
	if (req->upgrade)
		bt_str_puts(s, "Connection: Upgrade\r\nUpgrade: tcp\r\n");
	bt_str_puts(s, req->extra ? req->extra : "");
	bt_str_puts(s, "\r\n");
}

int bt_http_send(struct bt_http_conn *conn, const struct bt_http_request *req, struct bt_err *err)
{
	bt_auto_str struct bt_str head = { 0 };
	char *body = (char *)(uintptr_t)req->body;
	int r;

	write_head(req, &head);
	if (head.failed)
		return bt_err_sys(err, head.failed, "build request");
	struct iovec iov[2] = { { head.p, head.len }, { body, body ? req->body_len : 0 } };
	r = send_all(conn->fd, iov, body && req->body_len ? 2 : 1);
	return r < 0 ? bt_err_sys(err, r, "send request") : 0;
}

int bt_http_write_chunk(struct bt_http_conn *conn, const void *data, size_t len, struct bt_err *err)
{
	char line[24];
	int n = snprintf(line, sizeof(line), "%zx\r\n", len);
	char end[] = "\r\n";
	struct iovec iov[3] = { { line, (size_t)n }, { (char *)(uintptr_t)data, len }, { end, 2 } };
	int r = send_all(conn->fd, iov, 3);

	return r < 0 ? bt_err_sys(err, r, "send request body") : 0;
}

/* More bytes behind the ones in the buffer. Returns the count, 0 at the end, -errno. */
static ssize_t fill(struct bt_http_conn *conn)
{
	ssize_t n;

	if (conn->pos == conn->len)
		conn->pos = conn->len = 0;
	if (conn->len == BUFFER_SIZE && conn->pos) {
		memmove(conn->buf, conn->buf + conn->pos, conn->len - conn->pos);
		conn->len -= conn->pos;
		conn->pos = 0;
	}
	if (conn->len == BUFFER_SIZE)
		return -EMSGSIZE;
	do
		n = recv(conn->fd, conn->buf + conn->len, BUFFER_SIZE - conn->len, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	conn->len += (size_t)n;
	return n;
}

static int broke_off(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "unexpected EOF");
}

/* One head, of whatever status. */
static int receive_head(struct bt_http_conn *conn, struct bt_err *err)
{
	size_t len;
	int r;

	while (!(len = bt_http_head_find(conn->buf + conn->pos, conn->len - conn->pos))) {
		ssize_t n = fill(conn);

		if (n < 0)
			return bt_err_sys(err, (int)n, "read response");
		if (n == 0 && conn->pos == conn->len)
			return bt_err_set(err, BT_ERR_SYSTEM, ECONNRESET, "EOF");
		if (n == 0)
			return broke_off(err);
	}
	bt_http_head_done(&conn->head);
	r = bt_http_head_parse(conn->buf + conn->pos, len, &conn->head, err);
	conn->pos += len;
	return r;
}

int bt_http_receive(struct bt_http_conn *conn, bool head_only, struct bt_err *err)
{
	for (int i = 0; i < INTERIM_MAX; i++) {
		int r = receive_head(conn, err);
		int status = conn->head.status;

		if (r < 0)
			return r;
		if (status < 200 && status != 101)
			continue;
		if (status == 101)
			conn->head.framing = BT_HTTP_UNTIL_CLOSE;
		conn->bodyless = head_only || conn->head.framing == BT_HTTP_EMPTY;
		conn->ended = conn->bodyless;
		conn->in_chunk = false;
		conn->left = conn->head.framing == BT_HTTP_LENGTH ? conn->head.length : 0;
		return 0;
	}
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "too many interim responses");
}

/* A line of the chunked framing, without its end. Returns 0, or negative with the error set. */
static int chunk_line(struct bt_http_conn *conn, char ret[CHUNK_LINE_MAX], struct bt_err *err)
{
	const char *end;
	ssize_t n;

	while (!(end = memchr(conn->buf + conn->pos, '\n', conn->len - conn->pos))) {
		if (conn->len - conn->pos >= CHUNK_LINE_MAX)
			return bt_err_set(err, BT_ERR_SYSTEM, EPROTO,
					  "malformed chunk in response");
		n = fill(conn);
		if (n < 0)
			return bt_err_sys(err, (int)n, "read response");
		if (n == 0)
			return broke_off(err);
	}
	size_t len = (size_t)(end - (conn->buf + conn->pos));
	if (len >= CHUNK_LINE_MAX)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "malformed chunk in response");
	memcpy(ret, conn->buf + conn->pos, len);
	conn->pos += len + 1;
	if (len && ret[len - 1] == '\r')
		len--;
	ret[len] = '\0';
	return 0;
}

static int parse_size(const char *line, unsigned long long *ret, struct bt_err *err)
{
	unsigned long long size = 0;
	const char *p = line;

	for (; *p; p++) {
		int digit = bt_str_hex_digit(*p);

		if (digit < 0)
			break;
		if (size >> 58)
			return bt_err_set(err, BT_ERR_SYSTEM, EPROTO,
					  "chunk too large in response");
		size = size << 4 | (unsigned)digit;
	}
	if (p == line || (*p && !strchr(" \t;", *p)))
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "malformed chunk in response");
	*ret = size;
	return 0;
}

/* Go to the next chunk: left > 0, or ended. */
static int next_chunk(struct bt_http_conn *conn, struct bt_err *err)
{
	char line[CHUNK_LINE_MAX];
	int r;

	if (conn->in_chunk) {
		r = chunk_line(conn, line, err);
		if (r < 0)
			return r;
		if (*line)
			return bt_err_set(err, BT_ERR_SYSTEM, EPROTO,
					  "malformed chunk in response");
	}
	r = chunk_line(conn, line, err);
	if (r == 0)
		r = parse_size(line, &conn->left, err);
	if (r < 0)
		return r;
	conn->in_chunk = true;
	if (conn->left)
		return 0;
	for (int i = 0; i < BT_HTTP_FIELDS_MAX; i++) {
		r = chunk_line(conn, line, err);
		if (r < 0)
			return r;
		if (!*line) {
			conn->ended = true;
			return 0;
		}
	}
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "too many trailers in response");
}

/* Bytes as they come: from the buffer, or straight into the caller's memory. */
static ssize_t read_raw(struct bt_http_conn *conn, void *ret, size_t size)
{
	size_t have = conn->len - conn->pos;
	ssize_t n;

	if (have) {
		if (size > have)
			size = have;
		memcpy(ret, conn->buf + conn->pos, size);
		conn->pos += size;
		return (ssize_t)size;
	}
	if (size < BUFFER_SIZE / 2 && conn->head.framing == BT_HTTP_CHUNKED) {
		n = fill(conn);
		return n <= 0 ? n : read_raw(conn, ret, size);
	}
	do
		n = recv(conn->fd, ret, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t bt_http_read(struct bt_http_conn *conn, void *ret, size_t size, struct bt_err *err)
{
	bool bounded = conn->head.framing != BT_HTTP_UNTIL_CLOSE;
	ssize_t n;

	if (conn->ended)
		return 0;
	if (conn->head.framing == BT_HTTP_CHUNKED && !conn->left) {
		int r = next_chunk(conn, err);

		if (r < 0)
			return r;
		if (conn->ended)
			return 0;
	}
	if (bounded && size > conn->left)
		size = (size_t)conn->left;
	n = read_raw(conn, ret, size);
	if (n < 0)
		return bt_err_sys(err, (int)n, "read response");
	if (n == 0 && bounded)
		return broke_off(err);
	if (bounded)
		conn->left -= (size_t)n;
	if (n == 0 || (conn->head.framing == BT_HTTP_LENGTH && !conn->left))
		conn->ended = true;
	return n;
}

int bt_http_read_all(struct bt_http_conn *conn, size_t max, char **ret, size_t *ret_len,
		     struct bt_err *err)
{
	bt_auto_str struct bt_str s = { .max = max };
	ssize_t n;
	int r;

	do {
		size_t room = conn->left && conn->left < max ? (size_t)conn->left : 16u << 10;

		/* A length is a promise, not yet a reason to give that much memory. */
		if (room > 1u << 20)
			room = 1u << 20;
		r = bt_str_reserve(&s, room);
		if (r < 0)
			return bt_err_sys(err, r, "read response");
		n = bt_http_read(conn, s.p + s.len, room, err);
		if (n < 0)
			return (int)n;
		s.len += (size_t)n;
		s.p[s.len] = '\0';
	} while (n > 0);
	if (ret_len)
		*ret_len = s.len;
	r = bt_str_steal(&s, ret);
	return r < 0 ? bt_err_sys(err, r, "read response") : 0;
}

bool bt_http_reusable(const struct bt_http_conn *conn)
{
	return conn->buf && conn->ended && conn->head.keeps && conn->pos == conn->len;
}
