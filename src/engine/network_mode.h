/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_MODE_H
#define BT_ENGINE_NETWORK_MODE_H

/*
 * What a container was told to join: HostConfig.NetworkMode, and the endpoints of
 * NetworkingConfig. Where there are endpoints they say all; the mode is their first
 * where it is one of them, and alone where there are none.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** The network that the mode of `host_config` stands for: a name or an id, of the daemon's default
 * where it says "default" or nothing, or "container:…". Borrowed. */
const char *bt_network_mode_of(const struct bt_engine *engine, const json_t *host_config);

/** Under lock: the network that a container with this mode and these EndpointsConfig (may be NULL)
 * joins first. NOT_FOUND where it is none of ours. */
bt_nodiscard int bt_network_mode_first(struct bt_networks *nets, const char *mode,
				       const json_t *endpoints, struct bt_network **ret,
				       struct bt_err *err);

/** Under lock: what EndpointsConfig says of `net`, by its name or its id; NULL: nothing. */
const json_t *bt_network_mode_want(const json_t *endpoints, const struct bt_network *net);

/** Under lock: NetworkingConfig.EndpointsConfig as it is meant: an object by the networks' names,
 * with the mode's own, which may be implied only. `networking` is changed; what is returned is
 * borrowed from it, NULL without memory. */
json_t *bt_network_mode_complete(struct bt_networks *nets, const char *mode, json_t *networking);

/** Take `name` out of what bt_network_mode_complete() returned. With the last of them the container
 * has left the mode's network, too: the next to join is the only one. */
void bt_network_mode_leave(json_t *networking, const char *name);
/** Put `name` into it, with what the user wants of the endpoint (may be NULL). */
bt_nodiscard int bt_network_mode_join(json_t *networking, const char *name, const json_t *want);

#endif
