/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_H
#define BT_ENGINE_VOLUME_H

/*
 * Volumes of the local driver: a row in the database and a directory
 * <data-root>/volumes/<name>/_data. The row is written before the directory is
 * made and removed after it is gone.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** The directory that a volume's content is in, owned; NULL without memory. */
char *bt_volume_path(const struct bt_engine *engine, const char *name);

/** What a new volume is made with; borrowed. */
struct bt_volume_new {
	const char *name;
	bool anonymous;
	const json_t *labels, *options; /* objects, or NULL */
};
/** Make the volume unless it is there. */
bt_nodiscard int bt_volume_ensure(struct bt_engine *engine, const struct bt_volume_new *new_volume,
				  struct bt_err *err);

/** The volume's row: 1 and {Labels, Options, Anonymous} as a new object, or 0 where there is none.
 */
bt_nodiscard int bt_volume_config(struct bt_engine *engine, const char *name, json_t **ret,
				  struct bt_err *err);
/** Append the names of all volumes to the array `names`. */
bt_nodiscard int bt_volume_names(struct bt_engine *engine, json_t *names, struct bt_err *err);

/** Give a volume another name. The caller knows that nobody uses it and that the new name is free.
 * A crash on the way is finished by bt_volume_sweep(). */
bt_nodiscard int bt_volume_rename(struct bt_engine *engine, const char *name, const char *new_name,
				  struct bt_err *err);

/** Remove a volume with what is in it; a missing one is fine. The caller knows that no container
 * uses it. */
bt_nodiscard int bt_volume_delete(struct bt_engine *engine, const char *name, struct bt_err *err);

/** Finish what a crash left: directories of volumes without a row go, rows without a directory
 * get one. */
void bt_volume_sweep(struct bt_engine *engine);

#endif
