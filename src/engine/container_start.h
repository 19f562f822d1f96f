/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_START_H
#define BT_ENGINE_CONTAINER_START_H

/*
 * POST start: one run (engine/container_launch.h), and what follows from it.
 */

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** As bt_container_launch() of the container `ref`: 1 is 304. One that is removed at its end is
 * removed where it did not start. */
bt_nodiscard int bt_container_start(struct bt_engine *engine, const char *ref,
				    const char *detach_keys, struct bt_err *err);

#endif
