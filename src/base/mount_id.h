/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_MOUNT_ID_H
#define BT_BASE_MOUNT_ID_H

/*
 * Which mount a descriptor is on: by statx(2) since Linux 5.8, by /proc/self/fdinfo
 * before, if what is at /proc is a procfs.
 */

#include <stdint.h>

#include "base/attr.h"

/** The number of the mount, as in mountinfo. Returns 0, -ENOSYS where nothing tells, or -errno. */
bt_nodiscard int bt_mount_id_get(int fd, uint64_t *ret);

#endif
