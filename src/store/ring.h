/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_RING_H
#define BT_STORE_RING_H

/*
 * A few large buffers between one thread that fills them and one that empties
 * them, so that inflating and writing overlap in bounded memory.
 */

#include <stddef.h>

#include "base/attr.h"

struct bt_ring;

/** `count` buffers of `size` bytes. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_ring_create(size_t count, size_t size, struct bt_ring **ret);
/** Release, once both threads are through with it. NULL is fine. */
void bt_ring_destroy(struct bt_ring *ring);

/** Filling side: wait for an empty buffer (borrowed until pushed; bt_ring_create()'s size).
 * Returns 0, or -ECANCELED where the other side has given up. */
bt_nodiscard int bt_ring_claim(struct bt_ring *ring, void **ret);
/** Filling side: hand over the first `len` bytes of the buffer claimed last. */
void bt_ring_push(struct bt_ring *ring, size_t len);
/** Filling side: that was all, or (`status` a negative errno) it failed. */
void bt_ring_finish(struct bt_ring *ring, int status);

/** Emptying side: give back the last buffer, wait for the next (borrowed until the next call).
 * Returns 1, 0 at the end, or what bt_ring_finish() was told. */
bt_nodiscard int bt_ring_next(struct bt_ring *ring, const void **ret, size_t *ret_len);
/** Emptying side: nothing more is wanted. */
void bt_ring_cancel(struct bt_ring *ring);

#endif
