/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/field.h"

#include <errno.h>
#include <stdio.h>

#include "../suite.h"
#include "base/auto.h"

static const struct bt_field fields[] = {
	{ "Text", BT_FIELD_TEXT, "\"none\"", 0 },
	{ "Int", BT_FIELD_INT, "0", 0 },
	{ "Bool", BT_FIELD_BOOL, "false", 0 },
	{ "Texts", BT_FIELD_TEXTS, "null", 0 },
	{ "Words", BT_FIELD_WORDS, "[]", 0 },
	{ "Array", BT_FIELD_ARRAY, "null", BT_FIELD_OMIT },
	{ "Object", BT_FIELD_OBJECT, "{}", BT_FIELD_OMIT },
	{ "NotThisText", BT_FIELD_TEXT, "\"\"", BT_FIELD_REFUSE },
	{ "NotThisInt", BT_FIELD_INT, "0", BT_FIELD_REFUSE },
	{ "NotThisBool", BT_FIELD_BOOL, "false", BT_FIELD_REFUSE },
	{ "NotThisArray", BT_FIELD_ARRAY, "null", BT_FIELD_REFUSE },
	{ "NotThisObject", BT_FIELD_OBJECT, "null", BT_FIELD_REFUSE },
};

static struct bt_err err;

static int apply(const char *text, json_t **ret)
{
	json_auto_t *in = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_msg(in != NULL, "%s", text);
	err = (struct bt_err){ 0 };
	return bt_field_apply(fields, LENGTH(fields), "Thing", in, ret, &err);
}

static void check_member(const char *text, const char *key, const char *want)
{
	json_auto_t *out = NULL;
	bt_auto_free char *got = NULL;

	ck_assert_msg(apply(text, &out) == 0, "%s: %s", text, err.msg);
	got = json_dumps(json_object_get(out, key), JSON_COMPACT | JSON_ENCODE_ANY);
	ck_assert_msg(got && strcmp(got, want) == 0, "%s: %s", text, got ? got : "(none)");
}

START_TEST(all_members_are_there_in_the_tables_order_and_no_others)
{
	static const char want[] = "{\"Text\":\"none\",\"Int\":0,\"Bool\":false,\"Texts\":null,"
				   "\"Words\":[],\"NotThisText\":\"\",\"NotThisInt\":0,"
				   "\"NotThisBool\":false,\"NotThisArray\":null,"
				   "\"NotThisObject\":null}";
	static const char *const texts[] = { "{}", "null", "{\"Other\":1,\"Texts \":\"x\"}",
					     "{\"Int\":null,\"Array\":null,\"Bool\":null}" };
	json_auto_t *nothing = NULL;

	for (size_t i = 0; i < LENGTH(texts); i++) {
		json_auto_t *out = NULL;
		bt_auto_free char *got = NULL;

		ck_well(apply(texts[i], &out), &err);
		got = json_dumps(out, JSON_COMPACT);
		ck_assert_str_eq(got, want);
	}
	ck_well(bt_field_apply(fields, LENGTH(fields), "Thing", NULL, &nothing, &err), &err);
	ck_assert_uint_eq(json_object_size(nothing), 10);
}
END_TEST

START_TEST(what_is_given_is_copied_in_its_own_type)
{
	check_member("{\"Text\":\"\"}", "Text", "\"\"");
	check_member("{\"Int\":-9223372036854775808}", "Int", "-9223372036854775808");
	check_member("{\"Bool\":true}", "Bool", "true");
	check_member("{\"Texts\":[\"a\",\"\"]}", "Texts", "[\"a\",\"\"]");
	check_member("{\"Texts\":[]}", "Texts", "[]");
	check_member("{\"Array\":[1,{\"a\":[]}]}", "Array", "[1,{\"a\":[]}]");
	check_member("{\"Object\":{\"a\":null}}", "Object", "{\"a\":null}");
	/* As Go reads them, names are known in any case. */
	check_member("{\"tEXT\":\"x\"}", "Text", "\"x\"");
	/* One word stands for an array of it. */
	check_member("{\"Words\":\"a b\"}", "Words", "[\"a b\"]");
	check_member("{\"Words\":[\"a\",\"b\"]}", "Words", "[\"a\",\"b\"]");
}
END_TEST

START_TEST(a_copy_is_the_callers_own)
{
	json_auto_t *in = json_pack("{s{s[i]}}", "Object", "a", 1), *out = NULL;

	ck_well(bt_field_apply(fields, LENGTH(fields), "Thing", in, &out, &err), &err);
	ck_assert_int_eq(json_array_append_new(json_object_get(json_object_get(in, "Object"), "a"),
					       json_integer(2)),
			 0);
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(out, "Object"), "a")), 1);
}
END_TEST

START_TEST(a_whole_number_may_be_written_as_a_real_and_no_other_may)
{
	static const char *const wrong[] = { "1.5",     "-0.25", "1e19",   "9223372036854775808.0",
					     "-9.3e18", "1e300", "-1e300", "1e-300" };

	check_member("{\"Int\":5.0}", "Int", "5");
	check_member("{\"Int\":-3e3}", "Int", "-3000");
	check_member("{\"Int\":1.5e9}", "Int", "1500000000");
	check_member("{\"Int\":-9223372036854775808.0}", "Int", "-9223372036854775808");
	check_member("{\"Int\":-0.0}", "Int", "0");
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		bt_auto_free char *text = NULL;
		json_t *out = NULL;

		ck_assert_int_gt(asprintf(&text, "{\"Int\":%s}", wrong[i]), 0);
		ck_assert_msg(apply(text, &out) == -EINVAL, "%s", text);
		check_err(&err, BT_ERR_INVALID, "Thing.Int must be an integer");
		ck_assert_ptr_null(out);
	}
}
END_TEST

START_TEST(a_member_of_another_type_is_refused_by_its_name)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{\"Text\":1}", "Thing.Text must be a string" },
		{ "{\"Text\":[]}", "Thing.Text must be a string" },
		{ "{\"Int\":\"1\"}", "Thing.Int must be an integer" },
		{ "{\"Int\":true}", "Thing.Int must be an integer" },
		{ "{\"Bool\":0}", "Thing.Bool must be a boolean" },
		{ "{\"Bool\":\"true\"}", "Thing.Bool must be a boolean" },
		{ "{\"Texts\":\"a\"}", "Thing.Texts must be an array of strings" },
		{ "{\"Texts\":[\"a\",1]}", "Thing.Texts must be an array of strings" },
		{ "{\"Texts\":[null]}", "Thing.Texts must be an array of strings" },
		{ "{\"Texts\":{}}", "Thing.Texts must be an array of strings" },
		{ "{\"Words\":[[\"a\"]]}", "Thing.Words must be an array of strings" },
		{ "{\"Words\":7}", "Thing.Words must be an array of strings" },
		{ "{\"Array\":{}}", "Thing.Array must be an array" },
		{ "{\"Object\":[]}", "Thing.Object must be an object" },
		{ "[]", "Thing must be an object" },
		{ "\"x\"", "Thing must be an object" },
		{ "7", "Thing must be an object" },
		{ "false", "Thing must be an object" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *out = NULL;

		ck_assert_msg(apply(cases[i].text, &out) == -EINVAL, "%s", cases[i].text);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_ptr_null(out);
	}
}
END_TEST

START_TEST(what_is_not_carried_out_is_accepted_empty_and_refused_otherwise)
{
	static const char *const empty[] = {
		"{\"NotThisText\":\"\"}",  "{\"NotThisInt\":0}",      "{\"NotThisInt\":0.0}",
		"{\"NotThisBool\":false}", "{\"NotThisArray\":[]}",   "{\"NotThisObject\":{}}",
		"{\"NotThisText\":null}",  "{\"NotThisArray\":null}",
	};
	static const char *const filled[] = {
		"{\"NotThisText\":\"x\"}",   "{\"NotThisInt\":1}",
		"{\"NotThisInt\":-1}",       "{\"NotThisBool\":true}",
		"{\"NotThisArray\":[null]}", "{\"NotThisObject\":{\"a\":null}}",
	};

	for (size_t i = 0; i < LENGTH(empty); i++) {
		json_auto_t *out = NULL;

		ck_assert_msg(apply(empty[i], &out) == 0, "%s: %s", empty[i], err.msg);
	}
	for (size_t i = 0; i < LENGTH(filled); i++) {
		json_t *out = NULL;

		ck_assert_msg(apply(filled[i], &out) == -ENOSYS, "%s", filled[i]);
		check_err(&err, BT_ERR_NOT_IMPLEMENTED, "is not supported");
		check_err(&err, BT_ERR_NOT_IMPLEMENTED, "Thing.NotThis");
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, all_members_are_there_in_the_tables_order_and_no_others);
	tcase_add_test(tests, what_is_given_is_copied_in_its_own_type);
	tcase_add_test(tests, a_copy_is_the_callers_own);
	tcase_add_test(tests, a_whole_number_may_be_written_as_a_real_and_no_other_may);
	tcase_add_test(tests, a_member_of_another_type_is_refused_by_its_name);
	tcase_add_test(tests, what_is_not_carried_out_is_accepted_empty_and_refused_otherwise);
}

int main(void)
{
	return run_suite("field", NULL, NULL, add_tests);
}
