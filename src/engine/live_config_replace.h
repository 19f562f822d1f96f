/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LIVE_CONFIG_REPLACE_H
#define BT_ENGINE_LIVE_CONFIG_REPLACE_H

/*
 * The step of a reload at which another configuration begins to count, and everybody is told.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine_config.h"

struct bt_engine;

/** Let another one count from now on, for containers and registries, and publish Docker's event
 * `reload` with what counts. Kind SYSTEM: no memory, and the old one goes on. */
bt_nodiscard int bt_live_config_replace(struct bt_engine *engine,
					const struct bt_engine_config *cfg, struct bt_err *err);

#endif
