/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nameserver.h"

#include <stdlib.h>

#include "net/nameserver_private.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* Milliseconds until the first of two lists of waiting things is due, -1: never. */
static int next_due(void *owner, int64_t now)
{
	const struct bt_nameserver *ns = owner;
	int64_t due = INT64_MAX;

	if (!bt_list_empty(&ns->queries))
		due = bt_list_entry(ns->queries.next, struct bt_nameserver_query, link)->until_ns;
	if (!bt_list_empty(&ns->streams)) {
		const struct bt_nameserver_stream *s =
			bt_list_entry(ns->streams.next, struct bt_nameserver_stream, link);

		due = s->until_ns < due ? s->until_ns : due;
	}
	if (due == INT64_MAX)
		return -1;
	return due > now ? (int)((due - now) / 1000000) + 1 : 0;
}

static bool is_idle(void *owner)
{
	const struct bt_nameserver *ns = owner;

	return ns->clients.used == 0;
}

static void tick(void *owner, int64_t now_ns)
{
	bt_nameserver_query_expire(owner, now_ns);
	bt_nameserver_tcp_close(owner, NULL, now_ns);
}

static void finish(struct bt_nameserver *ns)
{
	void *client;

	bt_nameserver_query_forget(ns, NULL, NULL);
	bt_nameserver_tcp_close(ns, NULL, INT64_MAX);
	for (size_t pos = 0; bt_map_next(&ns->clients, &pos, NULL, &client); bt_map_removed(&pos))
		bt_nameserver_client_forget(ns, client);
	bt_helper_done(&ns->helper);
	bt_map_done(&ns->clients);
	bt_names_done(&ns->names);
	bt_dns_cache_done(&ns->cache);
}

int bt_nameserver_serve(int listen_fd, const char *resolv_conf)
{
	struct bt_nameserver ns = {
		.helper = { .obey = bt_nameserver_obey,
			    .is_idle = is_idle,
			    .next_due = next_due,
			    .tick = tick,
			    .owner = &ns,
			    .version = BT_NAMESERVER_VERSION },
		.host = { .path = resolv_conf },
	};
	int r;

	bt_dns_cache_init(&ns.cache);
	bt_list_init(&ns.queries);
	bt_list_init(&ns.streams);
	r = bt_helper_init(&ns.helper, listen_fd);
	if (r == 0)
		bt_helper_run(&ns.helper);
	finish(&ns);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int bt_nameserver_run(const int *fds, size_t nfds)
{
	if (nfds != 1 || bt_helper_drop_privileges("berth-names") < 0)
		return EXIT_FAILURE;
	return bt_nameserver_serve(fds[0], RESOLV_CONF);
}
