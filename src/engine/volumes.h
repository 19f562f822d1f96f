/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUMES_H
#define BT_ENGINE_VOLUMES_H

/*
 * Volumes as Docker's API shows them: list, create, inspect, remove, prune.
 * There is one driver, "local", whose volumes are directories (engine/volume.h).
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct bt_engine;
struct bt_filters;

/** GET /volumes: {"Volumes":[…],"Warnings":null} as text, appended to `out`, the volumes by name.
 * Filters: dangling, driver, label, name. */
bt_nodiscard int bt_volumes_list(struct bt_engine *engine, const struct bt_filters *filters,
				 struct bt_str *out, struct bt_err *err);
/** GET /volumes/{name}. NOT_FOUND "get x: no such volume". */
bt_nodiscard int bt_volumes_inspect(struct bt_engine *engine, const char *name, json_t **ret,
				    struct bt_err *err);
/** POST /volumes/create; one that is there already is answered as it is. Without a name it is
 * anonymous. */
bt_nodiscard int bt_volumes_create(struct bt_engine *engine, const json_t *body, json_t **ret,
				   struct bt_err *err);
/** DELETE /volumes/{name}. CONFLICT where a container has it; `force`: one that is not there is
 * fine. */
bt_nodiscard int bt_volumes_remove(struct bt_engine *engine, const char *name, bool force,
				   struct bt_err *err);
/** POST /volumes/{name}/rename?name=new_name, which Docker has not. CONFLICT where a container has
 * it or the name is taken. */
bt_nodiscard int bt_volumes_rename(struct bt_engine *engine, const char *name, const char *new_name,
				   struct bt_err *err);
/** POST /volumes/prune: {"VolumesDeleted":[name…],"SpaceReclaimed":bytes}. Filters: all, label,
 * label!. `all`: also named ones, as API versions below 1.42 mean it. */
bt_nodiscard int bt_volumes_prune(struct bt_engine *engine, const struct bt_filters *filters,
				  bool all, json_t **ret, struct bt_err *err);

#endif
