/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_DELEGATE_H
#define BT_SYS_CGROUP_DELEGATE_H

/*
 * Handing controllers down on version 2: a group has those of which each of its parents says so
 * (Documentation/admin-guide/cgroup-v2.rst, "Enabling and Disabling"). Private to sys/cgroup*.c.
 */

#include <stdint.h>

/**
 * Hand controllers down to the group at `path`, as far as the kernel lets (a parent with processes
 * of its own refuses). What could not be handed down shows when its files are missing.
 *
 * @root:        directory of the hierarchy of version 2, borrowed.
 * @path:        absolute within it; longer than a path may be, nothing is done.
 * @controllers: bits of enum bt_cgroup_controller; those that version 2 does not have are left out.
 */
void bt_cgroup_delegate(int root, const char *path, uint32_t controllers);

#endif
