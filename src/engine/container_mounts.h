/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_MOUNTS_H
#define BT_ENGINE_CONTAINER_MOUNTS_H

/*
 * What has to be mounted on the host before a container can start, because its
 * specification can only name a path, and what is counted while it runs:
 *
 *   shared memory    of a "shareable" container, for those that join it
 *   volume-subpath   opened beneath the volume, so that no link in it leads out
 *   an image         as --mount type=image shows it, read-only
 *   volumes          with options of their own (engine/volume_mount.h)
 *
 * The first three lie in <data-root>/containers/<id>/mounts and go with the end
 * of the container; who has joined keeps them alive.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "store/layers.h"

/**
 * Make them for a start.
 *
 * @mounts:  the container's mount points; Source of those that lie elsewhere now is replaced.
 * @look:    whose ids their files have, and which label.
 * @ret_shm: what is to be bound at /dev/shm (owned), or NULL: nothing of another's.
 *
 * After a failure, and at the end of a container that ran, bt_container_mounts_release().
 */
bt_nodiscard int bt_container_mounts_make(struct bt_container *container, const json_t *host_config,
					  json_t *mounts, const struct bt_layers_look *look,
					  char **ret_shm, struct bt_err *err);

/** Count the volumes of a container that was found running. */
void bt_container_mounts_adopt(struct bt_container *container);

/** Take away what was made for the container, also by an earlier daemon. Negative where a mount
 * stays: then nothing below it may be removed. */
bt_nodiscard int bt_container_mounts_release(struct bt_container *container, struct bt_err *err);

#endif
