/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_SANDBOX_H
#define BT_NET_SANDBOX_H

/*
 * Network namespaces for containers, and their interfaces on bridges. Mechanism
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
#include "net/nsthread.h"

/** One interface in a namespace. */
struct bt_sandbox_port {
	const char *ifname; /* inside: "eth0"; or "eth%d", for a namespace in use: the next */
	const char *bridge;
	uint8_t mac[6];
	struct in_addr address, gateway; /* gateway 0.0.0.0: no default route by this one */
	unsigned prefix_len;
	struct in6_addr address6, gateway6; /* gateway6 ::: no default route by this one */
	unsigned prefix6_len;               /* 0: no IPv6 on this interface */
	unsigned mtu;                       /* 0: the kernel's default */
	bool isolated; /* other isolated ports of the bridge are out of reach */
};

/** A new namespace with loopback up and `nports` interfaces, up, with addresses and routes,
 * made by `thread`. Unprivileged programs in it may use every port and ping. Returns its
 * descriptor (owned), or a negative errno with nothing left behind. */
bt_nodiscard int bt_sandbox_create(struct bt_nsthread *thread, const struct bt_sandbox_port *ports,
				   unsigned nports, struct bt_err *err);

/** Add an interface to a namespace in use (borrowed). On failure nothing is left behind. */
bt_nodiscard int bt_sandbox_port_add(struct bt_nsthread *thread, int netns_fd,
				     const struct bt_sandbox_port *port, struct bt_err *err);

/** Make the default routes of the namespace go by the port's gateways, through the interface
 * with the port's MAC address. */
bt_nodiscard int bt_sandbox_port_gateway(struct bt_nsthread *thread, int netns_fd,
					 const struct bt_sandbox_port *port, struct bt_err *err);

/** Sockets for a name server at 127.0.0.11, port 53, of the namespace: UDP, and TCP listening (both
 * owned). They are bound to other ports, and packets' ports are rewritten on their way, so that
 * programs inside can have port 53 for themselves; without connection tracking. */
bt_nodiscard int bt_sandbox_names(struct bt_nsthread *thread, int netns_fd, int *ret_udp,
				  int *ret_tcp, struct bt_err *err);

/** Remove the interface with this MAC address from the namespace; a missing one is fine. */
bt_nodiscard int bt_sandbox_port_remove(struct bt_nsthread *thread, int netns_fd,
					const uint8_t mac[6], struct bt_err *err);

#endif
