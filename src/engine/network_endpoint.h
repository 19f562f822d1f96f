/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_ENDPOINT_H
#define BT_ENGINE_NETWORK_ENDPOINT_H

/*
 * Endpoints: a container's place on a network, as rows of the database. A lease
 * (engine/network_lease.h) becomes one when the container gets it. The column `config` is
 * NetworkSettings.Networks.<name> as inspect shows it.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Who an endpoint is made for. */
struct bt_network_endpoint_owner {
	const char *id, *name, *hostname;
};
/** Under lock: EndpointSettings of a container that runs (owned), NULL without memory. `want` as
 * given by the user, may be NULL. */
json_t *bt_network_endpoint_settings(const struct bt_network_lease *lease, const json_t *want,
				     const struct bt_network_endpoint_owner *owner);

/** Write the row. `ports` (owned by the caller, NULL: none) are what is published to it. The
 * address is in the column `address` too, where it is unique. */
bt_nodiscard int bt_network_endpoint_store(struct bt_networks *nets,
					   const struct bt_network_lease *lease,
					   const char *container_id, const json_t *settings,
					   json_t *ports, struct bt_err *err);
/** Delete all rows of a container, and give their addresses back, under lock. */
bt_nodiscard int bt_network_endpoint_delete_all(struct bt_networks *nets, const char *container_id,
						struct bt_err *err);
/** Delete one row, and give its addresses back, under lock. */
bt_nodiscard int bt_network_endpoint_delete(struct bt_networks *nets, const char *container_id,
					    struct bt_network *net, struct bt_err *err);
/** Network name → EndpointSettings of a container's rows (owned), NULL without memory. Not
 * under lock. */
json_t *bt_network_endpoint_of_container(struct bt_networks *nets, const char *container_id);
/** Network name → name of the interface inside, of a container's rows (owned), NULL without
 * memory. Not under lock. */
json_t *bt_network_endpoint_interfaces(struct bt_networks *nets, const char *container_id);
/** The endpoint of a container that runs which its ports are published to: the one that has some,
 * else the bridge with the default route. The lease is borrowed: valid under the container's
 * operation lock. INVALID where none can have ports. Not under lock. */
bt_nodiscard int bt_network_endpoint_published(struct bt_networks *nets, const char *container_id,
					       struct bt_network_lease *ret, struct bt_err *err);
/** Store which ports are published to it. */
bt_nodiscard int bt_network_endpoint_store_ports(struct bt_networks *nets,
						 const struct bt_network_lease *lease,
						 const char *container_id, json_t *ports,
						 struct bt_err *err);
/** Take all addresses that the rows say are given out, and note their published ports: when the
 * daemon starts. */
bt_nodiscard int bt_network_endpoint_load(struct bt_networks *nets, struct bt_err *err);

/** The member Containers of a network's inspect (owned), NULL without memory. */
json_t *bt_network_endpoint_containers(struct bt_networks *nets, const char *network_id);

#endif
