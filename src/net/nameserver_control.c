/* SPDX-License-Identifier: Apache-2.0 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/sock.h"
#include "base/str.h"
#include "codec/json.h"
#include "net/nameserver.h"
#include "net/nameserver_private.h"

#define NETWORKS_MAX 128
#define LINKS_MAX    256

static struct bt_nameserver_client *find(const struct bt_nameserver *ns,
					 const struct bt_helper_message *m)
{
	return bt_map_get(&ns->clients, bt_json_str(m->json, "owner", ""));
}

/* The monitor ended, or the pidfd cannot be watched: nobody is left who asks. */
static void life_ended(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_nameserver *ns = owner;
	bt_nameserver_client_forget(ns, bt_list_entry(watch, struct bt_nameserver_client, life));
}

static struct bt_nameserver_client *client_create(struct bt_nameserver *ns, const char *owner)
{
	struct bt_nameserver_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	bt_list_init(&c->link);
	c->udp = (struct bt_helper_loop_watch){ .ready = bt_nameserver_udp_asked, .fd = -EBADF };
	c->tcp = (struct bt_helper_loop_watch){ .ready = bt_nameserver_tcp_accept, .fd = -EBADF };
	c->life = (struct bt_helper_loop_watch){ .ready = life_ended, .fd = -EBADF };
	c->owner = strdup(owner);
	if (c->owner && bt_map_put(&ns->clients, owner, c, NULL) == 0)
		return c;
	free(c->owner);
	free(c);
	return NULL;
}

static struct bt_prefix address_of(const json_t *json, const char *key)
{
	struct bt_prefix p = { 0 };

	if (bt_prefix_parse_address(bt_json_str(json, key, ""), &p) < 0)
		p.family = 0;
	return p;
}

static char *lower(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static int add_links(struct bt_nameserver_client *c, const char *network, const json_t *links)
{
	const char *alias;
	json_t *name;

	json_object_foreach ((json_t *)(uintptr_t)links, alias, name) {
		struct bt_nameserver_link *l, *grown;

		if (!json_is_string(name) || c->nlinks == LINKS_MAX)
			return -EINVAL;
		grown = reallocarray(c->links, c->nlinks + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		c->links = grown;
		l = &c->links[c->nlinks++];
		l->alias = lower(alias);
		l->name = lower(json_string_value(name));
		l->network = strdup(network);
		if (!l->alias || !l->network || !l->name)
			return -ENOMEM;
	}
	return 0;
}

static int add_place(struct bt_nameserver *ns, struct bt_nameserver_client *c, const json_t *json,
		     char **ret_network)
{
	const json_t *list = bt_json_arr(json, "names"), *item;
	const char *names[BT_NAMES_LIST_MAX];
	struct bt_names_place place = { .network = bt_json_str(json, "network", ""),
					.network_name = bt_json_str(json, "name", ""),
					.owner = c->owner,
					.list = names,
					.v4 = address_of(json, "v4"),
					.v6 = address_of(json, "v6") };
	size_t i;
	int r;

	json_array_foreach (list, i, item)
		if (json_is_string(item) && place.n < BT_NAMES_LIST_MAX)
			names[place.n++] = json_string_value(item);
	*ret_network = strdup(place.network);
	if (!*ret_network)
		return -ENOMEM;
	r = bt_names_add(&ns->names, &place);
	return r < 0 ? r : add_links(c, place.network, bt_json_obj(json, "links"));
}

static int set_servers(struct bt_nameserver_client *c, const json_t *list)
{
	bt_auto_str struct bt_str who = { 0 };
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		struct bt_prefix p;
		char text[BT_PREFIX_TEXT_LEN];

		if (c->nservers == BT_HOST_SERVERS_MAX || !json_is_string(item) ||
		    bt_prefix_parse_address(json_string_value(item), &p) < 0)
			continue;
		c->servers[c->nservers++] = p;
		bt_prefix_format_address(&p, text);
		bt_str_puts(&who, text);
		/* What is on the container's own loopback is nobody else's. */
		bt_str_printf(&who, "@%s ", p.addr[0] == 127 ? c->owner : "");
	}
	return c->nservers ? bt_str_steal(&who, &c->who) : 0;
}

static int fill(struct bt_nameserver *ns, struct bt_nameserver_client *c, const json_t *json)
{
	const json_t *places = bt_json_arr(json, "places"), *item;
	size_t i;
	int r;

	bt_nameserver_client_empty(ns, c);
	c->marked = false;
	c->external = bt_json_bool(json, "external", false);
	c->host = address_of(json, "host");
	if (json_array_size(places) > NETWORKS_MAX)
		return -E2BIG;
	c->networks = calloc(json_array_size(places) + 1, sizeof(*c->networks));
	if (!c->networks)
		return -ENOMEM;
	r = set_servers(c, bt_json_arr(json, "servers"));
	for (i = 0; r == 0 && i < json_array_size(places); i++) {
		item = json_array_get(places, i);
		r = add_place(ns, c, item, &c->networks[i]);
	}
	return r;
}

/* Sockets and a pidfd instead of those it had. */
static int take_sockets(struct bt_nameserver *ns, struct bt_nameserver_client *c,
			struct bt_helper_message *m)
{
	const struct {
		const char *role;
		struct bt_helper_loop_watch *watch;
	} all[] = { { "udp", &c->udp }, { "tcp", &c->tcp }, { "life", &c->life } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++) {
		const int fd = bt_helper_take_fd(m, all[i].role);

		if (fd < 0)
			continue;
		bt_helper_loop_drop(&ns->helper.loop, all[i].watch);
		r = bt_helper_loop_add(&ns->helper.loop, all[i].watch, fd);
	}
	return r;
}

static int put(struct bt_nameserver *ns, struct bt_helper_message *m, json_t *reply)
{
	const char *owner = bt_json_str(m->json, "owner", "");
	struct bt_nameserver_client *c = find(ns, m);
	int r;

	if (!owner[0])
		return -EINVAL;
	if (!c && bt_json_bool(m->json, "known", false))
		return 0;
	if (!c)
		c = client_create(ns, owner);
	if (!c)
		return -ENOMEM;
	r = fill(ns, c, m->json);
	if (r == 0)
		r = take_sockets(ns, c, m);
	if (r < 0) {
		bt_nameserver_client_forget(ns, c);
		return r;
	}
	(void)json_object_set_new(reply, "sockets", json_boolean(c->udp.fd >= 0 && c->tcp.fd >= 0));
	(void)json_object_set_new(reply, "life", json_boolean(c->life.fd >= 0));
	return 0;
}

static void sweep(struct bt_nameserver *ns, bool begin)
{
	size_t pos = 0;
	void *value;

	while (bt_map_next(&ns->clients, &pos, NULL, &value)) {
		struct bt_nameserver_client *c = value;

		if (begin) {
			c->marked = true;
		} else if (c->marked) {
			bt_nameserver_client_forget(ns, c);
			pos = 0; /* the map has changed */
		}
	}
}

int bt_nameserver_obey(void *owner, struct bt_helper_message *m, json_t *reply)
{
	struct bt_nameserver *ns = owner;
	const char *op = bt_json_str(m->json, "op", "");
	struct bt_nameserver_client *c = find(ns, m);

	if (strcmp(op, "put") == 0)
		return put(ns, m, reply);
	if (strcmp(op, "begin") == 0 || strcmp(op, "sweep") == 0) {
		sweep(ns, op[0] == 'b');
		return 0;
	}
	if (strcmp(op, "forget") != 0 && strcmp(op, "life") != 0)
		return -EOPNOTSUPP;
	if (c && op[0] == 'f')
		bt_nameserver_client_forget(ns, c);
	return c && op[0] == 'l' ? take_sockets(ns, c, m) : 0;
}
