/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"

#define WATCHES 40 /* more than are told of in one turn */

/* Something that is watched; its link first, so that it can be buried. */
struct thing {
	struct bt_list link;
	struct bt_helper_loop_watch watch;
	struct thing *ends; /* another that goes when this one is ready */
	int own;            /* the other end */
	unsigned calls;
};

static struct bt_helper_loop loop;
static int owner;

static void setup(void)
{
	ck_assert_int_eq(bt_helper_loop_init(&loop, &owner), 0);
}

static void teardown(void)
{
	bt_helper_loop_done(&loop);
}

static void on_ready(void *who, struct bt_helper_loop_watch *watch)
{
	struct thing *thing = bt_list_entry(watch, struct thing, watch);

	ck_assert_ptr_eq(who, &owner);
	thing->calls++;
	if (!thing->ends)
		return;
	bt_helper_loop_drop(&loop, &thing->ends->watch);
	bt_helper_loop_bury(&loop, &thing->ends->link);
	thing->ends = NULL;
}

static struct thing *new_thing(void)
{
	struct thing *thing = calloc(1, sizeof(*thing));
	int pair[2];

	ck_assert_ptr_nonnull(thing);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	bt_list_init(&thing->link);
	thing->watch.ready = on_ready;
	thing->own = pair[0];
	ck_assert_int_eq(bt_helper_loop_add(&loop, &thing->watch, pair[1]), 0);
	ck_assert_int_eq(thing->watch.fd, pair[1]);
	return thing;
}

static void free_thing(struct thing *thing)
{
	bt_helper_loop_drop(&loop, &thing->watch);
	bt_close(&thing->own);
	free(thing);
}

static void poke(const struct thing *thing)
{
	ck_assert_int_eq(write(thing->own, "x", 1), 1);
}

START_TEST(a_turn_calls_those_who_are_ready_and_nobody_else)
{
	struct thing *one = new_thing(), *two = new_thing();

	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 0);
	poke(one);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, -1), 1);
	ck_assert_uint_eq(one->calls, 1);
	ck_assert_uint_eq(two->calls, 0);
	/* It has not read: it is ready still. */
	ck_assert_int_eq(bt_helper_loop_turn(&loop, -1), 1);
	ck_assert_uint_eq(one->calls, 2);
	free_thing(one);
	free_thing(two);
}
END_TEST

START_TEST(what_is_waited_for_can_be_changed)
{
	struct thing *thing = new_thing();

	poke(thing);
	bt_helper_loop_want(&loop, &thing->watch, 0);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 0);
	bt_helper_loop_want(&loop, &thing->watch, EPOLLOUT);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 1);
	/* The end is told in any case. */
	bt_helper_loop_want(&loop, &thing->watch, 0);
	bt_close(&thing->own);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 1);
	ck_assert_uint_eq(thing->calls, 2);
	free_thing(thing);
}
END_TEST

/* Both were told of in the same turn: whoever comes second has been closed by the first. */
START_TEST(whoever_is_dropped_by_another_in_the_same_turn_is_not_called)
{
	struct thing *one = new_thing(), *two = new_thing();
	int own[2] = { one->own, two->own };

	one->ends = two;
	two->ends = one;
	poke(one);
	poke(two);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, -1), 2);
	/* What it was can still be looked at until the turn is over. */
	ck_assert_uint_eq(one->calls + two->calls, 1);
	ck_assert(one->watch.fd == -EBADF || two->watch.fd == -EBADF);
	free_thing(one->watch.fd >= 0 ? one : two);
	bt_helper_loop_free_buried(&loop);
	ck_assert(bt_list_empty(&loop.buried));
	for (int i = 0; i < 2; i++)
		(void)close(own[i]);
}
END_TEST

START_TEST(more_than_one_turn_tells_of_are_all_called)
{
	struct thing *things[WATCHES];
	unsigned calls = 0;

	for (size_t i = 0; i < WATCHES; i++)
		poke(things[i] = new_thing());
	for (unsigned turns = 0; turns < WATCHES; turns++)
		ck_assert_int_gt(bt_helper_loop_turn(&loop, -1), 0);
	for (size_t i = 0; i < WATCHES; i++) {
		ck_assert_msg(things[i]->calls > 0, "nobody came to number %zu", i);
		calls += things[i]->calls;
		free_thing(things[i]);
	}
	ck_assert_uint_gt(calls, WATCHES);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 0);
}
END_TEST

/* The daemon has a copy of every socket of a port: closing ours does not end it. */
START_TEST(what_is_dropped_is_told_of_no_more_also_where_somebody_has_a_copy)
{
	struct thing *thing = new_thing();
	bt_auto_close int copy = fcntl(thing->watch.fd, F_DUPFD_CLOEXEC, 3);

	poke(thing);
	bt_helper_loop_drop(&loop, &thing->watch);
	ck_assert_int_eq(thing->watch.fd, -EBADF);
	ck_assert_int_eq(bt_helper_loop_turn(&loop, 0), 0);
	/* Once more is nothing. */
	bt_helper_loop_drop(&loop, &thing->watch);
	free_thing(thing);
}
END_TEST

START_TEST(what_cannot_be_watched_is_closed)
{
	struct bt_helper_loop_watch watch = { .ready = on_ready };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_helper_loop_add(&loop, &watch, fd), -EPERM);
	ck_assert_int_eq(watch.fd, -EBADF);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(bt_helper_loop_add(&loop, &watch, 1000000), -EBADF);
}
END_TEST

START_TEST(what_is_buried_at_the_end_is_freed_with_the_loop)
{
	struct thing *thing = new_thing();

	bt_close(&thing->own);
	bt_helper_loop_drop(&loop, &thing->watch);
	bt_helper_loop_bury(&loop, &thing->link);
	bt_helper_loop_done(&loop);
	ck_assert(bt_list_empty(&loop.buried));
	ck_assert_int_eq(loop.epoll, -EBADF);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_turn_calls_those_who_are_ready_and_nobody_else);
	tcase_add_test(tests, what_is_waited_for_can_be_changed);
	tcase_add_test(tests, whoever_is_dropped_by_another_in_the_same_turn_is_not_called);
	tcase_add_test(tests, more_than_one_turn_tells_of_are_all_called);
	tcase_add_test(tests, what_is_dropped_is_told_of_no_more_also_where_somebody_has_a_copy);
	tcase_add_test(tests, what_cannot_be_watched_is_closed);
	tcase_add_test(tests, what_is_buried_at_the_end_is_freed_with_the_loop);
}

int main(void)
{
	return run_suite("net/helper_loop", setup, teardown, add);
}
