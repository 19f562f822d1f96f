/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_RULES_H
#define BT_NET_FIREWALL_RULES_H

/*
 * The chains, sets and rules of the daemon's table; net/firewall.h says what they mean, and puts
 * the elements in.
 */

#include "net/nft.h"

/* Sets, and their keys. */
#define BT_RULES_BRIDGES    "bridges"    /* ifname */
#define BT_RULES_PAIRS      "pairs"      /* ifname . ifname: each bridge with itself */
#define BT_RULES_ICC        "icc"        /* the same, where containers may talk to each other */
#define BT_RULES_MASQUERADE "masquerade" /* ifname */
#define BT_RULES_INTERNAL   "internal"   /* ifname */

/* Maps of published ports. "any" has no host address in its key. Each family has all four. */
#define BT_RULES_PORT_ANY(six)        ((six) ? "port6_any" : "port4_any")
#define BT_RULES_PORT_ADDR(six)       ((six) ? "port6_addr" : "port4_addr")
#define BT_RULES_PORT_RANGE_ANY(six)  ((six) ? "range6_any" : "range4_any")
#define BT_RULES_PORT_RANGE_ADDR(six) ((six) ? "range6_addr" : "range4_addr")
/* Address . the same address, of containers that publish ports. */
#define BT_RULES_SELF(six) ((six) ? "self6" : "self4")

/** Put all of them into the transaction; the table was chosen before. */
void bt_firewall_rules_put(struct bt_nft *nft);

#endif
