/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "net/nameserver_private.h"

static void free_texts(char **texts)
{
	for (char **t = texts; t && *t; t++)
		free(*t);
	free(texts);
}

void bt_nameserver_client_empty(struct bt_nameserver *ns, struct bt_nameserver_client *client)
{
	for (char **n = client->networks; n && *n; n++)
		bt_names_remove(&ns->names, client->owner, *n);
	free_texts(client->networks);
	for (size_t i = 0; i < client->nlinks; i++) {
		free(client->links[i].alias);
		free(client->links[i].network);
		free(client->links[i].name);
	}
	free(client->links);
	free(client->who);
	client->networks = NULL;
	client->links = NULL;
	client->nlinks = client->nservers = 0;
	client->who = NULL;
	client->external = false;
	client->host.family = 0;
}

void bt_nameserver_client_forget(struct bt_nameserver *ns, struct bt_nameserver_client *client)
{
	bt_nameserver_query_forget(ns, client, NULL);
	bt_nameserver_tcp_close(ns, client, 0);
	bt_helper_loop_drop(&ns->helper.loop, &client->udp);
	bt_helper_loop_drop(&ns->helper.loop, &client->tcp);
	bt_helper_loop_drop(&ns->helper.loop, &client->life);
	bt_nameserver_client_empty(ns, client);
	(void)bt_map_remove(&ns->clients, client->owner);
	free(client->owner);
	bt_helper_loop_bury(&ns->helper.loop, &client->link);
}

const char *bt_nameserver_client_who(const struct bt_nameserver *ns,
				     const struct bt_nameserver_client *client, char ret[16])
{
	if (client->who)
		return client->who;
	(void)snprintf(ret, 16, "host%u", ns->host.generation);
	return ret;
}

static bool is_host_name(const char *name)
{
	return strcmp(name, "host.docker.internal") == 0 ||
	       strcmp(name, "gateway.docker.internal") == 0;
}

static bool find_link(struct bt_nameserver *ns, const struct bt_nameserver_client *c,
		      const char *name, int family, struct bt_prefix ret[BT_NAMES_ANSWERS_MAX],
		      size_t *ret_n)
{
	for (size_t i = 0; i < c->nlinks; i++) {
		const char *const network[] = { c->links[i].network, NULL };

		if (strcmp(c->links[i].alias, name) == 0 &&
		    bt_names_find(&ns->names, network, c->links[i].name, family, ret, ret_n))
			return true;
	}
	return false;
}

static size_t answer_address(struct bt_nameserver *ns, const struct bt_nameserver_client *c,
			     const uint8_t *msg, const struct bt_dns_question *q, uint8_t *ret,
			     size_t size)
{
	const char *const *networks = (const char *const *)c->networks;
	const int family = q->type == BT_DNS_TYPE_AAAA ? AF_INET6 : AF_INET;
	struct bt_prefix found[BT_NAMES_ANSWERS_MAX];
	size_t n = 0;

	if (!find_link(ns, c, q->name, family, found, &n) &&
	    !bt_names_find(&ns->names, networks, q->name, family, found, &n)) {
		if (!c->host.family || !is_host_name(q->name))
			return 0;
		found[0] = c->host;
		n = c->host.family == family;
	}
	/* Of other kinds a container has none. */
	if (q->type != BT_DNS_TYPE_A && q->type != BT_DNS_TYPE_AAAA)
		n = 0;
	return bt_dns_message_answer(msg, q, BT_DNS_RCODE_OK, found, n, NULL, ret, size);
}

static size_t answer_name(const struct bt_nameserver *ns, const struct bt_nameserver_client *c,
			  const uint8_t *msg, const struct bt_dns_question *q, uint8_t *ret,
			  size_t size)
{
	const char *const *networks = (const char *const *)c->networks;
	char name[2 * BT_DNS_NAME_MAX];
	struct bt_prefix address;

	if (bt_dns_message_reverse(q->name, &address) < 0 ||
	    !bt_names_reverse(&ns->names, networks, &address, name, sizeof(name)))
		return 0;
	return bt_dns_message_answer(msg, q, BT_DNS_RCODE_OK, NULL, 0, name, ret, size);
}

size_t bt_nameserver_client_answer(struct bt_nameserver *ns, struct bt_nameserver_client *client,
				   const uint8_t *msg, const struct bt_dns_question *q,
				   uint8_t *ret, size_t size)
{
	char who[16];
	size_t n = q->type == BT_DNS_TYPE_PTR ? answer_name(ns, client, msg, q, ret, size)
					      : answer_address(ns, client, msg, q, ret, size);

	if (n)
		return n;
	if (!client->external)
		return bt_dns_message_answer(msg, q, BT_DNS_RCODE_FAILURE, NULL, 0, NULL, ret,
					     size);
	if (client->nservers == 0)
		bt_host_servers_refresh(&ns->host);
	n = bt_dns_cache_get(&ns->cache, bt_nameserver_client_who(ns, client, who), msg, q,
			     bt_time_monotonic_ns(), ret);
	return n > size ? bt_dns_message_cut(ret, q) : n;
}
