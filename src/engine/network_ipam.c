/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ipam.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/network_default.h"
#include "engine/network_table.h"
#include "net/subnets.h"

#define ULA_LEN 64

/* All that is wrong is said at once. */
static void note(struct bt_str *all, const char *what, const char *text, const char *why)
{
	bt_str_printf(all, "\ninvalid %s %s: %s", what, text, why);
}

static const char *family_name(int family)
{
	return family == AF_INET6 ? "an IPv6" : "an IPv4";
}

static void check_inside(struct bt_str *all, const char *what, const char *text,
			 const struct bt_prefix *subnet, const struct bt_prefix *p)
{
	char network[BT_PREFIX_TEXT_LEN];
	bt_auto_str struct bt_str why = { 0 };

	bt_prefix_format(subnet, network);
	if (p->family != subnet->family)
		bt_str_printf(&why, "parent subnet is %s block", family_name(subnet->family));
	else if (!bt_prefix_has(subnet, p))
		bt_str_printf(&why, "parent subnet %s doesn't contain %s", network,
			      strcmp(what, "ip-range") == 0 ? what : "this address");
	if (why.len)
		note(all, what, text, bt_str_get(&why));
}

static void check_range(struct bt_str *all, const char *text, const struct bt_prefix *subnet)
{
	struct bt_prefix p, first;
	char out[BT_PREFIX_TEXT_LEN];
	bt_auto_str struct bt_str why = { 0 };

	if (bt_prefix_parse(text, &p) < 0) {
		note(all, "ip-range", text, "invalid CIDR block notation");
		return;
	}
	check_inside(all, "ip-range", text, subnet, &p);
	first = bt_prefix_network(&p);
	if (p.family == subnet->family && p.len < subnet->len)
		note(all, "ip-range", text, "CIDR block is bigger than its parent subnet");
	if (!bt_prefix_same_address(&first, &p)) {
		bt_prefix_format(&first, out);
		bt_str_printf(&why, "it should be %s", out);
		note(all, "ip-range", text, bt_str_get(&why));
	}
}

static void check_address(struct bt_str *all, const char *what, const char *text,
			  const struct bt_prefix *subnet)
{
	struct bt_prefix p;

	/* Clients write a gateway with or without its prefix. */
	if (bt_prefix_parse_address(text, &p) < 0 && bt_prefix_parse(text, &p) < 0)
		note(all, what, text, "invalid address");
	else
		check_inside(all, what, text, subnet, &p);
}

static void check_pool(struct bt_str *all, const json_t *pool)
{
	const char *text = bt_json_str(pool, "Subnet", "");
	const char *range = bt_json_str(pool, "IPRange", "");
	const char *gateway = bt_json_str(pool, "Gateway", "");
	bt_auto_str struct bt_str why = { 0 };
	struct bt_prefix subnet, first;
	char out[BT_PREFIX_TEXT_LEN];
	const char *name;
	json_t *value;

	if (bt_prefix_parse(text, &subnet) < 0) {
		note(all, "subnet", text, "invalid CIDR block notation");
		return;
	}
	first = bt_prefix_network(&subnet);
	if (!bt_prefix_same_address(&first, &subnet)) {
		bt_prefix_format(&first, out);
		bt_str_printf(&why, "it should be %s", out);
		note(all, "subnet", text, bt_str_get(&why));
	}
	if (range[0])
		check_range(all, range, &first);
	if (gateway[0])
		check_address(all, "gateway", gateway, &first);
	json_object_foreach (bt_json_obj(pool, "AuxiliaryAddresses"), name, value)
		check_address(all, "auxiliary address",
			      json_is_string(value) ? json_string_value(value) : name, &first);
}

int bt_network_ipam_check(const json_t *ipam, struct bt_err *err)
{
	const json_t *pools = bt_json_arr(ipam, "Config"), *pool;
	bt_auto_str struct bt_str all = { 0 };
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)pools, i, pool) {
		/* Without a subnet one of ours is asked for: what else is said has no parent. */
		if (bt_json_str(pool, "Subnet", "")[0])
			check_pool(&all, pool);
		else if (bt_json_str(pool, "IPRange", "")[0] || bt_json_str(pool, "Gateway", "")[0])
			note(&all, "subnet", "", "invalid CIDR block notation");
	}
	if (!all.len)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid network config:%s",
			  bt_str_get(&all));
}

static int pool_overlaps(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_FORBIDDEN, EEXIST,
			  "invalid pool request: Pool overlaps with other one on this address "
			  "space");
}

/* Complete one element of IPAM.Config with a gateway: the first address that containers get. */
static int complete_pool(const struct bt_networks *nets, json_t *pool, struct bt_err *err)
{
	const char *range = bt_json_str(pool, "IPRange", "");
	struct bt_prefix subnet, first;
	char out[BT_PREFIX_TEXT_LEN];

	if (bt_prefix_parse(bt_json_str(pool, "Subnet", ""), &subnet) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid subnet");
	if (bt_network_table_overlaps(&subnet, nets))
		return pool_overlaps(err);
	if (bt_json_str(pool, "Gateway", "")[0])
		return 0;
	first = subnet;
	if (range[0] && bt_prefix_parse(range, &first) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid ip-range");
	if (bt_prefix_same_address(&first, &subnet))
		first = bt_prefix_at(&subnet, 1);
	bt_prefix_format_address(&first, out);
	return json_object_set_new(pool, "Gateway", json_string(out)) < 0
		       ? bt_err_sys(err, -ENOMEM, "choose a gateway")
		       : 0;
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
static json_t *given_pools(const json_t *ipam)
{
	const json_t *in = bt_json_arr(ipam, "Config");
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

int bt_network_ipam_find_ula(const struct bt_networks *nets, struct bt_prefix *ret)
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
		r = bt_network_ipam_find_ula(nets, &p);
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

int bt_network_ipam_make(const struct bt_networks *nets, const json_t *ipam, bool ipv4, bool ipv6,
			 json_t **ret, struct bt_err *err)
{
	json_auto_t *pools = given_pools(ipam);
	json_t *pool;
	size_t i;
	int r = 0;

	if ((!ipv4 && has_family(pools, AF_INET)) || (!ipv6 && has_family(pools, AF_INET6)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\na subnet of a disabled address family");
	if (ipv4 && !has_family(pools, AF_INET))
		r = add_found_pool(nets, pools, AF_INET, err);
	if (r == 0 && ipv6 && !has_family(pools, AF_INET6))
		r = add_found_pool(nets, pools, AF_INET6, err);
	json_array_foreach (pools, i, pool)
		if (r == 0)
			r = complete_pool(nets, pool, err);
	if (r == 0)
		*ret = json_incref(pools);
	return r;
}
