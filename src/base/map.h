/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_MAP_H
#define BT_BASE_MAP_H

/*
 * A hash map from strings to pointers, with a per-map random seed so that keys
 * chosen by an attacker do not collide on purpose. Keys are copied; values are
 * borrowed and never NULL. Not locked: callers bring their own lock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct bt_map_slot {
	char *key; /* NULL: free */
	void *value;
	uint64_t hash;
};

/** Zeroed is an empty map. */
struct bt_map {
	struct bt_map_slot *slots;
	size_t cap;  /* a power of two, or 0 */
	size_t used; /* entries */
	uint64_t seed;
};

/** The value stored under `key` (borrowed), or NULL. */
void *bt_map_get(const struct bt_map *map, const char *key);

/** Store `value` under `key`, replacing what was there; `*ret_old` (optional) gets the value
 * that was there, or NULL. Returns 0 or -ENOMEM (nothing changed). */
bt_nodiscard int bt_map_put(struct bt_map *map, const char *key, void *value, void **ret_old);

/** Remove `key`. Returns the value that was stored, or NULL. */
void *bt_map_remove(struct bt_map *map, const char *key);

/** Iterate in no particular order: start with `*pos` 0; returns false at the end. The map
 * must not change meanwhile, but see bt_map_removed(). `ret_key` and `ret_value` are borrowed and
 * may be NULL. */
bool bt_map_next(const struct bt_map *map, size_t *pos, const char **ret_key, void **ret_value);

/** After the entry that bt_map_next() told last was removed, and nothing else changed: go on where
 * it was, since another may have moved there. One that is kept may be told twice. */
static inline void bt_map_removed(size_t *pos)
{
	(*pos)--;
}

/** Release keys and slots (not the values) and leave the map empty. */
void bt_map_done(struct bt_map *map);

#endif
