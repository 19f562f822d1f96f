/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_MOUNT_H
#define BT_ENGINE_VOLUME_MOUNT_H

/*
 * Volumes with options: another directory, a tmpfs, a disk or a network's file
 * system is mounted over <data-root>/volumes/<name>/_data while a container uses
 * the volume, and unmounted when the last one ended. Who uses which is kept in
 * memory only: it follows from what runs.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

struct bt_engine;
struct bt_volume_mounts;

/** Nothing is used. NULL without memory. */
struct bt_volume_mounts *bt_volume_mounts_create(void);
/** Forget; what is mounted stays. NULL is fine. */
void bt_volume_mounts_destroy(struct bt_volume_mounts *mounts);

/** Mount the volume unless it is, and count `user` (a container's id, or any other word) among
 * those who need it. A volume without options is only counted. */
bt_nodiscard int bt_volume_mount_use(struct bt_engine *engine, const char *volume, const char *user,
				     struct bt_err *err);
/** Has the volume options of its own, so that it shows a tree that is not the engine's? 1, 0, or a
 * negative errno. */
bt_nodiscard int bt_volume_mount_is_foreign(struct bt_engine *engine, const char *volume,
					    struct bt_err *err);
/** `user` needs no volume any more; those that nobody needs are unmounted. `tell`: by an event. */
void bt_volume_mount_drop(struct bt_engine *engine, const char *user, bool tell);
/** Count a container that was found running. */
void bt_volume_mount_adopt(struct bt_container *container);
/** After all were counted: unmount what a crash left. */
void bt_volume_mount_sweep(struct bt_engine *engine);
/** Does anybody need it now? */
bool bt_volume_mount_is_used(struct bt_engine *engine, const char *volume);

#endif
