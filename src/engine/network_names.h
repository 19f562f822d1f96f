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
#include "engine/container.h"
#include "engine/network_private.h"

/** Is a container with these endpoints (name → EndpointSettings) and HostConfig answered at
 * 127.0.0.11? It is on every network that has names; and on the default bridge where the host's own
 * name servers are on the host's loopback, where it cannot reach them. */
bool bt_network_names_wanted(const json_t *endpoints, const json_t *host_config);

/** Make a container's names known, and answer it: sockets are made in its namespace (borrowed).
 * `endpoints` as above. Not under the networks' lock. */
bt_nodiscard int bt_network_names_join(struct bt_networks *nets, const char *container_id,
				       int netns_fd, const json_t *endpoints,
				       const json_t *host_config, struct bt_err *err);
/** Tell what the database says of a living container: its endpoints or its name changed, it runs
 * again, the daemon or the name server is a new one. Sockets are made where there are none; a
 * failure is logged. Under none of the locks. */
void bt_network_names_refresh(struct bt_container *container);
/** The same for all living containers. Returns 0, or the negative errno of one that failed. */
int bt_network_names_all(struct bt_networks *nets);
/** It ended. */
void bt_network_names_leave(struct bt_networks *nets, const char *container_id);
/** Have the container forgotten when its monitor ends, also while no daemon runs. */
void bt_network_names_life(struct bt_container *container);
/** bt_resolver_owner.start; `data` is the struct bt_networks. */
bt_nodiscard int bt_network_names_start(void *data, int listen_fd, struct bt_err *err);
/** bt_resolver_owner.lost; `data` likewise. */
int bt_network_names_lost(void *data, bool ended);

#endif
