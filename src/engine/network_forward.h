/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_FORWARD_H
#define BT_ENGINE_NETWORK_FORWARD_H

/*
 * Telling the forwarder (net/forwarder.h) of published ports that the kernel cannot
 * translate.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "engine/network_bindings.h"
#include "engine/network_private.h"

/** Connect to the forwarder of an earlier daemon, where one runs. */
bt_nodiscard int bt_network_forward_open(struct bt_networks *nets, struct bt_err *err);

/** Have the carried ones of a container's ports served. Not under the networks' lock; nothing is
 * done, and no forwarder started, where there are none. */
bt_nodiscard int bt_network_forward_put(struct bt_networks *nets, const char *container_id,
					const struct bt_network_published *p, struct bt_err *err);
/** No more of these. */
void bt_network_forward_drop(struct bt_networks *nets, const char *container_id,
			     const struct bt_network_port *ports, size_t n);
/** No more of this container, which published `p`. */
void bt_network_forward_forget(struct bt_networks *nets, const char *container_id,
			       const struct bt_network_published *p);
/** Have a container forgotten when its monitor ends, also while no daemon runs. */
void bt_network_forward_life(struct bt_container *container);
/** Tell of all containers' ports again, and have the others dropped. Returns 0, or the negative
 * errno of one that failed (-EADDRINUSE: another program has the port): it is to be called again.
 */
int bt_network_forward_all(struct bt_networks *nets);

#endif
