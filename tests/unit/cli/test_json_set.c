/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/json_set.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

static void assert_string(const char *typed, const char *want)
{
	json_auto_t *object = json_object();

	bt_json_set_text(object, "A", typed);
	ck_assert_ptr_nonnull(json_object_get(object, "A"));
	ck_assert_str_eq(json_string_value(json_object_get(object, "A")), want);
}

START_TEST(text_is_sent_as_it_was_typed)
{
	assert_string("plain", "plain");
	assert_string("\u00e4\u20ac\U0001F600", "\u00e4\u20ac\U0001F600");
}
END_TEST

START_TEST(each_byte_that_is_no_utf8_becomes_a_replacement_and_nothing_is_lost)
{
	assert_string("\xff", "\uFFFD");
	assert_string("a\xe4z", "a\uFFFDz");
	assert_string("\xc3", "\uFFFD");
	assert_string("\xc3\xa4\xc3", "\u00e4\uFFFD");
	assert_string("\xe2\x82", "\uFFFD\uFFFD");
	assert_string("\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD");
	assert_string("\xc0\x80x", "\uFFFD\uFFFDx");
	assert_string("\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
}
END_TEST

START_TEST(a_list_keeps_an_element_whatever_its_bytes)
{
	json_auto_t *object = json_object();
	json_t *list;

	bt_json_set_append(object, "Cmd", "echo");
	bt_json_set_append(object, "Cmd", "\xe4");
	bt_json_set_append(object, "Cmd", "");
	list = json_object_get(object, "Cmd");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(json_string_value(json_array_get(list, 1)), "\uFFFD");
	ck_assert_str_eq(json_string_value(json_array_get(list, 2)), "");
}
END_TEST

START_TEST(a_pair_keeps_its_key_whatever_its_bytes)
{
	json_auto_t *map = json_object();

	bt_json_set_pair(map, "a\xe4=b=c");
	bt_json_set_pair(map, "alone");
	ck_assert_uint_eq(json_object_size(map), 2);
	ck_assert_str_eq(json_string_value(json_object_get(map, "a\uFFFD")), "b=c");
	ck_assert_str_eq(json_string_value(json_object_get(map, "alone")), "");
}
END_TEST

START_TEST(an_empty_text_sets_nothing)
{
	json_auto_t *object = json_object();

	bt_json_set_text(object, "A", "");
	bt_json_set_text(object, "B", NULL);
	bt_json_set_lower(object, "C", NULL);
	ck_assert_uint_eq(json_object_size(object), 0);
	bt_json_set_lower(object, "D", "UPPER\u00c4");
	ck_assert_str_eq(json_string_value(json_object_get(object, "D")), "upper\u00c4");
}
END_TEST

START_TEST(a_path_is_taken_from_where_we_are)
{
	bt_auto_free char *one = NULL, *two = NULL, *three = NULL;

	ck_assert_int_eq(chdir("/usr"), 0);
	one = bt_json_set_absolute("lib/../bin");
	two = bt_json_set_absolute(".");
	three = bt_json_set_absolute("/a//b/");
	ck_assert_str_eq(one, "/usr/bin");
	ck_assert_str_eq(two, "/usr");
	ck_assert_str_eq(three, "/a/b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/json_set");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, text_is_sent_as_it_was_typed);
	tcase_add_test(tc, each_byte_that_is_no_utf8_becomes_a_replacement_and_nothing_is_lost);
	tcase_add_test(tc, a_list_keeps_an_element_whatever_its_bytes);
	tcase_add_test(tc, a_pair_keeps_its_key_whatever_its_bytes);
	tcase_add_test(tc, an_empty_text_sets_nothing);
	tcase_add_test(tc, a_path_is_taken_from_where_we_are);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
