/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_RESTORE_H
#define BT_ENGINE_RESTORE_H

/*
 * At start-up: what rows, journals and monitors together say becomes the state,
 * and what a crash left half-made or half-removed is removed.
 */

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** Load all containers and take up the living ones. */
bt_nodiscard int bt_restore_containers(struct bt_engine *engine, struct bt_err *err);

/** Start those whose restart policy wants them running and whose monitor is gone. */
void bt_restore_autostart(struct bt_engine *engine);

#endif
