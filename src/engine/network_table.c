/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/network_options.h"

/* One of these names is also where containers send what is for others. */
static int reserve_one(struct bt_network_family *f, const char *name, const struct bt_prefix *p)
{
	int r = bt_ipam_take(&f->ipam, bt_prefix_index(&f->subnet, p));

	if (strcmp(name, p->family == AF_INET ? "DefaultGatewayIPv4" : "DefaultGatewayIPv6") == 0)
		f->router = *p;
	return r == -EADDRINUSE ? 0 : r;
}

/* Gateway and reserved addresses are taken; base and, in IPv4, broadcast are nobody's. */
static int reserve(struct bt_network_family *f, const json_t *config)
{
	const json_t *aux = bt_json_member(config, "AuxiliaryAddresses");
	struct bt_prefix p;
	const char *name;
	json_t *value;
	int r = 0;

	if (f->gateway.family)
		r = bt_ipam_take(&f->ipam, bt_prefix_index(&f->subnet, &f->gateway));
	json_object_foreach ((json_t *)(uintptr_t)aux, name, value)
		if (r == 0 && json_is_string(value) &&
		    bt_prefix_parse_address(json_string_value(value), &p) == 0 &&
		    bt_prefix_has(&f->subnet, &p))
			r = reserve_one(f, name, &p);
	return r == -EADDRINUSE ? 0 : r;
}

static int set_range(struct bt_network_family *f, const char *range)
{
	struct bt_prefix p = f->subnet;
	uint64_t size;

	if (range[0] && bt_prefix_parse(range, &p) < 0)
		return -EINVAL;
	if (!bt_prefix_has(&f->subnet, &p) || p.len < f->subnet.len)
		return -EINVAL;
	p = bt_prefix_network(&p);
	size = bt_prefix_size(&p);
	f->ipam.first = bt_prefix_index(&f->subnet, &p);
	f->ipam.last = size == UINT64_MAX ? UINT64_MAX : f->ipam.first + size - 1;
	if (f->ipam.first == 0)
		f->ipam.first = 1;
	if (p.family == AF_INET && f->ipam.last == bt_prefix_size(&f->subnet) - 1 &&
	    f->ipam.last > f->ipam.first)
		f->ipam.last--;
	return 0;
}

static int parse_family(struct bt_network *net, const json_t *config)
{
	struct bt_network_family *f;
	struct bt_prefix subnet;
	const char *gateway = bt_json_str(config, "Gateway", "");
	int r;

	if (bt_prefix_parse(bt_json_str(config, "Subnet", ""), &subnet) < 0)
		return -EINVAL;
	f = subnet.family == AF_INET ? &net->v4 : &net->v6;
	if (f->subnet.family)
		return -ENOTSUP;
	f->subnet = bt_prefix_network(&subnet);
	/* Docker writes the gateway with or without its prefix. */
	if (gateway[0] && bt_prefix_parse(gateway, &f->gateway) < 0 &&
	    bt_prefix_parse_address(gateway, &f->gateway) < 0)
		return -EINVAL;
	if (f->gateway.family && !bt_prefix_has(&f->subnet, &f->gateway))
		return -EINVAL;
	f->gateway.len = f->subnet.len;
	r = set_range(f, bt_json_str(config, "IPRange", ""));
	return r < 0 ? r : reserve(f, config);
}

static int parse_config(struct bt_network *net, struct bt_err *err)
{
	const json_t *ipam = bt_json_member(bt_json_member(net->config, "IPAM"), "Config");
	const json_t *one;
	size_t i;
	int r = bt_network_options_read(net, err);

	if (r < 0)
		return r;
	/* Its subnets are for those that take its configuration. */
	if (net->config_only)
		ipam = NULL;
	json_array_foreach ((json_t *)(uintptr_t)ipam, i, one) {
		r = parse_family(net, one);
		if (r == -ENOTSUP)
			return bt_err_set(err, BT_ERR_FORBIDDEN, ENOTSUP,
					  "%s driver doesn't support multiple subnets",
					  bt_json_str(net->config, "Driver", "bridge"));
		if (r < 0)
			return bt_err_set(err, BT_ERR_INVALID, -r,
					  "invalid IPAM configuration of network %s: %s", net->name,
					  strerror(-r));
	}
	return 0;
}

int bt_network_table_make(const char *id, const char *name, int64_t created_ns,
			  const json_t *config, struct bt_network **ret, struct bt_err *err)
{
	struct bt_network *net = calloc(1, sizeof(*net));
	int r;

	if (!net)
		return bt_err_sys(err, -ENOMEM, "network %s", name);
	bt_list_init(&net->link);
	(void)snprintf(net->id, sizeof(net->id), "%s", id);
	net->name = strdup(name);
	net->created_ns = created_ns;
	net->config = json_deep_copy(config);
	r = net->name && net->config ? parse_config(net, err)
				     : bt_err_sys(err, -ENOMEM, "network %s", name);
	if (r < 0) {
		bt_network_table_destroy(net);
		return r;
	}
	*ret = net;
	return 0;
}

void bt_network_table_destroy(struct bt_network *net)
{
	if (!net)
		return;
	bt_ipam_done(&net->v4.ipam);
	bt_ipam_done(&net->v6.ipam);
	json_decref(net->config);
	free(net->name);
	free(net);
}

int bt_network_table_load(struct bt_networks *nets, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r = bt_db_prepare(nets->db, &q, err,
			      "SELECT id, name, created, config FROM networks ORDER BY created");

	if (r < 0)
		return r;
	while ((r = bt_db_step(&q, err)) > 0) {
		const char *text = bt_db_text(&q, 3);
		json_auto_t *config = NULL;
		struct bt_network *net;

		r = bt_json_parse(text, strlen(text), 0, &config, err);
		if (r == 0)
			r = bt_network_table_make(bt_db_text(&q, 0), bt_db_text(&q, 1),
						  bt_db_int(&q, 2), config, &net, err);
		if (r < 0)
			return bt_err_context(err, "read network %s", bt_db_text(&q, 1));
		bt_list_append(&nets->list, &net->link);
	}
	return r;
}

void bt_network_table_free(struct bt_networks *nets)
{
	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		bt_list_remove(&net->link);
		bt_network_table_destroy(net);
	}
}

int bt_network_table_store(struct bt_networks *nets, struct bt_network *net, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	bt_auto_free char *config = NULL;
	int r = bt_json_dump(net->config, &config, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "store network %s", net->name);
	r = bt_db_prepare(nets->db, &q, err,
			  "INSERT OR REPLACE INTO networks (id, name, created, config)"
			  " VALUES (?1, ?2, ?3, ?4)");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, net->id);
	bt_db_bind_text(&q, 2, net->name);
	bt_db_bind_int(&q, 3, net->created_ns);
	bt_db_bind_text(&q, 4, config);
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	if (bt_list_empty(&net->link))
		bt_list_append(&nets->list, &net->link);
	return 0;
}

int bt_network_table_delete(struct bt_networks *nets, struct bt_network *net, struct bt_err *err)
{
	int r = bt_db_run(nets->db, err, "DELETE FROM networks WHERE id = ?1", 1, net->id);

	if (r < 0)
		return r;
	bt_list_remove(&net->link);
	bt_network_table_destroy(net);
	return 0;
}

struct bt_network *bt_network_table_named(struct bt_networks *nets, const char *name)
{
	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (strcmp(net->name, name) == 0)
			return net;
	}
	return NULL;
}

int bt_network_table_find(struct bt_networks *nets, const char *ref, struct bt_network **ret,
			  struct bt_err *err)
{
	struct bt_network *found = bt_network_table_named(nets, ref), *begins = NULL;
	const size_t len = strlen(ref);
	unsigned matches = 0;

	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (strcmp(net->id, ref) == 0) {
			*ret = net;
			return 0;
		}
		if (len == 0 || strncmp(net->id, ref, len) != 0)
			continue;
		matches++;
		begins = net;
	}
	if (found || matches == 1) {
		*ret = found ? found : begins;
		return 0;
	}
	if (matches > 1)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "network %s is ambiguous (%u matches found based on ID prefix)",
				  ref, matches);
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "network %s not found", ref);
}

int bt_network_table_bridge_free(struct bt_networks *nets, const struct bt_network *net,
				 struct bt_err *err)
{
	if (net->driver != BT_NETWORK_DRIVER_BRIDGE)
		return 0;
	bt_list_foreach (it, &nets->list) {
		struct bt_network *other = bt_list_entry(it, struct bt_network, link);

		if (other->driver == BT_NETWORK_DRIVER_BRIDGE &&
		    strcmp(other->bridge, net->bridge) == 0)
			return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
					  "cannot create network %s (%s): conflicts with network "
					  "%s (%s): networks have same bridge name",
					  net->id, net->bridge, other->id, other->bridge);
	}
	return 0;
}

bool bt_network_table_overlaps(const struct bt_prefix *network, const void *arg)
{
	const struct bt_networks *nets = arg;

	for (const struct bt_list *it = nets->list.next; it != &nets->list; it = it->next) {
		const struct bt_network *net =
			(const void *)((const char *)it - offsetof(struct bt_network, link));
		const struct bt_prefix *p =
			network->family == AF_INET ? &net->v4.subnet : &net->v6.subnet;

		if (p->family && bt_prefix_overlaps(p, network))
			return true;
	}
	return false;
}
