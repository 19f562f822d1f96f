/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_ARENA_H
#define BT_BASE_ARENA_H

/*
 * An arena: memory for what lives as long as one request or one parse, released
 * at once. Its pages come from mmap(2) and go back to the kernel whole, so a
 * long-lived process keeps nothing of a short job.
 */

#include <stddef.h>

#include "base/attr.h"

/** Zeroed is an empty arena. */
struct bt_arena {
	struct bt_arena_block *blocks;
	size_t total; /* bytes mapped */
	size_t max;   /* bytes it may map; 0 means no limit */
};

/** Zeroed memory aligned for any type, valid until bt_arena_done(); NULL without memory or
 * past the limit. */
void *bt_arena_alloc(struct bt_arena *arena, size_t size);

/** A copy of a string in the arena, or NULL. */
char *bt_arena_strdup(struct bt_arena *arena, const char *s);

/** Give everything back and leave the arena empty (its limit stays). */
void bt_arena_done(struct bt_arena *arena);

#define bt_auto_arena bt_auto(bt_arena_done)

#endif
