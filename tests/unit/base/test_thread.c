/* SPDX-License-Identifier: Apache-2.0 */

#include "base/thread.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../run_tests.h"

#define STACK (64u << 10)

static void *give_back(void *arg)
{
	return arg;
}

static void *measure(void *arg)
{
	pthread_attr_t attr;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return NULL;
	(void)pthread_attr_getstacksize(&attr, arg);
	(void)pthread_attr_destroy(&attr);
	return arg;
}

static void *say(void *arg)
{
	(void)!write(*(int *)arg, "x", 1);
	return NULL;
}

static int thread_of(void *arg)
{
	*(pid_t *)arg = gettid();
	return -EXDEV;
}

START_TEST(a_started_thread_is_joined_with_what_it_returned)
{
	int mark;
	void *got = NULL;
	pthread_t thread;

	ck_assert_int_eq(bt_thread_start(&thread, STACK, give_back, &mark), 0);
	ck_assert_int_eq(pthread_join(thread, &got), 0);
	ck_assert_ptr_eq(got, &mark);
}
END_TEST

START_TEST(a_thread_has_the_stack_that_it_was_given)
{
	size_t size = 0;
	void *got = NULL;
	pthread_t thread;

	ck_assert_int_eq(bt_thread_start(&thread, STACK, measure, &size), 0);
	ck_assert_int_eq(pthread_join(thread, &got), 0);
	ck_assert_ptr_eq(got, &size);
	ck_assert_uint_eq(size, STACK);
}
END_TEST

START_TEST(a_detached_thread_runs)
{
	int ends[2];
	char c;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(bt_thread_detach(STACK, say, &ends[1]), 0);
	ck_assert_int_eq(read(ends[0], &c, 1), 1);
}
END_TEST

START_TEST(a_run_is_on_another_thread_and_its_answer_is_the_callers)
{
	pid_t tid = 0;

	ck_assert_int_eq(bt_thread_run(STACK, thread_of, &tid), -EXDEV);
	ck_assert(tid != 0 && tid != gettid());
}
END_TEST

START_TEST(a_stack_below_the_least_is_refused_and_nothing_is_written)
{
	pthread_t thread = pthread_self();

	ck_assert_int_eq(bt_thread_start(&thread, 1024, give_back, NULL), -EINVAL);
	ck_assert(pthread_equal(thread, pthread_self()));
	ck_assert_int_eq(bt_thread_detach(1024, give_back, NULL), -EINVAL);
	ck_assert_int_eq(bt_thread_run(1024, thread_of, NULL), -EINVAL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_started_thread_is_joined_with_what_it_returned);
	tcase_add_test(tests, a_thread_has_the_stack_that_it_was_given);
	tcase_add_test(tests, a_detached_thread_runs);
	tcase_add_test(tests, a_run_is_on_another_thread_and_its_answer_is_the_callers);
	tcase_add_test(tests, a_stack_below_the_least_is_refused_and_nothing_is_written);
}

int main(void)
{
	return run_tests("base/thread", add);
}
