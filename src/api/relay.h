/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_RELAY_H
#define BT_API_RELAY_H

/*
 * Copies between two sockets, both ways, in a thread of its own, until both
 * directions ended. Only raw streams over TLS need it: there the socket that
 * the client is connected to cannot be given away.
 */

#include "base/attr.h"

/** Start between `a` and `b`. At the end `b` is closed, then `done(arg)` runs; `a` stays the
 * caller's, who keeps it open until then. Returns 0 or -errno (`b` is closed then, `done` does not
 * run). */
bt_nodiscard int bt_relay_start(int a, int b, void (*done)(void *arg), void *arg);

#endif
