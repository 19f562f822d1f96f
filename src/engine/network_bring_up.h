/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_BRING_UP_H
#define BT_ENGINE_NETWORK_BRING_UP_H

/*
 * From a network in memory to one in the kernel, and back.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** All networks, when the daemon starts: the rules in one transaction, then the bridges. A
 * network of the user's that fails is logged and does not work; the others do. */
bt_nodiscard int bt_network_bring_all_up(struct bt_networks *nets, struct bt_err *err);
/** One network: its rules, then its bridge. */
bt_nodiscard int bt_network_bring_up(struct bt_networks *nets, const struct bt_network *net,
				     struct bt_err *err);
/** Remove its bridge and its rules; failures are logged. */
void bt_network_bring_down(struct bt_networks *nets, const struct bt_network *net);

#endif
