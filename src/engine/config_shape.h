/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONFIG_SHAPE_H
#define BT_ENGINE_CONFIG_SHAPE_H

/*
 * The types of what lies deeper in Config and HostConfig: members of the objects
 * in their lists and maps. Whoever reads them later takes another type for an absent
 * member, so what is wrong is refused here, by name.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** INVALID "invalid JSON: HostConfig.Mounts[1].Target must be a string". Both are objects whose own
 * members have the right types. */
bt_nodiscard int bt_config_shape_check(const json_t *config, const json_t *hc, struct bt_err *err);

#endif
