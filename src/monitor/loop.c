/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/loop.h"

#include <errno.h>
#include <limits.h>

#include "base/time.h"

#define NSEC_PER_MSEC 1000000

int bt_loop_init(struct bt_loop *loop)
{
	*loop = (struct bt_loop){ .fd = epoll_create1(EPOLL_CLOEXEC) };
	bt_list_init(&loop->timers);
	return loop->fd < 0 ? -errno : 0;
}

int bt_loop_add(struct bt_loop *loop, struct bt_loop_source *source, int fd, uint32_t events,
		bt_loop_fn fn)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	*source = (struct bt_loop_source){ .fn = fn, .fd = fd };
	if (events && epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		source->fn = NULL;
		return -errno;
	}
	source->events = events;
	return 0;
}

void bt_loop_want(struct bt_loop *loop, struct bt_loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };
	int op = EPOLL_CTL_MOD;

	if (!source->fn || source->events == events)
		return;
	if (events == 0)
		op = EPOLL_CTL_DEL;
	else if (source->events == 0)
		op = EPOLL_CTL_ADD;
	/* Only want of kernel memory makes this fail; then the events stay as they were. */
	if (epoll_ctl(loop->fd, op, source->fd, &event) == 0)
		source->events = events;
}

void bt_loop_remove(struct bt_loop *loop, struct bt_loop_source *source)
{
	bt_loop_want(loop, source, 0);
	*source = (struct bt_loop_source){ 0 };
}

void bt_loop_timer_init(struct bt_loop_timer *timer, bt_loop_timer_fn fn)
{
	*timer = (struct bt_loop_timer){ .fn = fn };
	bt_list_init(&timer->link);
}

void bt_loop_timer_set(struct bt_loop *loop, struct bt_loop_timer *timer, int64_t ms)
{
	bt_list_remove(&timer->link);
	timer->at_ns = bt_time_monotonic_ns() + ms * NSEC_PER_MSEC;
	bt_list_append(&loop->timers, &timer->link);
}

void bt_loop_timer_clear(struct bt_loop_timer *timer)
{
	if (timer->fn)
		bt_list_remove(&timer->link);
}

bool bt_loop_timer_is_set(const struct bt_loop_timer *timer)
{
	return timer->fn && !bt_list_empty(&timer->link);
}

/* The timer that is due first, or NULL. There are few. */
static struct bt_loop_timer *first_timer(const struct bt_loop *loop)
{
	struct bt_loop_timer *first = NULL;

	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&loop->timers) {
		struct bt_loop_timer *timer = bt_list_entry(it, struct bt_loop_timer, link);

		if (!first || timer->at_ns < first->at_ns)
			first = timer;
	}
	return first;
}

/* Fire what is due. Returns how long to sleep: milliseconds, rounded up; -1: for ever. */
static int run_timers(struct bt_loop *loop)
{
	struct bt_loop_timer *timer;

	while ((timer = first_timer(loop)) && !loop->stop) {
		int64_t left = timer->at_ns - bt_time_monotonic_ns();

		if (left > 0) {
			left = (left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
			return left < INT_MAX ? (int)left : INT_MAX;
		}
		bt_list_remove(&timer->link);
		timer->fn(timer);
	}
	return -1;
}

int bt_loop_run(struct bt_loop *loop)
{
	while (!loop->stop) {
		int timeout = run_timers(loop);
		struct epoll_event event;
		int n;

		if (loop->stop)
			break;
		/* One event at a time: a callback may release any other source. */
		n = epoll_wait(loop->fd, &event, 1, timeout);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			struct bt_loop_source *source = event.data.ptr;

			source->fn(source, event.events);
		}
	}
	return 0;
}
