/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_PORTS_H
#define BT_ENGINE_NETWORK_PORTS_H

/*
 * Published ports of containers: which port of the host, and that nobody else
 * on the host takes it meanwhile (a bound socket, which never listens, holds
 * it). Carried out by net/firewall.h; no process, and no packet comes by here.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"
#include "net/port_spec.h"

/** Publish what HostConfig asks for (PortBindings, PublishAllPorts) to the addresses of `lease`;
 * Config has the exposed ports and the labels.
 * `*ret`: NetworkSettings.Ports of what was published (owned), NULL: nothing. CONFLICT in Docker's
 * words where a port is taken. Not under the networks' lock. */
bt_nodiscard int bt_network_ports_publish(struct bt_networks *nets, const char *container_id,
					  const struct bt_network_lease *lease,
					  const json_t *config, const json_t *host_config,
					  json_t **ret, struct bt_err *err);
/** Note again what an earlier daemon published, before the rules are loaded. */
bt_nodiscard int bt_network_ports_restore(struct bt_networks *nets, const char *container_id,
					  const struct bt_network_lease *lease, const json_t *ports,
					  struct bt_err *err);
/** What is to change about a container's ports. */
struct bt_network_ports_change {
	const json_t *config;                 /* Config of the container: its labels */
	const json_t *add;                    /* as HostConfig.PortBindings, or NULL */
	const struct bt_port_publish *remove; /* a host's port of 0, or no address: any */
	size_t nremove;
};
/** Change the published ports of a container that runs, in one transaction: connections through
 * those that stay go on. `*ret`: what bt_network_ports_restore() takes (owned). Under the
 * container's operation lock. As bt_network_ports_publish(). */
bt_nodiscard int bt_network_ports_change(struct bt_networks *nets, const char *container_id,
					 const struct bt_network_lease *lease,
					 const struct bt_network_ports_change *change, json_t **ret,
					 struct bt_err *err);
/** Take a container's ports back; none is fine. */
void bt_network_ports_withdraw(struct bt_networks *nets, const char *container_id);
/** Free what is kept of all. */
void bt_network_ports_free(struct bt_networks *nets);

/** NetworkSettings.Ports of a container that runs: what is published, with the numbers that were
 * chosen (owned); NULL: nothing. */
json_t *bt_network_ports(struct bt_engine *engine, const char *container_id);

#endif
