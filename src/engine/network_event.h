/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_EVENT_H
#define BT_ENGINE_NETWORK_EVENT_H

/*
 * Events of networks.
 */

#include "engine/network_private.h"

/** "create", "destroy", or with a container's id "connect" and "disconnect". */
void bt_network_event(struct bt_networks *nets, const struct bt_network *net, const char *action,
		      const char *container_id);

#endif
