/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_endpoint.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/network_endpoint_options.h"
#include "engine/network_event.h"
#include "engine/network_ports.h"
#include "engine/network_table.h"

#define MAC_TEXT_LEN    18
#define SHORT_ID_DIGITS 12
/* Of a row's config, beside what inspect shows: what is published to the endpoint, and
 * its interface's name. */
#define PORTS_KEY  "berth.Ports"
#define IFNAME_KEY "berth.Interface"

/* The subnet's own address, and in IPv4 its broadcast's. */
static bool is_nobodys(const struct bt_network_family *f, uint64_t index)
{
	return index == 0 || (f->subnet.family == AF_INET && f->subnet.len <= 30 &&
			      index == bt_prefix_size(&f->subnet) - 1);
}

static int wanted_address(struct bt_network *net, struct bt_network_family *f, int family,
			  const char *text, uint64_t *ret, struct bt_err *err)
{
	struct bt_prefix p;
	int r;

	if (net->is_default)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid config for network bridge: invalid endpoint settings:\n"
				  "user specified IP address is supported on user defined networks "
				  "only");
	if (bt_prefix_parse_address(text, &p) < 0 || p.family != family)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid IPv%c address: %s",
				  family == AF_INET ? '4' : '6', text);
	if (!f->subnet.family || !bt_prefix_has(&f->subnet, &p))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid config for network %s: invalid endpoint settings:\n"
				  "no configured subnet or ip-range contain the IP address %s",
				  net->name, text);
	*ret = bt_prefix_index(&f->subnet, &p);
	r = is_nobodys(f, *ret) ? -EADDRINUSE : bt_ipam_take(&f->ipam, *ret);
	if (r == -EADDRINUSE)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EADDRINUSE, "Address already in use");
	return r < 0 ? bt_err_sys(err, r, "take address %s", text) : 0;
}

static int lease_family(struct bt_network *net, struct bt_network_family *f, int family,
			const char *text, uint64_t *ret, struct bt_err *err)
{
	int r;

	if (text[0])
		return wanted_address(net, f, family, text, ret, err);
	if (!f->subnet.family)
		return 0;
	r = bt_ipam_next(&f->ipam, bt_time_monotonic_ns(), ret);
	if (r == -EADDRNOTAVAIL)
		return bt_err_set(err, BT_ERR_CONFLICT, EADDRNOTAVAIL,
				  "no available IPv%c addresses on this network's address pools: "
				  "%s (%s)",
				  family == AF_INET ? '4' : '6', net->name, net->id);
	return r < 0 ? bt_err_sys(err, r, "find a free address") : 0;
}

static void give(struct bt_network_family *f, uint64_t index)
{
	if (index != BT_PREFIX_NO_INDEX)
		bt_ipam_give(&f->ipam, index, bt_time_monotonic_ns());
}

/* The user's, or one that follows from the address, so that neighbours that remember the
 * address's last owner find the next one. */
static int choose_mac(struct bt_network_lease *l, const char *text, struct bt_err *err)
{
	struct bt_prefix p;
	unsigned b[6];

	if (text[0]) {
		if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4],
			   &b[5]) != 6 ||
		    strlen(text) != MAC_TEXT_LEN - 1 || (b[0] & 1) ||
		    (b[0] | b[1] | b[2] | b[3] | b[4] | b[5]) == 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid MAC address: %s",
					  text);
		for (unsigned i = 0; i < 6; i++)
			l->mac[i] = (uint8_t)b[i];
		return 0;
	}
	l->mac[0] = 0x02;
	l->mac[1] = 0x42;
	if (l->index4 == BT_PREFIX_NO_INDEX) {
		int r = bt_rand_bytes(l->mac + 2, 4);

		return r < 0 ? bt_err_sys(err, r, "choose a MAC address") : 0;
	}
	p = bt_prefix_at(&l->network->v4.subnet, l->index4);
	memcpy(l->mac + 2, p.addr, 4);
	return 0;
}

int bt_network_endpoint_lease(struct bt_network *net, const json_t *want,
			      struct bt_network_lease *ret, struct bt_err *err)
{
	const json_t *ipam = bt_json_member(want, "IPAMConfig");
	struct bt_network_lease l = { .network = net,
				      .index4 = BT_PREFIX_NO_INDEX,
				      .index6 = BT_PREFIX_NO_INDEX };
	int r = bt_network_endpoint_options_check(net, want, err);

	if (r < 0)
		return r;
	if (net->config_only)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "network %s is a configuration only network: no container can "
				  "join it",
				  net->name);
	if (net->is_default && json_array_size(bt_json_arr(want, "Aliases")) > 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid config for network bridge: invalid endpoint settings:\n"
				  "network-scoped aliases are only supported for user-defined "
				  "networks");
	if (bt_network_has_interface(net)) {
		r = lease_family(net, &net->v4, AF_INET, bt_json_str(ipam, "IPv4Address", ""),
				 &l.index4, err);
		if (r == 0)
			r = lease_family(net, &net->v6, AF_INET6,
					 bt_json_str(ipam, "IPv6Address", ""), &l.index6, err);
		if (r == 0)
			r = choose_mac(&l, bt_json_str(want, "MacAddress", ""), err);
		if (r < 0) {
			give(&net->v4, l.index4);
			give(&net->v6, l.index6);
			return r;
		}
	}
	net->leases++;
	*ret = l;
	return 0;
}

void bt_network_endpoint_give(struct bt_network_lease *lease)
{
	if (!lease->network)
		return;
	give(&lease->network->v4, lease->index4);
	give(&lease->network->v6, lease->index6);
	lease->network->leases--;
	lease->network = NULL;
}

int bt_network_endpoint_name(struct bt_network_lease *lease, const json_t *want,
			     bool (*taken)(const char *name, const void *arg), const void *arg,
			     struct bt_err *err)
{
	const char *own = bt_network_endpoint_options_ifname(want);
	unsigned n = 0;

	if (own && taken(own, arg))
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "interface name %s is used twice in one container", own);
	if (own) {
		(void)snprintf(lease->ifname, sizeof(lease->ifname), "%s", own);
		return 0;
	}
	do {
		/* The prefix leaves room for the number of any interface that can be. */
		if (snprintf(lease->ifname, sizeof(lease->ifname), "%s%u",
			     lease->network->iface_prefix, n++) >= (int)sizeof(lease->ifname))
			return bt_err_set(err, BT_ERR_INVALID, ENAMETOOLONG,
					  "no name is left for an interface %s…",
					  lease->network->iface_prefix);
	} while (taken(lease->ifname, arg));
	return 0;
}

static void port_link(const struct bt_network *net, struct bt_sandbox_port *port)
{
	/* In the order of network_options.c. */
	static const uint16_t macvlan[] = { MACVLAN_MODE_BRIDGE, MACVLAN_MODE_PRIVATE,
					    MACVLAN_MODE_VEPA, MACVLAN_MODE_PASSTHRU };
	static const uint16_t ipvlan[] = { IPVLAN_MODE_L2, IPVLAN_MODE_L3, IPVLAN_MODE_L3S };
	static const uint16_t flags[] = { 0, IPVLAN_F_PRIVATE, IPVLAN_F_VEPA };

	if (net->driver == BT_NETWORK_DRIVER_MACVLAN) {
		port->kind = BT_SANDBOX_MACVLAN;
		port->mode = macvlan[net->link_mode];
	} else if (net->driver == BT_NETWORK_DRIVER_IPVLAN) {
		port->kind = BT_SANDBOX_IPVLAN;
		port->mode = ipvlan[net->link_mode];
		port->flags = flags[net->link_flag];
	}
}

void bt_network_endpoint_port(const struct bt_network_lease *lease, const json_t *want,
			      bool gateway, struct bt_sandbox_port *ret)
{
	const struct bt_network *net = lease->network;
	struct bt_sandbox_port port = { .ifname = lease->ifname,
					.bridge = net->bridge,
					.mtu = net->mtu };
	struct bt_prefix p;

	memcpy(port.mac, lease->mac, sizeof(port.mac));
	port_link(net, &port);
	port.isolated = !net->icc;
	gateway = gateway && !net->internal;
	if (lease->index4 != BT_PREFIX_NO_INDEX) {
		p = bt_prefix_at(&net->v4.subnet, lease->index4);
		port.address = bt_prefix_in_addr(&p);
		port.prefix_len = p.len;
		p = bt_network_router(&net->v4);
		if (gateway && p.family)
			port.gateway = bt_prefix_in_addr(&p);
	}
	if (lease->index6 != BT_PREFIX_NO_INDEX) {
		p = bt_prefix_at(&net->v6.subnet, lease->index6);
		port.address6 = bt_prefix_in6_addr(&p);
		port.prefix6_len = p.len;
		p = bt_network_router(&net->v6);
		if (gateway && p.family)
			port.gateway6 = bt_prefix_in6_addr(&p);
	}
	bt_network_endpoint_options_apply(want, &port);
	*ret = port;
}

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
	char endpoint_id[BT_RAND_ID_LEN + 1], mac[MAC_TEXT_LEN] = "";
	const uint8_t *m = lease->mac;
	json_t *out;

	if (bt_rand_id(endpoint_id) < 0)
		return NULL;
	if (bt_network_has_interface(net) && net->driver != BT_NETWORK_DRIVER_IPVLAN)
		(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			       m[3], m[4], m[5]);
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

/* The lease that a row stands for. */
static bool row_lease(struct bt_networks *nets, const char *network_id, const char *config,
		      struct bt_network_lease *ret)
{
	json_auto_t *settings = NULL;
	struct bt_err err;

	if (bt_network_table_find(nets, network_id, &ret->network, &err) < 0 ||
	    bt_json_parse(config, strlen(config), 0, &settings, &err) < 0)
		return false;
	ret->index4 = index_of(&ret->network->v4, bt_json_str(settings, "IPAddress", ""));
	ret->index6 = index_of(&ret->network->v6, bt_json_str(settings, "GlobalIPv6Address", ""));
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
				bt_network_endpoint_give(&lease);
			}
	}
	if (r < 0)
		return r;
	return bt_db_run(nets->db, err, "DELETE FROM endpoints WHERE container_id = ?1", 1,
			 container_id);
}

/* Network id → EndpointSettings, without holding the database's lock any longer. */
static json_t *rows_of(struct bt_networks *nets, const char *container_id)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	json_t *rows = json_object();
	struct bt_err err;

	if (bt_db_prepare(nets->db, &q, &err,
			  "SELECT network_id, config FROM endpoints WHERE container_id = ?1") < 0)
		return rows;
	bt_db_bind_text(&q, 1, container_id);
	while (bt_db_step(&q, &err) > 0) {
		const char *text = bt_db_text(&q, 1);
		json_t *settings;

		if (bt_json_parse(text, strlen(text), 0, &settings, &err) == 0)
			(void)json_object_set_new(rows, bt_db_text(&q, 0), settings);
	}
	return rows;
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

/* By ports, then by priority of the default route; -1 for one that can have no ports. */
static int64_t rank(struct bt_networks *nets, const char *network_id, const json_t *settings)
{
	struct bt_network *net;
	struct bt_err err;

	if (bt_network_table_find(nets, network_id, &net, &err) < 0 ||
	    net->driver != BT_NETWORK_DRIVER_BRIDGE || net->internal)
		return -1;
	if (json_object_get(settings, PORTS_KEY))
		return INT64_MAX;
	/* As wide as the API's priorities, and never below 0. */
	return bt_json_i64(settings, "GwPriority", 0) / 2 + INT64_MAX / 2;
}

int bt_network_endpoint_published(struct bt_networks *nets, const char *container_id,
				  struct bt_network_lease *ret, struct bt_err *err)
{
	json_auto_t *rows = rows_of(nets, container_id);
	const json_t *best = NULL;
	struct bt_network_lease lease = { 0 };
	int64_t highest = -1;
	json_t *settings;
	const char *id;

	pthread_mutex_lock(&nets->lock);
	json_object_foreach (rows, id, settings) {
		int64_t mine = rank(nets, id, settings);

		if (mine <= highest || bt_network_table_find(nets, id, &lease.network, err) < 0)
			continue;
		highest = mine;
		best = settings;
	}
	pthread_mutex_unlock(&nets->lock);
	if (!best)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "container %.12s is on no network that ports could be published "
				  "from",
				  container_id);
	lease.index4 = index_of(&lease.network->v4, bt_json_str(best, "IPAddress", ""));
	lease.index6 = index_of(&lease.network->v6, bt_json_str(best, "GlobalIPv6Address", ""));
	*ret = lease;
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
	struct bt_network_lease lease = { .network = net };
	int r;

	if (!settings)
		return 0;
	r = bt_db_run(nets->db, err,
		      "DELETE FROM endpoints WHERE container_id = ?1 AND network_id = ?2", 2,
		      container_id, net->id);
	if (r < 0)
		return r;
	lease.index4 = index_of(&net->v4, bt_json_str(settings, "IPAddress", ""));
	lease.index6 = index_of(&net->v6, bt_json_str(settings, "GlobalIPv6Address", ""));
	bt_network_endpoint_give(&lease);
	return 0;
}

/* Id → EndpointSettings; the database's lock is not held while names are asked for. */
static json_t *read_settings(struct bt_networks *nets, const char *network_id)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	struct bt_err err;
	json_t *out = json_object();

	if (bt_db_prepare(nets->db, &q, &err,
			  "SELECT container_id, config FROM endpoints WHERE network_id = ?1") < 0)
		return out;
	bt_db_bind_text(&q, 1, network_id);
	while (bt_db_step(&q, &err) > 0) {
		const char *text = bt_db_text(&q, 1);
		json_t *settings;

		if (bt_json_parse(text, strlen(text), 0, &settings, &err) == 0)
			(void)json_object_set_new(out, bt_db_text(&q, 0), settings);
	}
	return out;
}

static int restore_row(struct bt_networks *nets, const char *container_id, const json_t *settings,
		       struct bt_network *net, struct bt_err *err)
{
	struct bt_network_lease l = { .network = net };
	json_t *ports = json_object_get(settings, PORTS_KEY);
	int r = 0;

	l.index4 = index_of(&net->v4, bt_json_str(settings, "IPAddress", ""));
	l.index6 = index_of(&net->v6, bt_json_str(settings, "GlobalIPv6Address", ""));
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
		json_auto_t *rows = read_settings(nets, net->id);
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
	json_auto_t *rows = read_settings(nets, network_id);
	json_t *out = json_object(), *settings;
	const char *id;

	json_object_foreach (rows, id, settings) {
		bt_auto_free char *name = bt_container_name_of(nets->engine, id);

		if (name)
			(void)json_object_set_new(out, id, container_entry(settings, name));
	}
	return out;
}
