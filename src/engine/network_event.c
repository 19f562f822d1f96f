/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_event.h"

#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/events.h"

void bt_network_event(struct bt_networks *nets, const struct bt_network *net, const char *action,
		      const char *container_id)
{
	if (!nets->engine->events)
		return;
	bt_events_emit(nets->engine, "network", action, net->id,
		       json_pack("{s:s*,s:s,s:s}", "container", container_id, "name", net->name,
				 "type", bt_json_str(net->config, "Driver", "")));
}
