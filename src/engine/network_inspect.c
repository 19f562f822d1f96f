/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network.h"
#include "engine/network_endpoint.h"
#include "engine/network_inspect.h"
#include "engine/network_private.h"
#include "engine/network_table.h"

/* What the API adds to the configuration, into `out`. */
static json_t *complete(const struct bt_network *net, json_t *out)
{
	char created[BT_TIME_RFC3339_LEN];

	if (!out)
		return NULL;
	bt_time_rfc3339(net->created_ns, created);
	(void)json_object_set_new(out, "Name", json_string(net->name));
	(void)json_object_set_new(out, "Id", json_string(net->id));
	(void)json_object_set_new(out, "Created", json_string(created));
	(void)json_object_set_new(out, "Containers", json_object());
	return out;
}

void bt_network_inspect_put(const struct bt_network *net, struct bt_str *out)
{
	/* The members themselves stay those of the network: nothing below them changes. */
	json_auto_t *all = complete(net, json_copy(net->config));

	bt_json_append(out, all);
}

int bt_network_inspect(struct bt_engine *engine, const char *ref, json_t **ret, struct bt_err *err)
{
	struct bt_networks *nets = engine->networks;
	struct bt_network *net;
	json_t *out = NULL;
	int r;

	pthread_mutex_lock(&nets->lock);
	r = bt_network_table_find(nets, ref, &net, err);
	if (r == 0)
		out = complete(net, json_deep_copy(net->config));
	pthread_mutex_unlock(&nets->lock);
	if (r < 0)
		return r;
	if (!out)
		return bt_err_sys(err, -ENOMEM, "inspect network %s", ref);
	(void)json_object_set_new(out, "Containers",
				  bt_network_endpoint_containers(nets, bt_json_str(out, "Id", "")));
	*ret = out;
	return 0;
}
