/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network_endpoint.h"
#include "engine/network_ports.h"

#define ADD    "PublishAdd"
#define REMOVE "PublishRm"

#define TEXTS_MAX 1024
#define KEY_SIZE  12

static int parse(const json_t *text, struct bt_port_publish *ret, struct bt_err *err)
{
	if (json_is_string(text) && bt_port_spec_publish(json_string_value(text), ret) == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid port specification: \"%s\"",
			  json_is_string(text) ? json_string_value(text) : "");
}

static void put_binding(json_t *bindings, const struct bt_port_publish *p, unsigned offset)
{
	char key[KEY_SIZE], number[2 * KEY_SIZE] = "", host[BT_PREFIX_TEXT_LEN] = "";
	const unsigned inside = (unsigned)p->target_last - p->target_first;
	json_t *list;

	(void)snprintf(key, sizeof(key), "%u/%s", p->target_first + offset,
		       bt_port_spec_proto_name(p->proto));
	if (p->first && !inside && p->last > p->first)
		(void)snprintf(number, sizeof(number), "%u-%u", p->first, p->last);
	else if (p->first)
		(void)snprintf(number, sizeof(number), "%u", p->first + offset);
	bt_prefix_format_address(&p->host, host);
	list = json_object_get(bindings, key);
	if (!json_is_array(list)) {
		list = json_array();
		(void)json_object_set_new(bindings, key, list);
	}
	(void)json_array_append_new(list,
				    json_pack("{s:s,s:s}", "HostIp", host, "HostPort", number));
}

static int parse_added(const json_t *texts, json_t *bindings, struct bt_err *err)
{
	const json_t *text;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)texts, i, text) {
		struct bt_port_publish p;
		int r = parse(text, &p, err);

		if (r < 0)
			return r;
		for (unsigned k = 0; k <= (unsigned)p.target_last - p.target_first; k++)
			put_binding(bindings, &p, k);
	}
	return 0;
}

static bool is_removed(const struct bt_port_publish *n, uint16_t port, int proto,
		       const json_t *binding)
{
	uint16_t first = 0, last = 0;
	struct bt_prefix host;

	if (port < n->target_first || port > n->target_last || proto != n->proto)
		return false;
	if (n->host.family &&
	    (bt_prefix_parse_address(bt_json_str(binding, "HostIp", ""), &host) < 0 ||
	     !bt_prefix_same_address(&n->host, &host)))
		return false;
	/* One that was left to chance has no number here: only its inside tells it. */
	if (!n->first ||
	    bt_port_spec_range(bt_json_str(binding, "HostPort", ""), &first, &last) < 0)
		return true;
	return first >= n->first && last <= n->last;
}

/* Out of PortBindings; returns whether anything was. */
static bool remove_binding(json_t *bindings, const struct bt_port_publish *n)
{
	bool found = false;
	const char *key;
	json_t *list;
	void *next;

	json_object_foreach_safe (bindings, next, key, list) {
		uint16_t port;
		int proto;

		if (bt_port_spec_container(key, &port, &proto) < 0)
			continue;
		for (size_t i = json_array_size(list); i-- > 0;) {
			if (!is_removed(n, port, proto, json_array_get(list, i)))
				continue;
			(void)json_array_remove(list, i);
			found = true;
		}
		if (json_array_size(list) == 0)
			(void)json_object_del(bindings, key);
	}
	return found;
}

static int parse_removed(const json_t *texts, json_t *bindings, struct bt_port_publish *ret,
			 struct bt_err *err)
{
	const json_t *text;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)texts, i, text) {
		int r = parse(text, &ret[i], err);

		if (r < 0)
			return r;
		if (!remove_binding(bindings, &ret[i]))
			return bt_err_set(err, BT_ERR_INVALID, ENOENT,
					  "port %s is not published by this container",
					  json_string_value(text));
	}
	return 0;
}

static int change_running(struct bt_container *c, const struct bt_network_ports_change *change,
			  struct bt_err *err)
{
	struct bt_networks *nets = c->engine->networks;
	struct bt_network_lease lease;
	json_auto_t *row = NULL;
	int r = bt_network_endpoint_published(nets, c->id, &lease, err);

	if (r == 0)
		r = bt_network_ports_change(nets, c->id, &lease, change, &row, err);
	return r < 0 ? r : bt_network_endpoint_store_ports(nets, &lease, c->id, row, err);
}

int bt_container_publish(struct bt_container *c, const json_t *body, const json_t *config,
			 json_t *hc, struct bt_err *err)
{
	const json_t *added = bt_json_arr(body, ADD), *removed = bt_json_arr(body, REMOVE);
	const size_t nremoved = json_array_size(removed);
	bt_auto_free struct bt_port_publish *names = calloc(nremoved + 1, sizeof(*names));
	const json_t *now = bt_json_obj(hc, "PortBindings");
	json_auto_t *bindings = now ? json_deep_copy(now) : json_object();
	json_auto_t *fresh = json_object();
	struct bt_network_ports_change change = {
		.config = config, .add = fresh, .remove = names, .nremove = nremoved
	};
	bool running;
	int r;

	if (json_array_size(added) == 0 && nremoved == 0)
		return 0;
	if (!names || json_array_size(added) + nremoved > TEXTS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "%d changes of ports at once at most",
				  TEXTS_MAX);
	r = parse_removed(removed, bindings, names, err);
	if (r == 0)
		r = parse_added(added, bindings, err);
	if (r == 0)
		r = parse_added(added, fresh, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	running = bt_container_is_running(c);
	pthread_mutex_unlock(&c->lock);
	if (running)
		r = change_running(c, &change, err);
	return r < 0 ? r : json_object_set(hc, "PortBindings", bindings);
}
