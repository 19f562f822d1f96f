/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_RESTART_H
#define BT_ENGINE_CONTAINER_RESTART_H

/*
 * Restart: by the monitor where the container runs, else a start.
 */

#include "base/attr.h"
#include "base/err.h"

struct bt_container;
struct bt_engine;

/** Stop and start again; one that does not run is started. `signal` and `timeout` as for
 * bt_container_stop(). */
bt_nodiscard int bt_container_restart(struct bt_engine *engine, const char *ref, const char *signal,
				      int timeout, struct bt_err *err);
/** A probe found it unhealthy: its monitor begins a new run where its policy is on-unhealthy, as
 * often as that says and with the pauses of every policy; else it goes on as it is. */
void bt_container_restart_unhealthy(struct bt_container *container);

#endif
