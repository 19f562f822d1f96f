/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_INSPECT_H
#define BT_ENGINE_NETWORK_INSPECT_H

/*
 * A network as the API shows it.
 */

#include "base/str.h"
#include "engine/network_private.h"

/** Under lock: append the network as lists show it, without containers. */
void bt_network_inspect_put(const struct bt_network *net, struct bt_str *out);

#endif
