/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_links.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/link_name.h"

#define PORTS_MAX 1024

const json_t *bt_container_links_of(const json_t *host_config)
{
	const char *mode = bt_jget_text(host_config, "NetworkMode");

	if (mode[0] && strcmp(mode, "default") != 0 && strcmp(mode, "bridge") != 0)
		return NULL;
	return json_object_get(host_config, "Links");
}

struct port {
	unsigned number;
	const char *proto; /* borrowed */
};

static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	/* tcp before the others */
	if (strcmp(x->proto, y->proto) != 0)
		return strcmp(x->proto, "tcp") == 0   ? -1
		       : strcmp(y->proto, "tcp") == 0 ? 1
						      : strcmp(x->proto, y->proto);
	return x->number < y->number ? -1 : x->number > y->number;
}

static size_t list_ports(const json_t *ports, struct port *ret)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach ((json_t *)(uintptr_t)ports, key, value) {
		char *end;
		const unsigned long number = strtoul(key, &end, 10);

		if (n < PORTS_MAX && number > 0 && number < 65536 && *end == '/')
			ret[n++] = (struct port){ (unsigned)number, end + 1 };
	}
	qsort(ret, n, sizeof(*ret), compare_ports);
	return n;
}

static void put(json_t *env, const char *text)
{
	if (text)
		(void)json_array_append_new(env, json_string(text));
}

static char *prefix_of(const char *alias, const struct port *p)
{
	char *prefix = bt_str_format("%s_PORT_%u_%s", alias, p->number, p->proto);

	for (char *c = prefix ? prefix + strlen(prefix) - strlen(p->proto) : NULL; c && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return prefix;
}

/* "PREFIX[infix]=proto://address:number" and the number alone. */
static void put_url(const char *prefix, const char *infix, const char *address,
		    const struct port *p, json_t *env)
{
	bt_auto_free char *url =
		bt_str_format("%s%s=%s://%s:%u", prefix, infix, p->proto, address, p->number);
	bt_auto_free char *number = bt_str_format("%s_PORT%s=%u", prefix, infix, p->number);

	put(env, url);
	put(env, number);
}

static void put_port(const char *alias, const char *address, const struct port *p, json_t *env)
{
	bt_auto_free char *prefix = prefix_of(alias, p), *text = NULL, *proto = NULL;

	if (!prefix)
		return;
	put_url(prefix, "", address, p, env);
	text = bt_str_format("%s_ADDR=%s", prefix, address);
	proto = bt_str_format("%s_PROTO=%s", prefix, p->proto);
	put(env, text);
	put(env, proto);
}

/* Ports one behind the other are a range, too. */
static void put_range(const char *alias, const char *address, const struct port *start,
		      const struct port *end, json_t *env)
{
	bt_auto_free char *prefix = prefix_of(alias, start);

	if (!prefix || start == end)
		return;
	put_url(prefix, "_START", address, start, env);
	put_url(prefix, "_END", address, end, env);
}

static void put_ports(const char *alias, const char *address, const struct port *p, size_t n,
		      json_t *env)
{
	size_t start = 0;

	for (size_t i = 0; i < n; i++) {
		put_port(alias, address, &p[i], env);
		if (i + 1 < n && p[i + 1].number == p[i].number + 1 &&
		    strcmp(p[i + 1].proto, p[i].proto) == 0)
			continue;
		put_range(alias, address, &p[start], &p[i], env);
		start = i + 1;
	}
}

static void put_child_env(const char *alias, const json_t *child_env, json_t *env)
{
	const json_t *item;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)child_env, i, item) {
		const char *text = json_string_value(item);
		bt_auto_free char *entry = NULL;

		if (!text || !strchr(text, '=') || bt_str_after(text, "HOME=") ||
		    bt_str_after(text, "PATH="))
			continue;
		entry = bt_str_format("%s_ENV_%s", alias, text);
		put(env, entry);
	}
}

void bt_container_links_env(const char *path, const char *address, const json_t *ports,
			    const json_t *child_env, json_t *env)
{
	bt_auto_free struct port *list = calloc(PORTS_MAX, sizeof(*list));
	bt_auto_free char *alias = strdup(strrchr(path, '/') + 1);
	bt_auto_free char *first = NULL, *name = NULL;
	const size_t n = list ? list_ports(ports, list) : 0;

	if (!alias || !list)
		return;
	for (char *c = alias; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	if (n)
		first = bt_str_format("%s_PORT=%s://%s:%u", alias, list[0].proto, address,
				      list[0].number);
	put(env, first);
	put_ports(alias, address, list, n, env);
	name = bt_str_format("%s_NAME=%s", alias, path);
	put(env, name);
	put_child_env(alias, child_env, env);
}

/* What a link needs of its target. */
static int make_one(struct bt_engine *engine, const char *name, const struct bt_link_name *p,
		    struct bt_str *hosts, json_t *env, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *child = NULL, *path = bt_str_format("/%s/%s", name, p->alias);
	json_auto_t *networks = NULL;
	const char *address, *host;
	bool running;
	int r = bt_link_name_target(engine, p, &c, err);

	if (r == 0)
		r = bt_container_row_settings(c, &s, err);
	if (r < 0)
		return r;
	child = bt_container_name_of(engine, c->id);
	if (!path || !child)
		return bt_err_sys(err, -ENOMEM, "link");
	pthread_mutex_lock(&c->lock);
	running = bt_container_is_running(c);
	networks = bt_jget_load(c->state.networks);
	pthread_mutex_unlock(&c->lock);
	address = bt_jget_text(json_object_get(networks, "bridge"), "IPAddress");
	if (!running || !address[0])
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "Cannot link to a non running container: /%s AS %s", child, path);
	host = bt_jget_text(s.config, "Hostname");
	bt_str_printf(hosts, "%s\t%s %s", address, p->alias, host);
	if (strcmp(child, p->alias) != 0)
		bt_str_printf(hosts, " %s", child);
	bt_str_putc(hosts, '\n');
	bt_container_links_env(path, address, json_object_get(s.config, "ExposedPorts"),
			       json_object_get(s.config, "Env"), env);
	return 0;
}

int bt_container_links_make(struct bt_engine *engine, const char *name, const json_t *host_config,
			    struct bt_str *hosts, json_t *env, struct bt_err *err)
{
	const json_t *list = bt_container_links_of(host_config), *item;
	size_t i;
	int r = 0;

	json_array_foreach (list, i, item) {
		bt_auto_link_name struct bt_link_name link = { 0 };

		if (bt_link_name_split(json_string_value(item), &link) < 0)
			return bt_err_sys(err, -ENOMEM, "link");
		r = make_one(engine, name, &link, hosts, env, err);
		if (r < 0)
			return r;
	}
	return r;
}
