/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HEALTH_PROBE_H
#define BT_ENGINE_HEALTH_PROBE_H

/*
 * One run of a container's health check.
 */

#include <stdint.h>

#include "base/attr.h"
#include "engine/container.h"

/** Run it, for `timeout_ns` at most, then it is killed. Returns its exit code, or -1 where it could
 * not be run or took too long. `*ret_output` (owned) is what it said, cut at 4096 bytes, or what
 * went wrong; may be NULL. */
int bt_health_probe_run(struct bt_container *container, int64_t timeout_ns, char **ret_output);

#endif
