/* SPDX-License-Identifier: Apache-2.0 */

#include "api/acceptor.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "api/crowd.h"
#include "base/auto.h"
#include "base/thread.h"

#define STACK_SIZE (64u << 10)
#define EVENTS     64
/* After running out of descriptors: long enough not to spin, short enough not to be felt. */
#define BACKOFF_NS 20000000
/* What an HTTP/2 client begins with when it asks for no upgrade (RFC 9113, 3.4). */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* At the end, so long after it was accepted a connection may still begin to speak: a client that
 * was let in has a right to its answer, even on a busy machine. */
#define LINGER_MS 1000

/* After so long without a new connection nothing much is going on. */
#define QUIET_MS 3000

/* An epoll event names a descriptor, and in the bits above it what the descriptor is. */
#define TAG_LISTENER (1ull << 32)
#define TAG_TLS      (1ull << 33)
#define TAG_STOP     (1ull << 34)

struct bt_acceptor {
	int epoll, stop;
	pthread_t thread;
	struct bt_acceptor_clients clients;
	bt_acceptor_quiet_fn quiet;
	int64_t *idle; /* by descriptor: when it was accepted (ms), 0 where none waits here */
	size_t nidle;
	int listeners[BT_ACCEPTOR_LISTENERS_MAX]; /* borrowed */
	size_t nlisteners;
};

static int watch(struct bt_acceptor *a, int fd, uint64_t tags, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u64 = (unsigned)fd | tags };

	return epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/* Remember which descriptors are idle connections, to close them at the end. */
static int mark_idle(struct bt_acceptor *a, int fd)
{
	size_t want = a->nidle ? a->nidle : 256;
	int64_t *grown;

	if ((size_t)fd >= a->nidle) {
		while (want <= (size_t)fd)
			want *= 2;
		grown = realloc(a->idle, want * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + a->nidle, 0, (want - a->nidle) * sizeof(*grown));
		a->idle = grown;
		a->nidle = want;
	}
	a->idle[fd] = now_ms();
	return 0;
}

/* Whoever has waited here for longest without a word makes room; not who came a moment ago. */
static bool drop_oldest(struct bt_acceptor *a)
{
	size_t oldest = a->nidle;
	int sock;

	for (size_t fd = 0; fd < a->nidle; fd++)
		if (a->idle[fd] && (oldest == a->nidle || a->idle[fd] < a->idle[oldest]))
			oldest = fd;
	if (oldest == a->nidle || a->idle[oldest] + BT_CROWD_SILENT_MS > now_ms())
		return false;
	a->idle[oldest] = 0;
	sock = (int)oldest;
	bt_close(&sock);
	return true;
}

/* More than the one that is needed: the next connection gets the number that is free now, and does
 * not show that others are scarce. */
static void drop_some(struct bt_acceptor *a)
{
	for (unsigned i = 0; i < BT_CROWD_SHED && drop_oldest(a); i++)
		;
}

static void wait_for_room(struct bt_acceptor *a)
{
	const struct timespec pause = { .tv_nsec = BACKOFF_NS };

	a->clients.full(a->clients.arg);
	(void)nanosleep(&pause, NULL);
}

static void accept_all(struct bt_acceptor *a, int listener, uint64_t tls)
{
	for (;;) {
		bt_auto_close int sock =
			accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0 && errno == EMFILE && drop_oldest(a))
			continue;
		if (sock < 0) {
			if (errno != EAGAIN)
				wait_for_room(a);
			return;
		}
		if (bt_crowd_is_scarce(sock))
			drop_some(a);
		if (mark_idle(a, sock) == 0 &&
		    watch(a, sock, tls, EPOLLIN | EPOLLRDHUP | EPOLLET) == 0)
			(void)bt_take_fd(&sock);
	}
}

enum first_bytes {
	FIRST_WAIT,
	FIRST_HTTP1,
	FIRST_REFUSE,
};

static enum first_bytes look_at(int sock)
{
	char buf[sizeof(H2_PREFACE) - 1];
	ssize_t n = recv(sock, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? FIRST_WAIT : FIRST_REFUSE;
	if (n == 0 || memcmp(buf, H2_PREFACE, (size_t)n) != 0)
		return n == 0 ? FIRST_REFUSE : FIRST_HTTP1;
	/* A "P" alone may still become a POST. */
	return (size_t)n < sizeof(buf) ? FIRST_WAIT : FIRST_REFUSE;
}

static void first_bytes(struct bt_acceptor *a, int sock, uint32_t events, bool tls)
{
	enum first_bytes what = look_at(sock);

	if (what == FIRST_WAIT && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
		return;
	a->idle[sock] = 0;
	(void)epoll_ctl(a->epoll, EPOLL_CTL_DEL, sock, NULL);
	if (what == FIRST_HTTP1)
		a->clients.fn(a->clients.arg, sock, tls);
	else
		bt_close(&sock);
}

static int fd_of(const struct epoll_event *event)
{
	return (int)(event->data.u64 & 0xffffffffu);
}

/* False once it is time to stop. */
static bool take_events(struct bt_acceptor *a, const struct epoll_event *events, int n)
{
	bool go_on = true;

	for (int i = 0; i < n; i++) {
		uint64_t tags = events[i].data.u64;

		if (tags & TAG_STOP)
			go_on = false;
		else if ((tags & TAG_LISTENER) == 0)
			first_bytes(a, fd_of(&events[i]), events[i].events, (tags & TAG_TLS) != 0);
	}
	/* Only now: accepting may close one of those, and give its number to another. */
	for (int i = 0; i < n; i++)
		if (events[i].data.u64 & TAG_LISTENER)
			accept_all(a, fd_of(&events[i]), events[i].data.u64 & TAG_TLS);
	return go_on;
}

/* How long the youngest connection still has for its first bytes, in milliseconds. */
static int linger_left(const struct bt_acceptor *a)
{
	int64_t youngest = 0, now = now_ms();

	for (size_t fd = 0; fd < a->nidle; fd++)
		if (a->idle[fd] > youngest)
			youngest = a->idle[fd];
	return youngest + LINGER_MS > now && youngest > 0 ? (int)(youngest + LINGER_MS - now) : 0;
}

/* Whom the daemon accepted and who has not spoken yet. */
static void linger(struct bt_acceptor *a)
{
	struct epoll_event events[EVENTS];
	int left;

	(void)epoll_ctl(a->epoll, EPOLL_CTL_DEL, a->stop, NULL);
	for (size_t i = 0; i < a->nlisteners; i++)
		(void)epoll_ctl(a->epoll, EPOLL_CTL_DEL, a->listeners[i], NULL);
	while ((left = linger_left(a)) > 0)
		(void)take_events(a, events, epoll_wait(a->epoll, events, EVENTS, left));
}

static void *run(void *arg)
{
	struct bt_acceptor *a = arg;
	struct epoll_event events[EVENTS];
	int n, timeout = QUIET_MS;

	do {
		n = epoll_wait(a->epoll, events, EVENTS, timeout);
		if (n == 0)
			a->quiet();
		timeout = n == 0 ? -1 : QUIET_MS;
	} while (take_events(a, events, n));
	linger(a);
	return NULL;
}

static int start(struct bt_acceptor *a, const struct bt_listener *listeners, size_t n)
{
	int r;

	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	a->stop = a->epoll < 0 ? -EBADF : eventfd(0, EFD_CLOEXEC);
	if (a->stop < 0)
		return -errno;
	r = watch(a, a->stop, TAG_STOP, EPOLLIN);
	for (size_t i = 0; r == 0 && i < n; i++) {
		a->listeners[a->nlisteners++] = listeners[i].fd;
		r = watch(a, listeners[i].fd, TAG_LISTENER | (listeners[i].tls ? TAG_TLS : 0),
			  EPOLLIN);
	}
	if (r < 0)
		return r;
	return bt_thread_start(&a->thread, STACK_SIZE, run, a);
}

static void release(struct bt_acceptor *a)
{
	for (size_t fd = 0; fd < a->nidle; fd++)
		if (a->idle[fd])
			(void)close((int)fd);
	bt_close(&a->stop);
	bt_close(&a->epoll);
	free(a->idle);
	free(a);
}

int bt_acceptor_create(const struct bt_listener *listeners, size_t n,
		       const struct bt_acceptor_clients *clients, bt_acceptor_quiet_fn quiet,
		       struct bt_acceptor **ret, struct bt_err *err)
{
	struct bt_acceptor *a = malloc(sizeof(*a));
	int r;

	if (!a)
		return bt_err_sys(err, -ENOMEM, "accept connections");
	*a = (struct bt_acceptor){
		.epoll = -EBADF, .stop = -EBADF, .clients = *clients, .quiet = quiet
	};
	r = start(a, listeners, n);
	if (r < 0) {
		release(a);
		return bt_err_sys(err, r, "accept connections");
	}
	*ret = a;
	return 0;
}

void bt_acceptor_destroy(struct bt_acceptor *acceptor)
{
	if (!acceptor)
		return;
	/* An eventfd takes 8 bytes at once, or is full and readable already. */
	(void)eventfd_write(acceptor->stop, 1);
	(void)pthread_join(acceptor->thread, NULL);
	release(acceptor);
}
