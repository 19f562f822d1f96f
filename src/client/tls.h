/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_TLS_H
#define BT_CLIENT_TLS_H

/*
 * TLS towards a daemon. GnuTLS is loaded only here and only then (dlopen), so that a connection
 * without it does not pay for it; whoever opened the session carries the bytes between the
 * encrypted socket and a plain one, so that everybody else works on plain sockets only.
 */

#include "base/attr.h"
#include "base/err.h"
#include "client/endpoint.h"

struct bt_tls;

/** Shake hands over the connected socket `fd` (borrowed; used as long as the session) with the
 * endpoint's files and, where it says so, a check of the server's name and certificate. Returns 0
 * with the session, which lasts as long as the process, or a negative errno. */
bt_nodiscard int bt_tls_open(int fd, const struct bt_endpoint *ep, struct bt_tls **ret,
			     struct bt_err *err);

/** Carry the bytes between the session's socket `fd` and the stream socket `plain` until the daemon
 * is done, then end the process. */
_Noreturn void bt_tls_carry(struct bt_tls *tls, int fd, int plain);

#endif
