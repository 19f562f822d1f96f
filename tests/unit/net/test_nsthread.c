/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nsthread.h"

#include <pthread.h>
#include <sys/stat.h>

#include "links.h"

static struct bt_nsthread *thread;
static struct bt_err err;

static void setup(void)
{
	private_net();
	ck_well(bt_nsthread_start(&thread, &err), &err);
}

static void teardown(void)
{
	bt_nsthread_stop(thread);
}

/* The number of the network namespace that the calling thread is in. */
static ino_t here(void)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static int look(const struct bt_nsthread_env *env, void *arg, struct bt_err *ret_err)
{
	(void)env;
	(void)ret_err;
	*(ino_t *)arg = here();
	return 0;
}

static int leave(const struct bt_nsthread_env *env, void *arg, struct bt_err *ret_err)
{
	struct stat st;

	(void)ret_err;
	ck_assert_int_eq(fstat(env->home_fd, &st), 0);
	ck_assert_uint_eq(st.st_ino, here());
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	*(ino_t *)arg = here();
	/* The netlink socket stays at home all the same: loopback is up there, and not here. */
	ck_assert_int_gt(bt_rtnl_index(env->home, "lo"), 0);
	return 7;
}

START_TEST(a_job_may_go_away_and_the_next_one_begins_at_home)
{
	ino_t home = here(), away = 0, next = 0;

	ck_assert_int_eq(bt_nsthread_run(thread, leave, &away, &err), 7);
	ck_assert_uint_ne(away, home);
	/* Nobody else has gone anywhere. */
	ck_assert_uint_eq(here(), home);
	ck_assert_int_eq(bt_nsthread_run(thread, look, &next, &err), 0);
	ck_assert_uint_eq(next, home);
}
END_TEST

START_TEST(home_is_where_it_was_started_wherever_its_starter_goes)
{
	ino_t home = here(), there = 0;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_uint_ne(here(), home);
	ck_assert_int_eq(bt_nsthread_run(thread, look, &there, &err), 0);
	ck_assert_uint_eq(there, home);
}
END_TEST

static int fail_with(const struct bt_nsthread_env *env, void *arg, struct bt_err *ret_err)
{
	(void)env;
	return bt_err_set(ret_err, BT_ERR_CONFLICT, EBUSY, "%s", (const char *)arg);
}

START_TEST(what_a_job_returns_and_says_comes_to_who_wanted_it)
{
	char words[] = "these words";

	ck_assert_int_eq(bt_nsthread_run(thread, fail_with, words, &err), -EBUSY);
	check_err(&err, BT_ERR_CONFLICT, "these words");
	bt_nsthread_stop(NULL);
}
END_TEST

/* Jobs that count, one at a time. */
static struct {
	int inside, most, done;
} counted;

static int count(const struct bt_nsthread_env *env, void *arg, struct bt_err *ret_err)
{
	(void)env;
	(void)ret_err;
	if (++counted.inside > counted.most)
		counted.most = counted.inside;
	sched_yield();
	counted.inside--;
	counted.done++;
	return *(int *)arg;
}

static void *want_many(void *arg)
{
	int number = *(int *)arg;

	for (int i = 0; i < 100; i++) {
		struct bt_err own = { 0 };
		int token = number + i;

		if (bt_nsthread_run(thread, count, &token, &own) != token)
			return arg;
	}
	return NULL;
}

START_TEST(jobs_of_many_threads_are_done_one_at_a_time_and_each_gets_its_own_answer)
{
	pthread_t threads[8];
	int numbers[LENGTH(threads)];

	for (size_t i = 0; i < LENGTH(threads); i++) {
		numbers[i] = (int)i * 1000;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, want_many, &numbers[i]), 0);
	}
	for (size_t i = 0; i < LENGTH(threads); i++) {
		void *wrong;

		ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	ck_assert_int_eq(counted.most, 1);
	ck_assert_int_eq(counted.done, 800);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_job_may_go_away_and_the_next_one_begins_at_home);
	tcase_add_test(tests, home_is_where_it_was_started_wherever_its_starter_goes);
	tcase_add_test(tests, what_a_job_returns_and_says_comes_to_who_wanted_it);
	tcase_add_test(tests,
		       jobs_of_many_threads_are_done_one_at_a_time_and_each_gets_its_own_answer);
}

int main(void)
{
	return run_suite("nsthread", setup, teardown, add_tests);
}
