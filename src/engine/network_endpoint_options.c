/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_endpoint_options.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "codec/json.h"

#define OPT_IFNAME  "com.docker.network.endpoint.ifname"
#define OPT_SYSCTLS "com.docker.network.endpoint.sysctls"

/* As the kernel takes them for addresses that it chose itself. */
#define LINK_LOCAL4_LEN 16
#define LINK_LOCAL6_LEN 64

static int invalid(const char *key, const char *value, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid value \"%s\" for %s: %s", value,
			  key, why);
}

static int check_ifname(const char *name, struct bt_err *err)
{
	if (!name[0] || strlen(name) >= IFNAMSIZ || strpbrk(name, "/: \t\n%") ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lo") == 0)
		return invalid(OPT_IFNAME, name, "not the name of an interface", err);
	return 0;
}

/* "net.ipv4.conf.IFNAME.x=1": of the interface, and of nothing else. */
static bool is_setting(const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	static const char *const kinds[] = { "net.ipv4.", "net.ipv6.", "net.mpls." };
	const char *mark = strstr(text, ".IFNAME.");

	if (!equals || !mark || mark > equals || memchr(text, '/', (size_t)(equals - text)))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (bt_str_after(text, kinds[i]))
			return !strstr(text, "..") || strstr(text, "..") > equals;
	return false;
}

static int check_sysctls(const char *text, struct bt_err *err)
{
	const char *at = text;

	while (*at) {
		size_t len = strcspn(at, ",");

		if (!is_setting(at, len))
			return invalid(OPT_SYSCTLS, text,
				       "settings of the interface are wanted, as "
				       "net.ipv4.conf.IFNAME.log_martians=1, separated by commas",
				       err);
		at += len + (at[len] == ',');
	}
	return 0;
}

static int check_driver_opts(const json_t *opts, struct bt_err *err)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach ((json_t *)(uintptr_t)opts, key, value) {
		const char *text = json_is_string(value) ? json_string_value(value) : "";

		if (strcmp(key, OPT_IFNAME) == 0)
			r = check_ifname(text, err);
		else if (strcmp(key, OPT_SYSCTLS) == 0)
			r = check_sysctls(text, err);
		else
			r = bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
				       "endpoint option %s is not supported", key);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_link_local(const struct bt_prefix *p)
{
	struct in6_addr a6 = bt_prefix_in6_addr(p);

	return p->family == AF_INET ? p->addr[0] == 169 && p->addr[1] == 254
				    : IN6_IS_ADDR_LINKLOCAL(&a6);
}

static const json_t *link_locals(const json_t *want)
{
	return bt_json_arr(bt_json_obj(want, "IPAMConfig"), "LinkLocalIPs");
}

static int check_link_local(const struct bt_network *net, const json_t *list, struct bt_err *err)
{
	const json_t *item;
	struct bt_prefix p;
	size_t i;

	if (json_array_size(list) > BT_SANDBOX_LINK_LOCAL_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG,
				  "an endpoint has %d link-local addresses at most",
				  BT_SANDBOX_LINK_LOCAL_MAX);
	json_array_foreach ((json_t *)(uintptr_t)list, i, item) {
		const char *text = json_is_string(item) ? json_string_value(item) : "";

		if (bt_prefix_parse_address(text, &p) < 0 || !is_link_local(&p))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid link-local IP address: %s", text);
		if (p.family == AF_INET6 && !net->v6.subnet.family)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "link-local IP address %s: network %s has no IPv6", text,
					  net->name);
	}
	return 0;
}

int bt_network_endpoint_options_check(const struct bt_network *net, const json_t *want,
				      struct bt_err *err)
{
	const json_t *opts = bt_json_obj(want, "DriverOpts"), *list = link_locals(want);
	int r;

	if (!bt_network_has_interface(net) && (json_object_size(opts) || json_array_size(list)))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "network %s has no interface that options could be for",
				  net->name);
	r = check_driver_opts(opts, err);
	return r < 0 ? r : check_link_local(net, list, err);
}

bool bt_network_endpoint_options_any(const json_t *want)
{
	return json_object_size(bt_json_obj(want, "DriverOpts")) ||
	       json_array_size(link_locals(want));
}

const char *bt_network_endpoint_options_ifname(const json_t *want)
{
	return bt_json_str(bt_json_obj(want, "DriverOpts"), OPT_IFNAME, NULL);
}

void bt_network_endpoint_options_apply(const json_t *want, struct bt_sandbox_port *port)
{
	const json_t *list = link_locals(want), *item;
	size_t i;

	port->sysctls = bt_json_str(bt_json_obj(want, "DriverOpts"), OPT_SYSCTLS, NULL);
	json_array_foreach ((json_t *)(uintptr_t)list, i, item) {
		struct bt_prefix *p = &port->link_local[port->nlink_local];

		if (port->nlink_local == BT_SANDBOX_LINK_LOCAL_MAX || !json_is_string(item) ||
		    bt_prefix_parse_address(json_string_value(item), p) < 0)
			continue;
		p->len = p->family == AF_INET ? LINK_LOCAL4_LEN : LINK_LOCAL6_LEN;
		port->nlink_local++;
	}
}
