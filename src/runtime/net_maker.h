/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_NET_MAKER_H
#define BT_RUNTIME_NET_MAKER_H

/*
 * A new network namespace costs more than all others of a container together, most of
 * it for settings that the kernel lays out. A process of its own makes it, with the
 * loopback interface up, while the creator still plans and makes groups; the init
 * takes it when it gets to what depends on it. The process ends by itself, and the
 * namespace with the last who lives in it: whoever dies in between leaves nothing.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/launch_request.h"
#include "runtime/plan.h"

struct bt_net_maker {
	pid_t pid; /* owned; 0: there is none */
	int sock;  /* owned: brings the namespace, or why there is none */
};

/** Start to make a network namespace, where the request wants a new one that may be made apart:
 * its owner is the creator's user namespace, and nobody looks for it before the init is there.
 * Zeroed but for a closed `sock` otherwise. Returns 0 or -errno. */
bt_nodiscard int bt_net_maker_start(const struct bt_launch_request *req, struct bt_net_maker *ret,
				    struct bt_err *err);

/** Have the plan's init take the namespace instead of being born with one. */
void bt_net_maker_plan(const struct bt_net_maker *maker, struct bt_plan *plan);

/** In the init: wait for the namespace and enter it. `sock` is closed. Returns 0 or -errno, with
 * the maker's words where that one failed. */
bt_nodiscard int bt_net_maker_enter(int *sock, struct bt_err *err);

/** Bring the loopback interface of the caller's network namespace up. Returns 0 or -errno. */
bt_nodiscard int bt_net_maker_raise_loopback(struct bt_err *err);

/** Reap it, and forget it. */
void bt_net_maker_done(struct bt_net_maker *maker);

#endif
