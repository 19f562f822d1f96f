/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/json_raw.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

static void assert_raw(struct bt_json_raw got, const char *want)
{
	ck_assert_ptr_nonnull(got.p);
	ck_assert_msg(bt_json_raw_same(got, want), "got %.*s, want %s", (int)got.len, got.p, want);
}

/* How many steps a walk through `text` takes, or its error. */
static int steps(const char *text)
{
	struct bt_json_raw name, value;
	struct bt_json_walk walk;
	int n = 0, r = bt_json_walk_begin(bt_json_raw_of(text), &walk);

	while (r == 0 && (r = bt_json_walk_next(&walk, &name, &value)) > 0)
		n++, r = 0;
	return r < 0 ? r : n;
}

START_TEST(members_come_in_their_order_as_they_are_written)
{
	static const char text[] =
		" { \"a\" : \"x\\\"y\" , \"b\":[1, {\"c\":\"]\"}],\n\"d\":-1.5e3 }\n";
	static const char *const want[][2] = { { "a", "\"x\\\"y\"" },
					       { "b", "[1, {\"c\":\"]\"}]" },
					       { "d", "-1.5e3" } };
	struct bt_json_raw name, value;
	struct bt_json_walk walk;

	ck_assert_int_eq(bt_json_walk_begin(bt_json_raw_of(text), &walk), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(bt_json_walk_next(&walk, &name, &value), 1);
		assert_raw(name, want[i][0]);
		assert_raw(value, want[i][1]);
	}
	ck_assert_int_eq(bt_json_walk_next(&walk, &name, &value), 0);
	ck_assert_int_eq(bt_json_walk_next(&walk, &name, &value), 0);
}
END_TEST

START_TEST(elements_have_no_name)
{
	struct bt_json_raw name = { "x", 1 }, value;
	struct bt_json_walk walk;

	ck_assert_int_eq(bt_json_walk_begin(bt_json_raw_of("[true]"), &walk), 0);
	ck_assert_int_eq(bt_json_walk_next(&walk, &name, &value), 1);
	ck_assert_ptr_null(name.p);
	assert_raw(value, "true");
}
END_TEST

START_TEST(empty_ones_have_no_steps)
{
	ck_assert_int_eq(steps("[]"), 0);
	ck_assert_int_eq(steps("{ }"), 0);
	ck_assert_int_eq(steps("[[],{}]"), 2);
}
END_TEST

START_TEST(what_is_neither_object_nor_array_is_not_walked)
{
	static const char *const texts[] = { "", " ", "1", "null", "\"[1]\"", "]" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(steps(texts[i]), -EINVAL);
	ck_assert_int_eq(steps(NULL), -EINVAL);
}
END_TEST

START_TEST(broken_texts_are_refused)
{
	static const char *const texts[] = {
		"[",        "[1",         "[1,",       "[1,]",       "[,1]",      "[1 2]",
		"{\"a\"",   "{\"a\":",    "{\"a\":1",  "{\"a\":1,}", "{\"a\" 1}", "{a:1}",
		"{1:1}",    "[\"a]",      "[\"a\\\"]", "[{]}]",      "[[1}]",     "{\"a\":]}",
		"{\"a\":}", "[{\"a\":1]", "[?]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(steps(texts[i]) == -EINVAL, "accepted: %s", texts[i]);
}
END_TEST

START_TEST(a_string_ends_at_the_first_quote_that_is_not_escaped)
{
	ck_assert_int_eq(steps("[\"\\\\\",\"\\\\\\\"\",\"\"]"), 3);
	ck_assert_int_eq(steps("[\"\\\\\\\"]"), -EINVAL);
}
END_TEST

/* `depth` arrays in one another. */
static char *nest(size_t depth)
{
	char *text = calloc(1, 2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

START_TEST(nesting_has_a_limit)
{
	char *fits = nest(BT_JSON_DEPTH_MAX + 1), *deep = nest(BT_JSON_DEPTH_MAX + 2);

	ck_assert_int_eq(steps(fits), 1);
	ck_assert_int_eq(steps(deep), -EINVAL);
	free(fits);
	free(deep);
}
END_TEST

START_TEST(nothing_is_read_beyond_the_length)
{
	struct bt_json_raw name, value;
	struct bt_json_walk walk;

	for (size_t len = 1; len < 6; len++) {
		ck_assert_int_eq(bt_json_walk_begin((struct bt_json_raw){ "[\"ab\"]", len }, &walk),
				 0);
		ck_assert_int_eq(bt_json_walk_next(&walk, &name, &value), len < 5 ? -EINVAL : 1);
	}
}
END_TEST

START_TEST(a_member_is_found_by_its_name_and_null_is_none)
{
	struct bt_json_raw o =
		bt_json_raw_of("{\"Idx\":0,\"Id\":1,\"id\":2,\"n\":null,\"in\":{\"x\":9}}");

	assert_raw(bt_json_raw_member(o, "Id"), "1");
	assert_raw(bt_json_raw_member(bt_json_raw_member(o, "in"), "x"), "9");
	ck_assert_ptr_null(bt_json_raw_member(o, "x").p);
	ck_assert_ptr_null(bt_json_raw_member(o, "n").p);
	ck_assert_ptr_null(bt_json_raw_member(bt_json_raw_of("[\"Id\"]"), "Id").p);
	ck_assert_ptr_null(bt_json_raw_member((struct bt_json_raw){ 0 }, "Id").p);
}
END_TEST

START_TEST(the_last_of_several_members_counts_as_with_jansson)
{
	assert_raw(bt_json_raw_member(bt_json_raw_of("{\"a\":1,\"a\":[2]}"), "a"), "[2]");
}
END_TEST

START_TEST(filled_is_what_has_something_in_it)
{
	static const char *const yes[] = { "[0]", "{\"a\":null}", "\"x\"", "0", "true", "[ [] ]" };
	static const char *const no[] = { "[]", "{}", "\"\"", "[ ]", "{\n}" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(bt_json_raw_filled(bt_json_raw_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!bt_json_raw_filled(bt_json_raw_of(no[i])), "%s", no[i]);
	ck_assert(!bt_json_raw_filled((struct bt_json_raw){ 0 }));
}
END_TEST

START_TEST(a_string_is_compared_without_its_quotes)
{
	ck_assert(bt_json_raw_is(bt_json_raw_of("\"volume\""), "volume"));
	ck_assert(bt_json_raw_is(bt_json_raw_of("\"\""), ""));
	ck_assert(!bt_json_raw_is(bt_json_raw_of("\"volumes\""), "volume"));
	ck_assert(!bt_json_raw_is(bt_json_raw_of("volume"), "volume"));
	ck_assert(!bt_json_raw_is((struct bt_json_raw){ 0 }, ""));
}
END_TEST

START_TEST(integers_are_read_and_everything_else_is_0)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "0", 0 },
		{ "7", 7 },
		{ "-7", -7 },
		{ "1.5", 0 },
		{ "\"7\"", 0 },
		{ "null", 0 },
		{ "", 0 },
		{ "[7]", 0 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "9223372036854775808", 0 },
		{ "99999999999999999999999999", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(bt_json_raw_integer(bt_json_raw_of(cases[i].text)) == cases[i].want,
			      "%s", cases[i].text);
	ck_assert_int_eq(bt_json_raw_integer((struct bt_json_raw){ 0 }), 0);
}
END_TEST

START_TEST(none_is_appended_as_what_stands_for_it)
{
	struct bt_str s = { 0 };

	bt_json_raw_append(&s, bt_json_raw_of(" [1] "), "null");
	bt_json_raw_append(&s, (struct bt_json_raw){ 0 }, "null");
	ck_assert_str_eq(bt_str_get(&s), "[1]null");
	bt_str_done(&s);
}
END_TEST

START_TEST(loading_is_what_jansson_makes_of_it)
{
	static const char *const texts[] = {
		"\"plain\"",
		"\"\\u00e9\\n\"",
		"\"\xc3\xa9\"",
		"0",
		"7",
		"-7",
		"1.5",
		"123456789012345678",
		"1234567890123456789",
		"true",
		"null",
		"[1,{}]",
		"{\"a\":[]}",
		"\"\"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *want = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		json_t *got = bt_json_raw_load(bt_json_raw_of(texts[i]));

		ck_assert_ptr_nonnull(want);
		ck_assert_msg(json_equal(got, want), "%s", texts[i]);
		json_decref(want);
		json_decref(got);
	}
}
END_TEST

START_TEST(loading_refuses_what_jansson_refuses)
{
	static const char *const texts[] = { "01",      "+1",          "1x",
					     "tru",     "\"a\nb\"",    "\"\xff\"",
					     "\"\\q\"", "\"a\"b\"",    "[1,]",
					     "{\"a\"}", "\"\\u0000\"", "99999999999999999999" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!bt_json_raw_load(bt_json_raw_of(texts[i])), "%s", texts[i]);
	ck_assert_ptr_null(bt_json_raw_load((struct bt_json_raw){ 0 }));
	ck_assert_ptr_null(bt_json_raw_load(bt_json_raw_of("")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/json_raw");
	TCase *tests = tcase_create("json_raw");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, members_come_in_their_order_as_they_are_written);
	tcase_add_test(tests, elements_have_no_name);
	tcase_add_test(tests, empty_ones_have_no_steps);
	tcase_add_test(tests, what_is_neither_object_nor_array_is_not_walked);
	tcase_add_test(tests, broken_texts_are_refused);
	tcase_add_test(tests, a_string_ends_at_the_first_quote_that_is_not_escaped);
	tcase_add_test(tests, nesting_has_a_limit);
	tcase_add_test(tests, nothing_is_read_beyond_the_length);
	tcase_add_test(tests, a_member_is_found_by_its_name_and_null_is_none);
	tcase_add_test(tests, the_last_of_several_members_counts_as_with_jansson);
	tcase_add_test(tests, filled_is_what_has_something_in_it);
	tcase_add_test(tests, a_string_is_compared_without_its_quotes);
	tcase_add_test(tests, integers_are_read_and_everything_else_is_0);
	tcase_add_test(tests, none_is_appended_as_what_stands_for_it);
	tcase_add_test(tests, loading_is_what_jansson_makes_of_it);
	tcase_add_test(tests, loading_refuses_what_jansson_refuses);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
