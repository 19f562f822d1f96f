/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SPEC_MOUNTS_H
#define BT_ENGINE_SPEC_MOUNTS_H

/*
 * The mounts of a container: Docker's default ones, the engine's files in /etc,
 * and what the user asked for, in the order in which they must be made.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_spec_request;

/** A new array for `mounts` of the specification. */
bt_nodiscard int bt_spec_mounts(const struct bt_spec_request *req, json_t **ret,
				struct bt_err *err);

/** linux.rootfsPropagation that the mount points' propagations need; a constant. */
const char *bt_spec_mounts_propagation(const json_t *mounts);

#endif
