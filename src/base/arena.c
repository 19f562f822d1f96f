/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_MIN (64u << 10)

struct bt_arena_block {
	alignas(max_align_t) struct bt_arena_block *next;
	size_t size; /* mapped bytes, this header included */
	size_t used;
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static struct bt_arena_block *add_block(struct bt_arena *arena, size_t need)
{
	size_t size = round_up(need + sizeof(struct bt_arena_block), BLOCK_MIN);
	struct bt_arena_block *block;

	if (arena->max && (size > arena->max || arena->total > arena->max - size))
		return NULL;
	block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return NULL;
	block->next = arena->blocks;
	block->size = size;
	block->used = sizeof(*block);
	arena->blocks = block;
	arena->total += size;
	return block;
}

void *bt_arena_alloc(struct bt_arena *arena, size_t size)
{
	struct bt_arena_block *block = arena->blocks;
	void *p;

	if (size > SIZE_MAX - 2 * BLOCK_MIN)
		return NULL;
	size = round_up(size ? size : 1, alignof(max_align_t));
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	if (!block)
		return NULL;
	p = (char *)block + block->used; /* fresh from mmap: zeroed */
	block->used += size;
	return p;
}

char *bt_arena_strdup(struct bt_arena *arena, const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = bt_arena_alloc(arena, n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void bt_arena_done(struct bt_arena *arena)
{
	while (arena->blocks) {
		struct bt_arena_block *block = arena->blocks;

		arena->blocks = block->next;
		(void)munmap(block, block->size);
	}
	arena->total = 0;
}
