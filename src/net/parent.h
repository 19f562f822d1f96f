/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_PARENT_H
#define BT_NET_PARENT_H

/*
 * The interfaces of the host that macvlan and ipvlan interfaces sit on.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** See that `name` is there and up. Where it is missing: with `own` make one that leads nowhere;
 * "x.N" becomes the VLAN N of x; else INVALID. What is made has our mark, and is removed by
 * bt_bridge_remove(). NOT_IMPLEMENTED where the kernel has no such interfaces. */
bt_nodiscard int bt_parent_ensure(const char *name, bool own, struct bt_err *err);

#endif
