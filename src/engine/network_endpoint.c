/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/mac.h"
#include "engine/network_event.h"
#include "engine/network_lease.h"
#include "engine/network_ports.h"
#include "engine/network_table.h"

#define SHORT_ID_DIGITS 12
/* Of a row's config, beside what inspect shows: what is published to the endpoint, and
 * its interface's name. */
#define PORTS_KEY  "berth.Ports"
#define IFNAME_KEY "berth.Interface"

static json_t *copy_or_null(const json_t *object, const char *key)
{
	const json_t *value = bt_json_member(object, key);

	return value ? json_deep_copy(value) : json_null();
}

static bool has_text(const json_t *array, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)array, i, item)
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

static void add_name(json_t *names, const char *name)
{
	if (name && name[0] && !has_text(names, name))
		(void)json_array_append_new(names, json_string(name));
}

/* Under which names others on the network find it; none on those that have no names. */
static json_t *dns_names(const struct bt_network *net, const json_t *want,
			 const struct bt_network_endpoint_owner *owner)
{
	const json_t *aliases = bt_json_member(want, "Aliases");
	char short_id[SHORT_ID_DIGITS + 1];
	const json_t *item;
	json_t *names;
	size_t i;

	if (!bt_network_has_interface(net) || net->is_default)
		return json_null();
	names = json_array();
	if (!names)
		return NULL;
	(void)snprintf(short_id, sizeof(short_id), "%s", owner->id);
	add_name(names, owner->name);
	json_array_foreach ((json_t *)(uintptr_t)aliases, i, item)
		add_name(names, json_string_value(item));
	add_name(names, short_id);
	add_name(names, owner->hostname);
	return names;
}

static void put_family(json_t *out, const struct bt_network_family *f, uint64_t index,
		       bool internal, const char *address_key, const char *len_key,
		       const char *gateway_key)
{
	char address[BT_PREFIX_TEXT_LEN] = "", gateway[BT_PREFIX_TEXT_LEN] = "";
	int len = 0;

	if (index != BT_PREFIX_NO_INDEX) {
		struct bt_prefix p = bt_prefix_at(&f->subnet, index);

		bt_prefix_format_address(&p, address);
		len = (int)p.len;
		p = bt_network_router(f);
		if (!internal)
			bt_prefix_format_address(&p, gateway);
	}
	(void)json_object_set_new(out, gateway_key, json_string(gateway));
	(void)json_object_set_new(out, address_key, json_string(address));
	(void)json_object_set_new(out, len_key, json_integer(len));
}

json_t *bt_network_endpoint_settings(const struct bt_network_lease *lease, const json_t *want,
				     const struct bt_network_endpoint_owner *owner)
{
	const struct bt_network *net = lease->network;
	char endpoint_id[BT_RAND_ID_LEN + 1], mac[BT_MAC_TEXT_LEN] = "";
	json_t *out;

	if (bt_rand_id(endpoint_id) < 0)
		return NULL;
	if (bt_network_has_interface(net) && net->driver != BT_NETWORK_DRIVER_IPVLAN)
		bt_mac_format(lease->mac, mac);
	out = json_pack("{s:o,s:o,s:o,s:s,s:o,s:I,s:s,s:s}", "IPAMConfig",
			copy_or_null(want, "IPAMConfig"), "Links", copy_or_null(want, "Links"),
			"Aliases", copy_or_null(want, "Aliases"), "MacAddress", mac, "DriverOpts",
			copy_or_null(want, "DriverOpts"), "GwPriority",
			(json_int_t)bt_json_i64(want, "GwPriority", 0), "NetworkID", net->id,
			"EndpointID", endpoint_id);
	if (!out)
		return NULL;
	put_family(out, &net->v4, lease->index4, net->internal, "IPAddress", "IPPrefixLen",
		   "Gateway");
	put_family(out, &net->v6, lease->index6, net->internal, "GlobalIPv6Address",
		   "GlobalIPv6PrefixLen", "IPv6Gateway");
	(void)json_object_set_new(out, "DNSNames", dns_names(net, want, owner));
	return out;
}

int bt_network_endpoint_store(struct bt_networks *nets, const struct bt_network_lease *lease,
			      const char *container_id, const json_t *settings, json_t *ports,
			      struct bt_err *err)
{
	json_auto_t *row = json_copy((json_t *)(uintptr_t)settings);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	bt_auto_free char *text = NULL;
	int r;

	if (ports)
		(void)json_object_set(row, PORTS_KEY, ports);
	if (lease->ifname[0])
		(void)json_object_set_new(row, IFNAME_KEY, json_string(lease->ifname));
	r = bt_json_dump(row, &text, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "store an endpoint");
	r = bt_db_prepare(nets->db, &q, err,
			  "INSERT INTO endpoints (network_id, container_id, address, config)"
			  " VALUES (?1, ?2, ?3, ?4)");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, lease->network->id);
	bt_db_bind_text(&q, 2, container_id);
	/* What is not bound is NULL, of which there may be many. */
	if (lease->index4 != BT_PREFIX_NO_INDEX) {
		struct bt_prefix p = bt_prefix_at(&lease->network->v4.subnet, lease->index4);

		bt_db_bind_int(&q, 3, ntohl(bt_prefix_in_addr(&p).s_addr));
	} else {
		bt_db_bind_text(&q, 3, NULL);
	}
	bt_db_bind_text(&q, 4, text);
	return bt_db_step(&q, err);
}

static uint64_t index_of(const struct bt_network_family *f, const char *text)
{
	struct bt_prefix p;

	if (!f->subnet.family || bt_prefix_parse_address(text, &p) < 0 ||
	    p.family != f->subnet.family)
		return BT_PREFIX_NO_INDEX;
	return bt_prefix_index(&f->subnet, &p);
}

/* The addresses that a row stands for. */
static struct bt_network_lease lease_of(struct bt_network *net, const json_t *settings)
{
	return (struct bt_network_lease){
		.network = net,
		.index4 = index_of(&net->v4, bt_json_str(settings, "IPAddress", "")),
		.index6 = index_of(&net->v6, bt_json_str(settings, "GlobalIPv6Address", ""))
	};
}

static bool row_lease(struct bt_networks *nets, const char *network_id, const char *config,
		      struct bt_network_lease *ret)
{
	json_auto_t *settings = NULL;
	struct bt_network *net;
	struct bt_err err;

	if (bt_network_table_find(nets, network_id, &net, &err) < 0 ||
	    bt_json_parse(config, strlen(config), 0, &settings, &err) < 0)
		return false;
	*ret = lease_of(net, settings);
	return true;
}

int bt_network_endpoint_delete_all(struct bt_networks *nets, const char *container_id,
				   struct bt_err *err)
{
	struct bt_network_lease lease;
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(nets->db, &q, err,
				  "SELECT network_id, config FROM endpoints"
				  " WHERE container_id = ?1");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, container_id);
		while ((r = bt_db_step(&q, err)) > 0)
			if (row_lease(nets, bt_db_text(&q, 0), bt_db_text(&q, 1), &lease)) {
				bt_network_event(nets, lease.network, "disconnect", container_id);
				bt_network_lease_give(&lease);
			}
	}
	if (r < 0)
		return r;
	return bt_db_run(nets->db, err, "DELETE FROM endpoints WHERE container_id = ?1", 1,
			 container_id);
}

/* What a statement finds for one id: another id → EndpointSettings. The database's lock is not held
 * any longer, since names are asked for next. NULL without memory. */
static json_t *read_rows(struct bt_networks *nets, const char *sql, const char *id)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	json_t *rows = json_object();
	struct bt_err err;

	if (bt_db_prepare(nets->db, &q, &err, sql) < 0)
		return rows;
	bt_db_bind_text(&q, 1, id);
	while (bt_db_step(&q, &err) > 0) {
		const char *text = bt_db_text(&q, 1);
		json_t *settings;

		if (bt_json_parse(text, strlen(text), 0, &settings, &err) == 0)
			(void)json_object_set_new(rows, bt_db_text(&q, 0), settings);
	}
	return rows;
}

/* Of a container: network id → EndpointSettings. */
static json_t *rows_of(struct bt_networks *nets, const char *container_id)
{
	return read_rows(nets, "SELECT network_id, config FROM endpoints WHERE container_id = ?1",
			 container_id);
}

/* Of a network: container id → EndpointSettings. */
static json_t *rows_on(struct bt_networks *nets, const char *network_id)
{
	return read_rows(nets, "SELECT container_id, config FROM endpoints WHERE network_id = ?1",
			 network_id);
}

/* Network name → what `of` finds in a container's row there. */
static json_t *by_network(struct bt_networks *nets, const char *container_id,
			  json_t *(*of)(json_t *settings))
{
	json_auto_t *rows = rows_of(nets, container_id);
	json_t *out = json_object(), *settings;
	const char *id;

	pthread_mutex_lock(&nets->lock);
	json_object_foreach (rows, id, settings) {
		struct bt_network *net;
		struct bt_err err;

		if (bt_network_table_find(nets, id, &net, &err) == 0)
			(void)json_object_set(out, net->name, of(settings));
	}
	pthread_mutex_unlock(&nets->lock);
	return out;
}

/* What only we want to know is not shown. */
static json_t *shown_settings(json_t *settings)
{
	(void)json_object_del(settings, PORTS_KEY);
	(void)json_object_del(settings, IFNAME_KEY);
	return settings;
}

static json_t *interface_name(json_t *settings)
{
	return json_object_get(settings, IFNAME_KEY);
}

json_t *bt_network_endpoint_of_container(struct bt_networks *nets, const char *container_id)
{
	return by_network(nets, container_id, shown_settings);
}

json_t *bt_network_endpoint_interfaces(struct bt_networks *nets, const char *container_id)
{
	return by_network(nets, container_id, interface_name);
}

/* An endpoint that ports could be published to. */
struct candidate {
	struct bt_network *net;
	const json_t *settings;
};

/* By ports, then as the default route is chosen: by priority, and by name. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
	const bool has_a = json_object_get(a->settings, PORTS_KEY) != NULL;
	const bool has_b = json_object_get(b->settings, PORTS_KEY) != NULL;
	const int64_t priority_a = bt_json_i64(a->settings, "GwPriority", 0);
	const int64_t priority_b = bt_json_i64(b->settings, "GwPriority", 0);

	if (!b->net || has_a != has_b)
		return !b->net || has_a;
	if (priority_a != priority_b)
		return priority_a > priority_b;
	return strcmp(a->net->name, b->net->name) < 0;
}

/* Under lock; without a network where none can have ports. */
static struct candidate best_for_ports(struct bt_networks *nets, json_t *rows)
{
	struct candidate best = { 0 };
	json_t *settings;
	const char *id;

	json_object_foreach (rows, id, settings) {
		struct candidate one = { .settings = settings };
		struct bt_err ignored;

		if (bt_network_table_find(nets, id, &one.net, &ignored) == 0 &&
		    one.net->driver == BT_NETWORK_DRIVER_BRIDGE && !one.net->internal &&
		    is_better(&one, &best))
			best = one;
	}
	return best;
}

int bt_network_endpoint_published(struct bt_networks *nets, const char *container_id,
				  struct bt_network_lease *ret, struct bt_err *err)
{
	json_auto_t *rows = rows_of(nets, container_id);
	struct candidate best;

	pthread_mutex_lock(&nets->lock);
	best = best_for_ports(nets, rows);
	pthread_mutex_unlock(&nets->lock);
	if (!best.net)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "container %.12s is on no network that ports could be published "
				  "from",
				  container_id);
	*ret = lease_of(best.net, best.settings);
	return 0;
}

int bt_network_endpoint_store_ports(struct bt_networks *nets, const struct bt_network_lease *lease,
				    const char *container_id, json_t *ports, struct bt_err *err)
{
	json_auto_t *rows = rows_of(nets, container_id);
	json_t *row = json_object_get(rows, lease->network->id);
	bt_auto_free char *text = NULL;

	(void)json_object_set(row, PORTS_KEY, ports);
	if (!row || bt_json_dump(row, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "store published ports");
	return bt_db_run(nets->db, err,
			 "UPDATE endpoints SET config = ?1 WHERE container_id = ?2"
			 " AND network_id = ?3",
			 3, text, container_id, lease->network->id);
}

int bt_network_endpoint_delete(struct bt_networks *nets, const char *container_id,
			       struct bt_network *net, struct bt_err *err)
{
	json_auto_t *rows = rows_of(nets, container_id);
	const json_t *settings = json_object_get(rows, net->id);
	struct bt_network_lease lease;
	int r;

	if (!settings)
		return 0;
	r = bt_db_run(nets->db, err,
		      "DELETE FROM endpoints WHERE container_id = ?1 AND network_id = ?2", 2,
		      container_id, net->id);
	if (r < 0)
		return r;
	lease = lease_of(net, settings);
	bt_network_lease_give(&lease);
	return 0;
}

static int restore_row(struct bt_networks *nets, const char *container_id, const json_t *settings,
		       struct bt_network *net, struct bt_err *err)
{
	const struct bt_network_lease l = lease_of(net, settings);
	json_t *ports = json_object_get(settings, PORTS_KEY);
	int r = 0;

	/* Taken already can only be what the user reserved since; both stay so. */
	if (l.index4 != BT_PREFIX_NO_INDEX)
		r = bt_ipam_take(&net->v4.ipam, l.index4);
	if (r != -ENOMEM && l.index6 != BT_PREFIX_NO_INDEX)
		r = bt_ipam_take(&net->v6.ipam, l.index6);
	if (r == -ENOMEM)
		return bt_err_sys(err, r, "read the endpoints");
	net->leases++;
	return ports ? bt_network_ports_restore(nets, container_id, &l, ports, err) : 0;
}

int bt_network_endpoint_load(struct bt_networks *nets, struct bt_err *err)
{
	int r = 0;

	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);
		json_auto_t *rows = rows_on(nets, net->id);
		json_t *settings;
		const char *id;

		json_object_foreach (rows, id, settings)
			if (r == 0)
				r = restore_row(nets, id, settings, net, err);
	}
	return r;
}

static json_t *container_entry(const json_t *settings, const char *name)
{
	const char *a4 = bt_json_str(settings, "IPAddress", "");
	const char *a6 = bt_json_str(settings, "GlobalIPv6Address", "");
	char text4[BT_PREFIX_TEXT_LEN] = "", text6[BT_PREFIX_TEXT_LEN] = "";

	if (a4[0])
		(void)snprintf(text4, sizeof(text4), "%s/%d", a4,
			       (int)bt_json_i64(settings, "IPPrefixLen", 0));
	if (a6[0])
		(void)snprintf(text6, sizeof(text6), "%s/%d", a6,
			       (int)bt_json_i64(settings, "GlobalIPv6PrefixLen", 0));
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "Name", name, "EndpointID",
			 bt_json_str(settings, "EndpointID", ""), "MacAddress",
			 bt_json_str(settings, "MacAddress", ""), "IPv4Address", text4,
			 "IPv6Address", text6);
}

json_t *bt_network_endpoint_containers(struct bt_networks *nets, const char *network_id)
{
	json_auto_t *rows = rows_on(nets, network_id);
	json_t *out = json_object(), *settings;
	const char *id;

	json_object_foreach (rows, id, settings) {
		bt_auto_free char *name = bt_container_name_of(nets->engine, id);

		if (name)
			(void)json_object_set_new(out, id, container_entry(settings, name));
	}
	return out;
}
