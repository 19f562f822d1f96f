/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_RESOLVER_PRIVATE_H
#define BT_NET_RESOLVER_PRIVATE_H

/*
 * What resolver.c, resolver_udp.c and resolver_tcp.c share. One lock guards
 * everything; what the loop is told by epoll is a slot's number with its
 * generation, for the object may be gone by then.
 */

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "net/dns_message.h"
#include "net/names.h"
#include "net/resolver.h"

enum bt_resolver_kind {
	BT_RESOLVER_FREE,
	BT_RESOLVER_WAKE,
	BT_RESOLVER_UDP,   /* object: struct bt_resolver_asker */
	BT_RESOLVER_TCP,   /* object: struct bt_resolver_asker */
	BT_RESOLVER_QUERY, /* object: struct bt_resolver_query */
};

struct bt_resolver_slot {
	uint32_t generation;
	enum bt_resolver_kind kind;
	void *object;
};

struct bt_resolver_asker {
	struct bt_list link;
	char *owner;
	char **networks; /* NULL-terminated */
	int udp, tcp;
	uint64_t udp_slot, tcp_slot;
	struct bt_prefix host;
	struct bt_prefix upstreams[BT_RESOLVER_UPSTREAMS_MAX];
};

/* A question that was passed on. */
struct bt_resolver_query {
	struct bt_list link; /* in order of time */
	struct bt_resolver_asker *asker;
	struct sockaddr_in from;
	int fds[BT_RESOLVER_UPSTREAMS_MAX]; /* -EBADF behind the last */
	uint64_t slots[BT_RESOLVER_UPSTREAMS_MAX];
	unsigned waiting; /* for so many answers */
	uint16_t id;      /* on the way out */
	int64_t until_ns;
	size_t len;
	uint8_t msg[BT_DNS_UDP_MAX];
};

struct bt_resolver {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a thread for TCP ended */
	int epoll, wake;
	bool stopping;
	struct bt_names names;
	struct bt_list askers;
	struct bt_list queries;
	unsigned nqueries, ntcp;
	struct bt_resolver_slot *slots;
	uint32_t nslots;
};

/** Under lock: watch `fd` for input; `*ret` gets the slot. Returns 0 or -errno. */
bt_nodiscard int bt_resolver_slot_add(struct bt_resolver *r, enum bt_resolver_kind kind,
				      void *object, int fd, uint64_t *ret);
/** Under lock: stop watching. */
void bt_resolver_slot_drop(struct bt_resolver *r, uint64_t slot);

/** Under lock: an answer from what is known here, or a refusal. Returns its length, 0 where
 * others must be asked. */
size_t bt_resolver_answer(struct bt_resolver *r, const struct bt_resolver_asker *asker,
			  const uint8_t *msg, const struct bt_dns_question *q, uint8_t *ret,
			  size_t size);

/** Under lock: questions arrived by UDP. */
void bt_resolver_udp_asked(struct bt_resolver *r, struct bt_resolver_asker *asker);
/** Under lock: one of the others answered. */
void bt_resolver_udp_answered(struct bt_resolver *r, struct bt_resolver_query *query,
			      uint64_t slot);
/** Under lock: give up what took too long. Returns milliseconds until the next time, or -1. */
int bt_resolver_udp_expire(struct bt_resolver *r);
/** Under lock: forget all questions of this asker (NULL: of all). */
void bt_resolver_udp_forget(struct bt_resolver *r, const struct bt_resolver_asker *asker);

/** Under lock: somebody connects by TCP. */
void bt_resolver_tcp_asked(struct bt_resolver *r, const struct bt_resolver_asker *asker);
/** Open a connected socket to a name server. Returns it or -errno. */
int bt_resolver_connect(const struct bt_prefix *server, int type);

#endif
