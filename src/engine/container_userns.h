/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_USERNS_H
#define BT_ENGINE_CONTAINER_USERNS_H

/*
 * The user namespace of one container: a new one with the daemon's map, that of
 * the container whose namespaces it joins (who shares a network or its processes
 * must share the power over them, too), or the host's.
 */

#include <jansson.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/sandbox.h"
#include "sys/userns.h"

struct bt_engine;

struct bt_container_userns {
	bool mapped;    /* else all below is empty: it is the host's */
	pid_t join_pid; /* whose it is, or 0: a new one */
	int joined;     /* the same as a descriptor (owned), or -EBADF */
	struct bt_id_map map;
	struct bt_userns_view view;
	struct bt_sandbox_owner joined_owner;
	const struct bt_sandbox_owner *owner; /* of its network namespace; NULL: the host's */
};

/** Is a container with this HostConfig remapped? */
bool bt_container_userns_wanted(const struct bt_engine *engine, const json_t *host_config);

/** What Docker refuses where ids are remapped: a privileged container, and one in the host's
 * network or process namespace; and what only berth's own runtime can. Kind INVALID. */
bt_nodiscard int bt_container_userns_check(const struct bt_engine *engine,
					   const json_t *host_config, struct bt_err *err);

/** Find out. `pids` are `n` processes whose namespaces are to be joined, 0 for none. CONFLICT where
 * they are not in one and the same user namespace, or in the host's. */
bt_nodiscard int bt_container_userns_find(const struct bt_engine *engine, const json_t *host_config,
					  const pid_t *pids, size_t n,
					  struct bt_container_userns *ret, struct bt_err *err);

/** Release it. */
void bt_container_userns_done(struct bt_container_userns *userns);

/** Ranges of ids as the OCI specification writes them (linux.uidMappings, mounts' uidMappings),
 * as a new array. */
json_t *bt_container_userns_ranges(const struct bt_id_range *ranges, unsigned n);

#endif
