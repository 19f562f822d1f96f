/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HOST_LIMITS_H
#define BT_ENGINE_HOST_LIMITS_H

/*
 * What a HostConfig asks for and this machine cannot give, at creation, where there
 * is still somebody to tell: as Docker, some of it is dropped with a warning, some
 * refused; and what the daemon's own rights merely reduce is told.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** Does this machine have control groups of version 2 only? */
bool bt_host_limits_unified(void);

/** Can the memory that a group's TCP buffers take be limited here? */
bool bt_host_limits_kernel_tcp(void);

/** Drop from `hc` (checked) what cannot be had and say so in `warnings`, an array. INVALID for
 * what Docker refuses: real-time limits without real-time groups. `unified`: see above. */
bt_nodiscard int bt_host_limits_cut(json_t *hc, bool unified, json_t *warnings, struct bt_err *err);

#endif
