/* SPDX-License-Identifier: Apache-2.0 */

#include "net/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/list.h"

/* One container on one network. */
struct entry {
	char *owner;
	struct bt_prefix v4, v6;
	size_t n;
	char *list[]; /* lower case */
};

/* Those who share a name on a network. */
struct group {
	const struct entry **members;
	size_t n;
	size_t turn; /* who comes first */
};

struct network {
	char *name;
	struct bt_map entries;   /* owner → struct entry, owned */
	struct bt_map groups;    /* name → struct group, owned */
	struct bt_map addresses; /* text → struct entry, borrowed */
};

static void entry_destroy(struct entry *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i]);
	free(e->owner);
	free(e);
}

static void network_destroy(struct network *net)
{
	size_t pos = 0;
	void *value;

	while (bt_map_next(&net->entries, &pos, NULL, &value))
		entry_destroy(value);
	for (pos = 0; bt_map_next(&net->groups, &pos, NULL, &value);) {
		free(((struct group *)value)->members);
		free(value);
	}
	bt_map_done(&net->entries);
	bt_map_done(&net->groups);
	bt_map_done(&net->addresses);
	free(net->name);
	free(net);
}

void bt_names_done(struct bt_names *names)
{
	size_t pos = 0;
	void *value;

	while (bt_map_next(&names->networks, &pos, NULL, &value))
		network_destroy(value);
	bt_map_done(&names->networks);
}

static void leave_group(struct network *net, const struct entry *e, const char *name)
{
	struct group *g = bt_map_get(&net->groups, name);
	size_t at = 0;

	while (g && at < g->n && g->members[at] != e)
		at++;
	if (!g || at == g->n)
		return;
	memmove(g->members + at, g->members + at + 1, (g->n - at - 1) * sizeof(*g->members));
	if (--g->n > 0)
		return;
	(void)bt_map_remove(&net->groups, name);
	free(g->members);
	free(g);
}

static int join_group(struct network *net, const struct entry *e, const char *name)
{
	struct group *g = bt_map_get(&net->groups, name);
	const struct entry **grown;

	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g || bt_map_put(&net->groups, name, g, NULL) < 0) {
			free(g);
			return -ENOMEM;
		}
	}
	/* Called so twice. */
	for (size_t i = 0; i < g->n; i++)
		if (g->members[i] == e)
			return 0;
	grown = reallocarray(g->members, g->n + 1, sizeof(const struct entry *));
	if (!grown) {
		if (g->n == 0) {
			(void)bt_map_remove(&net->groups, name);
			free(g);
		}
		return -ENOMEM;
	}
	g->members = grown;
	g->members[g->n++] = e;
	return 0;
}

static void forget_address(struct network *net, const struct entry *e, const struct bt_prefix *p)
{
	char text[BT_PREFIX_TEXT_LEN];

	bt_prefix_format_address(p, text);
	if (p->family && bt_map_get(&net->addresses, text) == e)
		(void)bt_map_remove(&net->addresses, text);
}

static int note_address(struct network *net, struct entry *e, const struct bt_prefix *p)
{
	char text[BT_PREFIX_TEXT_LEN];

	bt_prefix_format_address(p, text);
	return p->family ? bt_map_put(&net->addresses, text, e, NULL) : 0;
}

static void forget(struct network *net, struct entry *e)
{
	for (size_t i = 0; i < e->n; i++)
		leave_group(net, e, e->list[i]);
	forget_address(net, e, &e->v4);
	forget_address(net, e, &e->v6);
	entry_destroy(e);
}

void bt_names_remove(struct bt_names *names, const char *owner, const char *network)
{
	struct network *net = bt_map_get(&names->networks, network);
	struct entry *e = net ? bt_map_remove(&net->entries, owner) : NULL;

	if (!e)
		return;
	forget(net, e);
	if (net->entries.used > 0)
		return;
	(void)bt_map_remove(&names->networks, network);
	network_destroy(net);
}

static char *lower(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static struct entry *entry_create(const struct bt_names_place *place)
{
	struct entry *e = calloc(1, sizeof(*e) + place->n * sizeof(e->list[0]));

	if (!e)
		return NULL;
	e->owner = strdup(place->owner);
	e->v4 = place->v4;
	e->v6 = place->v6;
	for (; e->owner && e->n < place->n; e->n++) {
		e->list[e->n] = lower(place->list[e->n]);
		if (!e->list[e->n])
			break;
	}
	if (e->owner && e->n == place->n)
		return e;
	entry_destroy(e);
	return NULL;
}

static struct network *network_of(struct bt_names *names, const struct bt_names_place *place)
{
	struct network *net = bt_map_get(&names->networks, place->network);

	if (net)
		return net;
	net = calloc(1, sizeof(*net));
	if (!net)
		return NULL;
	net->name = lower(place->network_name);
	if (net->name && bt_map_put(&names->networks, place->network, net, NULL) == 0)
		return net;
	network_destroy(net);
	return NULL;
}

int bt_names_add(struct bt_names *names, const struct bt_names_place *place)
{
	struct network *net;
	struct entry *e;
	int r = 0;

	if (place->n > BT_NAMES_LIST_MAX)
		return -E2BIG;
	bt_names_remove(names, place->owner, place->network);
	e = entry_create(place);
	net = e ? network_of(names, place) : NULL;
	if (!net || bt_map_put(&net->entries, place->owner, e, NULL) < 0) {
		if (e)
			entry_destroy(e);
		return -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < e->n; i++)
		r = join_group(net, e, e->list[i]);
	if (r == 0)
		r = note_address(net, e, &e->v4);
	if (r == 0)
		r = note_address(net, e, &e->v6);
	if (r < 0)
		bt_names_remove(names, place->owner, place->network);
	return r;
}

/* "web", or "web.network" on this one. */
static struct group *group_of(const struct network *net, const char *name)
{
	struct group *g = bt_map_get(&net->groups, name);
	const size_t len = strlen(name), suffix = strlen(net->name);
	bt_auto_free char *bare = NULL;

	if (g || len <= suffix + 1 || name[len - suffix - 1] != '.' ||
	    strcmp(name + len - suffix, net->name) != 0)
		return g;
	bare = strndup(name, len - suffix - 1);
	return bare ? bt_map_get(&net->groups, bare) : NULL;
}

int bt_names_find(struct bt_names *names, const char *const *networks, const char *name, int family,
		  struct bt_prefix ret[BT_NAMES_ANSWERS_MAX], size_t *ret_n)
{
	struct group *g = NULL;
	size_t n = 0;

	for (; *networks && !g; networks++) {
		const struct network *net = bt_map_get(&names->networks, *networks);

		g = net ? group_of(net, name) : NULL;
	}
	*ret_n = 0;
	if (!g)
		return 0;
	for (size_t i = 0; i < g->n && n < BT_NAMES_ANSWERS_MAX; i++) {
		const struct entry *e = g->members[(i + g->turn) % g->n];
		const struct bt_prefix *a = family == AF_INET ? &e->v4 : &e->v6;

		if (a->family)
			ret[n++] = *a;
	}
	g->turn++;
	*ret_n = n;
	return 1;
}

int bt_names_reverse(const struct bt_names *names, const char *const *networks,
		     const struct bt_prefix *address, char *ret, size_t size)
{
	char text[BT_PREFIX_TEXT_LEN];

	bt_prefix_format_address(address, text);
	for (; *networks; networks++) {
		const struct network *net = bt_map_get(&names->networks, *networks);
		const struct entry *e = net ? bt_map_get(&net->addresses, text) : NULL;

		if (!e || e->n == 0)
			continue;
		(void)snprintf(ret, size, "%s.%s", e->list[0], net->name);
		return 1;
	}
	return 0;
}
