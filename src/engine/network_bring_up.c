/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_bring_up.h"

#include "base/log.h"
#include "net/bridge.h"

static int put_rules(struct bt_networks *nets, const struct bt_network *net, struct bt_err *err)
{
	const struct bt_firewall_network rules = { .bridge = net->bridge,
						   .masquerade = net->masquerade && !net->internal,
						   .icc = net->icc,
						   .internal = net->internal };

	return bt_firewall_network_add(nets->firewall, &rules, err);
}

static int put_bridge(const struct bt_network *net, struct bt_err *err)
{
	struct bt_bridge_config cfg = { .name = net->bridge, .mtu = net->mtu };

	cfg.address = bt_prefix_in_addr(&net->v4.gateway);
	cfg.prefix_len = net->v4.subnet.len;
	cfg.address6 = bt_prefix_in6_addr(&net->v6.gateway);
	cfg.prefix6_len = net->v6.subnet.family ? net->v6.subnet.len : 0;
	return bt_bridge_ensure(&cfg, err);
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
		if (net->driver != BT_NETWORK_DRIVER_BRIDGE || put_bridge(net, err) == 0)
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

	if (net->driver != BT_NETWORK_DRIVER_BRIDGE)
		return 0;
	r = put_rules(nets, net, err);
	return r < 0 ? r : put_bridge(net, err);
}

void bt_network_bring_down(struct bt_networks *nets, const struct bt_network *net)
{
	struct bt_err err;

	if (net->driver != BT_NETWORK_DRIVER_BRIDGE)
		return;
	if (bt_bridge_remove(net->bridge, &err) < 0)
		bt_log_warn("network %s: %s", net->name, err.msg);
	if (bt_firewall_network_remove(nets->firewall, net->bridge, &err) < 0)
		bt_log_warn("network %s: %s", net->name, err.msg);
}
