/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_bring_up.h"

#include <string.h>

#include "base/log.h"
#include "net/bridge.h"
#include "net/parent.h"

static bool translates(const struct bt_network *net, enum bt_network_gateway_mode mode)
{
	return net->masquerade && !net->internal &&
	       (mode == BT_NETWORK_GATEWAY_NAT || mode == BT_NETWORK_GATEWAY_UNPROTECTED);
}

static int put_rules(struct bt_networks *nets, const struct bt_network *net, struct bt_err *err)
{
	const struct bt_firewall_network rules = {
		.bridge = net->bridge,
		.masquerade4 = translates(net, net->mode4),
		.masquerade6 = translates(net, net->mode6),
		.open4 = net->mode4 == BT_NETWORK_GATEWAY_UNPROTECTED,
		.open6 = net->mode6 == BT_NETWORK_GATEWAY_UNPROTECTED,
		.routed4 = net->mode4 == BT_NETWORK_GATEWAY_ROUTED,
		.routed6 = net->mode6 == BT_NETWORK_GATEWAY_ROUTED,
		.icc = net->icc,
		.internal = net->internal,
	};

	return bt_firewall_network_add(nets->firewall, &rules, err);
}

static int put_bridge(const struct bt_network *net, struct bt_err *err)
{
	struct bt_bridge_config cfg = { .name = net->bridge, .mtu = net->mtu };

	if (!net->inhibit_ipv4 && net->mode4 != BT_NETWORK_GATEWAY_ISOLATED) {
		cfg.address = bt_prefix_in_addr(&net->v4.gateway);
		cfg.prefix_len = net->v4.subnet.len;
	}
	cfg.inhibit4 = net->inhibit_ipv4;
	if (net->v6.subnet.family && net->mode6 != BT_NETWORK_GATEWAY_ISOLATED) {
		cfg.address6 = bt_prefix_in6_addr(&net->v6.gateway);
		cfg.prefix6_len = net->v6.subnet.len;
	}
	return bt_bridge_ensure(&cfg, err);
}

/* What the host has for the network, beside rules. */
static int put_link(const struct bt_network *net, struct bt_err *err)
{
	if (net->driver == BT_NETWORK_DRIVER_BRIDGE)
		return put_bridge(net, err);
	if (bt_network_has_interface(net))
		return bt_parent_ensure(net->bridge, net->own_parent, err);
	return 0;
}

/* Under lock: remove a parent that we made, when the last network on it goes. */
static void remove_parent(struct bt_networks *nets, const struct bt_network *net)
{
	struct bt_err err;

	if (!bt_network_has_interface(net))
		return;
	bt_list_foreach (it, &nets->list) {
		const struct bt_network *other = bt_list_entry(it, struct bt_network, link);

		if (other != net && bt_network_has_interface(other) &&
		    strcmp(other->bridge, net->bridge) == 0)
			return;
	}
	if (bt_bridge_remove(nets->retire, net->bridge, &err) < 0)
		bt_log_warn("network %s: %s", net->name, err.msg);
}

/* The rules of all networks come first, in one transaction: nothing is reachable before they
 * say what is. */
int bt_network_bring_all_up(struct bt_networks *nets, struct bt_err *err)
{
	int r = 0;

	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (r == 0 && net->driver == BT_NETWORK_DRIVER_BRIDGE)
			r = put_rules(nets, net, err);
	}
	if (r == 0)
		r = bt_firewall_load(nets->firewall, err);
	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (r < 0)
			return r;
		if (put_link(net, err) == 0)
			continue;
		/* One network that cannot be had must not keep the others from working. */
		if (net->is_default)
			return -err->errnum;
		bt_log_error("network %s: %s", net->name, err->msg);
	}
	return r;
}

int bt_network_bring_up(struct bt_networks *nets, const struct bt_network *net, struct bt_err *err)
{
	int r = 0;

	if (net->driver == BT_NETWORK_DRIVER_BRIDGE)
		r = put_rules(nets, net, err);
	return r < 0 ? r : put_link(net, err);
}

void bt_network_bring_down(struct bt_networks *nets, const struct bt_network *net)
{
	struct bt_err err;

	if (net->driver != BT_NETWORK_DRIVER_BRIDGE) {
		remove_parent(nets, net);
		return;
	}
	if (bt_bridge_remove(nets->retire, net->bridge, &err) < 0)
		bt_log_warn("network %s: %s", net->name, err.msg);
	if (bt_firewall_network_remove(nets->firewall, net->bridge, &err) < 0)
		bt_log_warn("network %s: %s", net->name, err.msg);
}
