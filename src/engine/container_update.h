/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_UPDATE_H
#define BT_ENGINE_CONTAINER_UPDATE_H

/*
 * POST /containers/{id}/update: limits and the restart policy of a container,
 * also of one that runs.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** `body` (borrowed): the members of HostConfig that shall change. `ret`: {"Warnings":…}. */
bt_nodiscard int bt_container_update(struct bt_engine *engine, const char *ref, const json_t *body,
				     json_t **ret, struct bt_err *err);

#endif
