/* SPDX-License-Identifier: Apache-2.0 */

#include "store/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

struct bt_ring {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t count, size;
	size_t head, full; /* first full buffer, how many are full (with the one being read) */
	bool reading;      /* the one at `head` is in the emptying side's hands */
	bool finished, cancelled;
	int status;
	char *memory; /* mapped, so that it goes back to the kernel at once */
	size_t lens[];
};

int bt_ring_create(size_t count, size_t size, struct bt_ring **ret)
{
	struct bt_ring *ring = calloc(1, sizeof(*ring) + count * sizeof(ring->lens[0]));

	if (!ring)
		return -ENOMEM;
	ring->memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	if (ring->memory == MAP_FAILED) {
		free(ring);
		return -ENOMEM;
	}
	(void)pthread_mutex_init(&ring->mutex, NULL);
	(void)pthread_cond_init(&ring->changed, NULL);
	ring->count = count;
	ring->size = size;
	*ret = ring;
	return 0;
}

void bt_ring_destroy(struct bt_ring *ring)
{
	if (!ring)
		return;
	(void)munmap(ring->memory, ring->count * ring->size);
	(void)pthread_cond_destroy(&ring->changed);
	(void)pthread_mutex_destroy(&ring->mutex);
	free(ring);
}

int bt_ring_claim(struct bt_ring *ring, void **ret)
{
	size_t tail;
	bool cancelled;

	(void)pthread_mutex_lock(&ring->mutex);
	while (ring->full == ring->count && !ring->cancelled)
		(void)pthread_cond_wait(&ring->changed, &ring->mutex);
	cancelled = ring->cancelled;
	tail = (ring->head + ring->full) % ring->count;
	(void)pthread_mutex_unlock(&ring->mutex);
	if (cancelled)
		return -ECANCELED;
	*ret = ring->memory + tail * ring->size;
	return 0;
}

void bt_ring_push(struct bt_ring *ring, size_t len)
{
	(void)pthread_mutex_lock(&ring->mutex);
	ring->lens[(ring->head + ring->full) % ring->count] = len;
	ring->full++;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->mutex);
}

void bt_ring_finish(struct bt_ring *ring, int status)
{
	(void)pthread_mutex_lock(&ring->mutex);
	ring->finished = true;
	ring->status = status;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->mutex);
}

int bt_ring_next(struct bt_ring *ring, const void **ret, size_t *ret_len)
{
	int r;

	(void)pthread_mutex_lock(&ring->mutex);
	if (ring->reading) {
		ring->reading = false;
		ring->head = (ring->head + 1) % ring->count;
		ring->full--;
		(void)pthread_cond_signal(&ring->changed);
	}
	while (ring->full == 0 && !ring->finished)
		(void)pthread_cond_wait(&ring->changed, &ring->mutex);
	if (ring->full > 0) {
		ring->reading = true;
		*ret = ring->memory + ring->head * ring->size;
		*ret_len = ring->lens[ring->head];
		r = 1;
	} else {
		r = ring->status;
	}
	(void)pthread_mutex_unlock(&ring->mutex);
	return r;
}

void bt_ring_cancel(struct bt_ring *ring)
{
	(void)pthread_mutex_lock(&ring->mutex);
	ring->cancelled = true;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->mutex);
}
