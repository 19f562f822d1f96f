/* SPDX-License-Identifier: Apache-2.0 */

#include "client/target.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

START_TEST(names_and_values_are_escaped)
{
	bt_auto_str struct bt_str s = { 0 };

	bt_str_puts(&s, "/images/");
	bt_target_path(&s, "a/b c:1");
	bt_target_add(&s, "filters", "{\"x\":1}&");
	bt_target_add(&s, "none", NULL);
	bt_target_add_flag(&s, "off", false);
	bt_target_add_flag(&s, "on", true);
	bt_target_add_number(&s, "n", -3);
	ck_assert_str_eq(bt_str_get(&s), "/images/a/b%20c:1?filters=%7B%22x%22:1%7D%26&on=1&n=-3");
}
END_TEST

START_TEST(a_segment_stays_one)
{
	bt_auto_str struct bt_str s = { 0 };

	bt_target_segment(&s, "../x?y");
	ck_assert_str_eq(bt_str_get(&s), "..%2Fx%3Fy");
}
END_TEST

START_TEST(a_moment_is_sent_as_seconds_and_nanoseconds)
{
	bt_auto_str struct bt_str s = { 0 };

	bt_str_puts(&s, "/events");
	ck_assert_int_eq(bt_target_add_time(&s, "a", "2023-11-14T22:13:20.5Z"), 0);
	ck_assert_int_eq(bt_target_add_time(&s, "b", "1700000000.25"), 0);
	ck_assert_int_eq(bt_target_add_time(&s, "c", ""), 0);
	ck_assert_int_eq(bt_target_add_time(&s, "d", NULL), 0);
	ck_assert_str_eq(bt_str_get(&s), "/events?a=1700000000.500000000&b=1700000000.250000000");
}
END_TEST

START_TEST(so_long_ago_is_reckoned_from_our_clock)
{
	bt_auto_str struct bt_str s = { 0 };
	int64_t before = bt_time_now_ns() / BT_TIME_NSEC_PER_SEC, after;
	long long at;

	ck_assert_int_eq(bt_target_add_time(&s, "since", "1h"), 0);
	after = bt_time_now_ns() / BT_TIME_NSEC_PER_SEC;
	ck_assert_int_eq(sscanf(bt_str_get(&s), "?since=%lld.", &at), 1);
	ck_assert(at >= before - 3600 - 1 && at <= after - 3600);
}
END_TEST

START_TEST(what_is_no_moment_is_refused_and_adds_nothing)
{
	static const char *const none[] = { "yesterday", "5x", "2023-13-01", "1.2.3", " 5m" };
	bt_auto_str struct bt_str s = { 0 };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(bt_target_add_time(&s, "since", none[i]) == -EINVAL, "%s", none[i]);
	ck_assert_uint_eq(s.len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/target");
	TCase *tests = tcase_create("target");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, names_and_values_are_escaped);
	tcase_add_test(tests, a_segment_stays_one);
	tcase_add_test(tests, a_moment_is_sent_as_seconds_and_nanoseconds);
	tcase_add_test(tests, so_long_ago_is_reckoned_from_our_clock);
	tcase_add_test(tests, what_is_no_moment_is_refused_and_adds_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
