/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_PRIVATE_H
#define BT_ENGINE_NETWORK_PRIVATE_H

/*
 * What the network_*.c files share. One lock guards the list of networks and
 * which addresses are given out; it is not held across calls of the kernel's
 * network configuration or waits. A network with endpoints or leases is not
 * removed, so a pointer to it stays valid for whoever holds one of its leases.
 */

#include <jansson.h>
#include <net/if.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "net/firewall.h"
#include "net/ipam.h"
#include "net/nsthread.h"
#include "net/prefix.h"
#include "net/subnets.h"
#include "store/db.h"

#define BT_NETWORK_BRIDGE "bridge"
#define BT_NETWORK_HOST   "host"
#define BT_NETWORK_NONE   "none"

enum bt_network_driver {
	BT_NETWORK_DRIVER_BRIDGE,
	BT_NETWORK_DRIVER_MACVLAN,
	BT_NETWORK_DRIVER_IPVLAN,
	BT_NETWORK_DRIVER_HOST,
	BT_NETWORK_DRIVER_NULL,
};

/* How the outside and a bridge's containers see each other, for each address family. */
enum bt_network_gateway_mode {
	BT_NETWORK_GATEWAY_NAT,
	BT_NETWORK_GATEWAY_UNPROTECTED, /* nat, and every port is reachable directly */
	BT_NETWORK_GATEWAY_ROUTED,      /* no translation: published ports are reachable directly */
	BT_NETWORK_GATEWAY_ISOLATED,    /* the bridge has no address */
};

/** One address family of a network. `subnet.family` 0: the network does not have it. */
struct bt_network_family {
	struct bt_prefix subnet;
	struct bt_prefix gateway; /* of the host; family 0: none */
	struct bt_prefix router;  /* another that containers use instead; family 0: none */
	struct bt_ipam ipam;
};

struct bt_network {
	struct bt_list link;
	char id[BT_RAND_ID_LEN + 1];
	char *name;
	int64_t created_ns;
	json_t *config; /* as inspect shows it, without Name, Id, Created and Containers */
	enum bt_network_driver driver;
	char bridge[IFNAMSIZ];       /* for macvlan and ipvlan: the parent */
	char iface_prefix[IFNAMSIZ]; /* of interfaces inside: "eth" */
	struct bt_network_family v4, v6;
	enum bt_network_gateway_mode mode4, mode6;
	unsigned mtu;
	unsigned link_mode, link_flag; /* of macvlan and ipvlan, as network_options.c counts them */
	bool own_parent;               /* the parent is ours: it leads nowhere */
	bool is_default;               /* the network "bridge", which has no names */
	bool config_only;              /* a template for others */
	bool internal, icc, masquerade, inhibit_ipv4;
	unsigned leases; /* addresses given out, or for the others endpoints */
};

/** An endpoint's addresses, given out but not necessarily in the database. */
struct bt_network_lease {
	struct bt_network *network;
	uint64_t index4, index6; /* BT_PREFIX_NO_INDEX: none */
	uint8_t mac[6];
	char ifname[IFNAMSIZ]; /* inside; "": not chosen yet */
};

/** Does an endpoint on it have an interface of its own, with addresses? */
static inline bool bt_network_has_interface(const struct bt_network *net)
{
	return net->driver == BT_NETWORK_DRIVER_BRIDGE ||
	       net->driver == BT_NETWORK_DRIVER_MACVLAN || net->driver == BT_NETWORK_DRIVER_IPVLAN;
}

/** Where the default route of containers goes; family 0: nowhere. */
static inline struct bt_prefix bt_network_router(const struct bt_network_family *f)
{
	return f->router.family ? f->router : f->gateway;
}

/** Is it one of the three that are always there? */
static inline bool bt_network_is_builtin(const struct bt_network *net)
{
	return net->is_default || (!bt_network_has_interface(net) && !net->config_only);
}

struct bt_networks {
	struct bt_subnets_pool *pools; /* owned; NULL: Docker's */
	size_t npools;
	struct bt_engine *engine;
	struct bt_db *db;
	pthread_mutex_t lock;
	struct bt_list list; /* struct bt_network */
	struct bt_nsthread *thread;
	struct bt_retire *retire; /* of interfaces of the host */
	struct bt_firewall *firewall;
	struct bt_resolver *resolver;
	struct bt_helper_link *forwarder;
	struct bt_map published; /* container id → struct bt_network_published */
	/* Read: by who changes what is published, here and at the forwarder. Write: by who tells
	 * the forwarder everything, which would drop what is known there and not yet here. */
	pthread_rwlock_t forwarding;
	size_t unserved; /* under it: ports that were held by other programs at the last time */
	struct bt_network_pool *pool;
	/* Of the namespaces in the pool: where ids are remapped, each has a user namespace of its
	 * own. Borrowed from the engine; NULL: ours. */
	const struct bt_sandbox_owner *owner;
};

#endif
