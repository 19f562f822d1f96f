/* SPDX-License-Identifier: Apache-2.0 */

#include "store/ring.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct bt_ring *ring;

static void make_ring(void)
{
	ck_assert_int_eq(bt_ring_create(3, 64, &ring), 0);
}

static void drop_ring(void)
{
	bt_ring_destroy(ring);
}

static void put(const char *text)
{
	void *buf;

	ck_assert_int_eq(bt_ring_claim(ring, &buf), 0);
	memcpy(buf, text, strlen(text));
	bt_ring_push(ring, strlen(text));
}

static void expect(const char *text)
{
	const void *data;
	size_t len;

	ck_assert_int_eq(bt_ring_next(ring, &data, &len), 1);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_mem_eq(data, text, len);
}

START_TEST(what_is_put_in_comes_out_in_order)
{
	put("one");
	put("two");
	expect("one");
	put("three");
	expect("two");
	put("four");
	expect("three");
	expect("four");
}
END_TEST

START_TEST(the_end_comes_after_everything_that_was_put_in)
{
	const void *data;
	size_t len;

	put("last");
	bt_ring_finish(ring, 0);
	expect("last");
	ck_assert_int_eq(bt_ring_next(ring, &data, &len), 0);
	ck_assert_int_eq(bt_ring_next(ring, &data, &len), 0);
}
END_TEST

START_TEST(a_failure_is_told_where_the_end_would_be)
{
	const void *data;
	size_t len;

	put("first");
	bt_ring_finish(ring, -EIO);
	expect("first");
	ck_assert_int_eq(bt_ring_next(ring, &data, &len), -EIO);
}
END_TEST

START_TEST(who_fills_learns_that_nothing_is_wanted_even_when_it_is_full)
{
	void *buf;

	put("a");
	put("b");
	put("c");
	bt_ring_cancel(ring);
	ck_assert_int_eq(bt_ring_claim(ring, &buf), -ECANCELED);
}
END_TEST

static void *fill(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		void *buf;

		if (bt_ring_claim(ring, &buf) < 0)
			return NULL;
		memcpy(buf, &i, sizeof(i));
		bt_ring_push(ring, sizeof(i));
	}
	bt_ring_finish(ring, 0);
	return arg;
}

START_TEST(two_threads_hand_over_everything_once)
{
	const void *data;
	pthread_t thread;
	size_t len;
	int n = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, fill, NULL), 0);
	while (bt_ring_next(ring, &data, &len) == 1) {
		ck_assert_uint_eq(len, sizeof(n));
		ck_assert_mem_eq(data, &n, sizeof(n));
		n++;
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(n, 20000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/ring");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_ring, drop_ring);
	tcase_add_test(tests, what_is_put_in_comes_out_in_order);
	tcase_add_test(tests, the_end_comes_after_everything_that_was_put_in);
	tcase_add_test(tests, a_failure_is_told_where_the_end_would_be);
	tcase_add_test(tests, who_fills_learns_that_nothing_is_wanted_even_when_it_is_full);
	tcase_add_test(tests, two_threads_hand_over_everything_once);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
