/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_FOREIGN_H
#define BT_NET_FIREWALL_FOREIGN_H

/*
 * The FORWARD chains of others. Where one of iptables' (nftables' tables "ip
 * filter" and "ip6 filter", which Docker and ufw use) drops by policy, nothing
 * that our rules let pass would get through: a packet needs every chain's
 * consent. The same goes for firewalld's own chain (table "inet firewalld"),
 * which refuses at its end what belongs to none of its zones, and for its look
 * at the way back of what comes by the gate (net/gate.h). One rule at the
 * head lets pass what carries the mark of our rules (BT_RULES_MARK_PASS).
 * Nothing else of others is touched, and chains that let pass anyway are left
 * alone.
 */

#include <netinet/in.h> /* before what the kernel says of the same */
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/nft.h"

/** See that the rule is there in each chain that needs it; `tag` tells our rules from others'.
 * A chain whose owner lets nobody change it is passed
 * over. `nft` is between transactions. `*ret_changed` (may be NULL): was one added? */
bt_nodiscard int bt_firewall_foreign_ensure(struct bt_nft *nft, const char *tag, bool *ret_changed,
					    struct bt_err *err);
/** Remove our rules from them. */
bt_nodiscard int bt_firewall_foreign_remove(struct bt_nft *nft, const char *tag,
					    struct bt_err *err);

#endif
