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
#include "base/io.h"
#include "base/thread.h"

#define BUFFER_SIZE 16384
#define STACK_SIZE  (64u << 10)

struct pump {
	int client, engine;
	size_t len;
	char buffer[BUFFER_SIZE];
	char early[];
};

/* One turn from `from` to `to`; false at the end, which is passed on. */
static bool copy_some(struct pump *p, int from, int to)
{
	ssize_t n = recv(from, p->buffer, sizeof(p->buffer), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0 && bt_io_write_all(to, p->buffer, (size_t)n) == 0)
		return true;
	shutdown(to, SHUT_WR);
	return false;
}

static void *run(void *data)
{
	struct pump *p = data;
	struct pollfd pfd[2] = { { .fd = p->client, .events = POLLIN },
				 { .fd = p->engine, .events = POLLIN } };

	if (bt_io_write_all(p->engine, p->early, p->len) < 0)
		pfd[0].fd = -1;
	/* The side towards the container decides: when it has ended, all is said. */
	while (pfd[1].fd >= 0) {
		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			break;
		if (pfd[0].revents && !copy_some(p, p->client, p->engine))
			pfd[0].fd = -1;
		if (pfd[1].revents && !copy_some(p, p->engine, p->client))
			pfd[1].fd = -1;
	}
	bt_close(&p->client);
	bt_close(&p->engine);
	free(p);
	return NULL;
}

int bt_early_pump(int sock, const void *early, size_t early_len)
{
	bt_auto_close int client = sock;
	bt_auto_free struct pump *p = NULL;
	int pair[2], r;

	if (early_len == 0)
		return bt_take_fd(&client);
	p = calloc(1, sizeof(*p) + early_len);
	if (!p)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	memcpy(p->early, early, early_len);
	p->len = early_len;
	p->client = client;
	p->engine = pair[0];
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
