/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper_link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "base/thread.h"
#include "codec/json.h"

#define STACK_SIZE     (128u << 10)
#define REPLY_MAX      4096
#define PATIENCE_SEC   10
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS  10000

struct bt_helper_link {
	char *path;
	struct bt_helper_link_owner owner;
	pthread_mutex_t lock; /* what follows, and one request at a time */
	int fd;               /* -EBADF: none runs, as far as we know */
	unsigned epoch;       /* of fd: its number may be that of the one before */
	bool lost;            /* lost() is due */
	bool ended;           /* because a connection ended */
	bool stopping;
	int wake; /* eventfd: fd, lost or stopping changed */
	pthread_t thread;
	bool watched; /* the thread exists */
};

static void wake(const struct bt_helper_link *r)
{
	const uint64_t one = 1;

	(void)!write(r->wake, &one, sizeof(one));
}

/* Under lock. One request and its reply, which is a new reference. Returns 0, or -errno: the
 * connection's, or what the helper said. */
static int exchange(int fd, const json_t *request, const int *fds, size_t nfds, json_t **ret)
{
	char text[REPLY_MAX];
	bt_auto_free char *out = NULL;
	json_auto_t *reply = NULL;
	int none[BT_SOCK_FDS_MAX];
	size_t len, n_none;
	ssize_t n;
	int r = bt_json_dump(request, &out, &len);

	if (r == 0)
		r = bt_sock_send(fd, out, len, fds, nfds);
	if (r < 0)
		return r;
	n = bt_sock_recv(fd, text, sizeof(text), none, &n_none, 0);
	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	while (n_none > 0)
		bt_close(&none[--n_none]);
	r = bt_json_parse(text, (size_t)n, 0, &reply, BT_ERR_IGNORED);
	if (r < 0)
		return r;
	r = -(int)bt_json_i64(reply, "error", 0);
	if (r == 0)
		*ret = bt_take(reply);
	return r;
}

/* Connect to one that runs. Returns the descriptor, or -errno. */
static int greet(const struct bt_helper_link *r)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	json_auto_t *hello = json_pack("{s:s}", "op", "hello");
	json_auto_t *reply = NULL, *ignored = NULL;
	bt_auto_close int fd = bt_sock_connect(r->path, SOCK_SEQPACKET);
	int e = fd < 0 ? fd : 0;

	if (e < 0)
		return e;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	e = exchange(fd, hello, NULL, 0, &reply);
	if (e < 0)
		return e;
	if (bt_json_i64(reply, "v", 0) == r->owner.version)
		return bt_take_fd(&fd);
	/* Another version's. Its sockets are made again. */
	(void)json_object_set_new(hello, "op", json_string("quit"));
	(void)!exchange(fd, hello, NULL, 0, &ignored);
	return -ESTALE;
}

/* Under lock. */
static void use(struct bt_helper_link *r, int fd)
{
	r->fd = fd;
	r->epoch++;
	wake(r);
}

/* Under lock: have one started, where none is there. One that lives on may have lost no more than
 * the connection, and nobody else can listen in its place. */
static int start(struct bt_helper_link *r, struct bt_err *err)
{
	bt_auto_close int listener = -EBADF;
	int e = greet(r);

	if (e >= 0) {
		use(r, e);
		return 0;
	}
	listener = bt_sock_listen(r->path, SOCK_SEQPACKET, 0600);
	if (listener < 0)
		return bt_err_sys(err, listener, "listen at %s", r->path);
	e = r->owner.start(r->owner.data, listener, err);
	if (e < 0)
		return e;
	bt_close(&listener);
	e = greet(r);
	if (e < 0)
		return bt_err_sys(err, e, "connect to %s", r->owner.what);
	use(r, e);
	return 0;
}

/* Under lock: the connection is of no use any more. */
static void hang_up(struct bt_helper_link *r)
{
	bt_close(&r->fd);
	r->lost = r->ended = true;
	wake(r);
}

static bool is_connection(int e)
{
	return e == -EPIPE || e == -ECONNRESET || e == -EAGAIN || e == -ENOTCONN;
}

/* Under lock. */
static int ask(struct bt_helper_link *r, const json_t *request, const int *fds, size_t nfds,
	       json_t **ret)
{
	int e = r->fd < 0 ? -ENOTCONN : exchange(r->fd, request, fds, nfds, ret);

	if (r->fd >= 0 && is_connection(e))
		hang_up(r);
	return e;
}

static int later(int retry_ms)
{
	if (retry_ms < 0)
		return RETRY_FIRST_MS;
	return 2 * retry_ms < RETRY_LAST_MS ? 2 * retry_ms : RETRY_LAST_MS;
}

static void *watch(void *arg)
{
	struct bt_helper_link *r = arg;
	int retry_ms = -1; /* until lost() is tried again; -1: it is not */

	for (;;) {
		/* No events are asked for: only the end of the connection is reported. */
		struct pollfd p[2] = { { .fd = r->wake, .events = POLLIN }, { .fd = -1 } };
		unsigned epoch;
		bool lost, ended;
		uint64_t count;
		int n = 1;

		pthread_mutex_lock(&r->lock);
		p[1].fd = r->fd;
		epoch = r->epoch;
		lost = r->lost;
		ended = r->ended;
		r->lost = r->ended = false;
		if (r->stopping) {
			pthread_mutex_unlock(&r->lock);
			return NULL;
		}
		pthread_mutex_unlock(&r->lock);
		if (lost)
			retry_ms = r->owner.lost(r->owner.data, ended) < 0 ? later(retry_ms) : -1;
		else
			n = poll(p, 2, retry_ms);
		if (p[0].revents)
			(void)!read(r->wake, &count, sizeof(count));
		pthread_mutex_lock(&r->lock);
		r->lost = r->lost || n == 0;
		if (p[1].revents && r->fd >= 0 && epoch == r->epoch)
			hang_up(r);
		pthread_mutex_unlock(&r->lock);
	}
}

static int start_thread(struct bt_helper_link *r)
{
	int e = bt_thread_start(&r->thread, STACK_SIZE, watch, r);

	r->watched = e == 0;
	return e;
}

int bt_helper_link_open(const char *path, const struct bt_helper_link_owner *owner,
			struct bt_helper_link **ret, struct bt_err *err)
{
	struct bt_helper_link *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return bt_err_sys(err, -ENOMEM, "connect to %s", owner->what);
	pthread_mutex_init(&r->lock, NULL);
	r->owner = *owner;
	r->fd = -EBADF;
	r->wake = eventfd(0, EFD_CLOEXEC);
	r->path = strdup(path);
	e = r->wake < 0 ? -errno : r->path ? 0 : -ENOMEM;
	if (e == 0) {
		/* Where none runs, the first container has one started. */
		r->fd = greet(r);
		r->lost = r->ended = r->fd == -ESTALE;
		e = start_thread(r);
	}
	if (e < 0) {
		bt_helper_link_close(r);
		return bt_err_sys(err, e, "connect to %s", owner->what);
	}
	*ret = r;
	return 0;
}

void bt_helper_link_close(struct bt_helper_link *link)
{
	if (!link)
		return;
	pthread_mutex_lock(&link->lock);
	link->stopping = true;
	pthread_mutex_unlock(&link->lock);
	wake(link);
	if (link->watched)
		pthread_join(link->thread, NULL);
	bt_close(&link->fd);
	bt_close(&link->wake);
	pthread_mutex_destroy(&link->lock);
	free(link->path);
	free(link);
}

void bt_helper_link_again(struct bt_helper_link *link)
{
	pthread_mutex_lock(&link->lock);
	link->lost = true;
	pthread_mutex_unlock(&link->lock);
	wake(link);
}

int bt_helper_link_ask(struct bt_helper_link *link, const json_t *request, const int *fds,
		       size_t nfds, json_t **ret, struct bt_err *err)
{
	int r;

	pthread_mutex_lock(&link->lock);
	r = ask(link, request, fds, nfds, ret);
	if (is_connection(r)) {
		r = start(link, err);
		if (r == 0)
			r = ask(link, request, fds, nfds, ret);
	}
	pthread_mutex_unlock(&link->lock);
	return r < 0 ? bt_err_sys(err, r, "tell %s of a container", link->owner.what) : 0;
}

void bt_helper_link_tell(struct bt_helper_link *link, json_t *request, const int *fds, size_t nfds)
{
	json_t *reply = NULL;

	pthread_mutex_lock(&link->lock);
	if (request)
		(void)!ask(link, request, fds, nfds, &reply);
	pthread_mutex_unlock(&link->lock);
	json_decref(reply);
	json_decref(request);
}
