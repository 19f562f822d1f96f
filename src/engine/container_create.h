/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_CREATE_H
#define BT_ENGINE_CONTAINER_CREATE_H

/*
 * POST /containers/create: a container is a row and a writable layer; no process yet.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** `body`: the request, borrowed (Config with HostConfig and NetworkingConfig inside). `name` may
 * be NULL: one is made up. `ret`: {"Id":…,"Warnings":[…]}. Kinds: NOT_FOUND "No such image: …",
 * CONFLICT for a name in use, INVALID. */
bt_nodiscard int bt_container_create(struct bt_engine *engine, const char *name,
				     const char *platform, const json_t *body, json_t **ret,
				     struct bt_err *err);

#endif
