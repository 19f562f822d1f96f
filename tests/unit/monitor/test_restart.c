/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/restart.h"

#include <check.h>
#include <stdlib.h>

static bool decide(enum bt_restart_policy policy, int max, struct bt_restart_end end)
{
	struct bt_restart restart = { policy, max };
	int64_t delay = 0;

	return bt_restart_decide(&restart, &end, &delay);
}

#define END(...) ((struct bt_restart_end){ __VA_ARGS__ })

START_TEST(each_policy_restarts_what_docker_restarts)
{
	ck_assert(!decide(BT_RESTART_NO, 0, END(.code = 1)));
	ck_assert(decide(BT_RESTART_ALWAYS, 0, END(.code = 0)));
	ck_assert(decide(BT_RESTART_UNLESS_STOPPED, 0, END(.code = 0)));
	ck_assert(!decide(BT_RESTART_ON_FAILURE, 0, END(.code = 0)));
	ck_assert(decide(BT_RESTART_ON_FAILURE, 0, END(.code = 1, .restarts = 1000)));
	ck_assert(decide(BT_RESTART_ON_FAILURE, 3, END(.code = 1, .restarts = 2)));
	ck_assert(!decide(BT_RESTART_ON_FAILURE, 3, END(.code = 1, .restarts = 3)));
	ck_assert(decide(BT_RESTART_ON_UNHEALTHY, 1, END(.unhealthy = true)));
	ck_assert(!decide(BT_RESTART_ON_UNHEALTHY, 1, END(.unhealthy = true, .restarts = 1)));
	ck_assert(!decide(BT_RESTART_ON_UNHEALTHY, 0, END(.code = 0)));
}
END_TEST

START_TEST(a_stop_wins_over_every_policy)
{
	for (int policy = BT_RESTART_NO; policy <= BT_RESTART_ON_UNHEALTHY; policy++)
		ck_assert(!decide((enum bt_restart_policy)policy, 0,
				  END(.code = 1, .stopped = true, .unhealthy = true)));
}
END_TEST

START_TEST(delays_double_to_a_minute_and_begin_anew_after_ten_seconds)
{
	static const int64_t expected[] = { 100,  200,   400,   800,   1600,  3200,
					    6400, 12800, 25600, 51200, 60000, 60000 };
	struct bt_restart always = { BT_RESTART_ALWAYS, 0 };
	int64_t delay = 0;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		ck_assert(bt_restart_decide(&always, &END(.ran_ms = 9999), &delay));
		ck_assert_int_eq(delay, expected[i]);
	}
	ck_assert(bt_restart_decide(&always, &END(.ran_ms = 10000), &delay));
	ck_assert_int_eq(delay, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/restart");
	TCase *tc = tcase_create("restart");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, each_policy_restarts_what_docker_restarts);
	tcase_add_test(tc, a_stop_wins_over_every_policy);
	tcase_add_test(tc, delays_double_to_a_minute_and_begin_anew_after_ten_seconds);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
