/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_SANDBOX_H
#define BT_NET_SANDBOX_H

/*
 * Network namespaces for containers, and the bridges they hang on. Mechanism
 * only: which network, which address, is engine/network.h's business, which
 * also keeps it in the database.
 *
 * A namespace is a descriptor. Dropping the last one (the daemon's and the
 * monitor's, and the processes in it) makes the kernel remove the veth pair.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** A bridge on the host. */
struct bt_bridge_config {
	const char *name;
	struct in_addr address; /* of the bridge: the containers' gateway */
	unsigned prefix_len;
	unsigned mtu; /* 0: the kernel's default */
	bool masquerade;
	bool icc; /* containers on it may talk to each other */
};

/** Make the bridge and its rules unless they are there already; switch forwarding on. */
bt_nodiscard int bt_bridge_ensure(const struct bt_bridge_config *cfg, struct bt_err *err);
/** Remove the bridge and its rules; a missing one is fine. */
bt_nodiscard int bt_bridge_remove(const char *name, struct bt_err *err);

/** One interface in a namespace. */
struct bt_sandbox_port {
	const char *ifname; /* inside: "eth0" */
	const char *bridge;
	uint8_t mac[6];
	struct in_addr address, gateway; /* gateway 0.0.0.0: no default route by this one */
	unsigned prefix_len;
	unsigned mtu;
};

/** A new namespace with loopback up and `nports` interfaces. Returns its descriptor (owned),
 * or a negative errno with nothing left behind. */
bt_nodiscard int bt_sandbox_create(const struct bt_sandbox_port *ports, unsigned nports,
				   struct bt_err *err);

#endif
