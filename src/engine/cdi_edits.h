/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CDI_EDITS_H
#define BT_ENGINE_CDI_EDITS_H

/*
 * What a device of the Container Device Interface changes in a container:
 * "containerEdits" of its specification (CNCF TAG container-device-interface,
 * SPEC.md).
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Carry out `edits` (borrowed; NULL: none) in an OCI specification: env, deviceNodes, mounts,
 * hooks and additionalGids. Kind INVALID where they make no sense or name a device that the host
 * has not; NOT_IMPLEMENTED for any other member: nothing is passed over. */
bt_nodiscard int bt_cdi_edits_apply(const json_t *edits, json_t *spec, struct bt_err *err);

#endif
