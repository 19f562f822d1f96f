/* SPDX-License-Identifier: Apache-2.0 */

#include "net/resolver.h"

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
#include "codec/json.h"
#include "net/nameserver.h"

#define STACK_SIZE     (128u << 10)
#define REPLY_MAX      1024
#define PATIENCE_SEC   10
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS  10000

struct bt_resolver {
	char *path;
	struct bt_resolver_owner owner;
	pthread_mutex_t lock; /* what follows, and one request at a time */
	int fd;               /* -EBADF: none runs, as far as we know */
	bool lost;            /* lost() is due */
	bool stopping;
	int wake; /* eventfd: fd, lost or stopping changed */
	pthread_t thread;
	bool watched; /* the thread exists */
};

static void wake(const struct bt_resolver *r)
{
	const uint64_t one = 1;

	(void)!write(r->wake, &one, sizeof(one));
}

/* Under lock. One request and its reply, which is a new reference. Returns 0, or -errno: the
 * connection's, or what the name server said. */
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
static int greet(const struct bt_resolver *r)
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
	if (bt_json_i64(reply, "v", 0) == BT_NAMESERVER_VERSION)
		return bt_take_fd(&fd);
	/* Another version's. Its sockets are made again. */
	(void)json_object_set_new(hello, "op", json_string("quit"));
	(void)!exchange(fd, hello, NULL, 0, &ignored);
	return -ESTALE;
}

/* Under lock: have one started. */
static int start(struct bt_resolver *r, struct bt_err *err)
{
	bt_auto_close int listener = bt_sock_listen(r->path, SOCK_SEQPACKET, 0600);
	int e;

	if (listener < 0)
		return bt_err_sys(err, listener, "listen at %s", r->path);
	e = r->owner.start(r->owner.data, listener, err);
	if (e < 0)
		return e;
	bt_close(&listener);
	e = greet(r);
	if (e < 0)
		return bt_err_sys(err, e, "connect to the name server");
	r->fd = e;
	wake(r);
	return 0;
}

/* Under lock: the connection is of no use any more. */
static void hang_up(struct bt_resolver *r)
{
	bt_close(&r->fd);
	r->lost = true;
	wake(r);
}

static bool is_connection(int e)
{
	return e == -EPIPE || e == -ECONNRESET || e == -EAGAIN || e == -ENOTCONN;
}

/* Under lock. */
static int ask(struct bt_resolver *r, const json_t *request, const int *fds, size_t nfds,
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
	struct bt_resolver *r = arg;
	int retry_ms = -1; /* until lost() is tried again; -1: it is not */

	for (;;) {
		/* No events are asked for: only the end of the connection is reported. */
		struct pollfd p[2] = { { .fd = r->wake, .events = POLLIN }, { .fd = -1 } };
		bool lost;
		uint64_t count;
		int n = 1;

		pthread_mutex_lock(&r->lock);
		p[1].fd = r->fd;
		lost = r->lost;
		r->lost = false;
		if (r->stopping) {
			pthread_mutex_unlock(&r->lock);
			return NULL;
		}
		pthread_mutex_unlock(&r->lock);
		if (lost)
			retry_ms = r->owner.lost(r->owner.data) < 0 ? later(retry_ms) : -1;
		else
			n = poll(p, 2, retry_ms);
		if (p[0].revents)
			(void)!read(r->wake, &count, sizeof(count));
		pthread_mutex_lock(&r->lock);
		r->lost = r->lost || n == 0;
		if (p[1].revents && p[1].fd == r->fd)
			hang_up(r);
		pthread_mutex_unlock(&r->lock);
	}
}

static int start_thread(struct bt_resolver *r)
{
	pthread_attr_t attr;
	int e = -pthread_attr_init(&attr);

	if (e < 0)
		return e;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	e = -pthread_create(&r->thread, &attr, watch, r);
	pthread_attr_destroy(&attr);
	r->watched = e == 0;
	return e;
}

int bt_resolver_open(const char *path, const struct bt_resolver_owner *owner,
		     struct bt_resolver **ret, struct bt_err *err)
{
	struct bt_resolver *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return bt_err_sys(err, -ENOMEM, "open the resolver");
	pthread_mutex_init(&r->lock, NULL);
	r->owner = *owner;
	r->fd = -EBADF;
	r->wake = eventfd(0, EFD_CLOEXEC);
	r->path = strdup(path);
	e = r->wake < 0 ? -errno : r->path ? 0 : -ENOMEM;
	if (e == 0) {
		/* Where none runs, the first container has one started. */
		r->fd = greet(r);
		r->lost = r->fd == -ESTALE;
		e = start_thread(r);
	}
	if (e < 0) {
		bt_resolver_close(r);
		return bt_err_sys(err, e, "open the resolver");
	}
	*ret = r;
	return 0;
}

void bt_resolver_close(struct bt_resolver *resolver)
{
	if (!resolver)
		return;
	pthread_mutex_lock(&resolver->lock);
	resolver->stopping = true;
	pthread_mutex_unlock(&resolver->lock);
	wake(resolver);
	if (resolver->watched)
		pthread_join(resolver->thread, NULL);
	bt_close(&resolver->fd);
	bt_close(&resolver->wake);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver->path);
	free(resolver);
}

/* The message without its descriptors. */
static json_t *put_message(const json_t *client, const struct bt_resolver_fds *fds, int ret_fds[3],
			   size_t *ret_nfds)
{
	const int all[3] = { fds ? fds->udp : -EBADF, fds ? fds->tcp : -EBADF,
			     fds ? fds->life : -EBADF };
	static const char *const roles[3] = { "udp", "tcp", "life" };
	json_t *message = json_copy((json_t *)(uintptr_t)client);
	json_t *list = json_array();

	*ret_nfds = 0;
	for (size_t i = 0; i < 3; i++) {
		if (all[i] < 0)
			continue;
		(void)json_array_append_new(list, json_string(roles[i]));
		ret_fds[(*ret_nfds)++] = all[i];
	}
	if (json_object_set_new(message, "op", json_string("put")) < 0 ||
	    json_object_set_new(message, "fds", list) < 0) {
		json_decref(message);
		return NULL;
	}
	return message;
}

int bt_resolver_put(struct bt_resolver *resolver, const json_t *client,
		    const struct bt_resolver_fds *fds, bool *ret_sockets, struct bt_err *err)
{
	int list[3];
	size_t n;
	json_auto_t *message = put_message(client, fds, list, &n);
	json_auto_t *reply = NULL;
	int r;

	if (!message)
		return bt_err_sys(err, -ENOMEM, "tell the name server of a container");
	pthread_mutex_lock(&resolver->lock);
	r = ask(resolver, message, list, n, &reply);
	if (is_connection(r)) {
		r = start(resolver, err);
		if (r == 0)
			r = ask(resolver, message, list, n, &reply);
	}
	pthread_mutex_unlock(&resolver->lock);
	if (r < 0)
		return bt_err_sys(err, r, "tell the name server of a container");
	*ret_sockets = bt_json_bool(reply, "sockets", false);
	return 0;
}

/* A message whose answer changes nothing. Where no name server runs there is nobody to tell. */
static void tell(struct bt_resolver *r, json_t *message, const int *fd)
{
	json_t *reply = NULL;

	pthread_mutex_lock(&r->lock);
	if (message)
		(void)!ask(r, message, fd, fd ? 1 : 0, &reply);
	pthread_mutex_unlock(&r->lock);
	json_decref(reply);
	json_decref(message);
}

void bt_resolver_update(struct bt_resolver *resolver, const json_t *client)
{
	int none[3];
	size_t n;
	json_t *message = put_message(client, NULL, none, &n);

	if (message)
		(void)json_object_set_new(message, "known", json_true());
	tell(resolver, message, NULL);
}

void bt_resolver_life(struct bt_resolver *resolver, const char *owner, int pidfd)
{
	tell(resolver, json_pack("{s:s,s:s,s:[s]}", "op", "life", "owner", owner, "fds", "life"),
	     &pidfd);
}

void bt_resolver_forget(struct bt_resolver *resolver, const char *owner)
{
	tell(resolver, json_pack("{s:s,s:s}", "op", "forget", "owner", owner), NULL);
}

void bt_resolver_begin(struct bt_resolver *resolver)
{
	tell(resolver, json_pack("{s:s}", "op", "begin"), NULL);
}

void bt_resolver_sweep(struct bt_resolver *resolver)
{
	tell(resolver, json_pack("{s:s}", "op", "sweep"), NULL);
}
