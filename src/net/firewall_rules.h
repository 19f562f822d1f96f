/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_RULES_H
#define BT_NET_FIREWALL_RULES_H

/*
 * The chains, sets and rules of the daemon's table; net/firewall.h says what they mean, and puts
 * the elements in.
 */

#include "net/gate.h"
#include "net/nft.h"

/* Sets, and their keys. */
#define BT_RULES_BRIDGES  "bridges"  /* ifname */
#define BT_RULES_PAIRS    "pairs"    /* ifname . ifname: each bridge with itself */
#define BT_RULES_ICC      "icc"      /* the same, where containers may talk to each other */
#define BT_RULES_INTERNAL "internal" /* ifname */

/* ifname, of each family. */
#define BT_RULES_MASQUERADE(six) ((six) ? "masquerade6" : "masquerade4")
#define BT_RULES_OPEN(six)       ((six) ? "open6" : "open4")
#define BT_RULES_ROUTED(six)     ((six) ? "routed6" : "routed4")

/* Maps of published ports. "any" has no host address in its key. Each family has all four. */
#define BT_RULES_PORT_ANY(six)        ((six) ? "port6_any" : "port4_any")
#define BT_RULES_PORT_ADDR(six)       ((six) ? "port6_addr" : "port4_addr")
#define BT_RULES_PORT_RANGE_ANY(six)  ((six) ? "range6_any" : "range4_any")
#define BT_RULES_PORT_RANGE_ADDR(six) ((six) ? "range6_addr" : "range4_addr")
/* Address . the same address, of containers that publish ports. */
#define BT_RULES_SELF(six) ((six) ? "self6" : "self4")

/* Ranges of published ports that the host's firewall judges. */
#define BT_RULES_JUDGED_ANY(six)  ((six) ? "judged6_any" : "judged4_any")
#define BT_RULES_JUDGED_ADDR(six) ((six) ? "judged6_addr" : "judged4_addr")
/* Ranges of ports of the host that the forwarder serves. */
#define BT_RULES_FORWARDED_ANY(six)  ((six) ? "forwarded6_any" : "forwarded4_any")
#define BT_RULES_FORWARDED_ADDR(six) ((six) ? "forwarded6_addr" : "forwarded4_addr")
/* Container's address . protocol . range of ports that are reachable without translation. */
#define BT_RULES_DIRECT(six) ((six) ? "direct6" : "direct4")

/* Bits of the packet's mark: what the host's firewall shall judge, and what our rules let pass. */
#define BT_RULES_MARK_JUDGE 0x04000000u
#define BT_RULES_MARK_PASS  0x02000000u

/** Put all of them into the transaction; the table was chosen before. `gate`: NULL where no port is
 * judged. */
void bt_firewall_rules_put(struct bt_nft *nft, const struct bt_gate *gate);
/** Put the part of the gate in the family `six` into the transaction: a table of its own. */
void bt_firewall_rules_put_gate(struct bt_nft *nft, const struct bt_gate *gate, bool six);

#endif
