/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_ROOTFS_H
#define BT_RUNTIME_ROOTFS_H

/*
 * The init's root file system: attached in its own mount namespace, made its
 * root with pivot_root(2), and the host's tree let go, so that whoever enters the
 * namespace later finds the container's root and nothing else.
 */

#include "runtime/plan.h"

/** In a new mount namespace: cut it off from the host's and attach the root over "/", which
 * hides nothing, since lookups from "/" stay on the old root; or over plan->root_place, where
 * hooks see it, unless that cannot be reached (with a user namespace's rights). Returns 0 with an
 * O_PATH descriptor of the new root, or -errno. */
bt_nodiscard int bt_rootfs_attach(const struct bt_plan *plan, int *ret_root, struct bt_err *err);

/** Make `root` the root and the working directory, and detach the old one. Returns 0 or -errno. */
bt_nodiscard int bt_rootfs_enter(const struct bt_plan *plan, int root, struct bt_err *err);

/** Last: the propagation and the write protection that were asked for. Returns 0 or -errno. */
bt_nodiscard int bt_rootfs_finish(const struct bt_plan *plan, int root, struct bt_err *err);

#endif
