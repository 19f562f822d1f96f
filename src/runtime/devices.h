/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_DEVICES_H
#define BT_RUNTIME_DEVICES_H

/*
 * /dev of a container: the nodes that every container has and those asked for
 * (config-linux.md, "Default Devices", "Devices"), and the links beside them.
 */

#include "runtime/plan.h"

/** Make nodes and links inside `root`, unless /dev is bind-mounted from outside. Where nodes
 * cannot be made (in a user namespace), the host's are bound. Returns 0 or -errno. */
bt_nodiscard int bt_devices_make(const struct bt_plan *plan, int root, struct bt_err *err);

/** Open the container's /dev/null with O_PATH, having made sure that it is that device (1:3)
 * and nothing that only bears its name. Returns 0 or -errno. */
bt_nodiscard int bt_devices_open_null(int root, int *ret_fd, struct bt_err *err);

#endif
