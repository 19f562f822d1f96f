/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/toml.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static char *parsed(const char *text)
{
	json_auto_t *json = NULL;
	struct bt_err err = { 0 };

	if (bt_toml_parse(text, strlen(text), &json, &err) < 0)
		return strdup(err.msg);
	return json_dumps(json, JSON_COMPACT);
}

static void check(const char *text, const char *expected)
{
	bt_auto_free char *got = parsed(text);

	ck_assert_str_eq(got, expected);
}

START_TEST(values_of_each_kind_are_read)
{
	check("", "{}");
	check("# nothing\n\n \t\r\n", "{}");
	check("a = 1\nb = -7 # c\r\nc = true\nd=false",
	      "{\"a\":1,\"b\":-7,\"c\":true,\"d\":false}");
	check("a = \"x\\t\\\"\\\\\\u00e9\\U0001F600\"", "{\"a\":\"x\\t\\\"\\\\é😀\"}");
	check("a = 'C:\\x'", "{\"a\":\"C:\\\\x\"}");
	check("a = [ 1, # one\n 2,\n]\nb = []", "{\"a\":[1,2],\"b\":[]}");
	check("a = { b = 1, c = [\"d\"] }", "{\"a\":{\"b\":1,\"c\":[\"d\"]}}");
}
END_TEST

START_TEST(tables_and_dotted_keys_go_where_they_say)
{
	check("x = 1\n[a.\"b.c\".d]\ny = 2\n[a]\nz = 3",
	      "{\"x\":1,\"a\":{\"b.c\":{\"d\":{\"y\":2}},\"z\":3}}");
	check("a.b = 1\na.c = 2", "{\"a\":{\"b\":1,\"c\":2}}");
	check("[host.\"https://m\"]\n", "{\"host\":{\"https://m\":{}}}");
}
END_TEST

START_TEST(what_is_wrong_is_named_with_its_line)
{
	check("a = 1\na = 2", "line 2: a name that was there already");
	check("\n\nx", "line 3: \"=\" is missing");
	check("a = ", "line 1: a value is missing, or of a kind that is not understood");
	check("a = 1.5", "line 1: a value of a kind that is not understood");
	check("a = 1 2", "line 1: something follows where the line should end");
	check("a = \"x", "line 1: a string without its end");
	check("a = \"\"\"x\"\"\"", "line 1: strings of several lines are not understood");
	check("a = \"\\q\"", "line 1: an escape that is none");
	check("a = \"\\ud800\"", "line 1: an escape that names no character");
	check("a = [1", "line 1: a list without its end");
	check("[a", "line 1: \"]\" is missing");
	check("[[a]]", "line 1: arrays of tables are not understood");
	check("a = 1\n[a]", "line 2: a table that cannot be one");
	check("a = 1\na.b = 2", "line 2: a table that cannot be one");
	check("= 1", "line 1: a name is missing");
	check("a = \"\xff\"", "line 1: a string that is not UTF-8");
}
END_TEST

START_TEST(depth_and_length_are_bounded)
{
	char deep[200] = "a = ";
	bt_auto_free char *longest = malloc(6000);
	bt_auto_free char *got = NULL;

	memset(deep + 4, '[', 100);
	deep[104] = '\0';
	check(deep, "line 1: too deep");
	ck_assert_ptr_nonnull(longest);
	memset(longest, 'x', 5999);
	memcpy(longest, "a = \"", 5);
	memcpy(longest + 5997, "\"\n", 3);
	got = parsed(longest);
	ck_assert_str_eq(got, "line 1: a string that is too long");
}
END_TEST

START_TEST(a_zero_byte_does_not_hide_what_follows)
{
	json_auto_t *json = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_toml_parse("a = 1\0b", 7, &json, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/toml");
	TCase *tests = tcase_create("toml");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, values_of_each_kind_are_read);
	tcase_add_test(tests, tables_and_dotted_keys_go_where_they_say);
	tcase_add_test(tests, what_is_wrong_is_named_with_its_line);
	tcase_add_test(tests, depth_and_length_are_bounded);
	tcase_add_test(tests, a_zero_byte_does_not_hide_what_follows);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
