/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/auto.h"

#define EVENTS 16

int bt_helper_loop_init(struct bt_helper_loop *loop, void *owner)
{
	loop->owner = owner;
	bt_list_init(&loop->buried);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

void bt_helper_loop_done(struct bt_helper_loop *loop)
{
	bt_helper_loop_free_buried(loop);
	bt_close(&loop->epoll);
}

int bt_helper_loop_add(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = watch };
	int r;

	watch->fd = fd;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	r = -errno;
	bt_close(&watch->fd);
	return r;
}

void bt_helper_loop_want(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch,
			 uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	(void)epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &ev);
}

void bt_helper_loop_drop(struct bt_helper_loop *loop, struct bt_helper_loop_watch *watch)
{
	/* The daemon may have a copy, so that closing alone would not end the watch. */
	if (watch->fd >= 0)
		(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	bt_close(&watch->fd);
}

void bt_helper_loop_bury(struct bt_helper_loop *loop, struct bt_list *link)
{
	bt_list_append(&loop->buried, link);
}

int bt_helper_loop_turn(struct bt_helper_loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	const int n = epoll_wait(loop->epoll, events, EVENTS, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct bt_helper_loop_watch *w = events[i].data.ptr;

		if (w->fd >= 0)
			w->ready(loop->owner, w);
	}
	return n < 0 ? -errno : n;
}

void bt_helper_loop_free_buried(struct bt_helper_loop *loop)
{
	bt_list_foreach (it, &loop->buried) {
		bt_list_remove(it);
		free(it);
	}
}
