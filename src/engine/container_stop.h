/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_STOP_H
#define BT_ENGINE_CONTAINER_STOP_H

/*
 * Stop, restart, kill, pause: what ends or halts a container.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** Stop: `signal` NULL for the container's own; `timeout` in seconds, -1: for ever, INT_MIN: the
 * container's own. Returns 0 when it has ended, 1 where it did not run (304). */
bt_nodiscard int bt_container_stop(struct bt_engine *engine, const char *ref, const char *signal,
				   int timeout, struct bt_err *err);
/** Stop and start again; one that does not run is started. */
bt_nodiscard int bt_container_restart(struct bt_engine *engine, const char *ref, const char *signal,
				      int timeout, struct bt_err *err);
/** Send a signal ("KILL", "SIGKILL", "9"; NULL: KILL). CONFLICT where it does not run. */
bt_nodiscard int bt_container_kill(struct bt_engine *engine, const char *ref, const char *signal,
				   struct bt_err *err);
/** Freeze or thaw. CONFLICT in the wrong state. */
bt_nodiscard int bt_container_pause(struct bt_engine *engine, const char *ref, bool pause,
				    struct bt_err *err);

#endif
