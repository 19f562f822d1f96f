/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_networks.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/host_config.h"
#include "engine/jget.h"

/* An endpoint that has no addresses, with what the request said about it. */
static json_t *empty_endpoint(const json_t *given)
{
	json_t *out = json_pack("{s:n,s:n,s:n,s:s,s:n,s:i,s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:i,s:n}",
				"IPAMConfig", "Links", "Aliases", "MacAddress", "", "DriverOpts",
				"GwPriority", 0, "NetworkID", "", "EndpointID", "", "Gateway", "",
				"IPAddress", "", "IPPrefixLen", 0, "IPv6Gateway", "",
				"GlobalIPv6Address", "", "GlobalIPv6PrefixLen", 0, "DNSNames");

	json_object_update_existing(out, (json_t *)(uintptr_t)given);
	return out;
}

json_t *bt_container_networks(const char *text, const char *mode, const json_t *networking)
{
	json_t *out = bt_jget_load(text), *given;
	const char *name;

	if (json_is_object(out))
		return out;
	json_decref(out);
	out = json_object();
	json_object_foreach (json_object_get(networking, "EndpointsConfig"), name, given)
		json_object_set_new(out, strcmp(name, "default") == 0 ? "bridge" : name,
				    empty_endpoint(given));
	if (json_object_size(out) == 0 && mode[0] && !bt_host_config_container(mode))
		json_object_set_new(out, mode, empty_endpoint(NULL));
	return out;
}

char *bt_container_networks_blank(const char *text)
{
	json_auto_t *networks = bt_jget_load(text);
	json_auto_t *blank =
		json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:i}", "MacAddress", "", "EndpointID", "",
			  "Gateway", "", "IPAddress", "", "IPPrefixLen", 0, "IPv6Gateway", "",
			  "GlobalIPv6Address", "", "GlobalIPv6PrefixLen", 0);
	const char *name;
	json_t *endpoint;

	if (!networks)
		return NULL;
	json_object_foreach (networks, name, endpoint)
		json_object_update(endpoint, blank);
	return bt_jget_dump(networks);
}

/* "80/tcp": null, or the bindings, for every exposed or published port. */
static json_t *port_map(const json_t *config, const json_t *published)
{
	json_t *exposed = json_object_get(config, "ExposedPorts");
	json_t *out = json_object(), *value;
	const char *port;

	json_object_foreach (exposed, port, value)
		json_object_set_new(out, port, json_null());
	json_object_foreach ((json_t *)(uintptr_t)published, port, value)
		json_object_set_new(out, port, bt_jget_copy(value));
	return out;
}

/* The legacy members tell of the default bridge alone. */
static void add_legacy(json_t *out, const json_t *networks)
{
	static const char *const texts[] = { "EndpointID", "Gateway",     "GlobalIPv6Address",
					     "IPAddress",  "IPv6Gateway", "MacAddress" };
	static const char *const numbers[] = { "GlobalIPv6PrefixLen", "IPPrefixLen" };
	const json_t *bridge = json_object_get(networks, "bridge");

	for (size_t i = 0; i < 6; i++)
		json_object_set_new(out, texts[i], json_string(bt_jget_text(bridge, texts[i])));
	for (size_t i = 0; i < 2; i++)
		json_object_set_new(out, numbers[i], json_integer(bt_jget_int(bridge, numbers[i])));
}

json_t *bt_container_network_settings(const json_t *networks, const json_t *config,
				      const json_t *published, pid_t pid, const char *id,
				      const char *bridge)
{
	bool running = pid > 0;
	bt_auto_free char *key = running ? bt_str_format("/proc/%d/ns/net", (int)pid) : NULL;
	json_t *out =
		json_pack("{s:s,s:s,s:s,s:o,s:b,s:s,s:i,s:n,s:n}", "Bridge", bridge, "SandboxID",
			  running ? id : "", "SandboxKey", key ? key : "", "Ports",
			  running ? port_map(config, published) : json_object(), "HairpinMode", 0,
			  "LinkLocalIPv6Address", "", "LinkLocalIPv6PrefixLen", 0,
			  "SecondaryIPAddresses", "SecondaryIPv6Addresses");

	add_legacy(out, networks);
	json_object_set_new(out, "Networks", bt_jget_copy(networks));
	return out;
}

static json_t *port_entry(const char *port, const json_t *binding)
{
	size_t len = strcspn(port, "/");
	json_t *out = json_object();

	if (binding) {
		const char *ip = bt_jget_text(binding, "HostIp");

		json_object_set_new(out, "IP", json_string(ip[0] ? ip : "0.0.0.0"));
	}
	json_object_set_new(out, "PrivatePort", json_integer(strtol(port, NULL, 10)));
	if (binding)
		json_object_set_new(
			out, "PublicPort",
			json_integer(strtol(bt_jget_text(binding, "HostPort"), NULL, 10)));
	json_object_set_new(out, "Type", json_string(port[len] ? port + len + 1 : "tcp"));
	return out;
}

json_t *bt_container_networks_ports(const json_t *exposed, const json_t *bindings)
{
	json_t *out = json_array(), *value;
	const char *port;

	json_object_foreach ((json_t *)(uintptr_t)exposed, port, value)
		if (!bt_jget_filled(bindings, port))
			json_array_append_new(out, port_entry(port, NULL));
	json_object_foreach ((json_t *)(uintptr_t)bindings, port, value) {
		const json_t *binding;
		size_t i;

		json_array_foreach (value, i, binding)
			json_array_append_new(out, port_entry(port, binding));
	}
	return out;
}
