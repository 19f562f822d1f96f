/* SPDX-License-Identifier: Apache-2.0 */

#include "client/stream.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"

#define CHUNK     (256u << 10)
#define INPUT     (32u << 10)
#define HEAD_LEN  8
#define PIECES    64
#define FRAME_ERR 2
#define FRAME_SYS 3

struct carrier {
	struct bt_stream *s;
	struct bt_err *err;
	char *buf;
	unsigned char head[HEAD_LEN]; /* of the frame that is being read */
	size_t nhead;
	unsigned long long left; /* of its payload */
	struct iovec pieces[PIECES];
	size_t npieces;
	int target;      /* where the pieces go */
	int frame;       /* where the payload of the frame goes */
	size_t nmatched; /* detach keys seen in a row */
	bool spliced;    /* the output can be spliced */
};

int bt_stream_keys_parse(const char *text, unsigned char ret[BT_STREAM_KEYS_MAX], size_t *ret_n,
			 struct bt_err *err)
{
	size_t n = 0;

	while (*text) {
		size_t len = strcspn(text, ",");
		const char *ctrl = strncmp(text, "ctrl-", 5) == 0 ? text + 5 : NULL;
		int key = -1;

		if (len == 1)
			key = (unsigned char)*text;
		else if (ctrl && len == 6 && isalpha((unsigned char)*ctrl))
			key = tolower((unsigned char)*ctrl) - 'a' + 1;
		else if (ctrl && len == 6 && strchr("@[\\]^_", *ctrl))
			key = *ctrl - '@';
		if (key < 0 || n == BT_STREAM_KEYS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "Unknown character: '%.*s'",
					  (int)len, text);
		ret[n++] = (unsigned char)key;
		text += len + (text[len] == ',');
	}
	*ret_n = n;
	return 0;
}

/* Write all pieces; a pipe or terminal may take them in parts. */
static int write_pieces(struct carrier *c)
{
	struct iovec *iov = c->pieces;
	size_t n = c->npieces;

	c->npieces = 0;
	while (n && c->target >= 0) {
		ssize_t done = writev(c->target, iov, (int)n);

		if (done < 0 && errno == EAGAIN) {
			struct pollfd p = { c->target, POLLOUT, 0 };

			(void)poll(&p, 1, -1);
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return bt_err_sys(c->err, -errno, "write output");
		size_t gone = (size_t)done;
		for (; n && gone >= iov->iov_len; n--)
			gone -= iov++->iov_len;
		if (n) {
			iov->iov_base = (char *)iov->iov_base + gone;
			iov->iov_len -= gone;
		}
	}
	return 0;
}

static int add_piece(struct carrier *c, int target, char *data, size_t len)
{
	int r = 0;

	if (c->npieces && (c->target != target || c->npieces == PIECES))
		r = write_pieces(c);
	c->target = target;
	c->pieces[c->npieces++] = (struct iovec){ data, len };
	return r;
}

/* The frame's head is complete: how long, and is it a kind that we know? */
static int begin_frame(struct carrier *c)
{
	const unsigned char *h = c->head;

	c->left =
		(unsigned long long)h[4] << 24 | (unsigned)h[5] << 16 | (unsigned)h[6] << 8 | h[7];
	c->nhead = 0;
	if (h[0] > FRAME_SYS || h[1] || h[2] || h[3])
		return bt_err_set(c->err, BT_ERR_SYSTEM, EPROTO, "unrecognized stream: %d", h[0]);
	c->frame = h[0] == FRAME_ERR || h[0] == FRAME_SYS ? c->s->err : c->s->out;
	return 0;
}

/* Sort received bytes into frames and write their payloads. */
static int take_frames(struct carrier *c, char *data, size_t len)
{
	int r = 0;

	while (len && r == 0) {
		size_t want = HEAD_LEN - c->nhead, n;

		if (c->left) {
			n = c->left < len ? (size_t)c->left : len;
			r = add_piece(c, c->frame, data, n);
			c->left -= n;
		} else {
			n = want < len ? want : len;
			memcpy(c->head + c->nhead, data, n);
			c->nhead += n;
			if (c->nhead == HEAD_LEN)
				r = begin_frame(c);
		}
		data += n;
		len -= n;
	}
	return r < 0 ? r : write_pieces(c);
}

static int take_raw(struct carrier *c, char *data, size_t len)
{
	int r = add_piece(c, c->s->out, data, len);

	return r < 0 ? r : write_pieces(c);
}

/* A raw stream into a pipe: the kernel moves the pages. Returns the count, 0 at the end, negative;
 * -EINVAL where it cannot. */
static ssize_t move_pages(struct carrier *c)
{
	ssize_t n;

	do
		n = splice(c->s->conn->fd, NULL, c->s->out, NULL, CHUNK, SPLICE_F_MOVE);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Returns 1 to go on, 0 at the end, negative. */
static int output(struct carrier *c)
{
	struct bt_http_conn *conn = c->s->conn;
	ssize_t n;
	int r;

	if (c->spliced && conn->pos == conn->len) {
		n = move_pages(c);
		if (n >= 0)
			return n > 0;
		if (n != -EINVAL)
			return bt_err_sys(c->err, (int)n, "write output");
		c->spliced = false;
	}
	n = bt_http_read(conn, c->buf, CHUNK, c->err);
	if (n == -ECONNRESET)
		return 0;
	if (n <= 0)
		return (int)n;
	r = c->s->mux ? take_frames(c, c->buf, (size_t)n) : take_raw(c, c->buf, (size_t)n);
	return r < 0 ? r : 1;
}

/* Look for the detach keys. Keys that may begin them are held back, and sent when they do not.
 * Returns true when they are complete. */
static bool scan_keys(struct carrier *c, unsigned char *data, size_t *len, unsigned char *out)
{
	const struct bt_stream *s = c->s;
	size_t n = 0;

	for (size_t i = 0; i < *len; i++) {
		if (data[i] != s->keys[c->nmatched]) {
			memcpy(out + n, s->keys, c->nmatched);
			n += c->nmatched;
			c->nmatched = 0;
			if (data[i] != s->keys[0]) {
				out[n++] = data[i];
				continue;
			}
		}
		if (++c->nmatched == s->nkeys) {
			*len = n;
			return true;
		}
	}
	*len = n;
	return false;
}

/* Returns 1 to go on, 0 when the keys were typed, negative. */
static int input(struct carrier *c)
{
	unsigned char data[INPUT], out[INPUT * 2 + BT_STREAM_KEYS_MAX];
	struct bt_stream *s = c->s;
	bool detached = false;
	ssize_t got = read(s->in, data, sizeof(data));
	size_t len = got > 0 ? (size_t)got : 0;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (got <= 0) {
		(void)shutdown(s->conn->fd, SHUT_WR);
		s->in = -1;
		return 1;
	}
	if (s->nkeys)
		detached = scan_keys(c, data, &len, out);
	/* A daemon that reads no more is no error: what it still says is what counts. */
	if (bt_sock_send_all(s->conn->fd, s->nkeys ? out : data, len) < 0)
		s->in = -1;
	return detached ? 0 : 1;
}

static void take_signal(struct carrier *c)
{
	struct signalfd_siginfo info;

	if (read(c->s->signals, &info, sizeof(info)) == sizeof(info) && c->s->on_signal)
		c->s->on_signal(c->s->arg, (int)info.ssi_signo);
}

static int turn(struct carrier *c)
{
	struct bt_stream *s = c->s;
	struct pollfd fds[3] = { { s->conn->fd, POLLIN, 0 },
				 { s->in, POLLIN, 0 },
				 { s->signals, POLLIN, 0 } };
	int r;

	if (s->conn->pos != s->conn->len)
		return output(c);
	/* Nothing else can happen: let the read wait. */
	if (s->in < 0 && s->signals < 0)
		return output(c);
	if (poll(fds, 3, -1) < 0)
		return errno == EINTR ? 1 : bt_err_sys(c->err, -errno, "poll");
	if (fds[2].revents)
		take_signal(c);
	if (fds[1].revents) {
		r = input(c);
		if (r <= 0)
			return r < 0 ? r : BT_STREAM_DETACHED + 1;
	}
	return fds[0].revents ? output(c) : 1;
}

static bool can_splice(const struct bt_stream *s)
{
	struct stat st;

	return !s->mux && s->conn->head.framing == BT_HTTP_UNTIL_CLOSE && s->out >= 0 &&
	       fstat(s->out, &st) == 0 && S_ISFIFO(st.st_mode);
}

int bt_stream_run(struct bt_stream *s, struct bt_err *err)
{
	bt_auto_free char *buf = malloc(CHUNK);
	struct carrier c = { .s = s, .err = err, .buf = buf, .target = -1, .frame = -1 };
	int r;

	if (!buf)
		return bt_err_sys(err, -ENOMEM, "attach");
	c.spliced = can_splice(s);
	do
		r = turn(&c);
	while (r == 1);
	if (r < 0)
		return r;
	return r == BT_STREAM_DETACHED + 1 ? BT_STREAM_DETACHED : BT_STREAM_CLOSED;
}
