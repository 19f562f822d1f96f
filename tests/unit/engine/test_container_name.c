/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_name.h"

#include <errno.h>

#include "base/err.h"
#include "common.h"

START_TEST(names_follow_dockers_rule)
{
	ck_assert(bt_container_name_valid("web"));
	ck_assert(bt_container_name_valid("Web_1.x-y"));
	ck_assert(!bt_container_name_valid("w"));
	ck_assert(!bt_container_name_valid(""));
	ck_assert(!bt_container_name_valid("_web"));
	ck_assert(!bt_container_name_valid("a b"));
	ck_assert(!bt_container_name_valid("../etc"));
	ck_assert(!bt_container_name_valid("a/b"));
}
END_TEST

START_TEST(a_leading_slash_is_taken_off)
{
	struct bt_err err;
	const char *name;

	ck_assert_int_eq(bt_container_name_check("/web", &name, &err), 0);
	ck_assert_str_eq(name, "web");
}
END_TEST

START_TEST(a_bad_name_is_refused_in_dockers_words)
{
	struct bt_err err;
	const char *name;

	ck_assert_int_eq(bt_container_name_check("a b", &name, &err), -EINVAL);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg,
			 "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
			 "allowed");
}
END_TEST

START_TEST(names_made_up_are_valid_and_get_a_number_on_the_second_try)
{
	char name[BT_CONTAINER_NAME_MAX];

	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(bt_container_name_random(0, name), 0);
		ck_assert(bt_container_name_valid(name));
		ck_assert_ptr_nonnull(strchr(name, '_'));
		ck_assert_ptr_null(strpbrk(name, "0123456789"));
	}
	ck_assert_int_eq(bt_container_name_random(1, name), 0);
	ck_assert_ptr_nonnull(strpbrk(name, "0123456789"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, names_follow_dockers_rule);
	tcase_add_test(tests, a_leading_slash_is_taken_off);
	tcase_add_test(tests, a_bad_name_is_refused_in_dockers_words);
	tcase_add_test(tests, names_made_up_are_valid_and_get_a_number_on_the_second_try);
}

int main(void)
{
	return run_tests("engine/container_name", add);
}
