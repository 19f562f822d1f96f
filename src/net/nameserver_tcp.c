/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/time.h"
#include "net/nameserver_private.h"

#define STREAMS_MAX        128
#define STREAMS_CLIENT_MAX 8
/* For each message, and to wait for the next. */
#define PATIENCE_NS (10 * BT_TIME_NSEC_PER_SEC)

static void stream_close(struct bt_nameserver *ns, struct bt_nameserver_stream *s)
{
	bt_nameserver_query_forget(ns, NULL, s);
	bt_helper_loop_drop(&ns->helper.loop, &s->watch);
	bt_list_remove(&s->link);
	ns->nstreams--;
	s->client->nstreams--;
	free(s->msg);
	free(s->out);
	bt_helper_loop_bury(&ns->helper.loop, &s->link);
}

static void postpone(struct bt_nameserver *ns, struct bt_nameserver_stream *s)
{
	s->until_ns = bt_time_monotonic_ns() + PATIENCE_NS;
	bt_list_remove(&s->link);
	bt_list_append(&ns->streams, &s->link);
}

/* Returns false where the connection is gone. */
static bool send_more(struct bt_nameserver *ns, struct bt_nameserver_stream *s)
{
	while (s->sent < s->out_len) {
		ssize_t n = send(s->watch.fd, s->out + s->sent, s->out_len - s->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			bt_helper_loop_want(&ns->helper.loop, &s->watch, EPOLLOUT);
			return true;
		}
		if (n < 0) {
			stream_close(ns, s);
			return false;
		}
		s->sent += (size_t)n;
	}
	free(bt_take(s->out));
	s->sent = s->out_len = 0;
	bt_helper_loop_want(&ns->helper.loop, &s->watch, EPOLLIN);
	postpone(ns, s);
	return true;
}

void bt_nameserver_tcp_reply(struct bt_nameserver *ns, struct bt_nameserver_stream *s,
			     const uint8_t *msg, size_t len)
{
	s->asking = false;
	free(bt_take(s->msg));
	s->got = s->len = 0;
	s->out = malloc(len + 2);
	if (!s->out) {
		stream_close(ns, s);
		return;
	}
	s->out[0] = (uint8_t)(len >> 8);
	s->out[1] = (uint8_t)len;
	memcpy(s->out + 2, msg, len);
	s->out_len = len + 2;
	(void)send_more(ns, s);
}

static void asked(struct bt_nameserver *ns, struct bt_nameserver_stream *s)
{
	static uint8_t out[BT_DNS_MSG_MAX];
	struct bt_dns_question q;
	size_t n;

	if (bt_dns_message_parse(s->msg, s->len, &q) < 0) {
		stream_close(ns, s);
		return;
	}
	n = bt_nameserver_client_answer(ns, s->client, s->msg, &q, out, sizeof(out));
	if (n) {
		bt_nameserver_tcp_reply(ns, s, out, n);
		return;
	}
	/* The next question, which may be there already, is read when this one is answered. */
	s->asking = true;
	bt_helper_loop_want(&ns->helper.loop, &s->watch, 0);
	bt_nameserver_query_ask(ns, s->client, NULL, s, s->msg, s->len, &q);
}

/* One read: 1, 0 for later, -1 at the end. */
static int read_some(struct bt_nameserver_stream *s)
{
	uint8_t *to = s->got < 2 ? s->head + s->got : s->msg + s->got - 2;
	const size_t want = s->got < 2 ? 2 - s->got : s->len + 2 - s->got;
	const ssize_t n = recv(s->watch.fd, to, want, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	s->got += (size_t)n;
	if (s->got == 2) {
		s->len = (size_t)(s->head[0] << 8 | s->head[1]);
		s->msg = malloc(s->len + 1);
		if (s->len == 0 || !s->msg)
			return -1;
	}
	return 1;
}

static void ready(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	struct bt_nameserver_stream *s = bt_list_entry(watch, struct bt_nameserver_stream, watch);
	int r;

	if (s->out) {
		(void)send_more(ns, s);
		return;
	}
	if (s->asking) {
		stream_close(ns, s);
		return;
	}
	do {
		r = read_some(s);
	} while (r > 0 && s->got < s->len + 2);
	if (r < 0)
		stream_close(ns, s);
	else if (s->got >= 2 && s->got == s->len + 2)
		asked(ns, s);
}

void bt_nameserver_tcp_accept(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	struct bt_nameserver_client *c = bt_list_entry(watch, struct bt_nameserver_client, tcp);
	bt_auto_close int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct bt_nameserver_stream *s;

	if (fd < 0 || ns->nstreams >= STREAMS_MAX || c->nstreams >= STREAMS_CLIENT_MAX)
		return;
	s = calloc(1, sizeof(*s));
	if (!s)
		return;
	s->watch.ready = ready;
	s->client = c;
	s->until_ns = bt_time_monotonic_ns() + PATIENCE_NS;
	if (bt_helper_loop_add(&ns->helper.loop, &s->watch, bt_take_fd(&fd)) < 0) {
		free(s);
		return;
	}
	bt_list_append(&ns->streams, &s->link);
	ns->nstreams++;
	c->nstreams++;
}

void bt_nameserver_tcp_close(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
			     int64_t now_ns)
{
	bt_list_foreach (it, &ns->streams) {
		struct bt_nameserver_stream *s =
			bt_list_entry(it, struct bt_nameserver_stream, link);

		if (client ? s->client == client : s->until_ns <= now_ns)
			stream_close(ns, s);
	}
}
