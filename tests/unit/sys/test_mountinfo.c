/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/mountinfo.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static const char text[] = "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
			   "30 22 0:5 / /data/a/deep rw - tmpfs t rw\n"
			   "22 21 0:4 / /data/a rw - tmpfs t rw\n"
			   "nonsense\n"
			   "23 21 0:6 / /database rw - tmpfs t rw\n"
			   "24 22 0:7 / /data/a/with\\040blank rw - tmpfs t rw\n"
			   "25 22 0:8 / /data/a rw - tmpfs t rw\n";

START_TEST(blanks_and_backslashes_are_unescaped)
{
	char s[] = "a\\040b\\134c\\011d\\9\\04";

	bt_mountinfo_unescape(s);
	ck_assert_str_eq(s, "a b\\c\td\\9\\04");
}
END_TEST

START_TEST(lines_of_another_form_are_passed_over)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };

	ck_assert_int_eq(bt_mountinfo_parse(text, &list), 0);
	ck_assert_uint_eq(list.n, 6);
	ck_assert_uint_eq(list.v[1].id, 30);
	ck_assert_uint_eq(list.v[1].parent, 22);
	ck_assert_str_eq(list.v[4].point, "/data/a/with blank");
}
END_TEST

START_TEST(what_lies_below_a_mount_is_found_whatever_the_order)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };

	ck_assert_int_eq(bt_mountinfo_parse(text, &list), 0);
	bt_mountinfo_keep_below(&list, 22);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_uint_eq(list.v[0].id, 30);
	ck_assert_str_eq(list.v[0].point, "deep");
	ck_assert_str_eq(list.v[1].point, "with blank");
	ck_assert_uint_eq(list.v[2].id, 25);
	ck_assert_str_eq(list.v[2].point, "");
}
END_TEST

START_TEST(below_the_root_is_everything)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };

	ck_assert_int_eq(bt_mountinfo_parse(text, &list), 0);
	bt_mountinfo_keep_below(&list, 21);
	ck_assert_uint_eq(list.n, 5);
	for (size_t i = 0; i < list.n; i++)
		ck_assert_int_ne(list.v[i].point[0], '/');
}
END_TEST

START_TEST(unknown_mount_has_nothing_below)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };

	ck_assert_int_eq(bt_mountinfo_parse(text, &list), 0);
	bt_mountinfo_keep_below(&list, 99);
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(mounts_that_are_each_others_parents_end)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };

	ck_assert_int_eq(bt_mountinfo_parse("1 2 0:1 / /a rw\n2 1 0:1 / /a/b rw\n", &list), 0);
	bt_mountinfo_keep_below(&list, 1);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.v[0].id, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/mountinfo");
	TCase *lists = tcase_create("lists");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(lists, blanks_and_backslashes_are_unescaped);
	tcase_add_test(lists, lines_of_another_form_are_passed_over);
	tcase_add_test(lists, what_lies_below_a_mount_is_found_whatever_the_order);
	tcase_add_test(lists, below_the_root_is_everything);
	tcase_add_test(lists, unknown_mount_has_nothing_below);
	tcase_add_test(lists, mounts_that_are_each_others_parents_end);
	suite_add_tcase(suite, lists);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
