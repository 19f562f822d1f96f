/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/create_check.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/container_userns.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/link_name.h"
#include "engine/mac.h"
#include "net/port_spec.h"

int bt_create_check_link(const char *link, char **ret_name, char **ret_alias, struct bt_err *err)
{
	const char *colon = strchr(link, ':');
	bt_auto_free char *name = NULL, *alias = NULL;

	link += link[0] == '/';
	if (link[0] == '\0' || colon == link || (colon && (strchr(colon + 1, ':') || !colon[1])))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "bad format for links: %.200s",
				  link);
	name = colon ? strndup(link, (size_t)(colon - link)) : strdup(link);
	alias = strdup(colon ? colon + 1 : link);
	if (!name || !alias)
		return bt_err_sys(err, -ENOMEM, "read a link");
	*ret_name = bt_take(name);
	*ret_alias = bt_take(alias);
	return 0;
}

static int check_one_link(struct bt_engine *engine, json_t *links, size_t i, struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	bt_auto_free char *name = NULL, *alias = NULL, *stored = NULL;
	int r = bt_create_check_link(json_string_value(json_array_get(links, i)), &name, &alias,
				     err);

	if (r < 0)
		return r;
	r = bt_container_get(engine, name, &other, err);
	if (r < 0) {
		err->kind = BT_ERR_INVALID;
		return bt_err_context(err, "could not get container for %.200s", name);
	}
	pthread_mutex_lock(&other->lock);
	stored = bt_link_name_join(other->name, other->id, alias);
	pthread_mutex_unlock(&other->lock);
	if (!stored || json_array_set_new(links, i, json_string(stored)) < 0)
		return bt_err_sys(err, -ENOMEM, "read a link");
	return 0;
}

static int check_links(struct bt_engine *engine, json_t *hc, struct bt_err *err)
{
	json_t *links = json_object_get(hc, "Links");
	const char *mode = bt_jget_text(hc, "NetworkMode");
	int r = 0;

	if (json_array_size(links) == 0)
		return 0;
	if (strcmp(mode, "host") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: host type networking can't be used with "
				  "links. This would result in undefined behavior");
	if (bt_host_config_container(mode))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: container type network can't be used with "
				  "links. This would result in undefined behavior");
	for (size_t i = 0; i < json_array_size(links) && r == 0; i++)
		r = check_one_link(engine, links, i, err);
	return r;
}

/* The container whose namespace is joined must be there; its id takes the place of its name. */
static int check_joined(struct bt_engine *engine, json_t *hc, const char *key, struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	const char *ref = bt_host_config_container(bt_jget_text(hc, key));
	int r = ref ? bt_container_get(engine, ref, &other, err) : 0;

	if (r < 0)
		err->kind = BT_ERR_INVALID;
	/* By its id from now on: it may be renamed. */
	else if (other)
		json_object_set_new(hc, key, json_sprintf("container:%s", other->id));
	return r;
}

/* Docker finds out at the start whether the container of the network is there. */
static int check_joined_network(struct bt_engine *engine, json_t *hc, struct bt_err *err)
{
	int r = check_joined(engine, hc, "NetworkMode", err);

	return r == -ENOENT ? 0 : r;
}

static int check_network_mode(const json_t *body, const json_t *hc, struct bt_err *err)
{
	if (!bt_host_config_container(bt_jget_text(hc, "NetworkMode")))
		return 0;
	if (bt_json_str(body, "Hostname", "")[0])
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: hostname and the network mode");
	if (bt_jget_filled(hc, "PortBindings"))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"conflicting options: port publishing and the container type network "
			"mode");
	return 0;
}

static int check_mac(const json_t *config, const json_t *hc, struct bt_err *err)
{
	const char *mac = bt_jget_text(config, "MacAddress");
	const char *mode = bt_jget_text(hc, "NetworkMode");
	uint8_t parsed[BT_MAC_LEN];

	if (!mac[0] || bt_mac_parse(mac, parsed) == 0)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid config for network %.100s: invalid MAC address %.100s", mode,
			  mac);
}

static int check_port(const json_t *bindings, struct bt_err *err)
{
	const json_t *binding;
	uint16_t first, last;
	size_t i;

	json_array_foreach (bindings, i, binding) {
		const char *port = bt_jget_text(binding, "HostPort");

		if (port[0] && bt_port_spec_range(port, &first, &last) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid port specification: \"%.100s\"", port);
	}
	return 0;
}

static int check_ports(const json_t *hc, struct bt_err *err)
{
	json_t *list = json_object_get(hc, "PortBindings"), *bindings;
	const char *port;
	int r = 0;

	json_object_foreach (list, port, bindings) {
		(void)port;
		r = r == 0 ? check_port(bindings, err) : r;
	}
	return r;
}

int bt_create_check(struct bt_engine *engine, const json_t *body, json_t *hc, struct bt_err *err)
{
	int r = check_network_mode(body, hc, err);

	if (r == 0)
		r = check_joined_network(engine, hc, err);
	if (r == 0)
		r = check_joined(engine, hc, "IpcMode", err);
	if (r == 0)
		r = check_joined(engine, hc, "PidMode", err);
	if (r == 0)
		r = bt_container_userns_check(engine, hc, err);
	if (r == 0)
		r = check_mac(body, hc, err);
	if (r == 0)
		r = check_ports(hc, err);
	if (r == 0)
		r = check_links(engine, hc, err);
	return r;
}
