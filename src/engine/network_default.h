/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_DEFAULT_H
#define BT_ENGINE_NETWORK_DEFAULT_H

/*
 * The networks that are always there: bridge, host and none.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Read the daemon's pools of addresses. INVALID where one is wrong. */
bt_nodiscard int bt_network_default_read_pools(struct bt_networks *nets, struct bt_err *err);
/** Where new networks come from; borrowed. */
const struct bt_subnets_pool *bt_network_default_pools(const struct bt_networks *nets,
						       size_t *ret_n);

/** Put them into the list and the database, as the daemon's configuration says. The bridge's
 * subnet is chosen once, so that it collides with nothing the host knows, and kept. */
bt_nodiscard int bt_network_default_ensure(struct bt_networks *nets, struct bt_err *err);

#endif
