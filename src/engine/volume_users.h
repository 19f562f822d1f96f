/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_USERS_H
#define BT_ENGINE_VOLUME_USERS_H

/*
 * Which containers have which volumes: those that there are, whatever their state,
 * and those that are being made (engine/volume_claim.h).
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** Of all volumes that somebody has: volume → {id of a container: true}, as a new object. */
bt_nodiscard int bt_volume_users_all(struct bt_engine *engine, json_t **ret, struct bt_err *err);

/** Of one volume: 1 and {id: true} as a new object, or 0 where nobody has it (`ret` untouched or
 * NULL). `staying`: those that are being removed together with their volumes do not count, so that
 * of several that are removed at once none leaves a volume to another. To be relied on, the volume
 * must be claimed alone. */
bt_nodiscard int bt_volume_users_of(struct bt_engine *engine, const char *volume, bool staying,
				    json_t **ret, struct bt_err *err);

#endif
