/* SPDX-License-Identifier: Apache-2.0 */

#include "net/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "net/resolver_private.h"

#define STACK_SIZE (128u << 10)
#define EVENTS     16
#define DNS_PORT   53

int bt_resolver_slot_add(struct bt_resolver *r, enum bt_resolver_kind kind, void *object, int fd,
			 uint64_t *ret)
{
	struct epoll_event ev = { .events = EPOLLIN };
	uint32_t i = 0;

	while (i < r->nslots && r->slots[i].kind != BT_RESOLVER_FREE)
		i++;
	if (i == r->nslots) {
		uint32_t n = r->nslots ? 2 * r->nslots : 16;
		struct bt_resolver_slot *grown = reallocarray(r->slots, n, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + r->nslots, 0, (n - r->nslots) * sizeof(*grown));
		r->slots = grown;
		r->nslots = n;
	}
	ev.data.u64 = (uint64_t)++r->slots[i].generation << 32 | i;
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	r->slots[i].kind = kind;
	r->slots[i].object = object;
	*ret = ev.data.u64;
	return 0;
}

static struct bt_resolver_slot *slot_of(struct bt_resolver *r, uint64_t number)
{
	struct bt_resolver_slot *s = &r->slots[(uint32_t)number];

	return s->generation == number >> 32 && s->kind != BT_RESOLVER_FREE ? s : NULL;
}

void bt_resolver_slot_drop(struct bt_resolver *r, uint64_t slot)
{
	struct bt_resolver_slot *s = slot_of(r, slot);

	/* Closing the descriptor takes it out of the epoll set. */
	if (s)
		*s = (struct bt_resolver_slot){ .generation = s->generation };
}

int bt_resolver_connect(const struct bt_prefix *server, int type)
{
	bt_auto_close int fd = socket(server->family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT) };
	const struct timeval patience = { .tv_sec = 4 };
	int r;

	if (fd < 0)
		return -errno;
	in.sin_addr = bt_prefix_in_addr(server);
	in6.sin6_addr = bt_prefix_in6_addr(server);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	r = server->family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof(in))
				      : connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	return r < 0 ? -errno : bt_take_fd(&fd);
}

static bool is_host_name(const char *name)
{
	return strcmp(name, "host.docker.internal") == 0 ||
	       strcmp(name, "gateway.docker.internal") == 0;
}

static size_t answer_address(struct bt_resolver *r, const struct bt_resolver_asker *asker,
			     const uint8_t *msg, const struct bt_dns_question *q, uint8_t *ret,
			     size_t size)
{
	const char *const *networks = (const char *const *)asker->networks;
	const int family = q->type == BT_DNS_TYPE_AAAA ? AF_INET6 : AF_INET;
	struct bt_prefix found[BT_NAMES_ANSWERS_MAX];
	size_t n;

	if (!bt_names_find(&r->names, networks, q->name, family, found, &n)) {
		if (!asker->host.family || !is_host_name(q->name))
			return 0;
		found[0] = asker->host;
		n = asker->host.family == family;
	}
	/* Of other kinds a container has none. */
	if (q->type != BT_DNS_TYPE_A && q->type != BT_DNS_TYPE_AAAA)
		n = 0;
	return bt_dns_message_answer(msg, q, BT_DNS_RCODE_OK, found, n, NULL, ret, size);
}

size_t bt_resolver_answer(struct bt_resolver *r, const struct bt_resolver_asker *asker,
			  const uint8_t *msg, const struct bt_dns_question *q, uint8_t *ret,
			  size_t size)
{
	const char *const *networks = (const char *const *)asker->networks;
	char name[2 * BT_DNS_NAME_MAX];
	struct bt_prefix address;
	size_t n = 0;

	if (q->type == BT_DNS_TYPE_PTR) {
		if (bt_dns_message_reverse(q->name, &address) == 0 &&
		    bt_names_reverse(&r->names, networks, &address, name, sizeof(name)))
			n = bt_dns_message_answer(msg, q, BT_DNS_RCODE_OK, NULL, 0, name, ret,
						  size);
	} else {
		n = answer_address(r, asker, msg, q, ret, size);
	}
	if (n == 0 && !asker->upstreams[0].family)
		n = bt_dns_message_answer(msg, q, BT_DNS_RCODE_FAILURE, NULL, 0, NULL, ret, size);
	return n;
}

/* Under lock. */
static void handle(struct bt_resolver *r, uint64_t number)
{
	const struct bt_resolver_slot *s = slot_of(r, number);

	if (!s)
		return;
	switch (s->kind) {
	case BT_RESOLVER_UDP:
		bt_resolver_udp_asked(r, s->object);
		break;
	case BT_RESOLVER_TCP:
		bt_resolver_tcp_asked(r, s->object);
		break;
	case BT_RESOLVER_QUERY:
		bt_resolver_udp_answered(r, s->object, number);
		break;
	case BT_RESOLVER_WAKE:
	case BT_RESOLVER_FREE:
		break;
	}
}

static void *loop(void *arg)
{
	struct bt_resolver *r = arg;
	struct epoll_event events[EVENTS];
	int timeout = -1;
	bool stopping = false;

	while (!stopping) {
		int n = epoll_wait(r->epoll, events, EVENTS, timeout);

		pthread_mutex_lock(&r->lock);
		for (int i = 0; i < n; i++)
			handle(r, events[i].data.u64);
		timeout = bt_resolver_udp_expire(r);
		stopping = r->stopping;
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static int open_parts(struct bt_resolver *r)
{
	pthread_attr_t attr;
	uint64_t slot;
	int e;

	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->wake = eventfd(0, EFD_CLOEXEC);
	if (r->epoll < 0 || r->wake < 0)
		return -errno;
	e = bt_resolver_slot_add(r, BT_RESOLVER_WAKE, NULL, r->wake, &slot);
	if (e == 0)
		e = -pthread_attr_init(&attr);
	if (e < 0)
		return e;
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	e = -pthread_create(&r->thread, &attr, loop, r);
	pthread_attr_destroy(&attr);
	return e;
}

static void release(struct bt_resolver *r)
{
	bt_close(&r->epoll);
	bt_close(&r->wake);
	bt_names_done(&r->names);
	free(r->slots);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->idle);
	free(r);
}

int bt_resolver_start(struct bt_resolver **ret, struct bt_err *err)
{
	struct bt_resolver *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return bt_err_sys(err, -ENOMEM, "start the resolver");
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->idle, NULL);
	bt_names_init(&r->names);
	bt_list_init(&r->askers);
	bt_list_init(&r->queries);
	e = open_parts(r);
	if (e < 0) {
		release(r);
		return bt_err_sys(err, e, "start the resolver");
	}
	*ret = r;
	return 0;
}

static void free_texts(char **texts)
{
	for (char **t = texts; t && *t; t++)
		free(*t);
	free(texts);
}

static char **copy_texts(const char *const *texts)
{
	size_t n = 0;
	char **out;

	while (texts[n])
		n++;
	out = calloc(n + 1, sizeof(*out));
	for (size_t i = 0; out && i < n; i++) {
		out[i] = strdup(texts[i]);
		if (!out[i]) {
			free_texts(out);
			return NULL;
		}
	}
	return out;
}

/* Under lock. */
static void asker_destroy(struct bt_resolver *r, struct bt_resolver_asker *a)
{
	bt_resolver_udp_forget(r, a);
	bt_resolver_slot_drop(r, a->udp_slot);
	bt_resolver_slot_drop(r, a->tcp_slot);
	bt_close(&a->udp);
	bt_close(&a->tcp);
	bt_list_remove(&a->link);
	free_texts(a->networks);
	free(a->owner);
	free(a);
}

void bt_resolver_stop(struct bt_resolver *resolver)
{
	const uint64_t one = 1;

	if (!resolver)
		return;
	pthread_mutex_lock(&resolver->lock);
	resolver->stopping = true;
	pthread_mutex_unlock(&resolver->lock);
	(void)!write(resolver->wake, &one, sizeof(one));
	pthread_join(resolver->thread, NULL);
	pthread_mutex_lock(&resolver->lock);
	while (resolver->ntcp > 0)
		pthread_cond_wait(&resolver->idle, &resolver->lock);
	bt_list_foreach (it, &resolver->askers)
		asker_destroy(resolver, bt_list_entry(it, struct bt_resolver_asker, link));
	pthread_mutex_unlock(&resolver->lock);
	release(resolver);
}

static struct bt_resolver_asker *find(struct bt_resolver *r, const char *owner)
{
	bt_list_foreach (it, &r->askers) {
		struct bt_resolver_asker *a = bt_list_entry(it, struct bt_resolver_asker, link);

		if (strcmp(a->owner, owner) == 0)
			return a;
	}
	return NULL;
}

static int add_locked(struct bt_resolver *r, struct bt_resolver_asker *a)
{
	struct bt_resolver_asker *old = find(r, a->owner);
	int e;

	if (old)
		asker_destroy(r, old);
	bt_list_append(&r->askers, &a->link);
	e = bt_resolver_slot_add(r, BT_RESOLVER_UDP, a, a->udp, &a->udp_slot);
	if (e == 0)
		e = bt_resolver_slot_add(r, BT_RESOLVER_TCP, a, a->tcp, &a->tcp_slot);
	return e;
}

int bt_resolver_add(struct bt_resolver *resolver, const struct bt_resolver_client *client)
{
	struct bt_resolver_asker *a = calloc(1, sizeof(*a));
	int e = -ENOMEM;

	if (!a) {
		close(client->udp);
		close(client->tcp);
		return -ENOMEM;
	}
	bt_list_init(&a->link);
	a->udp = client->udp;
	a->tcp = client->tcp;
	a->host = client->host;
	memcpy(a->upstreams, client->upstreams, sizeof(a->upstreams));
	a->owner = strdup(client->owner);
	a->networks = copy_texts(client->networks);
	pthread_mutex_lock(&resolver->lock);
	if (a->owner && a->networks)
		e = add_locked(resolver, a);
	if (e < 0)
		asker_destroy(resolver, a);
	pthread_mutex_unlock(&resolver->lock);
	return e;
}

void bt_resolver_networks(struct bt_resolver *resolver, const char *owner,
			  const char *const *networks)
{
	char **copy = copy_texts(networks);
	struct bt_resolver_asker *a;

	pthread_mutex_lock(&resolver->lock);
	a = copy ? find(resolver, owner) : NULL;
	if (a) {
		free_texts(a->networks);
		a->networks = bt_take(copy);
	}
	pthread_mutex_unlock(&resolver->lock);
	free_texts(copy);
}

void bt_resolver_remove(struct bt_resolver *resolver, const char *owner)
{
	struct bt_resolver_asker *a;

	pthread_mutex_lock(&resolver->lock);
	a = find(resolver, owner);
	if (a)
		asker_destroy(resolver, a);
	bt_names_remove(&resolver->names, owner, NULL);
	pthread_mutex_unlock(&resolver->lock);
}

int bt_resolver_names_add(struct bt_resolver *resolver, const char *network,
			  const char *network_name, const char *owner, const char *const *names,
			  size_t n, const struct bt_prefix *v4, const struct bt_prefix *v6)
{
	int e;

	pthread_mutex_lock(&resolver->lock);
	bt_names_remove(&resolver->names, owner, network);
	e = bt_names_add(&resolver->names, network, network_name, owner, names, n, v4, v6);
	pthread_mutex_unlock(&resolver->lock);
	return e;
}

void bt_resolver_names_remove(struct bt_resolver *resolver, const char *owner, const char *network)
{
	pthread_mutex_lock(&resolver->lock);
	bt_names_remove(&resolver->names, owner, network);
	pthread_mutex_unlock(&resolver->lock);
}
