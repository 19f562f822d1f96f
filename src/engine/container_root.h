/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ROOT_H
#define BT_ENGINE_CONTAINER_ROOT_H

/*
 * A container's root as a descriptor: the running process's own, mounts and
 * all, or a mount made for the purpose.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "sys/id_map.h"

/**
 * The root in which `path` (clean, absolute) is to be looked up, and the path in it. A container
 * that does not run has no volumes mounted: where `path` lies in one, its directory is the root.
 * What was mounted read-only, and a read-only root, cannot be written to through it.
 *
 * @follow:   whether a symlink at the end of `path` is meant, or what it leads to.
 * @ret_path: inside the root (owned); the same as `path` unless that lies in a volume of one that
 *            does not run.
 * @ret_ids:  what the ids that are seen in it are inside; without ranges: the same.
 *
 * The caller holds the container's `op` lock, so that it does not start meanwhile. Returns a
 * descriptor (owned) or a negative errno.
 */
bt_nodiscard int bt_container_root_open(struct bt_container *container, const char *path,
					bool follow, char **ret_path, struct bt_id_map *ret_ids,
					struct bt_err *err);

#endif
