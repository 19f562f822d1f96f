/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_DIALER_H
#define BT_CLIENT_DIALER_H

/*
 * Connections over TCP, made by another program: berth-dial (docs/decisions/0051).
 *
 * Names of hosts and TLS need libraries that are loaded at run time. Nearly every
 * command talks to a unix socket and needs none of them, so berth is static, which
 * saves each command the loading; who names a host over TCP has this program run,
 * as one who names ssh:// has ssh(1).
 *
 *     berth-dial [--tls] [--verify] [--ca F] [--cert F] [--key F] URL HOST PORT
 *
 * It answers on descriptor 3 with one packet, a struct bt_err, and with a connected
 * socket where that says nothing. With TLS it stays and carries the bytes; it ends
 * with the connection or its caller.
 */

#include "base/attr.h"
#include "base/err.h"
#include "client/endpoint.h"

#define BT_DIALER_PROGRAM "berth-dial"
/* The descriptor on which it answers. */
#define BT_DIALER_FD 3

/** Connect to an endpoint of kind TCP. The program is the one beside ours, else the one in PATH.
 * Returns a stream socket, close-on-exec, or a negative errno and what the program said. */
bt_nodiscard int bt_dialer_connect(const struct bt_endpoint *ep, struct bt_err *err);

#endif
