/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "net/forwarder_private.h"

#define CHUNK (64u << 10)
/* What one connection may carry before others have their turn. */
#define TURN_CHUNKS  16
#define ACCEPT_BATCH 64
/* Each event says that something changed; both ways are then carried on until they would block. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLET)

/* One end: of the client, or of the container. */
struct side {
	struct bt_helper_loop_watch watch;
	struct bt_forwarder_stream *stream;
	uint8_t *pending; /* what it did not take yet */
	size_t len, sent;
	bool ended; /* it sends nothing more */
	bool told;  /* and was told so of the other */
};

struct bt_forwarder_stream {
	struct bt_list link; /* of the port's streams, then of the buried */
	struct side client, target;
};

enum {
	FLOWS_ON,
	HAS_ENDED,
	IS_BROKEN
};

static void finish(struct bt_forwarder *fw, struct bt_forwarder_stream *s, bool broken)
{
	/* With RST: who is cut off must not take it for the end of what was sent. */
	const struct linger at_once = { .l_onoff = 1 };
	struct side *const sides[] = { &s->client, &s->target };

	for (unsigned i = 0; i < 2; i++) {
		if (broken && sides[i]->watch.fd >= 0)
			(void)setsockopt(sides[i]->watch.fd, SOL_SOCKET, SO_LINGER, &at_once,
					 sizeof(at_once));
		bt_helper_loop_drop(&fw->helper.loop, &sides[i]->watch);
		free(sides[i]->pending);
	}
	bt_list_remove(&s->link);
	bt_helper_loop_bury(&fw->helper.loop, &s->link);
}

static int would_block(void)
{
	return errno == EAGAIN || errno == EINTR ? FLOWS_ON : IS_BROKEN;
}

/* Returns whether all that waited for `to` was sent; `*state` changes where it is broken. */
static bool flush(struct side *to, int *state)
{
	while (to->sent < to->len) {
		const ssize_t n = send(to->watch.fd, to->pending + to->sent, to->len - to->sent,
				       MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			*state = would_block();
			return false;
		}
		to->sent += (size_t)n;
	}
	free(bt_take(to->pending));
	to->len = to->sent = 0;
	return true;
}

static int keep(struct side *to, const uint8_t *data, size_t len)
{
	to->pending = malloc(len);
	if (!to->pending)
		return IS_BROKEN;
	memcpy(to->pending, data, len);
	to->len = len;
	to->sent = 0;
	return FLOWS_ON;
}

/* shutdown(2) would break off a connection that is still being made. */
static bool is_connected(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	return getpeername(fd, (struct sockaddr *)&sa, &len) == 0;
}

/* Send what was read, and keep what does not go out now. */
static int pass_on(struct side *to, const uint8_t *data, size_t len)
{
	ssize_t sent = send(to->watch.fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && would_block() == IS_BROKEN)
		return IS_BROKEN;
	sent = sent < 0 ? 0 : sent;
	return (size_t)sent < len ? keep(to, data + sent, len - (size_t)sent) : FLOWS_ON;
}

/* Tell `to` that nothing more comes, once all that came is sent. */
static void pass_end(const struct side *from, struct side *to)
{
	if (!from->ended || to->pending || to->told)
		return;
	to->told = is_connected(to->watch.fd);
	if (to->told)
		(void)shutdown(to->watch.fd, SHUT_WR);
}

/* One way, until it would block. `*turns` runs down. */
static int carry(struct side *from, struct side *to, unsigned *turns)
{
	static uint8_t chunk[CHUNK];
	int state = FLOWS_ON;

	while (flush(to, &state) && !from->ended && *turns > 0) {
		const ssize_t n = recv(from->watch.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0)
			return would_block();
		from->ended = n == 0;
		if (n == 0)
			break;
		(*turns)--;
		if (pass_on(to, chunk, (size_t)n) == IS_BROKEN)
			return IS_BROKEN;
	}
	pass_end(from, to);
	return to->told && state == FLOWS_ON ? HAS_ENDED : state;
}

static void ready(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_forwarder *fw = owner;
	struct bt_forwarder_stream *s = bt_list_entry(watch, struct side, watch)->stream;
	unsigned turns = TURN_CHUNKS;
	const int up = carry(&s->client, &s->target, &turns);
	const int down = up == IS_BROKEN ? up : carry(&s->target, &s->client, &turns);

	if (down == IS_BROKEN || (up == HAS_ENDED && down == HAS_ENDED)) {
		finish(fw, s, down == IS_BROKEN);
		return;
	}
	/* Whoever is cut short for others' sake is called again. */
	if (turns == 0) {
		bt_helper_loop_want(&fw->helper.loop, &s->client.watch, EVENTS);
		bt_helper_loop_want(&fw->helper.loop, &s->target.watch, EVENTS);
	}
}

static void set_up(int fd, int proto)
{
	const int one = 1;

	/* Who went away without a word is noticed some day. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (proto == IPPROTO_TCP)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int watch_side(struct bt_forwarder *fw, struct side *side, int fd)
{
	int r = bt_helper_loop_add(&fw->helper.loop, &side->watch, fd);

	if (r == 0)
		bt_helper_loop_want(&fw->helper.loop, &side->watch, EVENTS);
	return r;
}

/* The client's socket is owned. */
static void begin(struct bt_forwarder *fw, struct bt_forwarder_port *port, int fd)
{
	struct bt_forwarder_stream *s = calloc(1, sizeof(*s));
	bt_auto_close int client = fd, target = s ? bt_forwarder_connect(port) : -ENOMEM;

	if (!s)
		return;
	s->client = (struct side){ .watch = { .ready = ready, .fd = -EBADF }, .stream = s };
	s->target = s->client;
	bt_list_append(&port->streams, &s->link);
	set_up(client, port->proto);
	if (target >= 0)
		set_up(target, port->proto);
	if (watch_side(fw, &s->client, bt_take_fd(&client)) < 0 || target < 0 ||
	    watch_side(fw, &s->target, bt_take_fd(&target)) < 0)
		finish(fw, s, true);
}

/* No descriptor is left: the client hears so instead of waiting, and we are not called for it again
 * and again. */
static void refuse_one(struct bt_forwarder *fw, int listener)
{
	bt_close(&fw->spare);
	fw->spare = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	bt_close(&fw->spare);
	fw->spare = eventfd(0, EFD_CLOEXEC);
}

void bt_forwarder_stream_accept(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_forwarder *fw = owner;
	struct bt_forwarder_port *port = bt_list_entry(watch, struct bt_forwarder_port, sock);

	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		const int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			begin(fw, port, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			refuse_one(fw, watch->fd);
		return;
	}
}

void bt_forwarder_stream_cut(struct bt_forwarder *fw, struct bt_forwarder_port *port)
{
	bt_list_foreach (it, &port->streams)
		finish(fw, bt_list_entry(it, struct bt_forwarder_stream, link), true);
}
