/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/start_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/container_row.h"
#include "engine/jget.h"
#include "engine/link_name.h"

struct node {
	struct bt_container *container;
	json_t *needs; /* owned, or NULL */
	bool seen;
};

struct sorting {
	struct node *nodes; /* oldest first */
	size_t n;
	struct bt_container **out;
	size_t nout;
};

static void add(json_t **list, const char *text, size_t len)
{
	if (!*list)
		*list = json_array();
	json_array_append_new(*list, json_stringn(text, len));
}

json_t *bt_start_order_needs(const json_t *host_config)
{
	static const char *const modes[] = { "NetworkMode", "PidMode", "IpcMode" };
	json_t *needs = NULL;
	const json_t *link;
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *ref = bt_str_after(bt_jget_text(host_config, modes[i]), "container:");

		if (ref && ref[0])
			add(&needs, ref, strlen(ref));
	}
	json_array_foreach (json_object_get(host_config, "Links"), i, link) {
		bt_auto_link_name struct bt_link_name parts = { 0 };

		if (!json_is_string(link) ||
		    bt_link_name_split(json_string_value(link), &parts) < 0)
			continue;
		if (parts.id)
			add(&needs, parts.id, strlen(parts.id));
		if (parts.name[0])
			add(&needs, parts.name, strlen(parts.name));
	}
	return needs;
}

static json_t *read_needs(const struct bt_container *c)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	if (bt_container_row_settings(c, &s, BT_ERR_IGNORED) < 0)
		return NULL;
	return bt_start_order_needs(s.host_config);
}

static struct node *find(const struct sorting *s, const char *ref)
{
	for (size_t i = 0; i < s->n; i++) {
		struct bt_container *c = s->nodes[i].container;

		bt_auto_lock(held, &c->lock);
		if (strcmp(c->name, ref) == 0 || strncmp(c->id, ref, strlen(ref)) == 0)
			return &s->nodes[i];
	}
	return NULL;
}

/* Put what it needs, and then itself. Each node is entered once, so that a circle ends; the depth
 * is bounded by the count of containers that need others. */
static void put(struct sorting *s, struct node *node)
{
	const json_t *ref;
	size_t i;

	if (node->seen)
		return;
	node->seen = true;
	json_array_foreach (node->needs, i, ref) {
		struct node *other = find(s, json_string_value(ref));

		if (other)
			put(s, other);
	}
	s->out[s->nout++] = node->container;
}

static int by_age(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->container->created_ns < y->container->created_ns   ? -1
	       : x->container->created_ns > y->container->created_ns ? 1
								     : 0;
}

void bt_start_order_sort(struct bt_container **containers, size_t n)
{
	bt_auto_free struct node *nodes = calloc(n, sizeof(*nodes));
	struct sorting s = { .nodes = nodes, .n = n, .out = containers };

	if (!nodes || n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		nodes[i] = (struct node){ .container = containers[i],
					  .needs = read_needs(containers[i]) };
	qsort(nodes, n, sizeof(*nodes), by_age);
	for (size_t i = 0; i < n; i++)
		put(&s, &nodes[i]);
	for (size_t i = 0; i < n; i++)
		json_decref(nodes[i].needs);
}
