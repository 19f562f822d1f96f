/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_PENDING_H
#define BT_API_PENDING_H

/*
 * The answers that a server owes: to connections that began to speak, and to
 * requests that were read. An orderly end waits for them, so that nobody whose
 * request was taken is left without an answer. An answer that streams is owed
 * until its head was sent: it may go on for days.
 */

#include <pthread.h>
#include <stdbool.h>

#include "base/attr.h"

struct bt_pending {
	pthread_mutex_t lock;
	pthread_cond_t fewer;
	unsigned spoke; /* connections whose first request is not read yet */
	unsigned owed;  /* requests without their answer */
	bool ending;
};

/** Nothing is owed yet. */
void bt_pending_init(struct bt_pending *pending);
/** Release; nothing may be owed any more. */
void bt_pending_done(struct bt_pending *pending);

/** A connection spoke. Ended by either of the next two. */
void bt_pending_spoke(struct bt_pending *pending);
/** It was closed, or could not be taken, before its request was read. */
void bt_pending_left(struct bt_pending *pending);
/** A request was read; it is the first of a connection that spoke where `first`. */
void bt_pending_owe(struct bt_pending *pending, bool first);
/** The answer was given, or nobody is left to take it. `*pending` becomes NULL; NULL is fine. */
void bt_pending_settle(struct bt_pending **pending);

/** No more requests are wanted: answers should close their connections. Any thread. */
bool bt_pending_is_ending(struct bt_pending *pending);
/** Wait until nothing is owed, and for at most `grace_ms` for requests of connections that spoke
 * and did not finish their sentence. How long a handler takes is up to the handler. */
void bt_pending_end(struct bt_pending *pending, unsigned grace_ms);

#endif
