/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_MNT_REMOUNT_H
#define BT_SYS_MNT_REMOUNT_H

/*
 * mount_setattr(2) on kernels before 5.12 and under filters that refuse it: by
 * mount(2) with MS_REMOUNT | MS_BIND. It cannot map ids, and changes what is attached
 * in the caller's mount namespace only.
 */

#include "base/attr.h"
#include "sys/mnt.h"

/**
 * As bt_mnt_apply(). The mount is reached by its descriptor and no path of it is looked up. With
 * `recursive` the mounts below are found in /proc/self/mountinfo, and opened beneath `fd`.
 *
 * The caller must have one thread: its working directory is changed for a moment.
 *
 * Returns 0; -ENOSYS for what only mount_setattr(2) can do, a detached mount among that; or -errno.
 */
bt_nodiscard int bt_mnt_remount(int fd, const struct bt_mnt_change *change);

#endif
