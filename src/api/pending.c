/* SPDX-License-Identifier: Apache-2.0 */

#include "api/pending.h"

#include <errno.h>
#include <time.h>

#include "base/lock.h"

void bt_pending_init(struct bt_pending *pending)
{
	*pending = (struct bt_pending){ .lock = PTHREAD_MUTEX_INITIALIZER };
	bt_lock_init_condition(&pending->fewer);
}

void bt_pending_done(struct bt_pending *pending)
{
	(void)pthread_cond_destroy(&pending->fewer);
	(void)pthread_mutex_destroy(&pending->lock);
}

void bt_pending_spoke(struct bt_pending *pending)
{
	pthread_mutex_lock(&pending->lock);
	pending->spoke++;
	pthread_mutex_unlock(&pending->lock);
}

static void fewer(struct bt_pending *pending, unsigned *counter)
{
	pthread_mutex_lock(&pending->lock);
	(*counter)--;
	pthread_cond_signal(&pending->fewer);
	pthread_mutex_unlock(&pending->lock);
}

void bt_pending_left(struct bt_pending *pending)
{
	fewer(pending, &pending->spoke);
}

void bt_pending_owe(struct bt_pending *pending, bool first)
{
	pthread_mutex_lock(&pending->lock);
	pending->owed++;
	if (first)
		pending->spoke--;
	pthread_mutex_unlock(&pending->lock);
}

void bt_pending_settle(struct bt_pending **pending)
{
	if (*pending)
		fewer(*pending, &(*pending)->owed);
	*pending = NULL;
}

bool bt_pending_is_ending(struct bt_pending *pending)
{
	bool ending;

	pthread_mutex_lock(&pending->lock);
	ending = pending->ending;
	pthread_mutex_unlock(&pending->lock);
	return ending;
}

void bt_pending_end(struct bt_pending *pending, unsigned grace_ms)
{
	struct timespec until;
	bool late = false;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += grace_ms / 1000;
	until.tv_nsec += (long)(grace_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&pending->lock);
	pending->ending = true;
	while (pending->owed > 0 || (pending->spoke > 0 && !late))
		if (late)
			(void)pthread_cond_wait(&pending->fewer, &pending->lock);
		else
			late = pthread_cond_timedwait(&pending->fewer, &pending->lock, &until) ==
			       ETIMEDOUT;
	pthread_mutex_unlock(&pending->lock);
}
