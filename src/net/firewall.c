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
#include "net/firewall_foreign.h"
#include "net/firewall_ports.h"
#include "net/firewall_rules.h"
#include "net/firewall_watch.h"
#include "net/gate.h"
#include "net/nft.h"

#define TABLE_NAME_MAX 64

struct network {
	struct bt_list link;
	char bridge[IFNAMSIZ];
	struct bt_firewall_network rules; /* its name is `bridge` */
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
	bool has_gate; /* some port is judged by the host's firewall */
	struct bt_gate gate;
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

static int remove_table(struct bt_firewall *fw, uint8_t family, struct bt_err *err)
{
	struct bt_err failure = { 0 };
	int r;

	bt_nft_begin(fw->nft);
	bt_nft_family(fw->nft, family);
	bt_nft_table_remove(fw->nft, fw->table);
	r = bt_nft_commit(fw->nft, "remove the table", &failure);
	if (r == 0 || r == -ENOENT)
		return 0;
	*err = failure;
	return r;
}

static int remove_gate(struct bt_firewall *fw, struct bt_err *err)
{
	int r = remove_table(fw, NFPROTO_IPV4, err);

	if (r == 0)
		r = remove_table(fw, NFPROTO_IPV6, err);
	return r < 0 ? r : bt_gate_remove(fw->table, err);
}

int bt_firewall_remove(struct bt_firewall *fw, struct bt_err *err)
{
	int r;

	pthread_mutex_lock(&fw->lock);
	fw->loaded = false;
	r = remove_table(fw, NFPROTO_INET, err);
	if (r == 0 && fw->has_gate)
		r = remove_gate(fw, err);
	if (r == 0)
		r = bt_firewall_foreign_remove(fw->nft, fw->table, err);
	pthread_mutex_unlock(&fw->lock);
	return r;
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
	if (n->rules.icc)
		put_pair(nft, BT_RULES_ICC, n->bridge, add);
	if (n->rules.internal)
		put_name(nft, BT_RULES_INTERNAL, n->bridge, add);
	for (unsigned six = 0; six < 2; six++) {
		if (six ? n->rules.masquerade6 : n->rules.masquerade4)
			put_name(nft, BT_RULES_MASQUERADE(six), n->bridge, add);
		if (six ? n->rules.open6 : n->rules.open4)
			put_name(nft, BT_RULES_OPEN(six), n->bridge, add);
		if (six ? n->rules.routed6 : n->rules.routed4)
			put_name(nft, BT_RULES_ROUTED(six), n->bridge, add);
	}
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
	n->rules = *net;
	n->rules.bridge = n->bridge;
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

static bool is_translated(const struct bt_firewall_port *p)
{
	return !p->direct && !p->forwarded;
}

static bool is_new_target(const struct group *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_translated(&g->ports[k]) &&
		    bt_prefix_same_address(&g->ports[k].target, &g->ports[i].target))
			return false;
	return true;
}

static void put_group(struct bt_nft *nft, const struct group *g, bool add)
{
	if (g)
		bt_firewall_ports_put_judged(nft, g->ports, g->n, add);
	for (size_t i = 0; g && i < g->n; i++) {
		bt_firewall_ports_put(nft, &g->ports[i], add);
		if (is_translated(&g->ports[i]) && is_new_target(g, i))
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

static int load_locked(struct bt_firewall *fw, struct bt_err *err)
{
	void *group;
	size_t pos = 0;

	bt_nft_begin(fw->nft);
	bt_nft_table_replace(fw->nft, fw->table, fw->own);
	bt_firewall_rules_put(fw->nft, fw->has_gate ? &fw->gate : NULL);
	bt_list_foreach (it, &fw->networks)
		put_network(fw->nft, bt_list_entry(it, struct network, link), true);
	while (bt_map_next(&fw->groups, &pos, NULL, &group))
		put_group(fw->nft, group, true);
	for (unsigned six = 0; fw->has_gate && six < 2; six++) {
		bt_nft_family(fw->nft, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
		bt_nft_table_replace(fw->nft, fw->table, fw->own);
		bt_firewall_rules_put_gate(fw->nft, &fw->gate, six);
	}
	return bt_nft_commit(fw->nft, "put the rules in place", err);
}

static bool is_judged(const struct group *g)
{
	for (size_t i = 0; g && i < g->n; i++)
		if (g->ports[i].judged)
			return true;
	return false;
}

/* Before the first port that the host's firewall judges. */
static int open_gate(struct bt_firewall *fw, struct bt_err *err)
{
	int r;

	if (fw->has_gate)
		return 0;
	r = bt_gate_ensure(fw->table, &fw->gate, err);
	if (r < 0)
		return r;
	fw->has_gate = true;
	return fw->loaded ? load_locked(fw, err) : 0;
}

static int publish_locked(struct bt_firewall *fw, const char *owner, struct group *new,
			  struct bt_err *err)
{
	struct group *old = bt_map_get(&fw->groups, owner);
	int r = is_judged(new) ? open_gate(fw, err) : 0;

	if (r == 0)
		r = change_group(fw, old, new, err);
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

/* Under lock: what others' chains need, said by whoever needs it: should it fail, the next load of
 * the rules says so. */
static int pass_foreign(struct bt_firewall *fw, struct bt_err *err)
{
	return bt_firewall_foreign_ensure(fw->nft, fw->table, NULL, err);
}

/* Somebody changed the rules: a reload of the host's firewall, most likely. An owned table was
 * passed by. */
static void put_back(void *arg, bool gone)
{
	struct bt_firewall *fw = arg;

	pthread_mutex_lock(&fw->lock);
	/* Should it fail, the next change of the rules says so to whoever makes it. */
	if (fw->loaded && gone && !fw->own)
		(void)!load_locked(fw, BT_ERR_IGNORED);
	if (fw->loaded)
		(void)!pass_foreign(fw, BT_ERR_IGNORED);
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
	if (r == 0)
		r = pass_foreign(fw, &first);
	if (r == 0 && !fw->watch) {
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
