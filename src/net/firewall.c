/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/list.h"
#include "base/map.h"
#include "net/firewall_ports.h"
#include "net/firewall_rules.h"
#include "net/firewall_watch.h"
#include "net/nft.h"

#define TABLE_NAME_MAX 64

struct network {
	struct bt_list link;
	char bridge[IFNAMSIZ];
	bool masquerade, icc, internal;
};

/* Ports of one owner. */
struct group {
	size_t n;
	struct bt_firewall_port ports[];
};

struct bt_firewall {
	pthread_mutex_t lock;
	struct bt_map groups; /* owner → struct group */
	struct bt_nft *nft;
	char table[TABLE_NAME_MAX];
	struct bt_list networks; /* struct network */
	bool loaded;
	bool own; /* the kernel lets us own the table */
	bool may_own;
	struct bt_firewall_watch *watch;
};

int bt_firewall_open(const char *table, bool own, struct bt_firewall **ret, struct bt_err *err)
{
	struct bt_firewall *fw;
	int r;

	if (strlen(table) >= TABLE_NAME_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "name of nftables table too long");
	fw = calloc(1, sizeof(*fw));
	if (!fw)
		return bt_err_sys(err, -ENOMEM, "open the firewall");
	r = bt_nft_open(&fw->nft, err);
	if (r < 0) {
		free(fw);
		return r;
	}
	pthread_mutex_init(&fw->lock, NULL);
	bt_list_init(&fw->networks);
	strcpy(fw->table, table);
	fw->own = fw->may_own = own;
	*ret = fw;
	return 0;
}

void bt_firewall_close(struct bt_firewall *fw)
{
	void *group;
	size_t pos = 0;

	if (!fw)
		return;
	bt_firewall_watch_stop(fw->watch);
	bt_list_foreach (it, &fw->networks)
		free(bt_list_entry(it, struct network, link));
	while (bt_map_next(&fw->groups, &pos, NULL, &group))
		free(group);
	bt_map_done(&fw->groups);
	bt_nft_close(fw->nft);
	pthread_mutex_destroy(&fw->lock);
	free(fw);
}

int bt_firewall_remove(struct bt_firewall *fw, struct bt_err *err)
{
	struct bt_err ignored = { 0 };
	int r;

	pthread_mutex_lock(&fw->lock);
	bt_nft_begin(fw->nft);
	bt_nft_table_remove(fw->nft, fw->table);
	fw->loaded = false;
	r = bt_nft_commit(fw->nft, "remove the table", &ignored);
	pthread_mutex_unlock(&fw->lock);
	if (r < 0 && r != -ENOENT) {
		*err = ignored;
		return r;
	}
	return 0;
}

static struct network *find(struct bt_firewall *fw, const char *bridge)
{
	bt_list_foreach (it, &fw->networks) {
		struct network *n = bt_list_entry(it, struct network, link);

		if (strcmp(n->bridge, bridge) == 0)
			return n;
	}
	return NULL;
}

static void put_name(struct bt_nft *nft, const char *set, const char *name, bool add)
{
	char key[IFNAMSIZ] = { 0 };

	memcpy(key, name, strnlen(name, IFNAMSIZ - 1));
	bt_nft_element(nft, set, &(struct bt_nft_element){ .key = key, .key_len = sizeof(key) },
		       add);
}

static void put_pair(struct bt_nft *nft, const char *set, const char *name, bool add)
{
	char key[2 * IFNAMSIZ] = { 0 };

	memcpy(key, name, strnlen(name, IFNAMSIZ - 1));
	memcpy(key + IFNAMSIZ, key, IFNAMSIZ);
	bt_nft_element(nft, set, &(struct bt_nft_element){ .key = key, .key_len = sizeof(key) },
		       add);
}

static void put_network(struct bt_nft *nft, const struct network *n, bool add)
{
	put_name(nft, BT_RULES_BRIDGES, n->bridge, add);
	put_pair(nft, BT_RULES_PAIRS, n->bridge, add);
	if (n->masquerade)
		put_name(nft, BT_RULES_MASQUERADE, n->bridge, add);
	if (n->icc)
		put_pair(nft, BT_RULES_ICC, n->bridge, add);
	if (n->internal)
		put_name(nft, BT_RULES_INTERNAL, n->bridge, add);
}

/* Old and new may each be NULL: one transaction in place of the other. */
static int change_network(struct bt_firewall *fw, const struct network *old,
			  const struct network *new, struct bt_err *err)
{
	if (!fw->loaded)
		return 0;
	bt_nft_begin(fw->nft);
	bt_nft_table_use(fw->nft, fw->table);
	if (old)
		put_network(fw->nft, old, false);
	if (new)
		put_network(fw->nft, new, true);
	return bt_nft_commit(fw->nft, "change a network", err);
}

static int add_locked(struct bt_firewall *fw, const struct bt_firewall_network *net,
		      struct bt_err *err)
{
	struct network *old = find(fw, net->bridge);
	struct network *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return bt_err_sys(err, -ENOMEM, "note a network's rules");
	memcpy(n->bridge, net->bridge, strnlen(net->bridge, IFNAMSIZ - 1));
	n->masquerade = net->masquerade;
	n->icc = net->icc;
	n->internal = net->internal;
	r = change_network(fw, old, n, err);
	if (r < 0) {
		free(n);
		return r;
	}
	bt_list_append(&fw->networks, &n->link);
	if (old) {
		bt_list_remove(&old->link);
		free(old);
	}
	return 0;
}

int bt_firewall_network_add(struct bt_firewall *fw, const struct bt_firewall_network *net,
			    struct bt_err *err)
{
	int r;

	pthread_mutex_lock(&fw->lock);
	r = add_locked(fw, net, err);
	pthread_mutex_unlock(&fw->lock);
	return r;
}

int bt_firewall_network_remove(struct bt_firewall *fw, const char *bridge, struct bt_err *err)
{
	struct network *n;
	int r = 0;

	pthread_mutex_lock(&fw->lock);
	n = find(fw, bridge);
	if (n)
		r = change_network(fw, n, NULL, err);
	if (n && r == 0) {
		bt_list_remove(&n->link);
		free(n);
	}
	pthread_mutex_unlock(&fw->lock);
	return r;
}

static bool is_new_target(const struct group *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (bt_prefix_same_address(&g->ports[k].target, &g->ports[i].target))
			return false;
	return true;
}

static void put_group(struct bt_nft *nft, const struct group *g, bool add)
{
	for (size_t i = 0; g && i < g->n; i++) {
		bt_firewall_ports_put(nft, &g->ports[i], add);
		if (is_new_target(g, i))
			bt_firewall_ports_put_self(nft, &g->ports[i].target, add);
	}
}

/* One transaction in place of the other. */
static int change_group(struct bt_firewall *fw, const struct group *old, const struct group *new,
			struct bt_err *err)
{
	if (!fw->loaded)
		return 0;
	bt_nft_begin(fw->nft);
	bt_nft_table_use(fw->nft, fw->table);
	put_group(fw->nft, old, false);
	put_group(fw->nft, new, true);
	return bt_nft_commit(fw->nft, "change published ports", err);
}

static int publish_locked(struct bt_firewall *fw, const char *owner, struct group *new,
			  struct bt_err *err)
{
	struct group *old = bt_map_get(&fw->groups, owner);
	int r = change_group(fw, old, new, err);

	if (r < 0)
		return r;
	if (!new) {
		free(bt_map_remove(&fw->groups, owner));
		return 0;
	}
	r = bt_map_put(&fw->groups, owner, new, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "note published ports");
	free(old);
	return 0;
}

int bt_firewall_publish(struct bt_firewall *fw, const char *owner,
			const struct bt_firewall_port *ports, size_t n, struct bt_err *err)
{
	struct group *g = malloc(sizeof(*g) + n * sizeof(*ports));
	int r;

	if (!g)
		return bt_err_sys(err, -ENOMEM, "note published ports");
	g->n = n;
	memcpy(g->ports, ports, n * sizeof(*ports));
	pthread_mutex_lock(&fw->lock);
	r = publish_locked(fw, owner, g, err);
	pthread_mutex_unlock(&fw->lock);
	if (r < 0)
		free(g);
	return r;
}

int bt_firewall_unpublish(struct bt_firewall *fw, const char *owner, struct bt_err *err)
{
	int r = 0;

	pthread_mutex_lock(&fw->lock);
	if (bt_map_get(&fw->groups, owner))
		r = publish_locked(fw, owner, NULL, err);
	pthread_mutex_unlock(&fw->lock);
	return r;
}

static int load_locked(struct bt_firewall *fw, struct bt_err *err)
{
	void *group;
	size_t pos = 0;

	bt_nft_begin(fw->nft);
	bt_nft_table_replace(fw->nft, fw->table, fw->own);
	bt_firewall_rules_put(fw->nft);
	bt_list_foreach (it, &fw->networks)
		put_network(fw->nft, bt_list_entry(it, struct network, link), true);
	while (bt_map_next(&fw->groups, &pos, NULL, &group))
		put_group(fw->nft, group, true);
	return bt_nft_commit(fw->nft, "put the rules in place", err);
}

/* Somebody removed the table: a reload of the host's firewall, most likely. */
static void put_back(void *arg)
{
	struct bt_firewall *fw = arg;

	pthread_mutex_lock(&fw->lock);
	/* Should it fail, the next change of the rules says so to whoever makes it. */
	if (fw->loaded)
		(void)!load_locked(fw, BT_ERR_IGNORED);
	pthread_mutex_unlock(&fw->lock);
}

int bt_firewall_load(struct bt_firewall *fw, struct bt_err *err)
{
	struct bt_err first = { 0 };
	int r;

	pthread_mutex_lock(&fw->lock);
	r = load_locked(fw, &first);
	/* Linux before 6.9 knows no persistent owner; an earlier daemon may also have left a
	 * table of the other kind, which the kernel does not convert. */
	if (r == -EOPNOTSUPP || r == -EINVAL) {
		fw->own = !fw->own && fw->may_own;
		r = load_locked(fw, &first);
	}
	fw->loaded = r == 0;
	if (r == 0 && !fw->own && !fw->watch) {
		r = bt_firewall_watch_start(fw->table, bt_nft_portid(fw->nft), put_back, fw,
					    &fw->watch);
		if (r < 0)
			(void)bt_err_sys(&first, r, "watch over the rules");
	}
	pthread_mutex_unlock(&fw->lock);
	if (r < 0)
		*err = first;
	return r;
}
