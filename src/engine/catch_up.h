/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CATCH_UP_H
#define BT_ENGINE_CATCH_UP_H

/*
 * What a running daemon missed of what a monitor told, because it was too slow to
 * take it or the connection ended: it is read from the journal and from the files
 * of execs, which the monitor writes before it tells anybody.
 */

#include "engine/container.h"
#include "monitor/client.h"

/** Apply and acknowledge what the container's journal has beyond its state, as if it came just now,
 * and let the second thread of the links settle its execs. Nothing that the monitor tells may be
 * applied meanwhile, or it would overtake. */
void bt_catch_up(struct bt_container *container, struct bt_client *client);

#endif
