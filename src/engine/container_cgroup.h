/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_CGROUP_H
#define BT_ENGINE_CONTAINER_CGROUP_H

/*
 * What the engine does with a running container's control group by itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "sys/cgroup.h"

/** Its path in every hierarchy, owned. It never changes, and is kept once it was found. Not under
 * the container's lock. */
bt_nodiscard int bt_container_cgroup_path(struct bt_container *container, char **ret,
					  struct bt_err *err);
/** Open it. */
bt_nodiscard int bt_container_cgroup_open(struct bt_container *container, struct bt_cgroup *ret,
					  struct bt_err *err);
/** Change the limits of a container that runs, with its driver. */
bt_nodiscard int bt_container_cgroup_limit(struct bt_container *container,
					   const struct bt_cgroup_limits *limits,
					   struct bt_err *err);
/** Freeze or thaw all its processes. */
bt_nodiscard int bt_container_cgroup_freeze(struct bt_container *container, bool freeze,
					    struct bt_err *err);
/** All its processes, by the host's numbers: a new array (owned). */
bt_nodiscard int bt_container_cgroup_pids(struct bt_container *container, pid_t **ret,
					  size_t *ret_n, struct bt_err *err);
/** Kill whatever is left in it and remove it, for a container whose monitor was killed. */
void bt_container_cgroup_destroy(struct bt_container *container);
/** The same, where its last monitor was killed: then the name of that one's socket is still there,
 * and goes. For one that does not run; under `op`, or at start-up. */
void bt_container_cgroup_sweep(struct bt_container *container);

#endif
