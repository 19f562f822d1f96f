/* SPDX-License-Identifier: Apache-2.0 */

#include "api/relay.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

#define STACK_SIZE  (128u << 10)
#define BUFFER_SIZE (32u << 10)

struct relay {
	int ends[2];
	bool ended[2]; /* nothing more comes from this end */
	void (*done)(void *arg);
	void *arg;
	char buf[BUFFER_SIZE];
};

/* Sockets may be non-blocking: wait for room. */
static int send_all(int sock, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(sock, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = sock, .events = POLLOUT };

			(void)poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		}
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Copy what is there; false where neither side can go on. */
static bool copy(struct relay *r, int from)
{
	int to = 1 - from;
	ssize_t n = recv(r->ends[from], r->buf, sizeof(r->buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0)
		return send_all(r->ends[to], r->buf, (size_t)n) == 0;
	r->ended[from] = true;
	(void)shutdown(r->ends[to], SHUT_WR);
	return n == 0;
}

static void *run(void *arg)
{
	struct relay *r = arg;
	bool fine = true;

	while (fine && !(r->ended[0] && r->ended[1])) {
		struct pollfd p[2];

		for (int i = 0; i < 2; i++)
			p[i] = (struct pollfd){ .fd = r->ended[i] ? -1 : r->ends[i],
						.events = POLLIN };
		if (poll(p, 2, -1) < 0)
			continue;
		for (int i = 0; fine && i < 2; i++)
			if (p[i].revents)
				fine = copy(r, i);
		/* The container's side is gone as a whole: nobody reads input any more. */
		if (r->ended[1])
			break;
	}
	bt_close(&r->ends[1]);
	r->done(r->arg);
	free(r);
	return NULL;
}

int bt_relay_start(int a, int b, void (*done)(void *arg), void *arg)
{
	struct relay *r = malloc(sizeof(*r));
	pthread_attr_t attr;
	pthread_t thread;
	int n = r ? pthread_attr_init(&attr) : ENOMEM;

	if (n == 0) {
		*r = (struct relay){ .ends = { a, b }, .done = done, .arg = arg };
		n = pthread_attr_setstacksize(&attr, STACK_SIZE);
		if (n == 0)
			n = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		if (n == 0)
			n = pthread_create(&thread, &attr, run, r);
		(void)pthread_attr_destroy(&attr);
	}
	if (n != 0) {
		free(r);
		bt_close(&b);
	}
	return -n;
}
