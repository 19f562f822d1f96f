/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_SIZE_H
#define BT_ENGINE_CONTAINER_SIZE_H

/*
 * SizeRw and SizeRootFs, which inspect and list show where asked for.
 */

#include <jansson.h>
#include <stdint.h>

#include "engine/container.h"

/** Add both members: what the container wrote (`rw` bytes), and that with its image. */
void bt_container_add_size(const struct bt_container *container, int64_t rw, json_t *out);

#endif
