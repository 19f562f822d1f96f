/* SPDX-License-Identifier: Apache-2.0 */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"

/* What jansson prints, which rows of older versions hold and clients were told. */
static void assert_as_jansson(const json_t *json)
{
	bt_auto_free char *expected = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	bt_auto_free char *got = NULL;
	size_t len = 0;

	ck_assert_ptr_nonnull(expected);
	ck_assert_int_eq(bt_json_dump(json, &got, &len), 0);
	ck_assert_str_eq(got, expected);
	ck_assert_uint_eq(len, strlen(expected));
}

static void assert_text_as_jansson(const char *text)
{
	json_auto_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	assert_as_jansson(json);
}

START_TEST(every_kind_of_value_prints_as_jansson_prints_it)
{
	static const char *const texts[] = {
		"null",
		"true",
		"false",
		"0",
		"-1",
		"9223372036854775807",
		"-9223372036854775808",
		"1.5",
		"-0.0",
		"1e300",
		"1e-7",
		"3.0",
		"0.1",
		"\"\"",
		"\"a\"",
		"[]",
		"{}",
		"[[],{},[{}]]",
		"{\"a\":{\"b\":[1,\"x\",null,{\"c\":false}]},\"z\":1.25,\"\":\"\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_text_as_jansson(texts[i]);
}
END_TEST

START_TEST(every_character_prints_as_jansson_prints_it_in_values_and_names)
{
	for (unsigned c = 0; c < 0x180; c++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "[\"x\\u%04xy\",\"\\u%04x\"]", c, c);
		assert_text_as_jansson(text);
		/* jansson has no names with a zero in them. */
		(void)snprintf(text, sizeof(text), "{\"x\\u%04xy\":1}", c ? c : 1);
		assert_text_as_jansson(text);
	}
	assert_text_as_jansson("\"a/b\\\\c\\\"d \xf0\x9f\x98\x80 \xe2\x82\xac\"");
}
END_TEST

START_TEST(members_keep_their_order)
{
	json_auto_t *json = json_object();
	bt_auto_free char *got = NULL;

	json_object_set_new(json, "z", json_integer(1));
	json_object_set_new(json, "a", json_integer(2));
	json_object_set_new(json, "m", json_integer(3));
	json_object_set_new(json, "z", json_integer(4));
	ck_assert_int_eq(bt_json_dump(json, &got, NULL), 0);
	ck_assert_str_eq(got, "{\"z\":4,\"a\":2,\"m\":3}");
}
END_TEST

/* `depth` arrays around nothing. */
static json_t *nested(unsigned depth)
{
	json_t *json = json_array();

	for (unsigned i = 1; i < depth; i++)
		json = json_pack("[o]", json);
	return json;
}

START_TEST(what_a_parser_lets_in_is_never_too_deep)
{
	json_auto_t *json = nested(BT_JSON_DEPTH_MAX);

	assert_as_jansson(json);
}
END_TEST

START_TEST(a_tree_without_end_is_an_error)
{
	json_auto_t *deep = nested(2000), *loop = json_array(), *inner = json_array();
	char *got = NULL;

	ck_assert_int_eq(bt_json_dump(deep, &got, NULL), -ELOOP);
	json_array_append(loop, inner);
	json_array_append(inner, loop);
	ck_assert_int_eq(bt_json_dump(loop, &got, NULL), -ELOOP);
	ck_assert_ptr_null(got);
	json_array_clear(inner);
}
END_TEST

START_TEST(no_tree_is_an_error_and_so_is_text_that_is_no_utf8)
{
	json_auto_t *broken = json_stringn_nocheck("a\xff", 2);
	bt_auto_str struct bt_str s = { 0 };
	char *got = NULL;

	ck_assert_int_lt(bt_json_dump(NULL, &got, NULL), 0);
	ck_assert_int_lt(bt_json_dump(broken, &got, NULL), 0);
	ck_assert_ptr_null(got);
	bt_json_append(&s, NULL);
	ck_assert_int_eq(s.failed, -ENOMEM);
}
END_TEST

START_TEST(a_builder_that_is_full_fails_and_stays_in_its_bounds)
{
	bt_auto_str struct bt_str s = { .max = 20 };
	json_auto_t *json = json_pack("{s:s,s:s}", "a", "0123456789", "b", "0123456789");

	bt_json_append(&s, json);
	ck_assert_int_lt(s.failed, 0);
	ck_assert_uint_le(s.len, 20);
}
END_TEST

START_TEST(it_is_appended_to_what_is_there)
{
	bt_auto_str struct bt_str s = { 0 };
	json_auto_t *json = json_pack("[i,s]", 1, "x");

	bt_str_puts(&s, "data: ");
	bt_json_append(&s, json);
	ck_assert_str_eq(bt_str_get(&s), "data: [1,\"x\"]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_print");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, every_kind_of_value_prints_as_jansson_prints_it);
	tcase_add_test(all, every_character_prints_as_jansson_prints_it_in_values_and_names);
	tcase_add_test(all, members_keep_their_order);
	tcase_add_test(all, what_a_parser_lets_in_is_never_too_deep);
	tcase_add_test(all, a_tree_without_end_is_an_error);
	tcase_add_test(all, no_tree_is_an_error_and_so_is_text_that_is_no_utf8);
	tcase_add_test(all, a_builder_that_is_full_fails_and_stays_in_its_bounds);
	tcase_add_test(all, it_is_appended_to_what_is_there);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
