/* SPDX-License-Identifier: Apache-2.0 */

/* `network create`: subnets, ranges, gateways and reserved addresses find each other by address. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_set.h"
#include "cli/plain.h"

/* An address or prefix as bytes; `bits` is the prefix's length, all of them for an address. */
struct prefix {
	int family;
	unsigned char bytes[16];
	unsigned bits;
};

static int parse(const char *text, struct prefix *ret)
{
	bt_auto_free char *address = strndup(text, strcspn(text, "/"));
	const char *slash = strchr(text, '/');
	unsigned long long bits;

	*ret = (struct prefix){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	ret->bits = ret->family == AF_INET6 ? 128 : 32;
	if (!address || inet_pton(ret->family, address, ret->bytes) != 1)
		return -EINVAL;
	if (!slash)
		return 0;
	if (bt_str_to_u64(slash + 1, &bits) < 0 || bits > ret->bits)
		return -EINVAL;
	ret->bits = (unsigned)bits;
	return 0;
}

static bool contains(const struct prefix *net, const struct prefix *inner)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->family != inner->family || net->bits > inner->bits ||
	    memcmp(net->bytes, inner->bytes, whole) != 0)
		return false;
	return !rest || !((net->bytes[whole] ^ inner->bytes[whole]) >> (8 - rest));
}

/* The pool whose subnet holds `text`. */
static json_t *pool_of(const json_t *pools, const char *what, const char *text, struct bt_err *err)
{
	struct prefix inner, net;
	json_t *pool;
	size_t i;

	if (parse(text, &inner) < 0) {
		(void)bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid address: %s", text);
		return NULL;
	}
	json_array_foreach (pools, i, pool) {
		const char *subnet = json_string_value(json_object_get(pool, "Subnet"));

		if (subnet && parse(subnet, &net) == 0 && contains(&net, &inner))
			return pool;
	}
	(void)bt_err_set(err, BT_ERR_INVALID, EINVAL, "no matching subnet for %s%s", what, text);
	return NULL;
}

static int add_subnets(const struct bt_args *args, json_t *pools, struct bt_err *err)
{
	struct prefix net;
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "subnet", i)); i++) {
		if (!strchr(text, '/') || parse(text, &net) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid CIDR address: %s",
					  text);
		(void)json_array_append_new(pools, json_pack("{s:s}", "Subnet", text));
	}
	return 0;
}

static int add_inner(const struct bt_args *args, const char *flag, const char *name, json_t *pools,
		     struct bt_err *err)
{
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, flag, i)); i++) {
		json_t *pool =
			pool_of(pools, strcmp(flag, "gateway") == 0 ? "gateway " : "", text, err);

		if (!pool)
			return -err->errnum;
		if (json_object_get(pool, name))
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"cannot configure multiple %ss (%s, %s) on the same subnet", flag,
				text, json_string_value(json_object_get(pool, name)));
		(void)json_object_set_new(pool, name, json_string(text));
	}
	return 0;
}

static int add_reserved(const struct bt_args *args, json_t *pools, struct bt_err *err)
{
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "aux-address", i)); i++) {
		const char *equals = strchr(text, '=');
		json_t *pool = equals ? pool_of(pools, "aux-address ", equals + 1, err) : NULL,
		       *map;

		if (!equals)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid aux-address: %s",
					  text);
		if (!pool)
			return -err->errnum;
		map = json_object_get(pool, "AuxiliaryAddresses");
		if (!map) {
			map = json_object();
			(void)json_object_set_new(pool, "AuxiliaryAddresses", map);
		}
		bt_auto_free char *key = strndup(text, (size_t)(equals - text));
		(void)json_object_set_new(map, key ? key : "", json_string(equals + 1));
	}
	return 0;
}

static int fill_ipam(const struct bt_args *args, json_t *body, struct bt_err *err)
{
	json_auto_t *pools = json_array();
	json_auto_t *ipam = json_object();
	int r = add_subnets(args, pools, err);

	if (r == 0)
		r = add_inner(args, "ip-range", "IPRange", pools, err);
	if (r == 0)
		r = add_inner(args, "gateway", "Gateway", pools, err);
	if (r == 0)
		r = add_reserved(args, pools, err);
	bt_json_set_string_flag(ipam, "Driver", args, "ipam-driver");
	bt_json_set_map_flag(ipam, "Options", args, "ipam-opt");
	(void)json_object_set(ipam, "Config", pools);
	(void)json_object_set(body, "IPAM", ipam);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *body = json_pack("{s:s, s:b}", "Name", args->pos[0], "CheckDuplicate", 1);
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const char *text;

	bt_json_set_string_flag(body, "Driver", args, "driver");
	bt_json_set_string_flag(body, "Scope", args, "scope");
	bt_json_set_bool_flag(body, "Internal", args, "internal");
	bt_json_set_bool_flag(body, "Attachable", args, "attachable");
	bt_json_set_bool_flag(body, "Ingress", args, "ingress");
	bt_json_set_bool_flag(body, "ConfigOnly", args, "config-only");
	if (bt_args_given(args, "ipv4"))
		(void)json_object_set_new(body, "EnableIPv4",
					  json_boolean(bt_args_bool(args, "ipv4")));
	if (bt_args_given(args, "ipv6"))
		(void)json_object_set_new(body, "EnableIPv6",
					  json_boolean(bt_args_bool(args, "ipv6")));
	bt_json_set_map_flag(body, "Options", args, "opt");
	bt_json_set_map_flag(body, "Labels", args, "label");
	text = bt_args_string(args, "config-from");
	if (text)
		(void)json_object_set_new(body, "ConfigFrom", json_pack("{s:s}", "Network", text));
	if (fill_ipam(args, body, &err) < 0 ||
	    bt_cli_call(cli, "POST", "/networks/create", body, &answer, &err) < 0)
		return bt_cli_fail(&err);
	text = json_string_value(json_object_get(answer, "Warning"));
	if (text && *text)
		bt_plain_printf(stderr, "WARNING: %s\n", text);
	text = json_string_value(json_object_get(answer, "Id"));
	bt_plain_printf(stdout, "%s\n", text ? text : "");
	return 0;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_BOOL, "attachable", NULL, "Containers may be attached by hand", NULL, NULL },
	{ 0, BT_FLAG_LIST, "aux-address", "map", "Reserved addresses, as NAME=ADDRESS", NULL,
	  NULL },
	{ 0, BT_FLAG_STRING, "config-from", NULL, "Take the configuration of a network", NULL,
	  NULL },
	{ 0, BT_FLAG_BOOL, "config-only", NULL, "Only a configuration for others", NULL, NULL },
	{ 'd', BT_FLAG_STRING, "driver", NULL, "Driver of the network", "bridge", NULL },
	{ 0, BT_FLAG_LIST, "gateway", "strings", "Gateway of a subnet", NULL, bt_check_ip },
	{ 0, BT_FLAG_BOOL, "ingress", NULL, "A network for a swarm's mesh", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "internal", NULL, "No way to the outside", NULL, NULL },
	{ 0, BT_FLAG_LIST, "ip-range", "strings", "Addresses come from this part", NULL, NULL },
	{ 0, BT_FLAG_STRING, "ipam-driver", NULL, "Driver of addresses", "default", NULL },
	{ 0, BT_FLAG_LIST, "ipam-opt", "map", "Option of the driver of addresses", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "ipv4", NULL, "Give IPv4 addresses", "true", NULL },
	{ 0, BT_FLAG_BOOL, "ipv6", NULL, "Give IPv6 addresses", NULL, NULL },
	{ 0, BT_FLAG_LIST, "label", NULL, "Set metadata", NULL, NULL },
	{ 'o', BT_FLAG_LIST, "opt", "map", "Option of the driver", NULL, NULL },
	{ 0, BT_FLAG_STRING, "scope", NULL, "Scope of the network", NULL, NULL },
	{ 0, BT_FLAG_LIST, "subnet", "strings", "A subnet, as ADDRESS/BITS", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_network_create_command = {
	.names = "network create",
	.usage = "[OPTIONS] NETWORK",
	.brief = "Create a network",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
