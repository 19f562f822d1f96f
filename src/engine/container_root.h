/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ROOT_H
#define BT_ENGINE_CONTAINER_ROOT_H

/*
 * A container's root as a descriptor: the running process's own, mounts and
 * all, or a mount made for the purpose.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/**
 * The root in which `path` (clean, absolute) is to be looked up, and the path in it. A container
 * that does not run has no volumes mounted: where `path` lies in one, its directory is the root.
 *
 * @ret_path: inside the root; a part of `path`, borrowed.
 *
 * The caller holds the container's `op` lock, so that it does not start meanwhile. Returns a
 * descriptor (O_PATH, owned) or a negative errno.
 */
bt_nodiscard int bt_container_root_open(struct bt_container *container, const char *path,
					const char **ret_path, struct bt_err *err);

#endif
