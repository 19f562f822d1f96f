/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_LOCK_H
#define BT_BASE_LOCK_H

/*
 * Locks that are held until their scope ends, and conditions whose time-outs do
 * not move with the wall clock.
 */

#include <pthread.h>
#include <time.h>

#include "base/attr.h"
#include "base/auto.h"

static inline void bt_lock_releasep(pthread_mutex_t **p)
{
	if (*p)
		pthread_mutex_unlock(*p);
}

static inline pthread_mutex_t *bt_lock_take(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
	return mutex;
}

/* Holds `mutex` until the scope ends. */
#define bt_auto_lock(var, mutex) \
	bt_auto(bt_lock_releasep) bt_unused pthread_mutex_t *var = bt_lock_take(mutex)

static inline void bt_lock_release_sharedp(pthread_rwlock_t **p)
{
	if (*p)
		pthread_rwlock_unlock(*p);
}

static inline pthread_rwlock_t *bt_lock_take_shared(pthread_rwlock_t *lock)
{
	pthread_rwlock_rdlock(lock);
	return lock;
}

/* Holds `lock` for reading until the scope ends. */
#define bt_auto_read_lock(var, lock) \
	bt_auto(bt_lock_release_sharedp) bt_unused pthread_rwlock_t *var = bt_lock_take_shared(lock)

/* Like pthread_rwlock_init(); who waits for writing is not overtaken by those who read. No thread
 * may read twice. */
static inline void bt_lock_init_shared(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	(void)pthread_rwlockattr_init(&attr);
	(void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(lock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
}

/* Like pthread_cond_init(); pthread_cond_timedwait() then takes a time of CLOCK_MONOTONIC. */
static inline void bt_lock_init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &attr);
	(void)pthread_condattr_destroy(&attr);
}

/* The time that is `seconds` from now, for pthread_cond_timedwait() on such a condition. */
static inline struct timespec bt_lock_time_in(time_t seconds)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	return until;
}

#endif
