/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <sys/socket.h>

#include "net/nameserver_private.h"

/* At one go, so that one container does not keep the others waiting. */
#define BATCH 16

void bt_nameserver_udp_reply(const struct bt_nameserver_client *client,
			     const struct sockaddr_in *to, const uint8_t *msg, size_t len)
{
	/* Who does not read misses it, as on any network. */
	(void)!sendto(client->udp.fd, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)to, sizeof(*to));
}

void bt_nameserver_udp_asked(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	struct bt_nameserver_client *c = bt_list_entry(watch, struct bt_nameserver_client, udp);

	for (int i = 0; i < BATCH; i++) {
		static uint8_t msg[BT_DNS_MSG_MAX], out[BT_DNS_MSG_MAX];
		struct sockaddr_in from = { 0 };
		socklen_t from_len = sizeof(from);
		struct bt_dns_question q;
		ssize_t n = recvfrom(watch->fd, msg, sizeof(msg), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);
		size_t len;

		if (n < 0)
			return;
		if (bt_nameserver_query_inside(ns, c, &from, msg, (size_t)n))
			continue;
		if ((size_t)n > BT_DNS_EDNS_MAX || bt_dns_message_parse(msg, (size_t)n, &q) < 0)
			continue;
		len = bt_nameserver_client_answer(ns, c, msg, &q, out, q.udp_size);
		if (len)
			bt_nameserver_udp_reply(c, &from, out, len);
		else
			bt_nameserver_query_ask(ns, c, &from, NULL, msg, (size_t)n, &q);
	}
}
