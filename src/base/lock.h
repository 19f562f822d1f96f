/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_LOCK_H
#define BT_BASE_LOCK_H

/*
 * A mutex that is held until its scope ends.
 */

#include <pthread.h>

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

#endif
