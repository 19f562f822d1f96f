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
#include "net/prefix.h"
#include "sys/userns.h"

/* Link-local addresses that one interface gets at most. */
#define BT_SANDBOX_LINK_LOCAL_MAX 8

/** What an interface in a namespace is. */
enum bt_sandbox_kind {
	BT_SANDBOX_BRIDGE, /* one end of a veth pair whose other end is a port of the bridge */
	BT_SANDBOX_MACVLAN,
	BT_SANDBOX_IPVLAN,
};

/** One interface in a namespace. */
struct bt_sandbox_port {
	const char *ifname; /* inside */
	enum bt_sandbox_kind kind;
	const char *bridge; /* for macvlan and ipvlan: the interface they sit on */
	uint16_t mode;      /* MACVLAN_MODE_…, IPVLAN_MODE_… of linux/if_link.h */
	uint16_t flags;     /* IPVLAN_F_… */
	uint8_t mac[6];
	struct in_addr address, gateway; /* gateway 0.0.0.0: no default route by this one */
	unsigned prefix_len;
	struct in6_addr address6, gateway6; /* gateway6 ::: no default route by this one */
	unsigned prefix6_len;               /* 0: no IPv6 on this interface */
	unsigned mtu;                       /* 0: the kernel's default */
	bool isolated; /* other isolated ports of the bridge are out of reach */
	/* Further addresses, with their prefix lengths. */
	struct bt_prefix link_local[BT_SANDBOX_LINK_LOCAL_MAX];
	unsigned nlink_local;
	/* Settings of the interface, "net.ipv4.conf.IFNAME.x=1,…", where IFNAME stands for its
	 * name; NULL: none. */
	const char *sysctls;
};

/** Whose a new namespace is: programs in it have power over its settings and interfaces where it
 * belongs to their user namespace. */
struct bt_sandbox_owner {
	const struct bt_id_map *map; /* a new user namespace with this map, or NULL */
	int userns;                  /* without a map: this one (borrowed) */
};

/** A new namespace of `owner` (NULL: ours) with loopback up and `nports` interfaces, up, with
 * addresses and routes, made by `thread`. Unprivileged programs in it may use every port and ping.
 * Returns its descriptor (owned), or a negative errno with nothing left behind. */
bt_nodiscard int bt_sandbox_create(struct bt_nsthread *thread, const struct bt_sandbox_owner *owner,
				   const struct bt_sandbox_port *ports, unsigned nports,
				   struct bt_err *err);

/** Add an interface to a namespace in use (borrowed). On failure nothing is left behind. */
bt_nodiscard int bt_sandbox_port_add(struct bt_nsthread *thread, int netns_fd,
				     const struct bt_sandbox_port *port, struct bt_err *err);

/** Make the default routes of the namespace go by the port's gateways, through the interface
 * `ifname`. */
bt_nodiscard int bt_sandbox_port_gateway(struct bt_nsthread *thread, int netns_fd,
					 const struct bt_sandbox_port *port, struct bt_err *err);

/** Sockets for a name server at 127.0.0.11, port 53, of the namespace: UDP, and TCP listening (both
 * owned). They are bound to other ports, and packets' ports are rewritten on their way, so that
 * programs inside can have port 53 for themselves; without connection tracking. */
bt_nodiscard int bt_sandbox_names(struct bt_nsthread *thread, int netns_fd, int *ret_udp,
				  int *ret_tcp, struct bt_err *err);

/** Remove the interface `ifname` from the namespace; a missing one is fine. */
bt_nodiscard int bt_sandbox_port_remove(struct bt_nsthread *thread, int netns_fd,
					const char *ifname, struct bt_err *err);

#endif
