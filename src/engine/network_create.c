/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network.h"
#include "engine/network_bring_up.h"
#include "engine/network_default.h"
#include "engine/network_event.h"
#include "engine/network_private.h"
#include "engine/network_table.h"
#include "net/subnets.h"

#define NAME_MAX_LEN 255
#define ULA_LEN      64

static bool is_predefined(const char *name)
{
	static const char *const names[] = { "bridge", "host", "none", "default" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return bt_str_after(name, "container:") != NULL;
}

static int check_name(const char *name, struct bt_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	if (!name[0])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network name: name is empty");
	if (is_predefined(name))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "operation is not permitted on predefined %s network ", name);
	if (strlen(name) > NAME_MAX_LEN || strspn(name, allowed) != strlen(name) ||
	    strchr("_.-", name[0]))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network name \"%s\": only [a-zA-Z0-9][a-zA-Z0-9_.-]* "
				  "is allowed",
				  name);
	return 0;
}

/* What is valid, but not offered here: said, not dropped. */
static int check_offered(const json_t *body, struct bt_err *err)
{
	const char *driver = bt_json_str(body, "Driver", "bridge");
	const char *ipam = bt_json_str(bt_json_obj(body, "IPAM"), "Driver", "default");

	if (driver[0] && strcmp(driver, "bridge") != 0) {
		if (strcmp(driver, "host") == 0 || strcmp(driver, "null") == 0)
			return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
					  "only one instance of \"%s\" network is allowed", driver);
		if (strcmp(driver, "overlay") == 0)
			return bt_err_set(err, BT_ERR_UNAVAILABLE, EPERM,
					  "This node is not a swarm manager. Use \"docker swarm "
					  "init\" or \"docker swarm join\" to connect this node to "
					  "swarm and try again.");
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "could not find plugin %s in v1 plugin registry: plugin not "
				  "found",
				  driver);
	}
	if (ipam[0] && strcmp(ipam, "default") != 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "could not find plugin %s in v1 plugin registry: plugin not "
				  "found",
				  ipam);
	if (bt_json_bool(body, "ConfigOnly", false) || bt_json_bool(body, "Ingress", false) ||
	    bt_json_str(bt_json_obj(body, "ConfigFrom"), "Network", "")[0])
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
				  "networks for swarm (ConfigOnly, ConfigFrom, Ingress) are not "
				  "offered");
	return 0;
}

static int pool_overlaps(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_FORBIDDEN, EEXIST,
			  "invalid pool request: Pool overlaps with other one on this address "
			  "space");
}

/* Complete one element of IPAM.Config: the subnet without host part, a gateway. */
static int complete_pool(const struct bt_networks *nets, json_t *pool, bool internal,
			 struct bt_err *err)
{
	const char *text = bt_json_str(pool, "Subnet", "");
	const char *range = bt_json_str(pool, "IPRange", "");
	struct bt_prefix subnet, first;
	char out[BT_PREFIX_TEXT_LEN];

	(void)internal;
	if (bt_prefix_parse(text, &subnet) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\ninvalid subnet %s: invalid CIDR block "
				  "notation",
				  text);
	first = bt_prefix_network(&subnet);
	if (memcmp(first.addr, subnet.addr, sizeof(first.addr)) != 0) {
		bt_prefix_format(&first, out);
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\ninvalid subnet %s: it should be %s",
				  text, out);
	}
	if (bt_network_table_overlaps(&subnet, nets))
		return pool_overlaps(err);
	if (range[0] && bt_prefix_parse(range, &first) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\ninvalid ip-range %s: invalid CIDR "
				  "block notation",
				  range);
	if (bt_json_str(pool, "Gateway", "")[0])
		return 0;
	first = bt_prefix_network(&first);
	if (bt_prefix_same_address(&first, &subnet))
		first = bt_prefix_at(&subnet, 1);
	bt_prefix_format_address(&first, out);
	return json_object_set_new(pool, "Gateway", json_string(out)) < 0 ? -ENOMEM : 0;
}

static bool has_family(const json_t *pools, int family)
{
	const json_t *pool;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)pools, i, pool) {
		const char *subnet = bt_json_str(pool, "Subnet", "");

		if (subnet[0] && (strchr(subnet, ':') ? AF_INET6 : AF_INET) == family)
			return true;
	}
	return false;
}

/* Elements without a subnet ask for one of ours: they are dropped and replaced by what is
 * found. */
static json_t *given_pools(const json_t *body)
{
	const json_t *in = bt_json_arr(bt_json_obj(body, "IPAM"), "Config");
	json_t *out = json_array(), *pool;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)in, i, pool) {
		json_t *copy;
		const char *key;
		json_t *value;
		void *next;

		if (!bt_json_str(pool, "Subnet", "")[0])
			continue;
		copy = json_deep_copy(pool);
		json_object_foreach_safe (copy, next, key, value)
			if (json_is_null(value) ||
			    (json_is_string(value) && !json_string_value(value)[0]) ||
			    (json_is_object(value) && json_object_size(value) == 0))
				(void)json_object_del(copy, key);
		(void)json_array_append_new(out, copy);
	}
	return out;
}

static int find_ula(const struct bt_networks *nets, struct bt_prefix *ret)
{
	struct bt_prefix p = { .family = AF_INET6, .len = ULA_LEN };

	do {
		int r = bt_rand_bytes(p.addr + 1, ULA_LEN / 8 - 1);

		if (r < 0)
			return r;
		p.addr[0] = 0xfd;
	} while (bt_network_table_overlaps(&p, nets));
	*ret = p;
	return 0;
}

static int add_found_pool(const struct bt_networks *nets, json_t *pools, int family,
			  struct bt_err *err)
{
	char text[BT_PREFIX_TEXT_LEN];
	struct bt_prefix p;
	int r;

	if (family == AF_INET6) {
		r = find_ula(nets, &p);
		if (r < 0)
			return bt_err_sys(err, r, "find an IPv6 subnet");
	} else {
		size_t n;
		const struct bt_subnets_pool *from = bt_network_default_pools(nets, &n);

		r = bt_subnets_find(from, n, family, bt_network_table_overlaps, nets, &p, err);
		if (r < 0)
			return r;
	}
	bt_prefix_format(&p, text);
	return json_array_append_new(pools, json_pack("{s:s}", "Subnet", text)) < 0 ? -ENOMEM : 0;
}

static int make_pools(const struct bt_networks *nets, const json_t *body, json_t *pools, bool ipv4,
		      bool ipv6, struct bt_err *err)
{
	const bool internal = bt_json_bool(body, "Internal", false);
	json_t *pool;
	size_t i;
	int r = 0;

	if (ipv4 && !has_family(pools, AF_INET))
		r = add_found_pool(nets, pools, AF_INET, err);
	if (r == 0 && ipv6 && !has_family(pools, AF_INET6))
		r = add_found_pool(nets, pools, AF_INET6, err);
	json_array_foreach (pools, i, pool)
		if (r == 0)
			r = complete_pool(nets, pool, internal, err);
	return r;
}

static json_t *copy_object(const json_t *body, const char *key)
{
	const json_t *value = bt_json_obj(body, key);

	return value ? json_deep_copy(value) : json_object();
}

static json_t *copy_or_null(const json_t *object, const char *key)
{
	const json_t *value = bt_json_obj(object, key);

	return value ? json_deep_copy(value) : json_null();
}

static int make_config(const struct bt_networks *nets, const json_t *body, json_t **ret,
		       struct bt_err *err)
{
	const bool ipv4 = bt_json_bool(body, "EnableIPv4", true);
	const bool ipv6 = bt_json_bool(body, "EnableIPv6", false);
	json_auto_t *pools = given_pools(body);
	int r;

	if (!ipv4 && !ipv6)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\nIPv4 or IPv6 must be enabled");
	if ((!ipv4 && has_family(pools, AF_INET)) || (!ipv6 && has_family(pools, AF_INET6)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\na subnet of a disabled address family");
	r = make_pools(nets, body, pools, ipv4, ipv6, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s,s:s,s:b,s:b,s:{s:s,s:o,s:O},s:b,s:b,s:b,s:{s:s},s:b,s:o,s:o}",
			 "Scope", "local", "Driver", "bridge", "EnableIPv4", ipv4, "EnableIPv6",
			 ipv6, "IPAM", "Driver", "default", "Options",
			 copy_or_null(bt_json_obj(body, "IPAM"), "Options"), "Config", pools,
			 "Internal", bt_json_bool(body, "Internal", false), "Attachable",
			 bt_json_bool(body, "Attachable", false), "Ingress", 0, "ConfigFrom",
			 "Network", "", "ConfigOnly", 0, "Options", copy_object(body, "Options"),
			 "Labels", copy_object(body, "Labels"));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "create network");
}

/* Under lock: the network with its row; the kernel knows nothing of it yet. */
static int create_locked(struct bt_networks *nets, const char *name, const json_t *body,
			 struct bt_network **ret, struct bt_err *err)
{
	json_auto_t *config = NULL;
	char id[BT_RAND_ID_LEN + 1];
	struct bt_network *net;
	int r;

	if (bt_network_table_named(nets, name))
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "network with name %s already exists", name);
	r = make_config(nets, body, &config, err);
	if (r < 0)
		return r;
	r = bt_rand_id(id);
	if (r < 0)
		return bt_err_sys(err, r, "create network %s", name);
	r = bt_network_table_make(id, name, bt_time_now_ns(), config, &net, err);
	if (r < 0)
		return r;
	r = bt_network_table_bridge_free(nets, net, err);
	if (r == 0)
		r = bt_network_table_store(nets, net, err);
	if (r < 0) {
		bt_network_table_destroy(net);
		return r;
	}
	/* Nobody may remove it while the kernel makes it. */
	net->leases++;
	*ret = net;
	return 0;
}

int bt_network_create(struct bt_engine *engine, const json_t *body, json_t **ret,
		      struct bt_err *err)
{
	struct bt_networks *nets = engine->networks;
	const char *name = bt_json_str(body, "Name", "");
	struct bt_network *net = NULL;
	int r = check_name(name, err);

	if (r == 0)
		r = check_offered(body, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nets->lock);
	r = create_locked(nets, name, body, &net, err);
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		return r;
	r = bt_network_bring_up(nets, net, err);
	pthread_mutex_lock(&nets->lock);
	net->leases--;
	if (r < 0) {
		struct bt_err ignored;

		bt_network_bring_down(nets, net);
		if (bt_network_table_delete(nets, net, &ignored) < 0)
			bt_list_remove(&net->link);
	} else {
		*ret = json_pack("{s:s,s:s}", "Id", net->id, "Warning", "");
		bt_network_event(nets, net, "create", NULL);
	}
	pthread_mutex_unlock(&nets->lock);
	return r;
}
