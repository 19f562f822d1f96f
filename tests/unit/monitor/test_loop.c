/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/loop.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"

/* One loop, two sources and three timers, and what they did. */
static struct bed {
	struct bt_loop loop;
	struct bt_loop_source a, b;
	struct bt_loop_timer timers[3];
	int ends[2], event;
	int calls;
	uint32_t events;
	char order[8];
	size_t n;
} bed;

static void set_up(void)
{
	bed = (struct bed){ 0 };
	ck_assert_int_eq(bt_loop_init(&bed.loop), 0);
	ck_assert_int_eq(pipe2(bed.ends, O_CLOEXEC), 0);
	bed.event = eventfd(1, EFD_CLOEXEC);
	ck_assert_int_ge(bed.event, 0);
}

static void tear_down(void)
{
	close(bed.ends[0]);
	if (bed.ends[1] >= 0)
		close(bed.ends[1]);
	close(bed.event);
	close(bed.loop.fd);
}

static void on_end(struct bt_loop_source *source, uint32_t events)
{
	(void)source;
	bed.calls++;
	bed.events = events;
	bed.loop.stop = true;
}

static void on_timer(struct bt_loop_timer *timer)
{
	bed.order[bed.n++] = (char)('0' + (timer - bed.timers));
	if (bed.n == 3)
		bed.loop.stop = true;
}

static void stop_by_timer(struct bt_loop_timer *timer)
{
	(void)timer;
	bed.loop.stop = true;
}

static void run(void)
{
	bed.loop.stop = false;
	ck_assert_int_eq(bt_loop_run(&bed.loop), 0);
}

START_TEST(a_descriptor_that_is_ready_wakes_its_source)
{
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, bed.ends[0], EPOLLIN, on_end), 0);
	ck_assert_int_eq(write(bed.ends[1], "x", 1), 1);
	run();
	ck_assert_int_eq(bed.calls, 1);
	ck_assert_uint_eq(bed.events, EPOLLIN);
	/* Level-triggered: nobody read it. */
	run();
	ck_assert_int_eq(bed.calls, 2);
}
END_TEST

START_TEST(a_hangup_is_told_unless_nothing_is_wanted)
{
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, bed.ends[0], BT_LOOP_HANGUP, on_end), 0);
	close(bed.ends[1]);
	bed.ends[1] = -1;
	run();
	ck_assert_uint_eq(bed.events, EPOLLHUP);
	bt_loop_want(&bed.loop, &bed.a, 0);
	bt_loop_timer_init(&bed.timers[0], stop_by_timer);
	bt_loop_timer_set(&bed.loop, &bed.timers[0], 1);
	run();
	ck_assert_int_eq(bed.calls, 1);
	bt_loop_want(&bed.loop, &bed.a, BT_LOOP_HANGUP);
	run();
	ck_assert_int_eq(bed.calls, 2);
}
END_TEST

START_TEST(what_is_removed_is_silent_and_may_be_removed_again)
{
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, bed.event, EPOLLIN, on_end), 0);
	bt_loop_remove(&bed.loop, &bed.a);
	bt_loop_remove(&bed.loop, &bed.a);
	bt_loop_remove(&bed.loop, &bed.b);
	bt_loop_want(&bed.loop, &bed.a, EPOLLIN);
	bt_loop_timer_init(&bed.timers[0], stop_by_timer);
	bt_loop_timer_set(&bed.loop, &bed.timers[0], 1);
	run();
	ck_assert_int_eq(bed.calls, 0);
}
END_TEST

static void remove_both(struct bt_loop_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	bed.calls++;
	bt_loop_remove(&bed.loop, &bed.a);
	bt_loop_remove(&bed.loop, &bed.b);
	close(bed.event);
	bed.event = -1;
}

START_TEST(a_callback_may_remove_every_source)
{
	int other = eventfd(1, EFD_CLOEXEC);

	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, bed.event, EPOLLIN, remove_both), 0);
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.b, other, EPOLLIN, remove_both), 0);
	bt_loop_timer_init(&bed.timers[0], stop_by_timer);
	bt_loop_timer_set(&bed.loop, &bed.timers[0], 1);
	run();
	ck_assert_int_eq(bed.calls, 1);
	close(other);
}
END_TEST

START_TEST(timers_fire_by_time_and_not_by_the_order_they_were_set)
{
	static const int ms[] = { 6, 0, 3 };

	for (size_t i = 0; i < 3; i++) {
		bt_loop_timer_init(&bed.timers[i], on_timer);
		bt_loop_timer_set(&bed.loop, &bed.timers[i], ms[i]);
		ck_assert(bt_loop_timer_is_set(&bed.timers[i]));
	}
	run();
	ck_assert_str_eq(bed.order, "120");
	for (size_t i = 0; i < 3; i++)
		ck_assert(!bt_loop_timer_is_set(&bed.timers[i]));
}
END_TEST

START_TEST(a_timer_that_is_cleared_or_set_anew)
{
	struct bt_loop_timer zeroed = { 0 };

	for (size_t i = 0; i < 3; i++)
		bt_loop_timer_init(&bed.timers[i], i == 2 ? stop_by_timer : on_timer);
	bt_loop_timer_clear(&zeroed);
	bt_loop_timer_clear(&bed.timers[0]);
	bt_loop_timer_set(&bed.loop, &bed.timers[0], 0);
	bt_loop_timer_clear(&bed.timers[0]);
	ck_assert(!bt_loop_timer_is_set(&bed.timers[0]) && !bt_loop_timer_is_set(&zeroed));
	/* Counted from now: it fires once, and after the one that ends the loop. */
	bt_loop_timer_set(&bed.loop, &bed.timers[1], 0);
	bt_loop_timer_set(&bed.loop, &bed.timers[1], 60000);
	bt_loop_timer_set(&bed.loop, &bed.timers[2], 1);
	run();
	ck_assert_uint_eq(bed.n, 0);
	ck_assert(bt_loop_timer_is_set(&bed.timers[1]));
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_watched)
{
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, -1, EPOLLIN, on_end), -EBADF);
	/* It is none, so that removing it touches nothing. */
	ck_assert_ptr_null(bed.a.fn);
	bt_loop_remove(&bed.loop, &bed.a);
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.a, bed.event, EPOLLIN, on_end), 0);
	ck_assert_int_eq(bt_loop_add(&bed.loop, &bed.b, bed.event, EPOLLIN, on_end), -EEXIST);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/loop");
	TCase *tc = tcase_create("loop");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_descriptor_that_is_ready_wakes_its_source);
	tcase_add_test(tc, a_hangup_is_told_unless_nothing_is_wanted);
	tcase_add_test(tc, what_is_removed_is_silent_and_may_be_removed_again);
	tcase_add_test(tc, a_callback_may_remove_every_source);
	tcase_add_test(tc, timers_fire_by_time_and_not_by_the_order_they_were_set);
	tcase_add_test(tc, a_timer_that_is_cleared_or_set_anew);
	tcase_add_test(tc, a_descriptor_that_cannot_be_watched);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
