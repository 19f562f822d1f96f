/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_NAMES_H
#define BT_ENGINE_NETWORK_NAMES_H

/*
 * Containers' names on their networks, and the resolver that answers with
 * them (net/resolver.h). The default bridge has no names.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Does one of these endpoints (name → EndpointSettings) have names? */
bool bt_network_names_wanted(const json_t *endpoints);

/** Make a container's names known, and answer it: sockets are made in its namespace (borrowed).
 * `endpoints` as above; `host_config` for its own name servers. Not under the networks' lock. */
bt_nodiscard int bt_network_names_join(struct bt_networks *nets, const char *container_id,
				       int netns_fd, const json_t *endpoints,
				       const json_t *host_config, struct bt_err *err);
/** Its endpoints changed. */
void bt_network_names_update(struct bt_networks *nets, const char *container_id,
			     const json_t *endpoints);
/** It ended. */
void bt_network_names_leave(struct bt_networks *nets, const char *container_id);
/** After a start of the daemon: a container that lives, by the process in its namespace. */
void bt_network_names_restore(struct bt_networks *nets, const char *container_id, pid_t pid);

#endif
