/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/create_endpoints.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "codec/json.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/network_private.h"

/* What other places call it. */
static const char *name_of_mode(const char *mode)
{
	return !mode[0] || strcmp(mode, "default") == 0 ? BT_NETWORK_BRIDGE : mode;
}

/* Modes without an interface of the container's own. */
static bool is_bare(const char *mode)
{
	return strcmp(mode, BT_NETWORK_HOST) == 0 || strcmp(mode, BT_NETWORK_NONE) == 0 ||
	       bt_host_config_container(mode);
}

static void rename_default(json_t *endpoints)
{
	json_t *given = json_incref(json_object_get(endpoints, "default"));

	if (given && !json_object_get(endpoints, BT_NETWORK_BRIDGE))
		(void)json_object_set(endpoints, BT_NETWORK_BRIDGE, given);
	if (given)
		(void)json_object_del(endpoints, "default");
	json_decref(given);
}

static int check_alone(const char *mode, const json_t *endpoints, struct bt_err *err)
{
	const char *name;
	json_t *value;

	if (!is_bare(mode))
		return 0;
	json_object_foreach ((json_t *)(uintptr_t)endpoints, name, value) {
		if (strcmp(name, mode) == 0)
			continue;
		if (strcmp(mode, BT_NETWORK_NONE) == 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "container cannot be connected to multiple networks with "
					  "one of the networks in private (none) mode");
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "container sharing network namespace with another container or "
				  "host cannot be connected to any other network");
	}
	return 0;
}

/* Without an interface there is nothing to have the address. */
static int check_address(const char *mode, const json_t *endpoints, struct bt_err *err)
{
	const json_t *ipam = bt_json_obj(json_object_get(endpoints, mode), "IPAMConfig");

	if (!is_bare(mode) ||
	    (!bt_jget_text(ipam, "IPv4Address")[0] && !bt_jget_text(ipam, "IPv6Address")[0]))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid config for network %s: invalid endpoint settings:\n"
			  "user specified IP address is supported on user defined networks only",
			  mode);
}

/* The MAC address of the whole container, from before endpoints had one. */
static int move_mac(const char *mac, const char *mode, json_t *endpoints, struct bt_err *err)
{
	json_t *endpoint = json_object_get(endpoints, mode);
	const char *other = bt_jget_text(endpoint, "MacAddress");

	if (!mac[0])
		return 0;
	if (is_bare(mode))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: mac-address and the network mode");
	if (other[0] && strcasecmp(other, mac) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "the container-wide MAC address must match the endpoint-specific "
				  "MAC address for the main network, or be left empty");
	if (!json_is_object(endpoint)) {
		endpoint = json_object();
		if (json_object_set_new(endpoints, mode, endpoint) < 0)
			return bt_err_sys(err, -ENOMEM, "create container");
	}
	return json_object_set_new(endpoint, "MacAddress", json_string(mac)) < 0
		       ? bt_err_sys(err, -ENOMEM, "create container")
		       : 0;
}

static void warn_of_ports(const char *mode, const json_t *hc, json_t *warnings)
{
	if (is_bare(mode) && bt_jget_filled(hc, "PortBindings"))
		(void)json_array_append_new(warnings,
					    json_sprintf("Published ports are discarded when using "
							 "%s network mode",
							 mode));
}

int bt_create_endpoints_settle(const json_t *config, const json_t *host_config, json_t *networking,
			       json_t *warnings, struct bt_err *err)
{
	const char *mode = name_of_mode(bt_jget_text(host_config, "NetworkMode"));
	const char *mac = bt_jget_text(config, "MacAddress");
	json_t *endpoints = json_object_get(networking, "EndpointsConfig");
	int r;

	if (!json_is_object(endpoints) && mac[0]) {
		endpoints = json_object();
		if (json_object_set_new(networking, "EndpointsConfig", endpoints) < 0)
			return bt_err_sys(err, -ENOMEM, "create container");
	}
	rename_default(endpoints);
	warn_of_ports(mode, host_config, warnings);
	r = check_alone(mode, endpoints, err);
	if (r == 0)
		r = check_address(mode, endpoints, err);
	return r < 0 ? r : move_mac(mac, mode, endpoints, err);
}
