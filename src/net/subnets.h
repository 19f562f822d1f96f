/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_SUBNETS_H
#define BT_NET_SUBNETS_H

/*
 * Finding a network that nobody uses yet: not the host's routes, and not our
 * other networks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/prefix.h"

/** A pool: its networks have `size` bits of prefix. */
struct bt_subnets_pool {
	struct bt_prefix base;
	unsigned size;
};

/** Docker's pools: 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/16 by /20. `*ret_n` gets
 * their number. Static. */
const struct bt_subnets_pool *bt_subnets_default_pools(size_t *ret_n);

/** Check one as daemon.json has it: "10.10.0.0/16" and 24. Returns 0 or -EINVAL. */
bt_nodiscard int bt_subnets_pool_parse(const char *base, int64_t size, struct bt_subnets_pool *ret);

/** Is this network ours already? */
typedef bool (*bt_subnets_used_fn)(const struct bt_prefix *network, const void *arg);

/** The first network of `pools` of this family that overlaps neither a route of the host (the
 * default route aside) nor what `used` says yes to. NOT_FOUND in Docker's words where none is
 * left. */
bt_nodiscard int bt_subnets_find(const struct bt_subnets_pool *pools, size_t npools, int family,
				 bt_subnets_used_fn used, const void *arg, struct bt_prefix *ret,
				 struct bt_err *err);

#endif
