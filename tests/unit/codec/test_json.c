/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/json.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bt_err err;

static json_t *parse(const char *text, unsigned flags)
{
	json_t *json = NULL;

	ck_assert_msg(bt_json_parse(text, strlen(text), flags, &json, &err) == 0, "%s: %s", text,
		      err.msg);
	return json;
}

static bool refused(const char *text, unsigned flags)
{
	json_t *json = NULL;
	int r = bt_json_parse(text, strlen(text), flags, &json, &err);

	ck_assert(r == 0 || (r == -EINVAL && err.kind == BT_ERR_INVALID && !json));
	json_decref(json);
	return r < 0;
}

START_TEST(depth_is_bounded_outside_of_strings)
{
	char text[200];

	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	ck_assert(!refused(text, 0));
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = '\0';
	ck_assert(refused(text, 0));
	ck_assert_ptr_nonnull(strstr(err.msg, "deeper"));
	ck_assert(!refused(
		"[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"]",
		0));
}
END_TEST

START_TEST(flags_open_and_close_forms)
{
	ck_assert(!refused("{\"a\":1,\"a\":2}", 0));
	ck_assert(refused("{\"a\":1,\"a\":2}", BT_JSON_UNIQUE));
	ck_assert(refused("3", 0));
	ck_assert(!refused("3", BT_JSON_ANY));
	ck_assert(refused("[18446744073709551615]", 0));
	ck_assert(!refused("[18446744073709551615]", BT_JSON_BIG));
	ck_assert(refused("[-9223372036854775809]", BT_JSON_BIG));
	ck_assert(refused("[\"a\\u0000b\"]", 0));
	ck_assert(refused("[1] x", 0));
	ck_assert(refused("", 0));
	ck_assert(refused("[\"\xff\"]", 0));
}
END_TEST

START_TEST(big_integers_keep_every_digit)
{
	json_t *list = parse(
		"[18446744073709551615, 9223372036854775808,5,-1,\"x\",1.5,99999999999999999999,"
		"{\"1\":9223372036854775807}]",
		BT_JSON_BIG);
	uint64_t n = 0;

	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 0), &n), 0);
	ck_assert_uint_eq(n, UINT64_MAX);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 1), &n), 0);
	ck_assert_uint_eq(n, 1ull << 63);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 2), &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 3), &n), -ERANGE);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 4), &n), -EINVAL);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 5), &n), -EINVAL);
	ck_assert_int_eq(bt_json_u64_value(json_array_get(list, 6), &n), -ERANGE);
	ck_assert_int_eq(bt_json_i64(json_array_get(list, 7), "1", 0), INT64_MAX);
	json_decref(list);
}
END_TEST

START_TEST(big_integers_are_printed_as_they_were)
{
	static const char text[] = "{\"a\":18446744073709551615,\"b\":[9223372036854775808,1,"
				   "\"[[\\\"u64:5\\\"]]\"]}";
	json_t *tree = parse(text, BT_JSON_BIG);
	char *got;
	size_t len;

	ck_assert_int_eq(bt_json_dump(tree, &got, &len), 0);
	ck_assert_str_eq(got, text);
	ck_assert_uint_eq(len, strlen(text));
	free(got);
	json_decref(tree);
}
END_TEST

START_TEST(a_big_integer_is_nothing_else)
{
	json_t *tree = parse("{\"n\":18446744073709551615,\"s\":\"u64:18446744073709551615\","
			     "\"small\":[[\"u64:5\"]]}",
			     BT_JSON_BIG);
	uint64_t n = 7;

	ck_assert_str_eq(bt_json_str(tree, "n", "none"), "none");
	ck_assert_ptr_null(bt_json_obj(tree, "n"));
	ck_assert(!bt_json_is_strs(json_object_get(tree, "n")));
	ck_assert_int_eq(bt_json_u64_value(json_object_get(tree, "s"), &n), -EINVAL);
	ck_assert_int_eq(bt_json_u64_value(json_object_get(tree, "small"), &n), -EINVAL);
	ck_assert_uint_eq(n, 7);
	json_decref(tree);
	/* Neither a name, nor one with zeros before it. */
	ck_assert(refused("{18446744073709551615:1}", BT_JSON_BIG));
	ck_assert(refused("[00000000000000000000005]", BT_JSON_BIG));
}
END_TEST

START_TEST(members_are_found_as_go_finds_them)
{
	json_t *o =
		parse("{\"image\":\"lower\",\"Image\":\"exact\",\"MEMORY\":5,\"none\":null}", 0);

	ck_assert_str_eq(bt_json_str(o, "Image", ""), "exact");
	ck_assert_str_eq(bt_json_str(o, "IMAGE", ""), "lower");
	ck_assert_int_eq(bt_json_i64(o, "Memory", 0), 5);
	ck_assert_ptr_null(bt_json_member(o, "none"));
	ck_assert_ptr_null(bt_json_member(o, "absent"));
	ck_assert_ptr_null(bt_json_member(NULL, "absent"));
	json_decref(o);
}
END_TEST

START_TEST(strict_access_tells_absent_from_wrong)
{
	json_t *o = parse(
		"{\"s\":\"x\",\"n\":3.0,\"f\":3.5,\"b\":true,\"l\":[\"a\",1],\"o\":{},\"z\":null}",
		0);
	const char *s = "kept";
	int64_t n = 7;
	json_t *v = NULL;
	bool b = false;

	ck_assert_int_eq(bt_json_get_str(o, "z", &s, &err), 0);
	ck_assert_str_eq(s, "kept");
	ck_assert_int_eq(bt_json_get_str(o, "s", &s, &err), 1);
	ck_assert_int_eq(bt_json_get_str(o, "b", &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "invalid JSON: b must be a string");
	ck_assert_int_eq(bt_json_get_i64(o, "n", 0, 5, &n, &err), 1);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(bt_json_get_i64(o, "f", 0, 5, &n, &err), -EINVAL);
	ck_assert_int_eq(bt_json_get_i64(o, "n", 4, 5, &n, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "invalid JSON: n must be between 4 and 5, not 3");
	ck_assert_int_eq(bt_json_get_bool(o, "b", &b, &err), 1);
	ck_assert(b);
	ck_assert_int_eq(bt_json_get_bool(o, "n", &b, &err), -EINVAL);
	ck_assert_int_eq(bt_json_get_arr(o, "l", &v, &err), 1);
	ck_assert_int_eq(bt_json_get_strs(o, "l", &v, &err), -EINVAL);
	ck_assert_int_eq(bt_json_get_obj(o, "o", &v, &err), 1);
	ck_assert_int_eq(bt_json_get_obj(o, "l", &v, &err), -EINVAL);
	json_decref(o);
}
END_TEST

START_TEST(strings_are_escaped_and_made_valid)
{
	bt_auto_str struct bt_str s = { 0 };
	json_t *back;

	bt_json_append_str(
		&s, "a\"\\\n\x01\x7f\xc3\xa9\xff\xe0\x80\x80\xed\xa0\x80\xf0\x9f\x98\x80\xc3");
	back = parse(s.p, BT_JSON_ANY);
	ck_assert_str_eq(json_string_value(back), "a\"\\\n\x01\x7f\xc3\xa9\xef\xbf\xbd"
						  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
						  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
						  "\xf0\x9f\x98\x80\xef\xbf\xbd");
	json_decref(back);
}
END_TEST

START_TEST(a_tree_prints_as_it_was)
{
	static const char text[] = "{\"b\":[1,2.5,null,true],\"a\":\"x\"}";
	json_t *json = parse(text, 0);
	char *out = NULL;
	size_t len = 0;

	ck_assert_int_eq(bt_json_dump(json, &out, &len), 0);
	ck_assert_str_eq(out, text);
	ck_assert_uint_eq(len, strlen(text));
	free(out);
	json_decref(json);
}
END_TEST

START_TEST(trees_can_live_in_an_arena)
{
	struct bt_arena arena = { 0 };
	json_t *outside = parse("[1]", 0), *inside;

	bt_json_arena_begin(&arena);
	inside = parse("{\"a\":[1,2,3]}", 0);
	ck_assert_int_eq((int)json_array_size(bt_json_arr(inside, "a")), 3);
	bt_json_arena_end();
	ck_assert_uint_gt(arena.total, 0);
	bt_arena_done(&arena);
	/* The heap's trees are untouched by it, and new ones are the heap's again. */
	json_decref(outside);
	json_decref(parse("[1]", 0));
}
END_TEST

START_TEST(an_array_of_strings_has_nothing_else_in_it)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = { { "[]", true },      { "[\"a\",\"\"]", true }, { "[\"a\",1]", false },
		      { "[null]", false }, { "[[\"a\"]]", false },   { "{\"a\":\"b\"}", false },
		      { "\"a\"", false },  { "null", false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_auto_t *json = parse(cases[i].text, BT_JSON_ANY);

		ck_assert_msg(bt_json_is_strs(json) == cases[i].is, "%s", cases[i].text);
	}
	ck_assert(!bt_json_is_strs(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, depth_is_bounded_outside_of_strings);
	tcase_add_test(all, flags_open_and_close_forms);
	tcase_add_test(all, big_integers_keep_every_digit);
	tcase_add_test(all, big_integers_are_printed_as_they_were);
	tcase_add_test(all, a_big_integer_is_nothing_else);
	tcase_add_test(all, members_are_found_as_go_finds_them);
	tcase_add_test(all, strict_access_tells_absent_from_wrong);
	tcase_add_test(all, strings_are_escaped_and_made_valid);
	tcase_add_test(all, a_tree_prints_as_it_was);
	tcase_add_test(all, an_array_of_strings_has_nothing_else_in_it);
	tcase_add_test(all, trees_can_live_in_an_arena);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
