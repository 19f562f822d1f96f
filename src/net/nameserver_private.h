/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NAMESERVER_PRIVATE_H
#define BT_NET_NAMESERVER_PRIVATE_H

/*
 * What the files nameserver*.c share. One thread, no locks.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/map.h"
#include "net/dns_cache.h"
#include "net/dns_message.h"
#include "net/helper.h"
#include "net/host_servers.h"
#include "net/helper_loop.h"
#include "net/names.h"

/** A link of a container: what only it calls so. */
struct bt_nameserver_link {
	char *alias, *name; /* lower case */
	char *network;
};

/** A container. */
struct bt_nameserver_client {
	struct bt_list link; /* of the buried */
	char *owner;
	char **networks; /* ids, NULL-terminated */
	struct bt_nameserver_link *links;
	size_t nlinks;
	struct bt_helper_loop_watch udp, tcp, life;
	struct bt_prefix host; /* family 0: none */
	struct bt_prefix servers[BT_HOST_SERVERS_MAX];
	size_t nservers; /* 0: the host's */
	char *who;       /* names `servers` in the cache */
	bool external;
	bool marked; /* "begin" came, and no "put" since */
	unsigned nqueries, nstreams;
};

/** A connection by TCP. */
struct bt_nameserver_stream {
	struct bt_list link; /* in the order of `until_ns` */
	struct bt_helper_loop_watch watch;
	struct bt_nameserver_client *client;
	int64_t until_ns;
	uint8_t head[2];
	size_t got; /* of head and msg */
	size_t len; /* of msg, NULL before it is known */
	uint8_t *msg;
	uint8_t *out; /* what is being sent, with its head */
	size_t out_len, sent;
	bool asking; /* a query is under way; nothing is read */
};

/** One server that a question was passed on to. */
struct bt_nameserver_server {
	struct bt_helper_loop_watch watch;
	struct bt_nameserver_query *query;
	/* TCP only */
	size_t sent; /* of head and message */
	uint8_t head[2];
	size_t got, len;
	uint8_t *answer;
};

/** A question that was passed on. */
struct bt_nameserver_query {
	struct bt_list link; /* in the order of `until_ns` */
	struct bt_nameserver_client *client;
	struct bt_nameserver_stream *stream; /* NULL: asked by UDP */
	struct sockaddr_in from;
	struct bt_nameserver_server servers[BT_HOST_SERVERS_MAX];
	size_t nservers;
	unsigned waiting; /* for so many answers */
	unsigned inside;  /* of them from the container's own loopback, by its own socket */
	int64_t until_ns;
	uint16_t id; /* on the way out */
	struct bt_dns_question question;
	size_t len;
	uint8_t msg[]; /* as the client sent it, behind two bytes with its length */
};

struct bt_nameserver {
	struct bt_helper helper;
	struct bt_map clients; /* owner → struct bt_nameserver_client */
	struct bt_names names;
	struct bt_dns_cache cache;
	struct bt_host_servers host;
	struct bt_list queries, streams;
	unsigned nqueries, nstreams;
};

/* nameserver_control.c */

/** Do what the daemon asks: bt_helper.obey. */
int bt_nameserver_obey(void *owner, struct bt_helper_message *m, json_t *reply);

/* nameserver_client.c */

/** Forget what is known of a container, but neither its owner nor its sockets. */
void bt_nameserver_client_empty(struct bt_nameserver *ns, struct bt_nameserver_client *client);
/** Forget a container: as one that asks, and its names. */
void bt_nameserver_client_forget(struct bt_nameserver *ns, struct bt_nameserver_client *client);
/** An answer from what is known here: names, the cache, or a refusal, of at most `size` bytes.
 * Returns its length, 0 where others must be asked. */
size_t bt_nameserver_client_answer(struct bt_nameserver *ns, struct bt_nameserver_client *client,
				   const uint8_t *msg, const struct bt_dns_question *q,
				   uint8_t *ret, size_t size);
/** What a client's servers are called in the cache. */
const char *bt_nameserver_client_who(const struct bt_nameserver *ns,
				     const struct bt_nameserver_client *client, char ret[16]);

/* nameserver_udp.c */

/** Questions arrived at a container's socket. */
void bt_nameserver_udp_asked(void *owner, struct bt_helper_loop_watch *watch);
/** Answer one. */
void bt_nameserver_udp_reply(const struct bt_nameserver_client *client,
			     const struct sockaddr_in *to, const uint8_t *msg, size_t len);

/* nameserver_tcp.c */

/** Somebody connects to a container's socket. */
void bt_nameserver_tcp_accept(void *owner, struct bt_helper_loop_watch *watch);
/** The answer to what `stream` asked. */
void bt_nameserver_tcp_reply(struct bt_nameserver *ns, struct bt_nameserver_stream *stream,
			     const uint8_t *msg, size_t len);
/** Close the connections of a container (NULL: of all), and those that took too long by `now_ns`.
 */
void bt_nameserver_tcp_close(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
			     int64_t now_ns);

/* nameserver_query.c */

/** Pass a question on, from `from` or `stream`. */
void bt_nameserver_query_ask(struct bt_nameserver *ns, struct bt_nameserver_client *client,
			     const struct sockaddr_in *from, struct bt_nameserver_stream *stream,
			     const uint8_t *msg, size_t len, const struct bt_dns_question *q);
/** An answer from the container's own loopback. Returns false where nobody waits for it. */
bool bt_nameserver_query_inside(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
				const struct sockaddr_in *from, const uint8_t *msg, size_t len);
/** Forget the questions of a client, or of one connection (either may be NULL: any). */
void bt_nameserver_query_forget(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
				const struct bt_nameserver_stream *stream);
/** Give up what took too long. */
void bt_nameserver_query_expire(struct bt_nameserver *ns, int64_t now_ns);

#endif
