/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_USERNS_H
#define BT_SYS_USERNS_H

/*
 * User namespaces that no process lives in: a short-lived child makes them, and a
 * descriptor keeps them. Also from a process with threads, which could not enter
 * one itself: the child does nothing but wait.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "sys/id_map.h"

/** A new user namespace with the map, and, where `ret_net` is not NULL, a new network namespace
 * that belongs to it. The descriptors are owned. Returns 0 or -errno. */
bt_nodiscard int bt_userns_make(const struct bt_id_map *map, int *ret_user, int *ret_net);

/** A new network namespace that belongs to the user namespace `user` (borrowed). */
bt_nodiscard int bt_userns_make_net(int user, int *ret_net);

/** The user namespace that a namespace of another kind belongs to, as an owned descriptor; 0
 * without one where it is that of the calling process (`*ret` is -EBADF then). */
bt_nodiscard int bt_userns_of(int ns, int *ret);

/** Do two descriptors stand for the same namespace? */
bool bt_userns_is_same(int a, int b);

/** How files look to whoever lives in a user namespace: an id-mapped mount. */
struct bt_userns_view {
	int userns; /* borrowed */
	uid_t uid;  /* what its 0 is outside */
	gid_t gid;
};

/** Make the calling thread act on files as `uid` and `gid`, with all its capabilities: through an
 * id-mapped mount the ids of the host's root make nothing, since they have no counterpart. Only
 * this thread; it is not brought back. Returns 0 or -errno. */
bt_nodiscard int bt_userns_act_as(uid_t uid, gid_t gid);

#endif
