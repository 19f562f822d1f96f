/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_OLD_MONITOR_H
#define BT_ENGINE_OLD_MONITOR_H

/*
 * The monitor of a container's last run, once the container is to run again. It
 * serves clients that have not read all of that run's output yet, for as long as
 * they take, beside the monitor of the next run.
 */

#include "engine/container.h"

/** Before a start, with the container's `op` lock: the place where a monitor listens is free, and
 * how the connection to the old one ends is of no account. It leaves its place before it tells the
 * end; where its journal had no room for that, later, which is waited for ten seconds at most. */
void bt_old_monitor_leave(struct bt_container *container);

#endif
