/* SPDX-License-Identifier: Apache-2.0 */

#include "net/names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct entry {
	struct bt_list link;
	char *network, *network_name, *owner;
	char **list;
	size_t n;
	struct bt_prefix v4, v6;
};

void bt_names_init(struct bt_names *names)
{
	bt_list_init(&names->entries);
	names->turn = 0;
}

static void entry_destroy(struct entry *e)
{
	for (size_t i = 0; e->list && i < e->n; i++)
		free(e->list[i]);
	free(e->list);
	free(e->network);
	free(e->network_name);
	free(e->owner);
	free(e);
}

void bt_names_done(struct bt_names *names)
{
	bt_list_foreach (it, &names->entries)
		entry_destroy(bt_list_entry(it, struct entry, link));
	bt_list_init(&names->entries);
}

int bt_names_add(struct bt_names *names, const char *network, const char *network_name,
		 const char *owner, const char *const *list, size_t n, const struct bt_prefix *v4,
		 const struct bt_prefix *v6)
{
	struct entry *e = calloc(1, sizeof(*e));
	bool complete;

	if (!e)
		return -ENOMEM;
	e->network = strdup(network);
	e->network_name = strdup(network_name);
	e->owner = strdup(owner);
	e->list = calloc(n + 1, sizeof(*e->list));
	complete = e->network && e->network_name && e->owner && e->list;
	for (; complete && e->n < n; e->n++) {
		e->list[e->n] = strdup(list[e->n]);
		complete = e->list[e->n] != NULL;
	}
	if (!complete) {
		entry_destroy(e);
		return -ENOMEM;
	}
	e->v4 = *v4;
	e->v6 = *v6;
	bt_list_append(&names->entries, &e->link);
	return 0;
}

void bt_names_remove(struct bt_names *names, const char *owner, const char *network)
{
	bt_list_foreach (it, &names->entries) {
		struct entry *e = bt_list_entry(it, struct entry, link);

		if (strcmp(e->owner, owner) != 0 || (network && strcmp(e->network, network) != 0))
			continue;
		bt_list_remove(&e->link);
		entry_destroy(e);
	}
}

static bool is_on(const struct entry *e, const char *const *networks)
{
	for (; *networks; networks++)
		if (strcmp(e->network, *networks) == 0)
			return true;
	return false;
}

/* "web", or "web.network" on this one. */
static bool is_called(const struct entry *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++) {
		const size_t len = strlen(e->list[i]);

		if (strncasecmp(name, e->list[i], len) != 0)
			continue;
		if (name[len] == '\0' ||
		    (name[len] == '.' && strcasecmp(name + len + 1, e->network_name) == 0))
			return true;
	}
	return false;
}

int bt_names_find(struct bt_names *names, const char *const *networks, const char *name, int family,
		  struct bt_prefix ret[BT_NAMES_ANSWERS_MAX], size_t *ret_n)
{
	struct bt_prefix found[BT_NAMES_ANSWERS_MAX];
	size_t n = 0;
	int known = 0;

	bt_list_foreach (it, &names->entries) {
		const struct entry *e = bt_list_entry(it, struct entry, link);
		const struct bt_prefix *a = family == AF_INET ? &e->v4 : &e->v6;

		if (!is_on(e, networks) || !is_called(e, name))
			continue;
		known = 1;
		if (a->family && n < BT_NAMES_ANSWERS_MAX)
			found[n++] = *a;
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = found[(i + names->turn) % n];
	if (n > 1)
		names->turn++;
	*ret_n = n;
	return known;
}

int bt_names_reverse(const struct bt_names *names, const char *const *networks,
		     const struct bt_prefix *address, char *ret, size_t size)
{
	for (const struct bt_list *it = names->entries.next; it != &names->entries; it = it->next) {
		const struct entry *e =
			(const void *)((const char *)it - offsetof(struct entry, link));
		const struct bt_prefix *a = address->family == AF_INET ? &e->v4 : &e->v6;

		if (e->n == 0 || !is_on(e, networks) || !bt_prefix_same_address(a, address))
			continue;
		(void)snprintf(ret, size, "%s.%s", e->list[0], e->network_name);
		return 1;
	}
	return 0;
}
