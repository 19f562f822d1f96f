/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CREATE_ENDPOINTS_H
#define BT_ENGINE_CREATE_ENDPOINTS_H

/*
 * What the body of a create says about networks in more than one place, made
 * one: the mode, the endpoints, the MAC address of old, and published ports.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Settle `networking` (NetworkingConfig, changed in place): Config.MacAddress comes to the
 * endpoint of HostConfig.NetworkMode, and "default" becomes "bridge". INVALID in Docker's words
 * where mode and endpoints contradict each other; what is dropped by the mode is said in
 * `warnings`. */
bt_nodiscard int bt_create_endpoints_settle(const json_t *config, const json_t *host_config,
					    json_t *networking, json_t *warnings,
					    struct bt_err *err);

#endif
