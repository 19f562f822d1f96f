/* SPDX-License-Identifier: Apache-2.0 */

#include "base/time.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

START_TEST(rfc3339_goes_both_ways)
{
	char text[BT_TIME_RFC3339_LEN];
	int64_t ns;

	bt_time_rfc3339(1136214245000000001ll, text);
	ck_assert_str_eq(text, "2006-01-02T15:04:05.000000001Z");
	ck_assert_int_eq(bt_time_rfc3339_parse(text, &ns), 0);
	ck_assert(ns == 1136214245000000001ll);
	ck_assert_int_eq(bt_time_rfc3339_parse("2006-01-02T16:34:05.5+01:30", &ns), 0);
	ck_assert(ns == 1136214245500000000ll);
}
END_TEST

START_TEST(zero_is_gos_zero_time)
{
	char text[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(0, text);
	ck_assert_str_eq(text, BT_TIME_NEVER);
}
END_TEST

START_TEST(since_reads_what_clients_send)
{
	int64_t ns, now = bt_time_now_ns();

	ck_assert_int_eq(bt_time_since_parse("1136073600.000000005", &ns), 0);
	ck_assert(ns == 1136073600000000005ll);
	ck_assert_int_eq(bt_time_since_parse("1136073600", &ns), 0);
	ck_assert(ns == 1136073600000000000ll);
	ck_assert_int_eq(bt_time_since_parse("2006-01-01", &ns), 0);
	ck_assert(ns == 1136073600000000000ll);
	ck_assert_int_eq(bt_time_since_parse("10m", &ns), 0);
	ck_assert(ns >= now - 600 * BT_TIME_NSEC_PER_SEC && ns < now);
}
END_TEST

START_TEST(durations_are_gos)
{
	int64_t ns;

	ck_assert_int_eq(bt_time_duration_parse("1h30m1.5s", &ns), 0);
	ck_assert(ns == 5401500000000ll);
	ck_assert_int_eq(bt_time_duration_parse("-2ms", &ns), 0);
	ck_assert(ns == -2000000);
	ck_assert_int_eq(bt_time_duration_parse("0", &ns), 0);
	ck_assert(ns == 0);
	ck_assert_int_eq(bt_time_duration_parse("9999999999h", &ns), -ERANGE);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const bad[] = { "", "x", "1", "1x", "s", "-", "1h30", "." };
	int64_t ns;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(bt_time_duration_parse(bad[i], &ns), -EINVAL);
	ck_assert_int_eq(bt_time_rfc3339_parse("2006-01-02T15:04:05", &ns), -EINVAL);
	ck_assert_int_eq(bt_time_rfc3339_parse("2006-01-02T15:04:05+1", &ns), -EINVAL);
	ck_assert_int_eq(bt_time_since_parse("-5", &ns), -EINVAL);
	ck_assert_int_eq(bt_time_since_parse("99999999999999999999", &ns), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/time");
	TCase *tc = tcase_create("time");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, rfc3339_goes_both_ways);
	tcase_add_test(tc, zero_is_gos_zero_time);
	tcase_add_test(tc, since_reads_what_clients_send);
	tcase_add_test(tc, durations_are_gos);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
