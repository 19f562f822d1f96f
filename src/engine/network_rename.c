/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "codec/json.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/network.h"
#include "engine/network_endpoint.h"
#include "engine/network_names.h"

/* Returns true where the endpoint had the old name. */
static bool rename_endpoint(json_t *endpoint, const char *old_name, const char *name)
{
	json_t *names = bt_json_arr(endpoint, "DNSNames"), *item;
	size_t i;

	json_array_foreach (names, i, item)
		if (strcmp(json_string_value(item), old_name) == 0)
			return json_array_set_new(names, i, json_string(name)) == 0;
	return false;
}

static int store(struct bt_container *c, json_t *endpoint, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	int r = bt_json_dump(bt_json_arr(endpoint, "DNSNames"), &text, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "rename an endpoint");
	/* The row has members that inspect does not show. */
	return bt_db_run(c->engine->db, err,
			 "UPDATE endpoints SET config = json_set(config, '$.DNSNames', json(?1))"
			 " WHERE container_id = ?2 AND network_id = ?3",
			 3, text, c->id, bt_json_str(endpoint, "NetworkID", ""));
}

static int publish(struct bt_container *c, const json_t *endpoints, struct bt_err *err)
{
	char *text;
	int r = bt_json_dump(endpoints, &text, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "rename endpoints");
	bt_auto_lock(held, &c->lock);
	free(c->state.networks);
	c->state.networks = text;
	return bt_container_row_state(c, err);
}

void bt_network_rename(struct bt_container *container, const char *old_name)
{
	json_auto_t *endpoints =
		bt_network_endpoint_of_container(container->engine->networks, container->id);
	bt_auto_free char *name = bt_container_name_of(container->engine, container->id);
	struct bt_err err = { 0 };
	bool changed = false;
	const char *network;
	json_t *endpoint;
	int r = 0;

	json_object_foreach (endpoints, network, endpoint) {
		if (r < 0 || !name || !rename_endpoint(endpoint, old_name, name))
			continue;
		changed = true;
		r = store(container, endpoint, &err);
	}
	if (!changed)
		return;
	if (r == 0)
		r = publish(container, endpoints, &err);
	if (r < 0)
		bt_log_warn("container %.12s is still called %s on its networks: %s", container->id,
			    old_name, err.msg);
	bt_network_names_refresh(container);
}
