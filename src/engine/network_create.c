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
#include "engine/network_event.h"
#include "engine/network_ipam.h"
#include "engine/network_options.h"
#include "engine/network_private.h"
#include "engine/network_table.h"

#define NAME_MAX_LEN 255

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

static int no_plugin(const char *name, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "could not find plugin %s in v1 plugin registry: plugin not found", name);
}

/* What is valid, but not offered here: said, not dropped. */
static int check_offered(const json_t *body, struct bt_err *err)
{
	const char *driver = bt_json_str(body, "Driver", "");
	const char *scope = bt_json_str(body, "Scope", "");
	const char *ipam = bt_json_str(bt_json_obj(body, "IPAM"), "Driver", "default");

	if (strcmp(driver, "host") == 0 || strcmp(driver, "null") == 0)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "only one instance of \"%s\" network is allowed", driver);
	if (strcmp(driver, "overlay") == 0 || strcmp(scope, "swarm") == 0 ||
	    bt_json_bool(body, "Ingress", false))
		return bt_err_set(err, BT_ERR_UNAVAILABLE, EPERM,
				  "This node is not a swarm manager. Use \"docker swarm init\" or "
				  "\"docker swarm join\" to connect this node to swarm and try "
				  "again.");
	if (scope[0] && strcmp(scope, "local") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid network scope: %s", scope);
	if (driver[0] && !bt_network_options_is_driver(driver))
		return no_plugin(driver, err);
	if (ipam[0] && strcmp(ipam, "default") != 0)
		return no_plugin(ipam, err);
	if (json_object_size(bt_json_obj(bt_json_obj(body, "IPAM"), "Options")) > 0)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
				  "the default IPAM driver has no options");
	return bt_network_ipam_check(bt_json_obj(body, "IPAM"), err);
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

/* What the daemon's configuration says for networks of a driver, where the request does not. A
 * template has said everything. */
static int apply_defaults(const struct bt_networks *nets, const char *driver, json_t *body,
			  struct bt_err *err)
{
	const json_t *defaults = bt_json_obj(nets->engine->cfg.default_network_opts, driver);
	json_t *options = bt_json_obj(body, "Options");

	if (json_object_size(defaults) == 0 ||
	    bt_json_str(bt_json_obj(body, "ConfigFrom"), "Network", "")[0])
		return 0;
	if (!options) {
		options = json_object();
		if (json_object_set_new(body, "Options", options) < 0)
			return bt_err_sys(err, -ENOMEM, "create network");
	}
	return json_object_update_missing(options, (json_t *)(uintptr_t)defaults) < 0
		       ? bt_err_sys(err, -ENOMEM, "create network")
		       : 0;
}

/* What a network takes from the template that it names: all but what its operator decides. */
static int apply_template(struct bt_networks *nets, json_t *body, struct bt_err *err)
{
	static const char *const taken[] = { "EnableIPv4", "EnableIPv6", "IPAM", "Options" };
	const char *name = bt_json_str(bt_json_obj(body, "ConfigFrom"), "Network", "");
	const struct bt_network *from;
	json_t *options = bt_json_obj(body, "Options");

	if (!name[0])
		return 0;
	from = bt_network_table_named(nets, name);
	if (!from)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "configuration network %s does not exist", name);
	if (!from->config_only)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "%s is not a configuration only network", name);
	if (bt_json_bool(body, "ConfigOnly", false) ||
	    json_array_size(bt_json_arr(bt_json_obj(body, "IPAM"), "Config")) > 0 ||
	    json_object_size(bt_json_obj(body, "Labels")) > 0 || json_object_size(options) > 0 ||
	    bt_json_bool(body, "EnableIPv6", false))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "user-specified configurations are not supported if the network "
				  "depends on a configuration network");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		(void)json_object_set_new(body, taken[i],
					  json_deep_copy(json_object_get(from->config, taken[i])));
	(void)json_object_set_new(body, "Labels",
				  json_deep_copy(json_object_get(from->config, "Labels")));
	return 0;
}

static int check_template(const json_t *body, struct bt_err *err)
{
	if (!bt_json_bool(body, "ConfigOnly", false))
		return 0;
	if (bt_json_bool(body, "Internal", false) || bt_json_bool(body, "Attachable", false) ||
	    bt_json_str(body, "Scope", "")[0])
		return bt_err_set(
			err, BT_ERR_FORBIDDEN, EPERM,
			"configuration network can only contain network specific fields. "
			"Network operator fields like [ ingress | internal | attachable | "
			"scope ] are not supported.");
	return 0;
}

static int make_pools(const struct bt_networks *nets, const json_t *body, bool ipv4, bool ipv6,
		      json_t **ret, struct bt_err *err)
{
	const json_t *ipam = bt_json_obj(body, "IPAM");

	if (!bt_json_bool(body, "ConfigOnly", false))
		return bt_network_ipam_make(nets, ipam, ipv4, ipv6, ret, err);
	*ret = bt_json_arr(ipam, "Config") ? json_deep_copy(bt_json_arr(ipam, "Config"))
					   : json_array();
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "create network");
}

static int make_config(const struct bt_networks *nets, const json_t *body, json_t **ret,
		       struct bt_err *err)
{
	const bool ipv4 = bt_json_bool(body, "EnableIPv4", true);
	const bool ipv6 = bt_json_bool(body, "EnableIPv6", false);
	const bool template = bt_json_bool(body, "ConfigOnly", false);
	const char *driver = bt_json_str(body, "Driver", "");
	json_t *pools;
	int r;

	if (!ipv4 && !ipv6)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid network config:\nIPv4 or IPv6 must be enabled");
	r = make_pools(nets, body, ipv4, ipv6, &pools, err);
	if (r < 0)
		return r;
	if (!driver[0])
		driver = "bridge";
	*ret = json_pack("{s:s,s:s,s:b,s:b,s:{s:s,s:o,s:o},s:b,s:b,s:b,s:{s:s},s:b,s:o,s:o}",
			 "Scope", "local", "Driver", template ? "null" : driver, "EnableIPv4", ipv4,
			 "EnableIPv6", ipv6, "IPAM", "Driver", "default", "Options",
			 copy_or_null(bt_json_obj(body, "IPAM"), "Options"), "Config", pools,
			 "Internal", bt_json_bool(body, "Internal", false), "Attachable",
			 bt_json_bool(body, "Attachable", false), "Ingress", 0, "ConfigFrom",
			 "Network", bt_json_str(bt_json_obj(body, "ConfigFrom"), "Network", ""),
			 "ConfigOnly", template, "Options", copy_object(body, "Options"), "Labels",
			 copy_object(body, "Labels"));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "create network");
}

/* Under lock: the network with its row; the kernel knows nothing of it yet. */
static int create_locked(struct bt_networks *nets, const char *name, json_t *body,
			 struct bt_network **ret, struct bt_err *err)
{
	json_auto_t *config = NULL;
	char id[BT_RAND_ID_LEN + 1];
	struct bt_network *net;
	int r;

	if (bt_network_table_named(nets, name))
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST,
				  "network with name %s already exists", name);
	r = apply_template(nets, body, err);
	if (r == 0)
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
	const char *named = bt_json_str(body, "Driver", "");
	const char *driver = named[0] ? named : "bridge";
	json_auto_t *full = json_deep_copy(body);
	bt_auto_free char *warning = NULL;
	struct bt_network *net = NULL;
	int r = check_name(name, err);

	if (r == 0)
		r = check_offered(body, err);
	if (r == 0)
		r = check_template(body, err);
	if (r == 0)
		r = apply_defaults(nets, driver, full, err);
	if (r == 0)
		r = bt_network_options_check(driver, bt_json_obj(full, "Options"), &warning, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nets->lock);
	r = create_locked(nets, name, full, &net, err);
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
		*ret = json_pack("{s:s,s:s}", "Id", net->id, "Warning", warning ? warning : "");
		bt_network_event(nets, net, "create", NULL);
	}
	pthread_mutex_unlock(&nets->lock);
	return r;
}
