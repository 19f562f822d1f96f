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

/** Make the volume unless it is there. `labels` (object) is borrowed and may be NULL. */
bt_nodiscard int bt_volume_ensure(struct bt_engine *engine, const char *name, bool anonymous,
				  const json_t *labels, struct bt_err *err);

/** Remove a volume with what is in it; a missing one is fine. The caller knows that no container
 * uses it. */
bt_nodiscard int bt_volume_delete(struct bt_engine *engine, const char *name, struct bt_err *err);

/** Finish what a crash left: directories of volumes without a row go, rows without a directory
 * get one. */
void bt_volume_sweep(struct bt_engine *engine);

#endif
