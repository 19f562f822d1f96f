/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/resolver_private.h"

#define QUERIES_MAX 256
#define PATIENCE_NS (4 * BT_TIME_NSEC_PER_SEC)
/* At one go, so that one container does not keep the others waiting. */
#define BATCH 16
/* EDNS lets answers be larger than what every client takes. */
#define ANSWER_MAX 4096

static void query_destroy(struct bt_resolver *r, struct bt_resolver_query *q)
{
	for (unsigned i = 0; i < BT_RESOLVER_UPSTREAMS_MAX; i++) {
		if (q->fds[i] < 0)
			continue;
		bt_resolver_slot_drop(r, q->slots[i]);
		bt_close(&q->fds[i]);
	}
	bt_list_remove(&q->link);
	r->nqueries--;
	free(q);
}

static void reply(const struct bt_resolver_asker *asker, const struct sockaddr_in *to,
		  const uint8_t *msg, size_t len)
{
	/* Who does not read misses it, as on any network. */
	(void)!sendto(asker->udp, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)to, sizeof(*to));
}

static void reply_failure(const struct bt_resolver_asker *asker, const struct sockaddr_in *to,
			  const uint8_t *msg, size_t len)
{
	struct bt_dns_question question;
	uint8_t out[BT_DNS_UDP_MAX];
	size_t n;

	if (bt_dns_message_parse(msg, len, &question) < 0)
		return;
	n = bt_dns_message_answer(msg, &question, BT_DNS_RCODE_FAILURE, NULL, 0, NULL, out,
				  sizeof(out));
	if (n)
		reply(asker, to, out, n);
}

/* All servers are asked at once; the first good answer counts. */
static void ask_upstreams(struct bt_resolver *r, struct bt_resolver_query *q)
{
	uint8_t msg[BT_DNS_UDP_MAX];

	memcpy(msg, q->msg, q->len);
	msg[0] = (uint8_t)(q->id >> 8);
	msg[1] = (uint8_t)q->id;
	for (unsigned i = 0; i < BT_RESOLVER_UPSTREAMS_MAX; i++) {
		const struct bt_prefix *server = &q->asker->upstreams[i];

		if (!server->family)
			return;
		q->fds[i] = bt_resolver_connect(server, SOCK_DGRAM);
		if (q->fds[i] < 0)
			continue;
		if (send(q->fds[i], msg, q->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
		    bt_resolver_slot_add(r, BT_RESOLVER_QUERY, q, q->fds[i], &q->slots[i]) < 0)
			bt_close(&q->fds[i]);
		else
			q->waiting++;
	}
}

static void forward(struct bt_resolver *r, struct bt_resolver_asker *asker, const uint8_t *msg,
		    size_t len, const struct sockaddr_in *from)
{
	struct bt_resolver_query *q = NULL;

	if (r->nqueries < QUERIES_MAX && len <= sizeof(q->msg))
		q = calloc(1, sizeof(*q));
	if (!q || bt_rand_bytes(&q->id, sizeof(q->id)) < 0) {
		free(q);
		reply_failure(asker, from, msg, len);
		return;
	}
	q->asker = asker;
	q->from = *from;
	q->until_ns = bt_time_monotonic_ns() + PATIENCE_NS;
	q->len = len;
	memcpy(q->msg, msg, len);
	for (unsigned i = 0; i < BT_RESOLVER_UPSTREAMS_MAX; i++)
		q->fds[i] = -EBADF;
	bt_list_append(&r->queries, &q->link);
	r->nqueries++;
	ask_upstreams(r, q);
	if (q->waiting == 0) {
		reply_failure(asker, from, msg, len);
		query_destroy(r, q);
	}
}

void bt_resolver_udp_asked(struct bt_resolver *r, struct bt_resolver_asker *asker)
{
	for (int i = 0; i < BATCH; i++) {
		uint8_t msg[BT_DNS_UDP_MAX], out[BT_DNS_UDP_MAX];
		struct sockaddr_in from = { 0 };
		socklen_t from_len = sizeof(from);
		struct bt_dns_question question;
		ssize_t n = recvfrom(asker->udp, msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&from, &from_len);
		size_t len;

		if (n < 0)
			return;
		if ((size_t)n > sizeof(msg) || bt_dns_message_parse(msg, (size_t)n, &question) < 0)
			continue;
		len = bt_resolver_answer(r, asker, msg, &question, out, sizeof(out));
		if (len)
			reply(asker, &from, out, len);
		else
			forward(r, asker, msg, (size_t)n, &from);
	}
}

/* Is it the answer to what was asked, or somebody's guess? */
static bool belongs(const struct bt_resolver_query *q, const uint8_t *msg, size_t len)
{
	struct bt_dns_question asked;

	if (bt_dns_message_parse(q->msg, q->len, &asked) < 0 || len < asked.end ||
	    !(msg[2] & 0x80) || (uint16_t)(msg[0] << 8 | msg[1]) != q->id)
		return false;
	return memcmp(msg + 4, q->msg + 4, 2) == 0 &&
	       memcmp(msg + 12, q->msg + 12, asked.end - 12) == 0;
}

void bt_resolver_udp_answered(struct bt_resolver *r, struct bt_resolver_query *query, uint64_t slot)
{
	uint8_t msg[ANSWER_MAX];
	unsigned at = 0;
	ssize_t n;
	int rcode;

	while (at + 1 < BT_RESOLVER_UPSTREAMS_MAX && query->slots[at] != slot)
		at++;
	n = recv(query->fds[at], msg, sizeof(msg), MSG_DONTWAIT);
	if (n >= 0 && !belongs(query, msg, (size_t)n))
		return;
	if (n < 0 && errno == EAGAIN)
		return;
	rcode = n < 0 ? BT_DNS_RCODE_FAILURE : msg[3] & 0x0f;
	query->waiting--;
	/* Another server may do better. */
	if ((rcode == BT_DNS_RCODE_FAILURE || rcode == BT_DNS_RCODE_REFUSED) &&
	    query->waiting > 0) {
		bt_resolver_slot_drop(r, slot);
		bt_close(&query->fds[at]);
		return;
	}
	if (n < 0) {
		reply_failure(query->asker, &query->from, query->msg, query->len);
	} else {
		memcpy(msg, query->msg, 2);
		reply(query->asker, &query->from, msg, (size_t)n);
	}
	query_destroy(r, query);
}

int bt_resolver_udp_expire(struct bt_resolver *r)
{
	const int64_t now = bt_time_monotonic_ns();

	bt_list_foreach (it, &r->queries) {
		struct bt_resolver_query *q = bt_list_entry(it, struct bt_resolver_query, link);

		if (q->until_ns > now)
			return (int)((q->until_ns - now) / 1000000) + 1;
		reply_failure(q->asker, &q->from, q->msg, q->len);
		query_destroy(r, q);
	}
	return -1;
}

void bt_resolver_udp_forget(struct bt_resolver *r, const struct bt_resolver_asker *asker)
{
	bt_list_foreach (it, &r->queries) {
		struct bt_resolver_query *q = bt_list_entry(it, struct bt_resolver_query, link);

		if (!asker || q->asker == asker)
			query_destroy(r, q);
	}
}
