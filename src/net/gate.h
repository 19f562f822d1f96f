/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_GATE_H
#define BT_NET_GATE_H

/*
 * The way back for packets that the host's own firewall has judged: a veth pair
 * in the host's namespace, both ends of it. What is sent to the near end comes in
 * by the far end, as if from outside. net/firewall.h says what for.
 */

#include <net/if.h>
#include <netinet/in.h>

#include "base/attr.h"
#include "base/err.h"

/** The pair, made. */
struct bt_gate {
	char far[IFNAMSIZ];       /* name of the end where packets come in */
	int near;                 /* index of the end that takes them */
	struct in_addr neighbour; /* at these addresses on it */
	struct in6_addr neighbour6;
};

/** Make the pair for the owner `key`, or find it and make it right. Without IPv6 on the host only
 * IPv4 goes through. */
bt_nodiscard int bt_gate_ensure(const char *key, struct bt_gate *ret, struct bt_err *err);
/** Remove it; a missing one is fine. */
bt_nodiscard int bt_gate_remove(const char *key, struct bt_err *err);

#endif
