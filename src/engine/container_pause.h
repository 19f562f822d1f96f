/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_PAUSE_H
#define BT_ENGINE_CONTAINER_PAUSE_H

/*
 * Halt a container by the freezer, and let it go on.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** Freeze or thaw. CONFLICT in the wrong state. */
bt_nodiscard int bt_container_pause(struct bt_engine *engine, const char *ref, bool pause,
				    struct bt_err *err);

#endif
