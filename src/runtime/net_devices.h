/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_NET_DEVICES_H
#define BT_RUNTIME_NET_DEVICES_H

/*
 * linux.netDevices (config-linux.md, "Network Devices"): devices of the caller's
 * network namespace that the container gets. They are not given back at its end:
 * the kernel returns physical devices and drops the others.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/plan.h"

/** Move the devices into the network namespace of the plan's init, `pid`, which is there already.
 * Kind INVALID, with the device's name, where one is missing or the container has no network
 * namespace of its own. */
bt_nodiscard int bt_net_devices_move(const struct bt_plan *plan, pid_t pid, struct bt_err *err);

#endif
