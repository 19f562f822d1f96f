/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_INSPECT_H
#define BT_ENGINE_NETWORK_INSPECT_H

/*
 * A network as the API shows it.
 */

#include "engine/network_private.h"

/** Under lock: the network (owned), with no containers. NULL without memory. */
json_t *bt_network_inspect_describe(const struct bt_network *net);

#endif
