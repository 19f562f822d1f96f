/* SPDX-License-Identifier: Apache-2.0 */

#include "client/target.h"

#include <check.h>
#include <stdlib.h>

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

int main(void)
{
	Suite *suite = suite_create("client/target");
	TCase *tests = tcase_create("target");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, names_and_values_are_escaped);
	tcase_add_test(tests, a_segment_stays_one);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
