/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_WALK_H
#define BT_SYS_CGROUP_WALK_H

/*
 * Visiting a group and its children. Private to sys/cgroup*.c.
 */

#include "base/attr.h"

/** Called for the group `at`/`name`. Returns 0, or a negative errno, which ends the walk. */
typedef int (*bt_cgroup_walk_fn)(int at, const char *name, void *arg);

/** Call `visit` for each group below `dir`, children before parents, and at last for `dir`
 * itself as ".". A group that goes meanwhile is skipped. -ELOOP where they are nested
 * deeper than 64. */
bt_nodiscard int bt_cgroup_walk(int dir, bt_cgroup_walk_fn visit, void *arg);

/** Wait for so many microseconds. */
void bt_cgroup_walk_wait(long us);

#endif
