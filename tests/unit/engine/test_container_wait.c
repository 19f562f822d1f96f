/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_wait.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/container_waiter.h"
#include "stores_fixture.h"

static struct bt_container *web;

static void setup(void)
{
	setup_stores();
	web = add_container("web", "{}");
}

/* Its program runs. */
static void run(void)
{
	web->state.status = BT_CONTAINER_RUNNING;
	web->state.pid = 7;
}

/* It ended with `code`, which is known but not yet told. */
static void end(int code)
{
	web->state.status = BT_CONTAINER_EXITED;
	web->state.pid = 0;
	web->state.exit_code = code;
	web->ends++;
}

static void end_and_tell(int code)
{
	end(code);
	bt_container_waiters_exit(web);
}

static struct bt_container_wait *begin(enum bt_wait_condition condition)
{
	struct bt_container_wait *wait = NULL;

	ck_well(bt_container_wait_open(&engine, "web", condition, &wait, &err), &err);
	return wait;
}

/* Is it over, also for who looks at its descriptor? */
static bool is_over(struct bt_container_wait *wait)
{
	struct pollfd p = { .fd = bt_container_wait_fd(wait), .events = POLLIN };
	bool readable = poll(&p, 1, 0) == 1;

	ck_assert(readable == bt_container_wait_over(wait));
	return readable;
}

/* Its answer; the wait is closed. */
static json_t *answer(struct bt_container_wait *wait)
{
	json_t *ret = NULL;

	ck_assert(is_over(wait));
	ck_well(bt_container_wait_result(wait, &ret, &err), &err);
	bt_container_wait_close(wait);
	return ret;
}

static void assert_answer(struct bt_container_wait *wait, const char *want)
{
	json_auto_t *got = answer(wait);

	assert_json(got, want);
}

START_TEST(what_does_not_run_is_waited_for_no_longer)
{
	assert_answer(begin(BT_WAIT_NOT_RUNNING), "{'StatusCode':0}");
	web->state.exit_code = 3;
	assert_answer(begin(BT_WAIT_NOT_RUNNING), "{'StatusCode':3}");
}
END_TEST

START_TEST(who_waits_is_told_the_code_of_the_end)
{
	struct bt_container_wait *wait;

	run();
	wait = begin(BT_WAIT_NOT_RUNNING);
	ck_assert(!is_over(wait));
	end_and_tell(3);
	assert_answer(wait, "{'StatusCode':3}");
}
END_TEST

/* Or `kill` is answered while the mounts of the container are there still. */
START_TEST(an_end_that_is_not_told_yet_is_waited_for)
{
	struct bt_container_wait *wait;

	run();
	end(3);
	web->ending = true;
	wait = begin(BT_WAIT_NOT_RUNNING);
	ck_assert(!is_over(wait));
	bt_container_waiters_exit(web);
	assert_answer(wait, "{'StatusCode':3}");
	assert_answer(begin(BT_WAIT_NOT_RUNNING), "{'StatusCode':3}");
}
END_TEST

static void *tell_late(void *arg)
{
	(void)arg;
	usleep(20000);
	bt_container_waiters_exit(web);
	return NULL;
}

START_TEST(an_end_that_is_not_told_yet_can_be_waited_for_alone)
{
	pthread_t thread;

	ck_assert_int_eq(bt_container_wait_told(web, &err), 0);
	run();
	/* However long it runs: nothing is to be told. */
	ck_assert_int_eq(bt_container_wait_told(web, &err), 0);
	end(3);
	web->ending = true;
	ck_assert_int_eq(pthread_create(&thread, NULL, tell_late, NULL), 0);
	ck_assert_int_eq(bt_container_wait_told(web, &err), 0);
	ck_assert(!web->ending);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(between_two_runs_it_is_waited_for)
{
	struct bt_container_wait *wait;

	web->state.status = BT_CONTAINER_RESTARTING;
	wait = begin(BT_WAIT_NOT_RUNNING);
	ck_assert(!is_over(wait));
	bt_container_wait_close(wait);
}
END_TEST

START_TEST(the_next_end_is_not_the_one_that_was)
{
	struct bt_container_wait *wait;

	end_and_tell(3);
	wait = begin(BT_WAIT_NEXT_EXIT);
	ck_assert(!is_over(wait));
	run();
	ck_assert(!is_over(wait));
	end_and_tell(4);
	assert_answer(wait, "{'StatusCode':4}");
}
END_TEST

START_TEST(an_end_that_is_told_late_is_not_the_next_one)
{
	struct bt_container_wait *wait;

	run();
	end(3);
	wait = begin(BT_WAIT_NEXT_EXIT);
	bt_container_waiters_exit(web);
	ck_assert(!is_over(wait));
	run();
	end_and_tell(4);
	assert_answer(wait, "{'StatusCode':4}");
}
END_TEST

START_TEST(an_end_does_not_remove)
{
	struct bt_container_wait *wait;

	run();
	wait = begin(BT_WAIT_REMOVED);
	end_and_tell(3);
	ck_assert(!is_over(wait));
	bt_container_waiters_removed(web);
	assert_answer(wait, "{'StatusCode':3}");
}
END_TEST

START_TEST(a_removal_ends_every_wait)
{
	struct bt_container_wait *next, *removed, *stopped, *restarted;

	run();
	next = begin(BT_WAIT_NEXT_EXIT);
	removed = begin(BT_WAIT_REMOVED);
	stopped = begin(BT_WAIT_NOT_RUNNING);
	restarted = bt_container_wait_restart_open(web);
	bt_container_waiters_removed(web);
	assert_answer(next, "{'StatusCode':0}");
	assert_answer(removed, "{'StatusCode':0}");
	assert_answer(stopped, "{'StatusCode':0}");
	assert_answer(restarted, "{'StatusCode':0}");
}
END_TEST

START_TEST(of_one_that_was_removed_the_removal_is_over)
{
	bt_auto_container struct bt_container *gone = bt_container_ref(web);
	struct bt_container_wait *wait = NULL;

	web->removed = true;
	assert_answer(begin(BT_WAIT_REMOVED), "{'StatusCode':0}");
	bt_container_index_remove(&engine, web);
	ck_assert_int_lt(bt_container_wait_open(&engine, "web", BT_WAIT_REMOVED, &wait, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: web");
	ck_assert_ptr_null(wait);
}
END_TEST

START_TEST(a_start_that_failed_ends_the_wait_with_its_error)
{
	struct bt_container_wait *wait = begin(BT_WAIT_NEXT_EXIT);

	web->state.exit_code = 127;
	web->state.error = strdup("no such program \"\xc3\xa9\"");
	bt_container_waiters_give_up(web);
	assert_answer(wait,
		      "{'StatusCode':127,'Error':{'Message':'no such program \\\"\xc3\xa9\\\"'}}");
}
END_TEST

START_TEST(an_error_that_is_no_text_is_told_all_the_same)
{
	struct bt_container_wait *wait = begin(BT_WAIT_NEXT_EXIT);
	json_auto_t *got = NULL;

	web->state.error = strdup("no such program \xe9");
	bt_container_waiters_give_up(web);
	got = answer(wait);
	ck_assert_ptr_nonnull(
		strstr(json_string_value(json_object_get(json_object_get(got, "Error"), "Message")),
		       "no such program"));
}
END_TEST

START_TEST(what_is_told_is_what_was_when_it_was_over)
{
	struct bt_container_wait *wait;

	run();
	wait = begin(BT_WAIT_NEXT_EXIT);
	end_and_tell(3);
	run();
	end_and_tell(4);
	assert_answer(wait, "{'StatusCode':3}");
}
END_TEST

START_TEST(any_number_wait_and_one_that_leaves_takes_nobody_along)
{
	struct bt_container_wait *waits[50];

	run();
	for (size_t i = 0; i < LENGTH(waits); i++)
		waits[i] = begin(BT_WAIT_NEXT_EXIT);
	for (size_t i = 0; i < LENGTH(waits); i += 2)
		bt_container_wait_close(waits[i]);
	end_and_tell(5);
	for (size_t i = 1; i < LENGTH(waits); i += 2)
		assert_answer(waits[i], "{'StatusCode':5}");
	ck_assert(bt_list_empty(&web->waiters));
}
END_TEST

START_TEST(who_waits_keeps_the_container)
{
	struct bt_container_wait *wait;

	run();
	wait = begin(BT_WAIT_REMOVED);
	bt_container_index_remove(&engine, web);
	bt_container_waiters_removed(web);
	assert_answer(wait, "{'StatusCode':0}");
	bt_container_wait_close(NULL);
}
END_TEST

START_TEST(a_restart_is_over_when_it_is_told_and_not_at_the_end_before)
{
	struct bt_container_wait *wait;

	run();
	wait = bt_container_wait_restart_open(web);
	end_and_tell(0);
	ck_assert(!is_over(wait));
	run();
	bt_container_waiters_restarted(web);
	ck_assert(is_over(wait));
	ck_well(bt_container_wait_restart(wait, &err), &err);
	bt_container_wait_close(wait);
}
END_TEST

START_TEST(a_restart_that_failed_says_why)
{
	struct bt_container_wait *wait;

	run();
	wait = bt_container_wait_restart_open(web);
	end(127);
	web->state.error = strdup("no such program");
	bt_container_waiters_restarted(web);
	ck_assert_int_lt(bt_container_wait_restart(wait, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "no such program");
	bt_container_wait_close(wait);
}
END_TEST

START_TEST(a_wait_with_a_time_says_whether_it_stopped)
{
	run();
	ck_assert_int_eq(bt_container_wait_stopped(web, 0, &err), 0);
	ck_assert_int_eq(bt_container_wait_stopped(web, 1, &err), 0);
	ck_assert(bt_list_empty(&web->waiters));
	end_and_tell(0);
	ck_assert_int_eq(bt_container_wait_stopped(web, 0, &err), 1);
	ck_assert_int_eq(bt_container_wait_stopped(web, -1, &err), 1);
}
END_TEST

static void *end_later(void *data)
{
	(void)data;
	pthread_mutex_lock(&web->lock);
	end(9);
	pthread_mutex_unlock(&web->lock);
	bt_container_waiters_exit(web);
	return NULL;
}

START_TEST(a_wait_for_ever_ends_with_what_another_thread_tells)
{
	pthread_t thread;

	run();
	ck_assert_int_eq(pthread_create(&thread, NULL, end_later, NULL), 0);
	ck_assert_int_eq(bt_container_wait_stopped(web, -1, &err), 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(without_descriptors_it_is_an_error_and_nobody_waits)
{
	struct rlimit limit;
	struct bt_container_wait *wait = NULL;
	int r;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	run();
	r = bt_container_wait_open(&engine, "web", BT_WAIT_NEXT_EXIT, &wait, &err);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_lt(r, 0);
	check_err(&err, BT_ERR_SYSTEM, "wait for container");
	ck_assert_ptr_null(wait);
	ck_assert(bt_list_empty(&web->waiters));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_does_not_run_is_waited_for_no_longer);
	tcase_add_test(tests, who_waits_is_told_the_code_of_the_end);
	tcase_add_test(tests, an_end_that_is_not_told_yet_is_waited_for);
	tcase_add_test(tests, an_end_that_is_not_told_yet_can_be_waited_for_alone);
	tcase_add_test(tests, between_two_runs_it_is_waited_for);
	tcase_add_test(tests, the_next_end_is_not_the_one_that_was);
	tcase_add_test(tests, an_end_that_is_told_late_is_not_the_next_one);
	tcase_add_test(tests, an_end_does_not_remove);
	tcase_add_test(tests, a_removal_ends_every_wait);
	tcase_add_test(tests, of_one_that_was_removed_the_removal_is_over);
	tcase_add_test(tests, a_start_that_failed_ends_the_wait_with_its_error);
	tcase_add_test(tests, an_error_that_is_no_text_is_told_all_the_same);
	tcase_add_test(tests, what_is_told_is_what_was_when_it_was_over);
	tcase_add_test(tests, any_number_wait_and_one_that_leaves_takes_nobody_along);
	tcase_add_test(tests, who_waits_keeps_the_container);
	tcase_add_test(tests, a_restart_is_over_when_it_is_told_and_not_at_the_end_before);
	tcase_add_test(tests, a_restart_that_failed_says_why);
	tcase_add_test(tests, a_wait_with_a_time_says_whether_it_stopped);
	tcase_add_test(tests, a_wait_for_ever_ends_with_what_another_thread_tells);
	tcase_add_test(tests, without_descriptors_it_is_an_error_and_nobody_waits);
}

int main(void)
{
	return run_suite("engine/container_wait", setup, teardown_stores, add);
}
