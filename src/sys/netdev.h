/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_NETDEV_H
#define BT_SYS_NETDEV_H

/*
 * Network devices between network namespaces, over rtnetlink(7). The calling
 * process must have one thread: it enters the other namespace for a moment.
 */

#include "base/attr.h"

/**
 * Move a device of the caller's network namespace into another one, give it the
 * permanent global addresses back that it loses by that, and bring it up.
 *
 * @name:     of the device.
 * @new_name: over there; with "%d" in it, the first number that is free.
 * @netns:    descriptor of the other namespace, borrowed.
 *
 * Returns 0; -ENODEV where there is no such device; -EEXIST where the other
 * namespace has one of that name; -EINVAL for names that no device can have;
 * or another -errno.
 */
bt_nodiscard int bt_netdev_move(const char *name, const char *new_name, int netns);

#endif
