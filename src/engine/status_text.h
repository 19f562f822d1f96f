/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_STATUS_TEXT_H
#define BT_ENGINE_STATUS_TEXT_H

/*
 * The words that `ps` shows: "Up 3 seconds", "Exited (0) 2 minutes ago".
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/container.h"

/** The status of a state at `now_ns`. `health` is "healthy", "unhealthy", "starting", or "". */
void bt_status_text(const struct bt_container_state *state, const char *health, int64_t now_ns,
		    char *ret, size_t size);

#endif
