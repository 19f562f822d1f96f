/* SPDX-License-Identifier: Apache-2.0 */

#include "base/lock.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int take_and_leave(void)
{
	bt_auto_lock(held, &mutex);

	return pthread_mutex_trylock(&mutex);
}

START_TEST(a_mutex_is_held_until_its_scope_ends)
{
	ck_assert_int_eq(take_and_leave(), EBUSY);
	ck_assert_int_eq(pthread_mutex_trylock(&mutex), 0);
	pthread_mutex_unlock(&mutex);
}
END_TEST

/* The monotonic clock counts from the machine's start, so that on it a time of the wall clock lies
 * decades ahead: a condition of the wrong clock would wait for it, or not at all. */
START_TEST(a_condition_waits_by_the_clock_that_nobody_sets)
{
	struct timespec until = bt_lock_time_in(0), wall;
	pthread_cond_t condition;

	bt_lock_init_condition(&condition);
	pthread_mutex_lock(&mutex);
	ck_assert_int_eq(pthread_cond_timedwait(&condition, &mutex, &until), ETIMEDOUT);
	clock_gettime(CLOCK_REALTIME, &wall);
	ck_assert_int_lt(until.tv_sec, wall.tv_sec);
	until = bt_lock_time_in(1);
	ck_assert_int_eq(pthread_cond_timedwait(&condition, &mutex, &until), ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &wall);
	ck_assert(wall.tv_sec > until.tv_sec ||
		  (wall.tv_sec == until.tv_sec && wall.tv_nsec >= until.tv_nsec));
	pthread_mutex_unlock(&mutex);
	pthread_cond_destroy(&condition);
}
END_TEST

START_TEST(a_time_ahead_is_that_many_seconds_ahead)
{
	struct timespec now, then = bt_lock_time_in(1000);

	clock_gettime(CLOCK_MONOTONIC, &now);
	ck_assert_int_ge(then.tv_sec, now.tv_sec);
	ck_assert_int_le(then.tv_sec, now.tv_sec + 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/lock");
	TCase *tests = tcase_create("lock");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_mutex_is_held_until_its_scope_ends);
	tcase_add_test(tests, a_condition_waits_by_the_clock_that_nobody_sets);
	tcase_add_test(tests, a_time_ahead_is_that_many_seconds_ahead);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
