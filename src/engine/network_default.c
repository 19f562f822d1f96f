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
#include "engine/network_ipam.h"
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

/* One family of the default bridge. */
struct pool {
	struct bt_prefix address; /* the bridge's, with the subnet's length; family 0: none */
	const char *range;        /* or NULL */
	const char *router;       /* of containers, or NULL: the bridge */
};

static json_t *pool_config(const struct pool *p)
{
	const bool six = p->address.family == AF_INET6;
	const struct bt_prefix network = bt_prefix_network(&p->address);
	char subnet[BT_PREFIX_TEXT_LEN], gateway[BT_PREFIX_TEXT_LEN];
	json_t *out;

	bt_prefix_format(&network, subnet);
	bt_prefix_format_address(&p->address, gateway);
	out = json_pack("{s:s,s:s*,s:s}", "Subnet", subnet, "IPRange", p->range, "Gateway",
			gateway);
	if (out && p->router)
		(void)json_object_set_new(
			out, "AuxiliaryAddresses",
			json_pack("{s:s}", six ? "DefaultGatewayIPv6" : "DefaultGatewayIPv4",
				  p->router));
	return out;
}

static json_t *bridge_config(const struct bt_engine_config *cfg, const struct pool *four,
			     const struct pool *six)
{
	const bool has_six = six->address.family == AF_INET6;
	json_t *pools = json_array(), *config;
	char mtu[12];

	(void)json_array_append_new(pools, pool_config(four));
	if (has_six)
		(void)json_array_append_new(pools, pool_config(six));
	(void)snprintf(mtu, sizeof(mtu), "%d", cfg->mtu ? cfg->mtu : 1500);
	config = make_config("bridge", pools,
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
	if (config && has_six)
		(void)json_object_set_new(config, "EnableIPv6", json_true());
	return config;
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

/* The IPv6 address of the bridge. What was found once stays, as long as it is the same bridge. */
static int choose_six(struct bt_networks *nets, struct bt_prefix *ret, struct bt_err *err)
{
	const struct bt_engine_config *cfg = &nets->engine->cfg;
	const struct bt_network *old = bt_network_table_named(nets, BT_NETWORK_BRIDGE);
	const char *text = cfg->bip6 ? cfg->bip6 : cfg->fixed_cidr6;
	int r;

	if (text && (bt_prefix_parse(text, ret) < 0 || ret->family != AF_INET6 || ret->len > 126))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"--%s\": %.64s: an IPv6 address with its "
				  "prefix is wanted, as fd00:1::1/64",
				  cfg->bip6 ? "bip6" : "fixed-cidr-v6", text);
	if (!text && old && old->v6.gateway.family && strcmp(old->bridge, cfg->bridge) == 0) {
		*ret = old->v6.gateway;
		return 0;
	}
	r = text ? 0 : bt_network_ipam_find_ula(nets, ret);
	if (r < 0)
		return bt_err_sys(err, r, "find an IPv6 subnet");
	if (!cfg->bip6)
		*ret = bt_prefix_at(ret, 1);
	return 0;
}

/* Range and router are inside the subnet, and the right family's. */
static int check_pool(const struct pool *p, const char *suffix, struct bt_err *err)
{
	const struct bt_prefix subnet = bt_prefix_network(&p->address);
	struct bt_prefix in;

	if (p->range && (bt_prefix_parse(p->range, &in) < 0 || in.family != subnet.family ||
			 in.len < subnet.len || !bt_prefix_has(&subnet, &in)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"--fixed-cidr%s\": %.64s is no part of the "
				  "default bridge's subnet",
				  suffix, p->range);
	if (p->router && (bt_prefix_parse_address(p->router, &in) < 0 ||
			  in.family != subnet.family || !bt_prefix_has(&subnet, &in)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"--default-gateway%s\": %.64s is no address "
				  "of the default bridge's subnet",
				  suffix, p->router);
	return 0;
}

static int choose_pools(struct bt_networks *nets, struct pool *four, struct pool *six,
			struct bt_err *err)
{
	const struct bt_engine_config *cfg = &nets->engine->cfg;
	int r = choose_address(nets, &four->address, err);

	four->range = cfg->fixed_cidr;
	four->router = cfg->default_gateway;
	if (r == 0)
		r = check_pool(four, "", err);
	if (r < 0 || !cfg->ipv6)
		return r;
	r = choose_six(nets, &six->address, err);
	six->range = cfg->bip6 ? cfg->fixed_cidr6 : NULL;
	six->router = cfg->default_gateway6;
	return r < 0 ? r : check_pool(six, "-v6", err);
}

static int put_bridge(struct bt_networks *nets, struct bt_err *err)
{
	const char *bridge = nets->engine->cfg.bridge;
	json_auto_t *config = NULL;
	struct pool four = { 0 }, six = { 0 };
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
	r = choose_pools(nets, &four, &six, err);
	if (r < 0)
		return r;
	config = bridge_config(&nets->engine->cfg, &four, &six);
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
