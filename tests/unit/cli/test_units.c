/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/units.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

START_TEST(processors_are_billionths)
{
	long long n;

	ck_assert_int_eq(bt_units_cpus_parse("1.5", &n), 0);
	ck_assert_int_eq(n, 1500000000);
	ck_assert_int_eq(bt_units_cpus_parse("3/2", &n), 0);
	ck_assert_int_eq(n, 1500000000);
	ck_assert_int_eq(bt_units_cpus_parse("0.0000000001", &n), -ERANGE);
	ck_assert_int_eq(bt_units_cpus_parse("x", &n), -EINVAL);
	ck_assert_int_eq(bt_units_cpus_parse("1/0", &n), -EINVAL);
}
END_TEST

START_TEST(sizes_print_as_docker_prints_them)
{
	char text[BT_UNITS_TEXT_MAX];

	bt_units_size(1982464, 3, text);
	ck_assert_str_eq(text, "1.98MB");
	bt_units_size(0, 3, text);
	ck_assert_str_eq(text, "0B");
	bt_units_ram(25276510208.0, text);
	ck_assert_str_eq(text, "23.54GiB");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/units");
	TCase *tests = tcase_create("units");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, processors_are_billionths);
	tcase_add_test(tests, sizes_print_as_docker_prints_them);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
