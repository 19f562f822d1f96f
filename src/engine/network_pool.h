/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_POOL_H
#define BT_ENGINE_NETWORK_POOL_H

/*
 * Ready network namespaces: made by a thread in the background, each with its
 * interface on a network and its address, so that a start takes one instead of
 * waiting for the kernel. Their addresses are leased in memory only: they die
 * with the daemon, and so do the namespaces.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

struct bt_network_pool;

/** Start the thread; it fills nothing yet. */
bt_nodiscard int bt_network_pool_start(struct bt_networks *nets, struct bt_network_pool **ret,
				       struct bt_err *err);
/** Stop it and drop everything. NULL is fine. */
void bt_network_pool_stop(struct bt_network_pool *pool);

/** Under the networks' lock: keep some ready for this network from now on. */
void bt_network_pool_want(struct bt_network_pool *pool, struct bt_network *net);
/** Under the networks' lock: take one. Returns its descriptor with its lease, or -ENOENT where
 * none is ready or about to be. Either way another is made. The lock may be given up meanwhile. */
bt_nodiscard int bt_network_pool_take(struct bt_network_pool *pool, struct bt_network *net,
				      struct bt_network_lease *ret);
/** Under lock: how many leases of this network are the pool's. */
unsigned bt_network_pool_count(struct bt_network_pool *pool, const struct bt_network *net);
/** Under lock: is it used? What the pool keeps ready does not count. */
bool bt_network_pool_is_used(struct bt_network_pool *pool, const struct bt_network *net);
/** Under the networks' lock: drop all of this network and make no more. Waits for one that is
 * being made; the lock is given up meanwhile. */
void bt_network_pool_drop(struct bt_network_pool *pool, struct bt_network *net);

#endif
