/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_INFO_H
#define BT_ENGINE_INFO_H

/*
 * `info` and `version`: what the engine and its machine are.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** GET /info. */
bt_nodiscard int bt_info_get(struct bt_engine *engine, json_t **ret, struct bt_err *err);
/** GET /version, without ApiVersion and MinAPIVersion, which api/ adds. */
bt_nodiscard int bt_info_version(struct bt_engine *engine, json_t **ret, struct bt_err *err);

#endif
