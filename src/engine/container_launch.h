/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_LAUNCH_H
#define BT_ENGINE_CONTAINER_LAUNCH_H

/*
 * One run of a container: prepared (engine/container_prepare.h), handed to the
 * spawner in one message, and known to run or to have failed. Whoever asks for it,
 * a user (engine/container_start.h) or its policy (engine/container_revive.h), says
 * what becomes of a container that failed: here it only keeps why
 * (docs/decisions/0081).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** Start it. Its `op` is held. `detach_keys` of the clients that came before, may be NULL. Returns
 * 0 once its program runs, 1 where it ran already. `*ret_tried` becomes true where it was for this
 * start to fail or not: else its state did not allow any. A program that is missing or not
 * executable: INVALID with the wording from which docker makes 127 and 126. */
bt_nodiscard int bt_container_launch(struct bt_container *container, const char *detach_keys,
				     bool *ret_tried, struct bt_err *err);

#endif
