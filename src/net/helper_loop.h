/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_HELPER_LOOP_H
#define BT_NET_HELPER_LOOP_H

/*
 * What a helper process of one thread waits for: descriptors, each with a
 * function. Whatever epoll may still report is not freed before the end of the
 * turn: it is closed, and buried.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"

/** A descriptor that the loop watches. */
struct bt_helper_loop_watch {
	/** `owner`: of the loop. May unwatch this or any other. */
	void (*ready)(void *owner, struct bt_helper_loop_watch *watch);
	int fd; /* -EBADF: closed, not reported any more */
};

struct bt_helper_loop {
	void *owner;
	int epoll;
	struct bt_list buried; /* each begins with its link */
};

/** Returns 0 or -errno. `owner` (borrowed) is given to every `ready`. */
bt_nodiscard int bt_helper_loop_init(struct bt_helper_loop *loop, void *owner);
/** Free what is buried, and close; what is watched stays the caller's. */
void bt_helper_loop_done(struct bt_helper_loop *loop);

/** Watch `fd` (owned by the watch from now on) for input. Returns 0; -errno with the descriptor
 * closed. */
bt_nodiscard int bt_helper_loop_add(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch,
				    int fd);
/** Wait for something else: EPOLLIN, EPOLLOUT, or 0 for its end alone. */
void bt_helper_loop_want(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch,
			 uint32_t events);
/** Stop watching, and close. One that is closed is fine. */
void bt_helper_loop_drop(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch);
/** Free the object that begins with `link` (in no other list) after this turn. */
void bt_helper_loop_bury(struct bt_helper_loop *loop, struct bt_list *link);

/** One turn: wait up to `timeout_ms` (-1: for ever), and call who is ready. Returns how many were,
 * 0 after the time, or -errno. Free the buried by bt_helper_loop_free_buried() when the turn is
 * over. */
int bt_helper_loop_turn(struct bt_helper_loop *loop, int timeout_ms);
/** Free what was buried; not while a turn goes on. */
void bt_helper_loop_free_buried(struct bt_helper_loop *loop);

#endif
