/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CAPS_H
#define BT_SYS_CAPS_H

/*
 * Capabilities of the calling thread as bit sets, bit 1 << CAP_*.
 */

#include <stdint.h>

#include "base/attr.h"

/** All that the running kernel knows and this process may still gain: its bounding set. */
uint64_t bt_caps_bounding(void);

/** Shrink the bounding set to `keep`. Returns 0 or -errno. */
bt_nodiscard int bt_caps_limit_bounding(uint64_t keep);

/** Set the three sets of capset(2). Returns 0 or -errno. */
bt_nodiscard int bt_caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/** Make the ambient set exactly `ambient`, which must be permitted and inheritable. Returns 0
 * or -errno; kernels without ambient sets are fine if `ambient` is 0. */
bt_nodiscard int bt_caps_set_ambient(uint64_t ambient);

#endif
