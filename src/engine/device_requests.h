/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_DEVICE_REQUESTS_H
#define BT_ENGINE_DEVICE_REQUESTS_H

/*
 * HostConfig.DeviceRequests: devices that are handed out on request. The driver
 * "cdi" is ours (engine/cdi.h); any other would be a program of its maker's.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Give a container what it asks for. @cdi_dirs as bt_cdi_inject() has them. Kind SYSTEM, in
 * Docker's words, where nobody has it. */
bt_nodiscard int bt_device_requests_apply(const json_t *host_config, const json_t *cdi_dirs,
					  json_t *spec, struct bt_err *err);

#endif
