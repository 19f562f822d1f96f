/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/attach.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/auto.h"

#define INPUT_CHUNK (32u << 10)
#define HEADER      8
/* A queue may go past BT_ATTACH_QUEUE_MAX by what dead processes' pipes still held. */
#define QUEUE_HARD_MAX (8u << 20)
/* How long a client that got its end may take to close its side. */
#define LINGER_MS 2000

static bool is_full(const struct bt_attach *attach)
{
	return attach->queue.len - attach->sent >= BT_ATTACH_QUEUE_MAX;
}

bool bt_attach_is_full(const struct bt_attach *attach)
{
	return is_full(attach);
}

void bt_attach_destroy(struct bt_attach *attach)
{
	struct bt_stdio *stdio = attach->stdio;

	bt_list_remove(&attach->link);
	bt_loop_timer_clear(&attach->linger);
	bt_loop_remove(stdio->loop, &attach->source);
	bt_close(&attach->fd);
	bt_str_done(&attach->queue);
	free(attach);
	stdio->nclients--;
	bt_stdio_resume(stdio);
	if (stdio->nclients == 0 && stdio->finished)
		stdio->events->idle(stdio);
}

static void on_linger(struct bt_loop_timer *timer)
{
	bt_attach_destroy(bt_list_entry(timer, struct bt_attach, linger));
}

/* Everything is sent. The socket is not closed at once: with input unread, the kernel would
 * tell the client of a reset instead of an end, and over TCP even drop what is on its way. */
static void shut(struct bt_attach *attach)
{
	attach->shut = true;
	attach->in = true;
	bt_str_done(&attach->queue);
	attach->sent = 0;
	(void)shutdown(attach->fd, SHUT_WR);
	bt_loop_timer_set(attach->stdio->loop, &attach->linger, LINGER_MS);
	bt_loop_want(attach->stdio->loop, &attach->source, EPOLLIN);
}

void bt_attach_update(struct bt_attach *attach)
{
	uint32_t events = BT_LOOP_HANGUP;

	if (attach->shut || (attach->in && bt_stdio_takes_input(attach->stdio)))
		events |= EPOLLIN;
	if (attach->queue.len > 0)
		events |= EPOLLOUT;
	bt_loop_want(attach->stdio->loop, &attach->source, events);
}

void bt_attach_end(struct bt_attach *attach)
{
	if (attach->ending)
		return;
	attach->ending = true;
	attach->in = false;
	if (attach->queue.len == 0)
		shut(attach);
	else
		bt_attach_update(attach);
}

/* The client has gone. Its input, if it was for it alone, ends with it. */
static void lose(struct bt_attach *attach)
{
	if (attach->in && attach->stdio->stdin_once && !attach->shut)
		bt_stdio_input_end(attach->stdio);
	bt_attach_destroy(attach);
}

/* The client takes no more output. What it has sent before may still be unread: it stays for
 * that. False: it has gone, and so has `attach`. */
static bool lose_output(struct bt_attach *attach)
{
	attach->out = attach->err = false;
	bt_str_done(&attach->queue);
	attach->sent = 0;
	if (attach->in && !attach->ending) {
		bt_attach_update(attach);
		bt_stdio_resume(attach->stdio);
		return true;
	}
	bt_attach_destroy(attach);
	return false;
}

/* Send the queue. False: the client has gone, and so has `attach`. */
static bool flush(struct bt_attach *attach)
{
	while (attach->sent < attach->queue.len) {
		ssize_t n = send(attach->fd, attach->queue.p + attach->sent,
				 attach->queue.len - attach->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			attach->sent += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			return true;
		else if (n < 0 && errno != EINTR)
			return lose_output(attach);
	}
	bt_str_done(&attach->queue);
	attach->sent = 0;
	return true;
}

/* Queue what could not be sent at once; what was sent of the queue makes room. */
static void enqueue(struct bt_attach *attach, const char *data, size_t len)
{
	struct bt_str *queue = &attach->queue;

	if (attach->sent > 0) {
		memmove(queue->p, queue->p + attach->sent, queue->len - attach->sent);
		queue->len -= attach->sent;
		attach->sent = 0;
	}
	bt_str_add(queue, data, len);
}

void bt_attach_output(struct bt_attach *attach, enum bt_log_stream stream, const char *data,
		      size_t len)
{
	char header[HEADER] = { (char)stream };
	uint32_t be = htobe32((uint32_t)len);
	size_t head = attach->mux ? HEADER : 0, sent = 0;
	struct iovec iov[2] = { { header, head }, { (void *)(uintptr_t)data, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n = 0;

	if (attach->ending || (stream == BT_LOG_STDERR ? !attach->err : !attach->out))
		return;
	memcpy(header + 4, &be, sizeof(be));
	if (attach->queue.len == 0) {
		n = sendmsg(attach->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			(void)lose_output(attach);
			return;
		}
		sent = n > 0 ? (size_t)n : 0;
	}
	if (sent < head)
		enqueue(attach, header + sent, head - sent);
	sent = sent > head ? sent - head : 0;
	if (sent < len)
		enqueue(attach, data + sent, len - sent);
	if (attach->queue.failed)
		bt_attach_destroy(attach);
	else if (attach->queue.len > 0)
		bt_attach_update(attach);
}

/* The client sends no more. What follows is as Docker has it (attach.go): the input of the
 * process ends too where it was for this one client; else the client is let go. */
static void input_ended(struct bt_attach *attach)
{
	struct bt_stdio *stdio = attach->stdio;

	attach->in = false;
	if (stdio->stdin_once && !stdio->tty) {
		bt_stdio_input_end(stdio);
		bt_attach_update(attach);
	} else {
		bt_attach_end(attach);
	}
}

/* Take input of the client. False: it is gone. */
static bool take_input(struct bt_attach *attach)
{
	char data[INPUT_CHUNK], out[INPUT_CHUNK + BT_DETACH_KEYS_MAX];
	struct bt_stdio *stdio = attach->stdio;
	ssize_t n = recv(attach->fd, data, sizeof(data), MSG_DONTWAIT);
	size_t len;
	bool detach;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) { /* a client that closes with output unread resets the connection */
		lose(attach);
		return false;
	}
	if (attach->shut) {
		if (n == 0)
			bt_attach_destroy(attach);
		return n > 0;
	}
	if (n == 0) {
		input_ended(attach);
		return true;
	}
	if (!stdio->tty) {
		bt_stdio_input(stdio, data, (size_t)n);
		bt_attach_update(attach);
		return true;
	}
	detach = bt_detach_keys_filter(&attach->keys, data, (size_t)n, out, &len);
	bt_stdio_input(stdio, out, len);
	if (detach) {
		stdio->events->detached(stdio);
		bt_attach_end(attach);
	} else {
		bt_attach_update(attach);
	}
	return true;
}

/* While the process takes no input. What the client has sent must not be lost because it has gone:
 * the hang-up can wait. Its output cannot: the process may read again only when that is taken. */
static void hold_input(struct bt_attach *attach, uint32_t events)
{
	struct bt_stdio *stdio = attach->stdio;

	if (attach->queue.len > 0 && !flush(attach))
		return;
	if (events & EPOLLHUP)
		bt_loop_want(stdio->loop, &attach->source, 0);
	else
		bt_loop_want(stdio->loop, &attach->source,
			     BT_LOOP_HANGUP | (attach->queue.len > 0 ? EPOLLOUT : 0u));
	if (!is_full(attach))
		bt_stdio_resume(stdio);
}

static void on_client(struct bt_loop_source *source, uint32_t events)
{
	struct bt_attach *attach = bt_list_entry(source, struct bt_attach, source);
	struct bt_stdio *stdio = attach->stdio;

	if (attach->in && !attach->shut && !bt_stdio_takes_input(stdio)) {
		hold_input(attach, events);
		return;
	}
	if (events & EPOLLIN) {
		(void)take_input(attach);
		return; /* the rest is told again */
	}
	if (events & (EPOLLHUP | EPOLLERR)) {
		lose(attach);
		return;
	}
	if (!(events & EPOLLOUT) || !flush(attach))
		return;
	if (attach->queue.len == 0 && attach->ending)
		shut(attach);
	else
		bt_attach_update(attach);
	if (!is_full(attach))
		bt_stdio_resume(stdio);
}

int bt_attach_create(struct bt_stdio *stdio, int fd, const struct bt_spawn_client *how,
		     struct bt_str *first)
{
	bt_auto_close int owned = fd;
	bt_auto_free struct bt_attach *attach = NULL;
	int r;

	if (stdio->finished)
		return -ESHUTDOWN;
	if (stdio->nclients == BT_ATTACH_CLIENTS_MAX)
		return -EMFILE;
	attach = calloc(1, sizeof(*attach));
	if (!attach)
		return -ENOMEM;
	attach->stdio = stdio;
	attach->in = how->in;
	attach->out = how->out;
	attach->err = how->err;
	attach->mux = how->mux && !stdio->tty;
	bt_loop_timer_init(&attach->linger, on_linger);
	r = bt_detach_keys_parse(how->detach_keys, &attach->keys);
	if (r < 0)
		return r;
	/* Input is read once the process runs: bt_stdio_begin(). */
	r = bt_loop_add(stdio->loop, &attach->source, fd, BT_LOOP_HANGUP, on_client);
	if (r < 0)
		return r;
	attach->fd = bt_take_fd(&owned);
	if (first) {
		attach->queue = *first;
		*first = (struct bt_str){ 0 };
	}
	attach->queue.max = QUEUE_HARD_MAX;
	bt_list_append(&stdio->clients, &attach->link);
	stdio->nclients++;
	if (stdio->begun)
		bt_attach_update(attach);
	(void)bt_take(attach);
	return 0;
}
