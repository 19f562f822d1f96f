/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_SIZE_H
#define BT_BASE_SIZE_H

/*
 * Sizes as people write them.
 */

#include <stdint.h>

#include "base/attr.h"

/** Parse a size in powers of 1024: "64m", "1.5g", "100", "2GiB". Returns 0, or -EINVAL, also for
 * what does not fit. */
bt_nodiscard int bt_size_parse(const char *text, int64_t *ret);

#endif
