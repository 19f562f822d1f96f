/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_TLS_H
#define BT_CLIENT_TLS_H

/*
 * TLS towards a daemon. GnuTLS is loaded only here and only then (dlopen), so that the usual start
 * does not pay for it; a child process carries the bytes between the encrypted socket and a plain
 * one, so that everything else works on plain sockets only.
 */

#include "base/attr.h"
#include "base/err.h"
#include "client/endpoint.h"

/** Shake hands over the connected socket `fd`, which is consumed, with the endpoint's files and,
 * where it says so, a check of the server's name and certificate. Returns a plain stream socket, or
 * a negative errno. */
bt_nodiscard int bt_tls_wrap(int fd, const struct bt_endpoint *ep, struct bt_err *err);

#endif
