/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_default.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network_table.h"
#include "net/subnets.h"

static json_t *make_config(const char *driver, json_t *ipam_config, json_t *options)
{
	return json_pack("{s:s,s:s,s:b,s:b,s:{s:s,s:n,s:o},s:b,s:b,s:b,s:{s:s},s:b,s:o,s:{}}",
			 "Scope", "local", "Driver", driver, "EnableIPv4", 1, "EnableIPv6", 0,
			 "IPAM", "Driver", "default", "Options", "Config", ipam_config, "Internal",
			 0, "Attachable", 0, "Ingress", 0, "ConfigFrom", "Network", "",
			 "ConfigOnly", 0, "Options", options, "Labels");
}

static json_t *bridge_config(const struct bt_engine_config *cfg, const struct bt_prefix *address)
{
	const struct bt_prefix network = bt_prefix_network(address);
	char subnet[BT_PREFIX_TEXT_LEN], gateway[BT_PREFIX_TEXT_LEN], mtu[12];

	bt_prefix_format(&network, subnet);
	bt_prefix_format_address(address, gateway);
	(void)snprintf(mtu, sizeof(mtu), "%d", cfg->mtu ? cfg->mtu : 1500);
	return make_config("bridge",
			   json_pack("[{s:s,s:s*,s:s}]", "Subnet", subnet, "IPRange",
				     cfg->fixed_cidr, "Gateway", gateway),
			   json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}",
				     "com.docker.network.bridge.default_bridge", "true",
				     "com.docker.network.bridge.enable_icc",
				     cfg->no_icc ? "false" : "true",
				     "com.docker.network.bridge.enable_ip_masquerade",
				     cfg->no_masquerade ? "false" : "true",
				     "com.docker.network.bridge.host_binding_ipv4",
				     cfg->publish_ip ? cfg->publish_ip : "0.0.0.0",
				     "com.docker.network.bridge.name", cfg->bridge,
				     "com.docker.network.driver.mtu", mtu));
}

/* Replace the network of this name by one with this config, keeping its id. */
static int put(struct bt_networks *nets, const char *name, const json_t *config, struct bt_err *err)
{
	struct bt_network *old = bt_network_table_named(nets, name);
	int64_t created = old ? old->created_ns : bt_time_now_ns();
	char id[BT_RAND_ID_LEN + 1];
	struct bt_network *net;
	int r = 0;

	if (!config)
		return bt_err_sys(err, -ENOMEM, "network %s", name);
	if (old && json_equal(old->config, config))
		return 0;
	if (old)
		strcpy(id, old->id);
	else
		r = bt_rand_id(id);
	if (r < 0)
		return bt_err_sys(err, r, "network %s", name);
	r = bt_network_table_make(id, name, created, config, &net, err);
	if (r < 0)
		return r;
	r = bt_network_table_store(nets, net, err);
	if (r < 0) {
		bt_network_table_destroy(net);
		return r;
	}
	if (old) {
		bt_list_remove(&old->link);
		bt_network_table_destroy(old);
	}
	return 0;
}

/* What the bridge had before, where it still is the same bridge. */
static bool keep_address(const struct bt_networks *nets, struct bt_network *old,
			 struct bt_prefix *ret)
{
	if (!old || !old->v4.gateway.family || strcmp(old->bridge, nets->engine->cfg.bridge) != 0)
		return false;
	*ret = old->v4.gateway;
	return true;
}

const struct bt_subnets_pool *bt_network_default_pools(const struct bt_networks *nets,
						       size_t *ret_n)
{
	if (!nets->pools)
		return bt_subnets_default_pools(ret_n);
	*ret_n = nets->npools;
	return nets->pools;
}

int bt_network_default_read_pools(struct bt_networks *nets, struct bt_err *err)
{
	const json_t *list = nets->engine->cfg.address_pools, *item;
	size_t i;

	if (json_array_size(list) == 0)
		return 0;
	nets->pools = calloc(json_array_size(list), sizeof(*nets->pools));
	if (!nets->pools)
		return bt_err_sys(err, -ENOMEM, "read default-address-pools");
	json_array_foreach (list, i, item) {
		const char *base = bt_json_str(item, "base", "");

		if (bt_subnets_pool_parse(base, bt_json_i64(item, "size", -1), &nets->pools[i]) < 0)
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"invalid value for \"default-address-pools\": base %.64s: a "
				"network with its prefix is wanted, and a size between that "
				"and 30, for IPv6 126",
				base[0] ? base : "(none)");
		nets->npools++;
	}
	return 0;
}

static int choose_address(struct bt_networks *nets, struct bt_prefix *ret, struct bt_err *err)
{
	const char *bip = nets->engine->cfg.bip;
	const struct bt_subnets_pool *pools;
	size_t n;
	int r;

	if (bip) {
		if (bt_prefix_parse(bip, ret) < 0 || ret->family != AF_INET || ret->len > 30)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid value for \"--bip\": %s: an IPv4 address with "
					  "its prefix is wanted, as 172.17.0.1/16",
					  bip);
		return 0;
	}
	if (keep_address(nets, bt_network_table_named(nets, BT_NETWORK_BRIDGE), ret))
		return 0;
	pools = bt_network_default_pools(nets, &n);
	r = bt_subnets_find(pools, n, AF_INET, bt_network_table_overlaps, nets, ret, err);
	if (r == 0)
		*ret = bt_prefix_at(ret, 1);
	return r;
}

static int put_bridge(struct bt_networks *nets, struct bt_err *err)
{
	const char *bridge = nets->engine->cfg.bridge;
	json_auto_t *config = NULL;
	struct bt_prefix address;
	int r;

	if (!bridge || strcmp(bridge, "none") == 0) {
		struct bt_network *old = bt_network_table_named(nets, BT_NETWORK_BRIDGE);

		return old ? bt_network_table_delete(nets, old, err) : 0;
	}
	if (strlen(bridge) >= IFNAMSIZ)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "name of bridge too long: %s (at most %d characters)", bridge,
				  IFNAMSIZ - 1);
	if (nets->engine->cfg.publish_ip &&
	    bt_prefix_parse_address(nets->engine->cfg.publish_ip, &address) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"--ip\": %.64s is no address",
				  nets->engine->cfg.publish_ip);
	r = choose_address(nets, &address, err);
	if (r < 0)
		return r;
	config = bridge_config(&nets->engine->cfg, &address);
	return put(nets, BT_NETWORK_BRIDGE, config, err);
}

int bt_network_default_ensure(struct bt_networks *nets, struct bt_err *err)
{
	json_auto_t *none = make_config("null", json_null(), json_object());
	json_auto_t *host = make_config("host", json_null(), json_object());
	int r = put_bridge(nets, err);

	if (r == 0)
		r = put(nets, BT_NETWORK_NONE, none, err);
	if (r == 0)
		r = put(nets, BT_NETWORK_HOST, host, err);
	return r;
}
