/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/joined.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(nobody_is_joined_by_most_containers)
{
	struct bt_joined joined = { .n = 0 };
	struct bt_err err;

	ck_assert_int_eq(bt_joined_hold(NULL, 0, &joined, &err), 0);
	ck_assert_int_eq(bt_joined_check(&joined, &err), 0);
	bt_joined_done(&joined);
}
END_TEST

START_TEST(each_of_them_must_live)
{
	for (int dead = 0; dead < 2; dead++) {
		pid_t pids[2] = { sleeper(), sleeper() };
		struct bt_joined joined = { .n = 0 };
		struct bt_err err;

		ck_assert_int_eq(bt_joined_hold(pids, 2, &joined, &err), 0);
		ck_assert_int_eq(bt_joined_check(&joined, &err), 0);
		end(pids[dead]);
		ck_assert_int_eq(bt_joined_check(&joined, &err), -ESRCH);
		ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
		end(pids[!dead]);
		bt_joined_done(&joined);
		ck_assert_uint_eq(joined.n, 0);
	}
}
END_TEST

START_TEST(who_has_ended_already_is_not_held)
{
	struct bt_joined joined = { .n = 0 };
	struct bt_err err;
	pid_t pids[2] = { sleeper(), sleeper() };

	end(pids[1]);
	ck_assert_int_eq(bt_joined_hold(pids, 2, &joined, &err), -ESRCH);
	ck_assert_uint_eq(joined.n, 0);
	end(pids[0]);
}
END_TEST

START_TEST(where_nobody_could_be_held_no_later_run_begins)
{
	const struct bt_joined joined = { .fds = { -EBADF }, .n = 1 };
	struct bt_err err;

	ck_assert_int_eq(bt_joined_check(&joined, &err), -ESRCH);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/joined");
	TCase *tests = tcase_create("joined");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, nobody_is_joined_by_most_containers);
	tcase_add_test(tests, each_of_them_must_live);
	tcase_add_test(tests, who_has_ended_already_is_not_held);
	tcase_add_test(tests, where_nobody_could_be_held_no_later_run_begins);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
