/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_lease.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/mac.h"
#include "engine/network_endpoint_options.h"

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

	if (text[0] && (bt_mac_parse(text, l->mac) < 0 || !bt_mac_is_station(l->mac)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid MAC address: %s", text);
	if (text[0])
		return 0;
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

int bt_network_lease_take(struct bt_network *net, const json_t *want, struct bt_network_lease *ret,
			  struct bt_err *err)
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

void bt_network_lease_give(struct bt_network_lease *lease)
{
	if (!lease->network)
		return;
	give(&lease->network->v4, lease->index4);
	give(&lease->network->v6, lease->index6);
	lease->network->leases--;
	lease->network = NULL;
}

int bt_network_lease_name(struct bt_network_lease *lease, const json_t *want,
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

void bt_network_lease_port(const struct bt_network_lease *lease, const json_t *want, bool gateway,
			   struct bt_sandbox_port *ret)
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
