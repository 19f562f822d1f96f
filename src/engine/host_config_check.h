/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HOST_CONFIG_CHECK_H
#define BT_ENGINE_HOST_CONFIG_CHECK_H

/*
 * Which values HostConfig accepts, and which it refuses in Docker's words.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine_config;

/** Check a HostConfig whose members have their types; `warnings` may gain texts. Returns 0, or
 * INVALID or NOT_IMPLEMENTED. */
bt_nodiscard int bt_host_config_check(const json_t *hc, const struct bt_engine_config *cfg,
				      json_t *warnings, struct bt_err *err);

#endif
