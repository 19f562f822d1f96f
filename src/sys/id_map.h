/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_ID_MAP_H
#define BT_SYS_ID_MAP_H

/*
 * How the ids in a user namespace and those outside of it correspond
 * (user_namespaces(7)): translation both ways, and reading the map of a process.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/** The kernel takes 340 ranges; nobody has more than a few. */
#define BT_ID_MAP_MAX 16

/** What an id that has no counterpart is taken for, as the kernel shows it (overflowuid). */
#define BT_ID_MAP_NOBODY 65534u

/** `size` ids from `inside` on are those from `outside` on. */
struct bt_id_range {
	uint32_t inside, outside, size;
};

struct bt_id_map {
	struct bt_id_range uids[BT_ID_MAP_MAX], gids[BT_ID_MAP_MAX];
	unsigned nuids, ngids; /* 0: no ids are mapped at all */
};

/** What `id` inside is outside, or BT_ID_MAP_NOBODY. */
uint32_t bt_id_map_outside(const struct bt_id_range *ranges, unsigned n, uint32_t id);

/** What `id` outside is inside, or BT_ID_MAP_NOBODY. */
uint32_t bt_id_map_inside(const struct bt_id_range *ranges, unsigned n, uint32_t id);

/** Read the text of /proc/PID/uid_map or gid_map: a range a line, "inside outside size". Returns
 * how many there are, or -EINVAL, or -E2BIG past BT_ID_MAP_MAX. */
bt_nodiscard int bt_id_map_parse(const char *text, struct bt_id_range ret[BT_ID_MAP_MAX]);

/** The map of a process, which is empty (no ranges) where each id is itself: in a namespace that
 * maps everything to itself. `proc` is a descriptor of /proc/PID. Returns 0 or -errno. */
bt_nodiscard int bt_id_map_of(int proc, struct bt_id_map *ret);

#endif
