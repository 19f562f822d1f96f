/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_COMPAT_H
#define BT_API_COMPAT_H

/*
 * Answers in the shape of older API versions: fields that were dropped on the
 * way come back for those who ask in a version that still had them.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** GET /images/{name}/json: ContainerConfig below 1.45, VirtualSize below 1.44. */
bt_nodiscard int bt_compat_image(json_t *image, unsigned version, struct bt_err *err);
/** GET /containers/{id}/json: Volumes and VolumesRW below 1.20. */
bt_nodiscard int bt_compat_container(json_t *container, unsigned version, struct bt_err *err);
/** The body of POST /containers/create as it is now: below 1.18 limits stood beside HostConfig. A
 * new reference, NULL without memory. */
json_t *bt_compat_create(const json_t *body, unsigned version);

#endif
