/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_LOOP_H
#define BT_MONITOR_LOOP_H

/*
 * The monitor's event loop: descriptors by epoll(7), level-triggered, and timers.
 * Sources and timers are embedded in what they belong to and borrowed here.
 * A callback may remove and release any source and timer, its own included.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/attr.h"
#include "base/list.h"

struct bt_loop {
	int fd; /* owned */
	struct bt_list timers;
	bool stop;
};

/** Nothing but the end of the other side: the kernel always reports EPOLLHUP and EPOLLERR. */
#define BT_LOOP_HANGUP ((uint32_t)EPOLLHUP)

struct bt_loop_source;
typedef void (*bt_loop_fn)(struct bt_loop_source *source, uint32_t events);

/** A descriptor that is watched. Zeroed: none. */
struct bt_loop_source {
	bt_loop_fn fn;
	int fd;          /* borrowed */
	uint32_t events; /* 0: not in the kernel's set at all, so that not even a hang-up wakes */
};

struct bt_loop_timer;
typedef void (*bt_loop_timer_fn)(struct bt_loop_timer *timer);

/** A timer that fires once. */
struct bt_loop_timer {
	struct bt_list link;
	bt_loop_timer_fn fn;
	int64_t at_ns; /* CLOCK_MONOTONIC */
};

/** Returns 0 or -errno. */
bt_nodiscard int bt_loop_init(struct bt_loop *loop);

/** Watch `fd` for `events`. Returns 0 or -errno. */
bt_nodiscard int bt_loop_add(struct bt_loop *loop, struct bt_loop_source *source, int fd,
			     uint32_t events, bt_loop_fn fn);

/** Change the events; 0 suspends. Nothing happens where they are the same, or for no source. */
void bt_loop_want(struct bt_loop *loop, struct bt_loop_source *source, uint32_t events);

/** Watch no more; before its descriptor is closed. Zeroed sources are fine. */
void bt_loop_remove(struct bt_loop *loop, struct bt_loop_source *source);

/** Make `timer` one that is not set. */
void bt_loop_timer_init(struct bt_loop_timer *timer, bt_loop_timer_fn fn);

/** Fire in `ms` milliseconds (again counted from now where it was set). */
void bt_loop_timer_set(struct bt_loop *loop, struct bt_loop_timer *timer, int64_t ms);

/** Do not fire. One that is not set is fine. */
void bt_loop_timer_clear(struct bt_loop_timer *timer);

/** Is it set? */
bool bt_loop_timer_is_set(const struct bt_loop_timer *timer);

/** Run until `stop` is set. Returns 0 or -errno. */
bt_nodiscard int bt_loop_run(struct bt_loop *loop);

#endif
