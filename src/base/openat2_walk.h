/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_OPENAT2_WALK_H
#define BT_BASE_OPENAT2_WALK_H

/*
 * What openat2(2) does, on kernels without it: one component at a time, none of
 * them followed by the kernel.
 *
 * It is as safe, and slower. A symlink is read from the descriptor that was opened,
 * and its text walked like any other; ".." is never asked of the kernel, but the
 * walk begins again at the root with one name less. So there is no moment at which
 * a rename by somebody else leads out of the root.
 */

#include <stdint.h>

#include "base/attr.h"

/**
 * As bt_openat2_open(). One of RESOLVE_IN_ROOT and RESOLVE_BENEATH should be among `resolve`:
 * without either an absolute path is refused all the same. RESOLVE_NO_XDEV needs
 * mount ids (base/mount_id.h): -ENOSYS where nothing tells them.
 */
bt_nodiscard int bt_openat2_walk(int at, const char *path, int flags, uint64_t resolve);

#endif
