/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/nameserver_private.h"

#define QUERIES_MAX        512
#define QUERIES_CLIENT_MAX 64
#define PATIENCE_NS        (4 * BT_TIME_NSEC_PER_SEC)
#define DNS_PORT           53

static void server_close(struct bt_nameserver *ns, struct bt_nameserver_server *s)
{
	bt_helper_loop_drop(&ns->helper.loop, &s->watch);
	free(bt_take(s->answer));
}

static void query_close(struct bt_nameserver *ns, struct bt_nameserver_query *q)
{
	for (size_t i = 0; i < q->nservers; i++)
		server_close(ns, &q->servers[i]);
	bt_list_remove(&q->link);
	ns->nqueries--;
	q->client->nqueries--;
	bt_helper_loop_bury(&ns->helper.loop, &q->link);
}

/* The query is closed first: what hears the answer may close more. */
static void reply(struct bt_nameserver *ns, struct bt_nameserver_query *q, uint8_t *msg, size_t len)
{
	query_close(ns, q);
	if (q->stream) {
		bt_nameserver_tcp_reply(ns, q->stream, msg, len);
		return;
	}
	if (len > q->question.udp_size)
		len = bt_dns_message_cut(msg, &q->question);
	bt_nameserver_udp_reply(q->client, &q->from, msg, len);
}

static size_t make_failure(const uint8_t *msg, const struct bt_dns_question *question,
			   uint8_t out[BT_DNS_UDP_MAX])
{
	return bt_dns_message_answer(msg, question, BT_DNS_RCODE_FAILURE, NULL, 0, NULL, out,
				     BT_DNS_UDP_MAX);
}

static void reply_failure(struct bt_nameserver *ns, struct bt_nameserver_query *q)
{
	uint8_t out[BT_DNS_UDP_MAX];

	reply(ns, q, out, make_failure(q->msg + 2, &q->question, out));
}

static void server_failed(struct bt_nameserver *ns, struct bt_nameserver_server *s)
{
	struct bt_nameserver_query *q = s->query;

	server_close(ns, s);
	if (--q->waiting == 0)
		reply_failure(ns, q);
}

/* The first good answer counts. One that failed is the answer where nobody else is asked. */
static void answered(struct bt_nameserver *ns, struct bt_nameserver_query *q,
		     struct bt_nameserver_server *s, uint8_t *msg, size_t len)
{
	const int rcode = msg[3] & 0x0f;
	char who[16];

	if (q->waiting > 1 && (rcode == BT_DNS_RCODE_FAILURE || rcode == BT_DNS_RCODE_REFUSED)) {
		q->waiting--;
		if (s)
			server_close(ns, s);
		return;
	}
	memcpy(msg, q->msg + 2, 2);
	bt_dns_cache_put(&ns->cache, bt_nameserver_client_who(ns, q->client, who), q->msg + 2,
			 &q->question, bt_time_monotonic_ns(), msg, len);
	reply(ns, q, msg, len);
}

static void udp_ready(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	struct bt_nameserver_server *s = bt_list_entry(watch, struct bt_nameserver_server, watch);
	struct bt_nameserver_query *q = s->query;
	static uint8_t msg[BT_DNS_MSG_MAX];
	const ssize_t n = recv(watch->fd, msg, sizeof(msg), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		server_failed(ns, s);
	else if (bt_dns_message_belongs(q->msg + 2, &q->question, q->id, msg, (size_t)n))
		answered(ns, q, s, msg, (size_t)n);
}

/* ---- over TCP ------------------------------------------------------------------- */

/* Returns 0 where all is sent, -EAGAIN, or another -errno. */
static int tcp_send(const struct bt_nameserver_query *q, struct bt_nameserver_server *s)
{
	uint8_t head[4] = { q->msg[0], q->msg[1], (uint8_t)(q->id >> 8), (uint8_t)q->id };

	while (s->sent < q->len + 2) {
		const bool in_head = s->sent < sizeof(head);
		const uint8_t *from = in_head ? head + s->sent : q->msg + s->sent;
		const size_t n = in_head ? sizeof(head) - s->sent : q->len + 2 - s->sent;
		const ssize_t sent = send(s->watch.fd, from, n,
					  MSG_DONTWAIT | MSG_NOSIGNAL | (in_head ? MSG_MORE : 0));

		if (sent < 0)
			return errno == EINTR || errno == ENOTCONN ? -EAGAIN : -errno;
		s->sent += (size_t)sent;
	}
	return 0;
}

/* Returns 1 with an answer, 0 for later, -1 where there will be none. */
static int tcp_receive(struct bt_nameserver_server *s)
{
	for (;;) {
		uint8_t *to = s->got < 2 ? s->head + s->got : s->answer + s->got - 2;
		const size_t want = s->got < 2 ? 2 - s->got : s->len + 2 - s->got;
		const ssize_t n = recv(s->watch.fd, to, want, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		s->got += (size_t)n;
		if (s->got == 2) {
			s->len = (size_t)(s->head[0] << 8 | s->head[1]);
			s->answer = malloc(s->len + 1);
			if (s->len == 0 || !s->answer)
				return -1;
		}
		if (s->got > 2 && s->got == s->len + 2)
			return 1;
	}
}

static void tcp_ready(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	struct bt_nameserver_server *s = bt_list_entry(watch, struct bt_nameserver_server, watch);
	struct bt_nameserver_query *q = s->query;
	bt_auto_free uint8_t *answer = NULL;
	int r;

	if (s->sent < q->len + 2) {
		r = tcp_send(q, s);
		if (r == 0)
			bt_helper_loop_want(&ns->helper.loop, watch, EPOLLIN);
		else if (r != -EAGAIN)
			server_failed(ns, s);
		return;
	}
	r = tcp_receive(s);
	if (r == 0)
		return;
	answer = bt_take(s->answer);
	if (r > 0 && bt_dns_message_belongs(q->msg + 2, &q->question, q->id, answer, s->len))
		answered(ns, q, s, answer, s->len);
	else
		server_failed(ns, s);
}

/* ---- asking --------------------------------------------------------------------- */

static int connect_to(const struct bt_prefix *server, int type)
{
	bt_auto_close int fd = socket(server->family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT) };
	int r;

	if (fd < 0)
		return -errno;
	in.sin_addr = bt_prefix_in_addr(server);
	in6.sin6_addr = bt_prefix_in6_addr(server);
	r = server->family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof(in))
				      : connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	return r < 0 && errno != EINPROGRESS ? -errno : bt_take_fd(&fd);
}

/* The query with the id that it has on its way out. */
static void put_id(const struct bt_nameserver_query *q, uint8_t ret[BT_DNS_EDNS_MAX])
{
	memcpy(ret, q->msg + 2, q->len);
	ret[0] = (uint8_t)(q->id >> 8);
	ret[1] = (uint8_t)q->id;
}

static void ask_server(struct bt_nameserver *ns, struct bt_nameserver_query *q,
		       const struct bt_prefix *address)
{
	struct bt_nameserver_server *s = &q->servers[q->nservers];
	uint8_t msg[BT_DNS_EDNS_MAX];
	int fd = connect_to(address, q->stream ? SOCK_STREAM : SOCK_DGRAM);

	*s = (struct bt_nameserver_server){
		.watch = { .ready = q->stream ? tcp_ready : udp_ready, .fd = -EBADF },
		.query = q,
	};
	if (fd < 0 || bt_helper_loop_add(&ns->helper.loop, &s->watch, fd) < 0)
		return;
	if (q->stream) {
		bt_helper_loop_want(&ns->helper.loop, &s->watch, EPOLLOUT);
	} else {
		put_id(q, msg);
		if (send(s->watch.fd, msg, q->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			bt_helper_loop_drop(&ns->helper.loop, &s->watch);
			return;
		}
	}
	q->nservers++;
	q->waiting++;
}

/* A server on the container's own loopback: only its own socket gets there. */
static void ask_inside(struct bt_nameserver_query *q, const struct bt_prefix *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	uint8_t msg[BT_DNS_EDNS_MAX];

	if (q->len > sizeof(msg))
		return;
	put_id(q, msg);
	to.sin_addr = bt_prefix_in_addr(address);
	if (sendto(q->client->udp.fd, msg, q->len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&to, sizeof(to)) < 0)
		return;
	q->waiting++;
	q->inside++;
}

static bool is_inside(const struct bt_nameserver_client *c, const struct bt_prefix *address)
{
	return c->nservers > 0 && address->family == AF_INET && address->addr[0] == 127;
}

/* All servers at once. */
static void ask_all(struct bt_nameserver *ns, struct bt_nameserver_query *q)
{
	const struct bt_nameserver_client *c = q->client;
	const struct bt_prefix *list = c->nservers ? c->servers : ns->host.list;
	const size_t n = c->nservers ? c->nservers : ns->host.n;

	for (size_t i = 0; i < n; i++) {
		if (is_inside(c, &list[i]))
			ask_inside(q, &list[i]);
		else
			ask_server(ns, q, &list[i]);
	}
}

static void refuse(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
		   const struct sockaddr_in *from, struct bt_nameserver_stream *stream,
		   const uint8_t *msg, const struct bt_dns_question *question)
{
	uint8_t out[BT_DNS_UDP_MAX];
	const size_t n = make_failure(msg, question, out);

	if (stream)
		bt_nameserver_tcp_reply(ns, stream, out, n);
	else
		bt_nameserver_udp_reply(client, from, out, n);
}

void bt_nameserver_query_ask(struct bt_nameserver *ns, struct bt_nameserver_client *client,
			     const struct sockaddr_in *from, struct bt_nameserver_stream *stream,
			     const uint8_t *msg, size_t len, const struct bt_dns_question *question)
{
	struct bt_nameserver_query *q = NULL;

	if (ns->nqueries < QUERIES_MAX && client->nqueries < QUERIES_CLIENT_MAX)
		q = calloc(1, sizeof(*q) + len + 2);
	if (!q || bt_rand_bytes(&q->id, sizeof(q->id)) < 0) {
		free(q);
		refuse(ns, client, from, stream, msg, question);
		return;
	}
	q->client = client;
	q->stream = stream;
	if (from)
		q->from = *from;
	q->until_ns = bt_time_monotonic_ns() + PATIENCE_NS;
	q->question = *question;
	q->len = len;
	q->msg[0] = (uint8_t)(len >> 8);
	q->msg[1] = (uint8_t)len;
	memcpy(q->msg + 2, msg, len);
	bt_list_append(&ns->queries, &q->link);
	ns->nqueries++;
	client->nqueries++;
	ask_all(ns, q);
	if (q->waiting == 0)
		reply_failure(ns, q);
}

bool bt_nameserver_query_inside(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
				const struct sockaddr_in *from, const uint8_t *msg, size_t len)
{
	static uint8_t answer[BT_DNS_MSG_MAX];

	if (client->nqueries == 0 || ntohs(from->sin_port) != DNS_PORT)
		return false;
	bt_list_foreach (it, &ns->queries) {
		struct bt_nameserver_query *q = bt_list_entry(it, struct bt_nameserver_query, link);

		if (q->client != client || q->inside == 0 ||
		    !bt_dns_message_belongs(q->msg + 2, &q->question, q->id, msg, len))
			continue;
		memcpy(answer, msg, len);
		answered(ns, q, NULL, answer, len);
		return true;
	}
	return false;
}

void bt_nameserver_query_forget(struct bt_nameserver *ns, const struct bt_nameserver_client *client,
				const struct bt_nameserver_stream *stream)
{
	bt_list_foreach (it, &ns->queries) {
		struct bt_nameserver_query *q = bt_list_entry(it, struct bt_nameserver_query, link);

		if ((!client || q->client == client) && (!stream || q->stream == stream))
			query_close(ns, q);
	}
}

void bt_nameserver_query_expire(struct bt_nameserver *ns, int64_t now_ns)
{
	while (!bt_list_empty(&ns->queries)) {
		struct bt_nameserver_query *q =
			bt_list_entry(ns->queries.next, struct bt_nameserver_query, link);

		if (q->until_ns > now_ns)
			return;
		reply_failure(ns, q);
	}
}
