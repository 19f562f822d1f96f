/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_LEASE_H
#define BT_ENGINE_NETWORK_LEASE_H

/*
 * Leases: what a container gets on a network, given out in memory only. What
 * lasts is an endpoint (engine/network_endpoint.h).
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"
#include "net/sandbox.h"

/** Under lock: addresses on `net`: those that `want` (EndpointSettings, may be NULL) asks for,
 * else free ones. Errors in Docker's words. */
bt_nodiscard int bt_network_lease_take(struct bt_network *net, const json_t *want,
				       struct bt_network_lease *ret, struct bt_err *err);
/** Under lock: give them back. A zeroed lease is fine. */
void bt_network_lease_give(struct bt_network_lease *lease);
/** Give the lease's interface its name: the user's, or the network's prefix and the lowest number
 * that makes a name for which `taken(name, arg)` is false. CONFLICT where the user's is taken. */
bt_nodiscard int bt_network_lease_name(struct bt_network_lease *lease, const json_t *want,
				       bool (*taken)(const char *name, const void *arg),
				       const void *arg, struct bt_err *err);
/** Under lock: the lease's interface for the kernel. `want` as given by the user, may be NULL.
 * `gateway`: the default route goes here. The strings in `ret` are borrowed from both. */
void bt_network_lease_port(const struct bt_network_lease *lease, const json_t *want, bool gateway,
			   struct bt_sandbox_port *ret);

#endif
