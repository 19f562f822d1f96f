/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_RESTART_POLICY_H
#define BT_ENGINE_RESTART_POLICY_H

/*
 * HostConfig.RestartPolicy as the monitor takes it.
 */

#include <jansson.h>

#include "monitor/protocol.h"

/** The policy of a checked HostConfig. */
struct bt_restart bt_restart_policy_of(const json_t *hc);

#endif
