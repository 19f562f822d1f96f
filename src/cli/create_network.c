/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_network.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/csv.h"
#include "cli/json_set.h"
#include "codec/json.h"

/* Does a name stand for what is no network of the user's? */
static bool is_special(const char *mode)
{
	return strcmp(mode, "default") == 0 || strcmp(mode, "bridge") == 0 ||
	       strcmp(mode, "host") == 0 || strcmp(mode, "none") == 0 ||
	       bt_str_after(mode, "container:") != NULL;
}

static json_t *ipam(json_t *endpoint)
{
	json_t *v = json_object_get(endpoint, "IPAMConfig");

	if (!v) {
		v = json_object();
		(void)json_object_set_new(endpoint, "IPAMConfig", v);
	}
	return v;
}

static int check_mac(const char *text, struct bt_err *err)
{
	size_t n = strlen(text);
	bool good = n == 17;

	for (size_t i = 0; good && i < n; i++)
		good = i % 3 == 2 ? text[i] == ':' || text[i] == '-'
				  : isxdigit((unsigned char)text[i]) != 0;
	if (!good)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s is not a valid mac address",
				  text);
	return 0;
}

static int set_driver_option(json_t *endpoint, const char *value, struct bt_err *err)
{
	const char *equals = strchr(value, '=');
	json_t *map = json_object_get(endpoint, "DriverOpts");

	if (!equals || equals == value)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid key value pair format in driver options");
	if (!map) {
		map = json_object();
		(void)json_object_set_new(endpoint, "DriverOpts", map);
	}
	bt_json_set_pair(map, value);
	return 0;
}

static int set_field(json_t *endpoint, char *field, char **name, struct bt_err *err)
{
	const char *key = field, *value = bt_csv_pair(field);
	long long n;

	if (!value)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid field %s", key);
	if (strcmp(key, "name") == 0) {
		free(*name);
		*name = *value ? strdup(value) : NULL;
	} else if (strcmp(key, "alias") == 0) {
		bt_json_set_append(endpoint, "Aliases", value);
	} else if (strcmp(key, "ip") == 0) {
		bt_json_set_text(ipam(endpoint), "IPv4Address", value);
	} else if (strcmp(key, "ip6") == 0) {
		bt_json_set_text(ipam(endpoint), "IPv6Address", value);
	} else if (strcmp(key, "link-local-ip") == 0) {
		bt_json_set_append(ipam(endpoint), "LinkLocalIPs", value);
	} else if (strcmp(key, "mac-address") == 0) {
		bt_json_set_text(endpoint, "MacAddress", value);
		return check_mac(value, err);
	} else if (strcmp(key, "driver-opt") == 0) {
		return set_driver_option(endpoint, value, err);
	} else if (strcmp(key, "gw-priority") == 0) {
		if (bt_str_to_i64(value, &n) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid gw-priority (%s): value must be an integer",
					  value);
		(void)json_object_set_new(endpoint, "GwPriority", json_integer(n));
	} else {
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid field key %s", key);
	}
	return 0;
}

/* `*ret_name` is owned by the caller, `*ret` a new reference. A text of no bytes is a network
 * without a name: docker says so only when it makes the container. */
static int parse(const char *text, char **ret_name, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str field = { 0 };
	json_auto_t *endpoint = json_object();
	bt_auto_free char *name = NULL;
	int r = 0;

	if (!strchr(text, '=')) {
		name = strdup(text);
		r = name ? 0 : bt_err_sys(err, -ENOMEM, "network");
	} else {
		while ((r = bt_csv_next(&text, &field, err)) > 0) {
			r = set_field(endpoint, field.p, &name, err);
			if (r < 0)
				return r;
		}
	}
	if (r < 0)
		return r;
	if (!name)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "network name/id is not specified");
	*ret_name = bt_take(name);
	*ret = bt_take(endpoint);
	return 0;
}

int bt_create_network_check(const char *text, struct bt_err *err)
{
	bt_auto_free char *name = NULL;
	json_auto_t *endpoint = NULL;

	return parse(text, &name, &endpoint, err);
}

/* What the separate flags say belongs to the first network. */
static int add_flags(const struct bt_args *args, const char *mode, json_t *endpoint, json_t *config,
		     struct bt_err *err)
{
	const char *mac = bt_args_string(args, "mac-address"), *text;

	if (bt_args_given(args, "network-alias") && is_special(mode))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "network-scoped aliases are only supported for user-defined "
				  "networks");
	if (bt_args_given(args, "network-alias") && json_object_get(endpoint, "Aliases"))
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "conflicting options: cannot specify both --network-alias and "
				  "per-network alias");
	bt_json_set_list_flag(endpoint, "Aliases", args, "network-alias");
	text = bt_args_string(args, "ip");
	if (text)
		bt_json_set_text(ipam(endpoint), "IPv4Address", text);
	text = bt_args_string(args, "ip6");
	if (text)
		bt_json_set_text(ipam(endpoint), "IPv6Address", text);
	for (size_t i = 0; (text = bt_args_item(args, "link-local-ip", i)); i++)
		bt_json_set_append(ipam(endpoint), "LinkLocalIPs", text);
	if (!is_special(mode))
		bt_json_set_list_flag(endpoint, "Links", args, "link");
	if (!mac)
		return 0;
	bt_json_set_text(endpoint, "MacAddress", mac);
	/* Daemons before 1.44 read it here. */
	bt_json_set_text(config, "MacAddress", mac);
	return check_mac(mac, err);
}

int bt_create_network_fill(const struct bt_args *args, json_t *config, json_t *host,
			   json_t *networking, struct bt_err *err)
{
	json_auto_t *endpoints = json_object();
	bool special = false, needed = false;
	const char *text;
	size_t n = 0;

	for (; n == 0 || bt_args_item(args, "network", n); n++) {
		bt_auto_free char *name = NULL;
		json_auto_t *endpoint = NULL;
		int r;

		text = bt_args_item(args, "network", n);
		r = parse(text ? text : "default", &name, &endpoint, err);
		if (r < 0)
			return r;
		if (!*name)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "no name set for network");
		if (n == 0)
			bt_json_set_text(host, "NetworkMode", name);
		r = n == 0 ? add_flags(args, name, endpoint, config, err) : 0;
		special |= is_special(name);
		needed |= json_object_size(endpoint) > 0 || !is_special(name);
		if (r == 0 && json_object_get(endpoints, name))
			r = bt_err_set(err, BT_ERR_INVALID, EINVAL,
				       "network \"%s\" is specified multiple times", name);
		(void)json_object_set(endpoints, name, endpoint);
		if (r < 0)
			return r;
	}
	if (n > 1 && special)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: cannot attach both user-defined and "
				  "non-user-defined network-modes");
	bt_json_set_list_flag(host, "Links", args, "link");
	if (needed)
		(void)json_object_set(networking, "EndpointsConfig", endpoints);
	return 0;
}
