/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_PORT_HOLD_H
#define BT_NET_PORT_HOLD_H

/*
 * Ports of the host, held by bound sockets that never listen, so that another
 * program gets "address in use" instead of silence. No packet comes by here.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "net/prefix.h"

/** Hold `port` (0: any that is free) of this protocol (IPPROTO_…) and address; all zero is every
 * address of its family. `lenient`: even where a program has connections on it that linger.
 * Returns a descriptor (owned), -EADDRINUSE, -EADDRNOTAVAIL for an address that is not the host's,
 * -EPROTONOSUPPORT where the kernel has no such sockets, or another negative errno. */
int bt_port_hold(int proto, const struct bt_prefix *host, uint16_t port, bool lenient);
/** The first of first..last (0: any) that can be held. As bt_port_hold(). */
int bt_port_hold_one_of(int proto, const struct bt_prefix *host, uint16_t first, uint16_t last);
/** The port that a descriptor holds, or a negative errno. */
int bt_port_hold_number(int fd);

#endif
