/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SPEC_RESOURCES_H
#define BT_ENGINE_SPEC_RESOURCES_H

/*
 * HostConfig's limits as linux.resources of the OCI runtime specification.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** A new object with memory, cpu, pids and blockIO; what is not limited is left out. */
bt_nodiscard int bt_spec_resources(const json_t *hc, json_t **ret, struct bt_err *err);

#endif
