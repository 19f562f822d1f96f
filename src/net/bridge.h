/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_BRIDGE_H
#define BT_NET_BRIDGE_H

/*
 * Bridges on the host: the interface, its addresses, and the settings that
 * containers behind it need. The rules for its packets are net/firewall.h's.
 */

#include <netinet/in.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** A bridge on the host. */
struct bt_bridge_config {
	const char *name;
	struct in_addr address; /* of the bridge: the containers' gateway; 0.0.0.0: none */
	unsigned prefix_len;
	bool inhibit4; /* `address` is not ours to give: those that are there stay */
	struct in6_addr address6;
	unsigned prefix6_len; /* 0: no IPv6, not even a link-local address */
	unsigned mtu;         /* 0: the kernel's default */
};

/** Make the bridge, or make the one that is there right: exactly these addresses, up.
 * Forwarding on the host is switched on. */
bt_nodiscard int bt_bridge_ensure(const struct bt_bridge_config *cfg, struct bt_err *err);
/* Marks the interfaces that we made: others are never removed. Shown by ip(8). */
#define BT_BRIDGE_ALIAS "berth"

struct bt_retire;

/** Remove the bridge, or another interface with our mark: by `retire` (borrowed), or where that is
 * NULL before this returns. A missing one is fine, and one that somebody else made stays. */
bt_nodiscard int bt_bridge_remove(struct bt_retire *retire, const char *name, struct bt_err *err);

#endif
