/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/natural.h"

#include <check.h>
#include <stdlib.h>

static void same(const char *a, const char *b)
{
	ck_assert_msg(bt_natural_compare(a, b) == 0, "%s and %s differ", a, b);
}

static void before(const char *a, const char *b)
{
	ck_assert_msg(bt_natural_compare(a, b) < 0, "%s is not before %s", a, b);
	ck_assert_msg(bt_natural_compare(b, a) > 0, "%s is not behind %s", b, a);
	same(a, a);
}

START_TEST(numbers_are_compared_as_numbers)
{
	before("v2", "v10");
	before("v9x", "v10a");
	before("a1b2", "a1b10");
	before("v99999999999999999999999999", "v100000000000000000000000000");
	before("2", "10");
}
END_TEST

START_TEST(of_equal_numbers_the_one_with_fewer_zeros_is_first)
{
	before("v1", "v01");
	before("v1b", "v01a");
	before("v0", "v00");
	before("v02", "v3");
}
END_TEST

START_TEST(digits_stand_before_everything_else)
{
	before("1", "a");
	before("a1", "a-");
	before("a1", "ab");
}
END_TEST

START_TEST(other_bytes_are_compared_as_they_are_and_a_beginning_is_first)
{
	before("B", "a");
	before("a", "ab");
	before("", "a");
	before("a", "\xc3\xa4");
	same("", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/natural");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, numbers_are_compared_as_numbers);
	tcase_add_test(tc, of_equal_numbers_the_one_with_fewer_zeros_is_first);
	tcase_add_test(tc, digits_stand_before_everything_else);
	tcase_add_test(tc, other_bytes_are_compared_as_they_are_and_a_beginning_is_first);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
