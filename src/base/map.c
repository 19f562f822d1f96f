/* SPDX-License-Identifier: Apache-2.0 */

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CAP_MIN 16

/* FNV-1a, started from a secret: enough against chosen collisions in maps whose size is
 * bounded elsewhere. */
static uint64_t hash_of(const struct bt_map *map, const char *key)
{
	uint64_t h = 0xcbf29ce484222325ull ^ map->seed;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3ull;
	h ^= h >> 32;
	return h;
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct bt_map_slot *slot_of(const struct bt_map *map, const char *key, uint64_t hash)
{
	size_t i = (size_t)hash & (map->cap - 1);

	while (map->slots[i].key &&
	       (map->slots[i].hash != hash || strcmp(map->slots[i].key, key) != 0))
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

static int grow(struct bt_map *map)
{
	struct bt_map bigger = { .cap = map->cap ? map->cap * 2 : CAP_MIN,
				 .used = map->used,
				 .seed = map->seed };

	if (!map->cap && getrandom(&bigger.seed, sizeof(bigger.seed), GRND_NONBLOCK) < 0)
		bigger.seed = (uintptr_t)map;
	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].key)
			*slot_of(&bigger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
	free(map->slots);
	*map = bigger;
	return 0;
}

void *bt_map_get(const struct bt_map *map, const char *key)
{
	return map->cap ? slot_of(map, key, hash_of(map, key))->value : NULL;
}

int bt_map_put(struct bt_map *map, const char *key, void *value, void **ret_old)
{
	struct bt_map_slot *slot;
	uint64_t hash;
	char *copy;

	if (map->used * 4 >= map->cap * 3 && grow(map) < 0)
		return -ENOMEM;
	hash = hash_of(map, key);
	slot = slot_of(map, key, hash);
	if (ret_old)
		*ret_old = slot->value;
	if (slot->key) {
		slot->value = value;
		return 0;
	}
	copy = strdup(key);
	if (!copy)
		return -ENOMEM;
	*slot = (struct bt_map_slot){ .key = copy, .value = value, .hash = hash };
	map->used++;
	return 0;
}

/* Close the gap at `hole`: entries behind it that probed past it move up. */
static void close_gap(struct bt_map *map, size_t hole)
{
	size_t mask = map->cap - 1;

	for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
		size_t home = (size_t)map->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		map->slots[i] = (struct bt_map_slot){ 0 };
		hole = i;
	}
}

void *bt_map_remove(struct bt_map *map, const char *key)
{
	struct bt_map_slot *slot;
	void *value;

	if (!map->cap)
		return NULL;
	slot = slot_of(map, key, hash_of(map, key));
	if (!slot->key)
		return NULL;
	value = slot->value;
	free(slot->key);
	*slot = (struct bt_map_slot){ 0 };
	map->used--;
	close_gap(map, (size_t)(slot - map->slots));
	return value;
}

bool bt_map_next(const struct bt_map *map, size_t *pos, const char **ret_key, void **ret_value)
{
	for (; *pos < map->cap; (*pos)++) {
		const struct bt_map_slot *slot = &map->slots[*pos];

		if (!slot->key)
			continue;
		if (ret_key)
			*ret_key = slot->key;
		if (ret_value)
			*ret_value = slot->value;
		(*pos)++;
		return true;
	}
	return false;
}

void bt_map_done(struct bt_map *map)
{
	for (size_t i = 0; i < map->cap; i++)
		free(map->slots[i].key);
	free(map->slots);
	*map = (struct bt_map){ 0 };
}
