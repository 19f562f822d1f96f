/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SPEC_DEVICES_H
#define BT_ENGINE_SPEC_DEVICES_H

/*
 * Device nodes and the rules about them.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Add `devices` to the linux object and to its resources: Docker's defaults, HostConfig's
 * Devices and DeviceCgroupRules; all of the host's where it is privileged. INVALID where one does
 * not exist or a rule makes no sense. */
bt_nodiscard int bt_spec_devices(const json_t *hc, json_t *linux_, json_t *resources,
				 struct bt_err *err);

#endif
