/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_PORTS_H
#define BT_NET_FIREWALL_PORTS_H

/*
 * Published ports as elements of the table's maps.
 */

#include <stdbool.h>
#include <stddef.h>

#include "net/firewall.h"
#include "net/nft.h"

/** Put one into the transaction, or take it out; who judges it is said apart. */
void bt_firewall_ports_put(struct bt_nft *nft, const struct bt_firewall_port *port, bool add);
/** The same for which of them the host's firewall judges: neighbours in the list that follow one
 * another are one range, wherever each of them leads. */
void bt_firewall_ports_put_judged(struct bt_nft *nft, const struct bt_firewall_port *ports,
				  size_t n, bool add);
/** The same for what lets the container at `address` reach itself through its ports. */
void bt_firewall_ports_put_self(struct bt_nft *nft, const struct bt_prefix *address, bool add);

#endif
