/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FORWARD_H
#define BT_NET_FORWARD_H

/*
 * What the daemon tells the forwarder (net/forwarder.h) of published ports, over a
 * link (net/helper_link.h) that whoever calls has opened. Many ports are told in
 * several messages.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/helper_link.h"
#include "net/prefix.h"

/** One port of the host, and where it leads. */
struct bt_forward_port {
	int proto; /* IPPROTO_… */
	struct bt_prefix host;
	uint16_t number;
	struct bt_prefix target;
	uint16_t target_number;
	int fd;       /* holds the port (net/port_hold.h; borrowed); -EBADF: the forwarder has it */
	bool missing; /* by bt_forward_put(): it has not */
};

/** Carry these ports of `owner`, beside those that it has. `life`: a pidfd at whose end they are
 * forgotten, or -EBADF. Starts a forwarder where none runs. */
bt_nodiscard int bt_forward_put(struct bt_helper_link *link, const char *owner,
				struct bt_forward_port *ports, size_t n, int life,
				struct bt_err *err);
/** Carry some of them no more; connections through them are cut. */
void bt_forward_drop(struct bt_helper_link *link, const char *owner,
		     const struct bt_forward_port *ports, size_t n);
/** The same with all that `owner` has; an unknown one is fine. */
void bt_forward_forget(struct bt_helper_link *link, const char *owner);
/** The pidfd (borrowed) at whose end `owner` is forgotten without us. */
void bt_forward_life(struct bt_helper_link *link, const char *owner, int pidfd);
/** Begin anew: every port that is to stay is put after this, until bt_forward_sweep(). */
void bt_forward_begin(struct bt_helper_link *link);
/** Drop what was not put since. */
void bt_forward_sweep(struct bt_helper_link *link);

#endif
