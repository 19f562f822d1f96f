/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/check.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int check_fn(const char *value, struct bt_err *err);

static void assert_good(check_fn *check, const char *const *values)
{
	for (; *values; values++) {
		struct bt_err err = { 0 };

		ck_assert_msg(check(*values, &err) == 0, "'%s': %s", *values, err.msg);
	}
}

static void assert_bad(check_fn *check, const char *const *values)
{
	for (; *values; values++) {
		struct bt_err err = { 0 };

		ck_assert_msg(check(*values, &err) == -EINVAL, "'%s' was taken", *values);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}

static void assert_message(check_fn *check, const char *value, const char *message)
{
	struct bt_err err = { 0 };

	ck_assert_msg(check(value, &err) < 0, "'%s' was taken", value);
	ck_assert_str_eq(err.msg, message);
}

#define GOOD(check, ...) assert_good(check, (const char *const[]){ __VA_ARGS__, NULL })
#define BAD(check, ...)  assert_bad(check, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(numbers_are_whole_and_in_their_range)
{
	GOOD(bt_check_int, "0", "-1", "9223372036854775807", "-9223372036854775808");
	BAD(bt_check_int, "", "x", "1.5", "1 ", "9223372036854775808");
	GOOD(bt_check_uint, "0", "18446744073709551615");
	BAD(bt_check_uint, "", "-1", "18446744073709551616");
	GOOD(bt_check_uint16, "0", "65535");
	BAD(bt_check_uint16, "65536", "-1");
}
END_TEST

START_TEST(a_number_that_is_none_is_told_in_the_words_of_gos_strconv)
{
	assert_message(bt_check_int, "x", "strconv.ParseInt: parsing \"x\": invalid syntax");
	assert_message(bt_check_int, "9223372036854775808",
		       "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
	assert_message(bt_check_uint16, "65536",
		       "strconv.ParseUint: parsing \"65536\": value out of range");
}
END_TEST

START_TEST(sizes_have_units_and_only_swap_may_be_minus_one)
{
	GOOD(bt_check_bytes, "1", "1b", "512m", "1.5GiB", "2G");
	BAD(bt_check_bytes, "", "-1", "m", "1x", "1mm");
	GOOD(bt_check_swap, "-1", "1g");
	BAD(bt_check_swap, "-2", "-1g");
	assert_message(bt_check_bytes, "ten", "invalid size: 'ten'");
}
END_TEST

START_TEST(durations_have_units)
{
	GOOD(bt_check_duration, "1s", "1.5h", "1h2m3s", "100ms", "0", "-1s");
	BAD(bt_check_duration, "", "1", "s", "1x", "1s ");
	assert_message(bt_check_duration, "1", "time: invalid duration \"1\"");
}
END_TEST

START_TEST(processors_are_decimals_or_fractions_of_at_most_nine_digits)
{
	GOOD(bt_check_cpus, "1", "0.5", ".5", "3/2", "0.000000001");
	BAD(bt_check_cpus, "", "x", "1,5", "0.0000000001", "1/3", "1/0");
	assert_message(bt_check_cpus, "1/3", "value is too precise");
	assert_message(bt_check_cpus, "x", "failed to parse x as a rational number");
}
END_TEST

START_TEST(a_pair_has_a_name)
{
	GOOD(bt_check_env, "A", "A=", "A=b=c");
	BAD(bt_check_env, "", "=x");
	GOOD(bt_check_pair, "a", "a=b");
	BAD(bt_check_pair, "", "=b");
	/* An empty filter is none. */
	GOOD(bt_check_filter, "a=b", "=", "");
	BAD(bt_check_filter, "a");
}
END_TEST

START_TEST(an_address_is_one_of_either_family_without_a_prefix)
{
	GOOD(bt_check_ip, "1.2.3.4", "::1", "fd00::1");
	BAD(bt_check_ip, "", "1.2.3", "1.2.3.4/24", "::1%eth0", "host", "1.2.3.256");
	assert_message(bt_check_ip, "x", "failed to parse IP: \"x\"");
}
END_TEST

START_TEST(a_host_has_a_name_and_an_address_or_the_gateway)
{
	GOOD(bt_check_host, "a:1.2.3.4", "a=1.2.3.4", "a:::1", "a=::1", "a:[::1]",
	     "a:host-gateway");
	BAD(bt_check_host, "", "a", ":1.2.3.4", "a:", "a:x", "a:[1", "a=host-gatewa");
	assert_message(bt_check_host, "a", "bad format for add-host: \"a\"");
	assert_message(bt_check_host, "a:x", "invalid IP address in add-host: \"x\"");
}
END_TEST

START_TEST(streams_are_three_in_any_case)
{
	GOOD(bt_check_stream, "stdin", "STDOUT", "StdErr");
	BAD(bt_check_stream, "", "std", "stdin ", "0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/check");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, numbers_are_whole_and_in_their_range);
	tcase_add_test(tc, a_number_that_is_none_is_told_in_the_words_of_gos_strconv);
	tcase_add_test(tc, sizes_have_units_and_only_swap_may_be_minus_one);
	tcase_add_test(tc, durations_have_units);
	tcase_add_test(tc, processors_are_decimals_or_fractions_of_at_most_nine_digits);
	tcase_add_test(tc, a_pair_has_a_name);
	tcase_add_test(tc, an_address_is_one_of_either_family_without_a_prefix);
	tcase_add_test(tc, a_host_has_a_name_and_an_address_or_the_gateway);
	tcase_add_test(tc, streams_are_three_in_any_case);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
