/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/query.h"

#include <check.h>
#include <stdlib.h>

static struct bt_query parse(const char *text)
{
	struct bt_query query = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_query_parse(text, &query, &err), 0);
	return query;
}

START_TEST(empty_queries_and_doubled_separators_have_no_parameters)
{
	static const char *const texts[] = { NULL, "", "&", "&&&" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bt_auto_query struct bt_query query = parse(texts[i]);

		ck_assert_uint_eq(query.n, 0);
		ck_assert_ptr_null(bt_query_get(&query, "a"));
	}
}
END_TEST

START_TEST(values_are_decoded_and_raw_json_is_taken_as_it_is)
{
	bt_auto_query struct bt_query query =
		parse("&a=%7B%22x%22%3A+1%7D&filters={\"since\":[\"<id>\"]}&flag&b==&a=2");

	ck_assert_str_eq(bt_query_get(&query, "a"), "{\"x\": 1}");
	ck_assert_str_eq(bt_query_value(&query, "a", 1), "2");
	ck_assert_ptr_null(bt_query_value(&query, "a", 2));
	ck_assert_str_eq(bt_query_get(&query, "filters"), "{\"since\":[\"<id>\"]}");
	ck_assert_str_eq(bt_query_get(&query, "flag"), "");
	ck_assert_ptr_null(bt_query_text(&query, "flag"));
	ck_assert_str_eq(bt_query_get(&query, "b"), "=");
}
END_TEST

START_TEST(broken_escapes_and_nul_are_refused)
{
	static const char *const texts[] = { "a=%", "a=%4", "a=%zz", "a=x%00y", "%=1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_query query = { 0 };
		struct bt_err err = { 0 };

		ck_assert_int_lt(bt_query_parse(texts[i], &query, &err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(booleans_of_every_language_are_understood)
{
	bt_auto_query struct bt_query query =
		parse("a=1&b=true&c=True&d=t&e=yes&n=0&o=false&p=False&q=no&r=NONE&s=&t=+0+");

	for (const char *name = "a\0b\0c\0d\0e\0"; *name; name += 2)
		ck_assert_msg(bt_query_bool(&query, name, false), "%s", name);
	for (const char *name = "n\0o\0p\0q\0r\0s\0t\0"; *name; name += 2)
		ck_assert_msg(!bt_query_bool(&query, name, true), "%s", name);
	ck_assert(bt_query_bool(&query, "z", true));
	ck_assert(!bt_query_bool(&query, "z", false));
}
END_TEST

START_TEST(numbers_fall_back_and_nonsense_is_named)
{
	bt_auto_query struct bt_query query = parse("t=-1&e=&x=ten");
	struct bt_err err = { 0 };
	int64_t n = 0;

	ck_assert_int_eq(bt_query_i64(&query, "t", 5, &n, &err), 0);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(bt_query_i64(&query, "e", 5, &n, &err), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_lt(bt_query_i64(&query, "x", 5, &n, &err), 0);
	ck_assert_str_eq(err.msg, "invalid value for x: ten: not a number");
	ck_assert_int_eq(n, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/query");
	TCase *parsing = tcase_create("parse");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(parsing, empty_queries_and_doubled_separators_have_no_parameters);
	tcase_add_test(parsing, values_are_decoded_and_raw_json_is_taken_as_it_is);
	tcase_add_test(parsing, broken_escapes_and_nul_are_refused);
	tcase_add_test(parsing, booleans_of_every_language_are_understood);
	tcase_add_test(parsing, numbers_fall_back_and_nonsense_is_named);
	suite_add_tcase(suite, parsing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
