/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/early_pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/thread.h"

#define BUFFER_SIZE 16384
#define STACK_SIZE  (64u << 10)

/* One way: what was read and is not written yet. Neither way waits for the other, or a program that
 * answers while it reads would wait for itself. */
struct flow {
	int from, to;
	bool over; /* nothing more comes, or nobody is there to take it */
	size_t at, end, size;
	char *buffer;
};

struct pump {
	struct flow in, out; /* towards the container, and from it */
	int client, engine;
	char answers[BUFFER_SIZE];
	char said[]; /* the early bytes first */
};

static void end_flow(struct flow *f)
{
	f->over = true;
	f->at = f->end = 0;
	(void)shutdown(f->to, SHUT_WR);
}

static bool is_empty(const struct flow *f)
{
	return f->at == f->end;
}

static void take(struct flow *f)
{
	ssize_t n = recv(f->from, f->buffer, f->size, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	f->at = 0;
	f->end = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		end_flow(f);
}

static void give(struct flow *f)
{
	ssize_t n = send(f->to, f->buffer + f->at, f->end - f->at, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		f->at += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		end_flow(f);
}

/* An end of which nothing is wanted is not looked at: its hangup would be told for ever. */
static struct pollfd wanted(int fd, const struct flow *from_it, const struct flow *to_it)
{
	int events = (!from_it->over && is_empty(from_it) ? POLLIN : 0) |
		     (!is_empty(to_it) ? POLLOUT : 0);

	return (struct pollfd){ .fd = events ? fd : -1, .events = (short)events };
}

static void turn(const struct pollfd *p, struct flow *from_it, struct flow *to_it)
{
	if (p->revents == 0)
		return;
	if ((p->events & POLLIN) != 0)
		take(from_it);
	if ((p->events & POLLOUT) != 0)
		give(to_it);
}

static void *run(void *data)
{
	struct pump *p = data;

	/* The side towards the container decides: when it has ended, all is said. */
	while (!p->out.over || !is_empty(&p->out)) {
		struct pollfd fds[2] = { wanted(p->client, &p->in, &p->out),
					 wanted(p->engine, &p->out, &p->in) };

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		turn(&fds[0], &p->in, &p->out);
		turn(&fds[1], &p->out, &p->in);
	}
	bt_close(&p->client);
	bt_close(&p->engine);
	free(p);
	return NULL;
}

static struct pump *new_pump(int client, const void *early, size_t len)
{
	const size_t size = len > BUFFER_SIZE ? len : BUFFER_SIZE;
	struct pump *p = calloc(1, sizeof(*p) + size);

	if (!p)
		return NULL;
	memcpy(p->said, early, len);
	p->client = client;
	p->in = (struct flow){ .from = client, .end = len, .size = size, .buffer = p->said };
	p->out = (struct flow){ .to = client, .size = BUFFER_SIZE, .buffer = p->answers };
	return p;
}

int bt_early_pump(int sock, const void *early, size_t early_len)
{
	bt_auto_close int client = sock;
	bt_auto_free struct pump *p = NULL;
	int pair[2], r;

	if (early_len == 0)
		return bt_take_fd(&client);
	p = new_pump(client, early, early_len);
	if (!p)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	p->engine = p->in.to = p->out.from = pair[0];
	r = bt_thread_detach(STACK_SIZE, run, p);
	if (r < 0) {
		bt_close(&pair[0]);
		bt_close(&pair[1]);
		return r;
	}
	/* Both belong to the thread now. */
	(void)bt_take_fd(&client);
	(void)bt_take(p);
	return pair[1];
}
