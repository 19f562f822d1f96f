/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_REMOVE_H
#define BT_ENGINE_CONTAINER_REMOVE_H

/*
 * Remove and rename.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** DELETE. CONFLICT where it runs and `force` is not set. */
bt_nodiscard int bt_container_remove(struct bt_engine *engine, const char *ref, bool volumes,
				     bool force, bool link, struct bt_err *err);
/** POST rename. */
bt_nodiscard int bt_container_rename(struct bt_engine *engine, const char *ref,
				     const char *new_name, struct bt_err *err);
struct bt_filters;

/** POST /containers/prune: {"ContainersDeleted":[…],"SpaceReclaimed":N}. */
bt_nodiscard int bt_container_prune(struct bt_engine *engine, const struct bt_filters *filters,
				    json_t **ret, struct bt_err *err);

#endif
