/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/auto.h"
#include "base/io.h"
#include "net/resolver_private.h"

#define THREADS_MAX  16
#define STACK_SIZE   (256u << 10)
#define PATIENCE_SEC 4

/* One connection; `asker` is a copy with nothing but what a question needs. */
struct conversation {
	struct bt_resolver *resolver;
	int fd;
	char owner[128];
};

static int read_message(int fd, uint8_t *msg, size_t *ret_len)
{
	uint8_t head[2];
	size_t len;

	if (bt_io_read_all(fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		return -ENODATA;
	len = (size_t)(head[0] << 8 | head[1]);
	if (bt_io_read_all(fd, msg, len) != (ssize_t)len)
		return -ENODATA;
	*ret_len = len;
	return 0;
}

static int write_message(int fd, const uint8_t *msg, size_t len)
{
	const uint8_t head[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	int r = send(fd, head, sizeof(head), MSG_NOSIGNAL | MSG_MORE) < 0 ? -errno : 0;

	while (r == 0 && len > 0) {
		ssize_t n = send(fd, msg, len, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		msg += n;
		len -= (size_t)n;
	}
	return r;
}

static int ask(const struct bt_prefix *server, const uint8_t *msg, size_t len, uint8_t *ret,
	       size_t *ret_len)
{
	bt_auto_close int fd = bt_resolver_connect(server, SOCK_STREAM);
	int r = fd < 0 ? fd : write_message(fd, msg, len);

	return r < 0 ? r : read_message(fd, ret, ret_len);
}

/* An answer of our own, or which servers to ask. */
static size_t answer(struct conversation *c, const uint8_t *msg, const struct bt_dns_question *q,
		     uint8_t *ret, struct bt_prefix upstreams[BT_RESOLVER_UPSTREAMS_MAX])
{
	struct bt_resolver *r = c->resolver;
	size_t n = 0;

	pthread_mutex_lock(&r->lock);
	bt_list_foreach (it, &r->askers) {
		const struct bt_resolver_asker *a =
			bt_list_entry(it, struct bt_resolver_asker, link);

		if (strcmp(a->owner, c->owner) != 0)
			continue;
		memcpy(upstreams, a->upstreams, sizeof(a->upstreams));
		n = bt_resolver_answer(r, a, msg, q, ret, BT_DNS_MSG_MAX);
	}
	pthread_mutex_unlock(&r->lock);
	return n;
}

static int serve_one(struct conversation *c, uint8_t *msg, uint8_t *out)
{
	struct bt_prefix upstreams[BT_RESOLVER_UPSTREAMS_MAX] = { 0 };
	struct bt_dns_question q;
	size_t len, n;
	int r = read_message(c->fd, msg, &len);

	if (r < 0 || bt_dns_message_parse(msg, len, &q) < 0)
		return -EINVAL;
	n = answer(c, msg, &q, out, upstreams);
	for (unsigned i = 0; n == 0 && i < BT_RESOLVER_UPSTREAMS_MAX && upstreams[i].family; i++)
		if (ask(&upstreams[i], msg, len, out, &n) < 0)
			n = 0;
	if (n == 0)
		n = bt_dns_message_answer(msg, &q, BT_DNS_RCODE_FAILURE, NULL, 0, NULL, out,
					  BT_DNS_MSG_MAX);
	return n ? write_message(c->fd, out, n) : -EINVAL;
}

static void *serve(void *arg)
{
	struct conversation *c = arg;
	struct bt_resolver *r = c->resolver;
	uint8_t *buf = malloc(2 * (BT_DNS_MSG_MAX + 1));

	while (buf && serve_one(c, buf, buf + BT_DNS_MSG_MAX + 1) == 0)
		;
	free(buf);
	bt_close(&c->fd);
	free(c);
	pthread_mutex_lock(&r->lock);
	r->ntcp--;
	pthread_cond_broadcast(&r->idle);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static int start(struct conversation *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = -pthread_attr_init(&attr);

	if (r < 0)
		return r;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = -pthread_create(&thread, &attr, serve, c);
	pthread_attr_destroy(&attr);
	return r;
}

void bt_resolver_tcp_asked(struct bt_resolver *r, const struct bt_resolver_asker *asker)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	bt_auto_close int fd = accept4(asker->tcp, NULL, NULL, SOCK_CLOEXEC);
	struct conversation *c;

	if (fd < 0 || r->ntcp >= THREADS_MAX || strlen(asker->owner) >= sizeof(c->owner))
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->resolver = r;
	c->fd = fd;
	strcpy(c->owner, asker->owner);
	if (start(c) < 0) {
		free(c);
		return;
	}
	(void)bt_take_fd(&fd);
	r->ntcp++;
}
