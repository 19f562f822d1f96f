/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_SANDBOX_LINK_H
#define BT_NET_SANDBOX_LINK_H

/*
 * Making the interface of a sandbox (net/sandbox.h): a veth pair with its host's
 * end in a bridge, or a macvlan or ipvlan on an interface of the host.
 */

#include <net/if.h>

#include "base/attr.h"
#include "net/sandbox.h"

/** In the host's namespace: make the interface, its end inside born in `netns_fd` with the number
 * `index` (0: any). `host_name` gets the name of the host's end, "" where there is none. Returns 0
 * or -errno; -EOPNOTSUPP where the kernel has no such interfaces. */
bt_nodiscard int bt_sandbox_link_make(const struct bt_nsthread_env *env,
				      const struct bt_sandbox_port *port, int netns_fd, int index,
				      char host_name[IFNAMSIZ]);
/** Wait until what is sent through it is not lost any more. */
void bt_sandbox_link_settle(struct bt_rtnl *home, const char *host_name, const char *bridge);
/** Remove a host's end by its name; a missing one, or "", is fine. */
void bt_sandbox_link_remove(struct bt_rtnl *home, const char *host_name);

#endif
