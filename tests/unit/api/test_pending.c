/* SPDX-License-Identifier: Apache-2.0 */

#include "api/pending.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct bt_pending pending;
static atomic_bool answered;

static void set_up(void)
{
	bt_pending_init(&pending);
}

static void tear_down(void)
{
	bt_pending_done(&pending);
}

START_TEST(an_end_with_nothing_owed_waits_for_nobody)
{
	bt_pending_end(&pending, 600000);
	ck_assert(bt_pending_is_ending(&pending));
}
END_TEST

static void *answer_late(void *arg)
{
	struct bt_pending *owed = arg;
	const struct timespec pause = { .tv_nsec = 50000000 };

	nanosleep(&pause, NULL);
	atomic_store(&answered, true);
	bt_pending_settle(&owed);
	return NULL;
}

START_TEST(an_end_waits_for_every_answer_that_is_owed)
{
	pthread_t thread;

	bt_pending_spoke(&pending);
	bt_pending_owe(&pending, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer_late, &pending), 0);
	bt_pending_end(&pending, 0);
	ck_assert(atomic_load(&answered));
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(who_spoke_and_never_finished_is_given_up)
{
	bt_pending_spoke(&pending);
	bt_pending_end(&pending, 10);
	ck_assert_uint_eq(pending.spoke, 1);
}
END_TEST

START_TEST(an_answer_settles_what_is_owed_once)
{
	struct bt_pending *owed = &pending;

	bt_pending_owe(&pending, false);
	bt_pending_settle(&owed);
	ck_assert_ptr_null(owed);
	bt_pending_settle(&owed);
	ck_assert_uint_eq(pending.owed, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/pending");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, an_end_with_nothing_owed_waits_for_nobody);
	tcase_add_test(all, an_end_waits_for_every_answer_that_is_owed);
	tcase_add_test(all, who_spoke_and_never_finished_is_given_up);
	tcase_add_test(all, an_answer_settles_what_is_owed_once);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
