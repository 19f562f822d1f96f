/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_LOCK_H
#define BT_BASE_LOCK_H

/*
 * A mutex that is held until its scope ends, and conditions whose time-outs do
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
