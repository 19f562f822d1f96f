/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_mode.h"

#include <errno.h>
#include <string.h>

#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/network_table.h"

#define ENDPOINTS "EndpointsConfig"
/* Of NetworkingConfig, and only ours: there are no endpoints because all were left. */
#define LEFT_KEY "berth.Left"

const char *bt_network_mode_of(const struct bt_engine *engine, const json_t *host_config)
{
	const char *mode = bt_json_str(host_config, "NetworkMode", "");
	const char *bridge = engine->cfg.bridge ? engine->cfg.bridge : BT_NETWORK_NONE;

	if (mode[0] && strcmp(mode, "default") != 0)
		return mode;
	return strcmp(bridge, BT_NETWORK_NONE) == 0 ? BT_NETWORK_NONE : BT_NETWORK_BRIDGE;
}

const json_t *bt_network_mode_want(const json_t *endpoints, const struct bt_network *net)
{
	const json_t *want = bt_json_member(endpoints, net->name);

	return want ? want : bt_json_member(endpoints, net->id);
}

/* Also where nothing is wanted of it. */
static bool is_named(const json_t *endpoints, const struct bt_network *net)
{
	return json_object_get(endpoints, net->name) || json_object_get(endpoints, net->id);
}

int bt_network_mode_first(struct bt_networks *nets, const char *mode, const json_t *endpoints,
			  struct bt_network **ret, struct bt_err *err)
{
	json_t *list = (json_t *)(uintptr_t)endpoints;
	const char *first = json_object_iter_key(json_object_iter(list));
	struct bt_network *net;
	int r = bt_network_table_find(nets, mode, &net, err);

	if (first && (r < 0 || !is_named(endpoints, net)))
		r = bt_network_table_find(nets, first, &net, err);
	if (r == 0)
		*ret = net;
	return r;
}

/* By name, whichever way they were named. */
static json_t *by_name(struct bt_networks *nets, json_t *endpoints)
{
	json_t *out = json_object(), *want;
	const char *key;

	json_object_foreach (endpoints, key, want) {
		struct bt_network *net;
		struct bt_err err;
		const char *name =
			bt_network_table_find(nets, key, &net, &err) == 0 ? net->name : key;

		if (json_object_set(out, name, want) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *put_implied(struct bt_networks *nets, const char *mode, json_t *endpoints)
{
	struct bt_network *net;
	struct bt_err err;
	const char *name = bt_network_table_find(nets, mode, &net, &err) == 0 ? net->name : mode;

	return json_object_set_new(endpoints, name, json_object()) < 0 ? NULL : endpoints;
}

json_t *bt_network_mode_complete(struct bt_networks *nets, const char *mode, json_t *networking)
{
	json_t *endpoints = by_name(nets, bt_json_obj(networking, ENDPOINTS));

	if (!endpoints || json_object_set_new(networking, ENDPOINTS, endpoints) < 0)
		return NULL;
	if (json_object_size(endpoints) > 0 || json_object_get(networking, LEFT_KEY) ||
	    bt_host_config_container(mode))
		return endpoints;
	return put_implied(nets, mode, endpoints);
}

void bt_network_mode_leave(json_t *networking, const char *name)
{
	json_t *endpoints = json_object_get(networking, ENDPOINTS);

	if (json_object_del(endpoints, name) == 0 && json_object_size(endpoints) == 0)
		(void)json_object_set_new(networking, LEFT_KEY, json_true());
}

int bt_network_mode_join(json_t *networking, const char *name, const json_t *want)
{
	json_t *copy = want ? json_deep_copy(want) : json_object();

	if (json_object_set_new(json_object_get(networking, ENDPOINTS), name, copy) < 0)
		return -ENOMEM;
	(void)json_object_del(networking, LEFT_KEY);
	return 0;
}
