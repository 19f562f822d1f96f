/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/ports.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

struct port {
	json_int_t private, public;
	const char *ip, *type; /* ip: "" where the port is not published */
};

/* Ports of one address and protocol that follow each other and are the same on both sides. */
struct group {
	const char *ip, *type;
	json_int_t first, last;
};

static int order(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	int by_ip = strcmp(x->ip, y->ip);

	if (x->private != y->private)
		return x->private < y->private ? -1 : 1;
	if (by_ip)
		return by_ip;
	if (x->public != y->public)
		return x->public < y->public ? -1 : 1;
	return strcmp(x->type, y->type);
}

static void begin_item(struct bt_str *out)
{
	if (out->len)
		bt_str_puts(out, ", ");
}

static void add_address(struct bt_str *out, const char *ip)
{
	bt_str_printf(out, strchr(ip, ':') ? "[%s]" : "%s", ip);
}

static void add_group(struct bt_str *out, const struct group *g)
{
	char range[48];

	if (g->first == g->last)
		(void)snprintf(range, sizeof(range), "%lld", (long long)g->first);
	else
		(void)snprintf(range, sizeof(range), "%lld-%lld", (long long)g->first,
			       (long long)g->last);
	begin_item(out);
	if (*g->ip) {
		add_address(out, g->ip);
		bt_str_printf(out, ":%s->", range);
	}
	bt_str_printf(out, "%s/%s", range, g->type);
}

static struct group *find(struct group *groups, size_t n, const struct port *p)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(groups[i].ip, p->ip) == 0 && strcmp(groups[i].type, p->type) == 0)
			return &groups[i];
	return NULL;
}

static void add_mapping(struct bt_str *out, const struct port *p)
{
	begin_item(out);
	add_address(out, p->ip);
	bt_str_printf(out, ":%lld->%lld/%s", (long long)p->public, (long long)p->private, p->type);
}

static json_t *join(const struct port *ports, size_t n, struct group *groups)
{
	bt_auto_str struct bt_str out = { 0 };
	bt_auto_str struct bt_str mappings = { 0 };
	size_t ngroups = 0;

	for (size_t i = 0; i < n; i++) {
		const struct port *p = &ports[i];
		struct group *g = find(groups, ngroups, p);

		if (*p->ip && p->public != p->private) {
			add_mapping(&mappings, p);
		} else if (!g) {
			groups[ngroups++] =
				(struct group){ p->ip, p->type, p->private, p->private };
		} else if (p->private == g->last + 1) {
			g->last = p->private;
		} else {
			add_group(&out, g);
			g->first = g->last = p->private;
		}
	}
	for (size_t i = 0; i < ngroups; i++)
		add_group(&out, &groups[i]);
	if (mappings.len) {
		begin_item(&out);
		bt_str_puts(&out, bt_str_get(&mappings));
	}
	return json_string(bt_str_get(&out));
}

json_t *bt_ports_text(const json_t *list)
{
	size_t n = json_array_size(list), i;
	bt_auto_free struct port *ports = calloc(n + 1, sizeof(*ports));
	bt_auto_free struct group *groups = calloc(n + 1, sizeof(*groups));
	const json_t *element;

	if (!ports || !groups)
		return NULL;
	json_array_foreach (list, i, element) {
		const char *ip = json_string_value(json_object_get(element, "IP"));
		const char *type = json_string_value(json_object_get(element, "Type"));

		ports[i] = (struct port){
			.private = json_integer_value(json_object_get(element, "PrivatePort")),
			.public = json_integer_value(json_object_get(element, "PublicPort")),
			.ip = ip ? ip : "",
			.type = type ? type : "tcp",
		};
	}
	qsort(ports, n, sizeof(*ports), order);
	return join(ports, n, groups);
}
