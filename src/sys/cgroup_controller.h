/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_CONTROLLER_H
#define BT_SYS_CGROUP_CONTROLLER_H

/*
 * Names of controllers in version 2. (sys/cgroup.h has those of version 1.) Private to
 * sys/cgroup*.c.
 */

#include "sys/cgroup.h"

/** "io" for BT_CGROUP_BLKIO; NULL where version 2 has no such controller. A constant. */
const char *bt_cgroup_controller_v2_name(enum bt_cgroup_controller controller);

#endif
