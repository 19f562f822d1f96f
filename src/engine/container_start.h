/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_START_H
#define BT_ENGINE_CONTAINER_START_H

/*
 * Start: specification, root file system, network, and one message to the spawner.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** Returns 0 once the program runs, 1 where it ran already (304). A program that is missing or
 * not executable: INVALID with the wording from which docker makes 127 and 126. */
bt_nodiscard int bt_container_start(struct bt_engine *engine, const char *ref,
				    const char *detach_keys, struct bt_err *err);

#endif
