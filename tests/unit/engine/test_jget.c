/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/jget.h"

#include "../suite.h"
#include "base/auto.h"
#include "common.h"

static json_t *all;

static void setup(void)
{
	all = parse("{'text':'x','empty':'','int':-7,'real':2.9,'huge':1e300,'low':-1e300,"
		    "'edge':9223372036854775808.0,'yes':true,'no':false,'null':null,'list':[0],"
		    "'nothing':[],'object':{'a':1},'hollow':{}}");
}

static void teardown(void)
{
	json_decref(all);
}

START_TEST(what_is_not_there_is_the_empty_value_of_each_type)
{
	const json_t *const from[] = { all, NULL };

	for (size_t i = 0; i < LENGTH(from); i++) {
		ck_assert_str_eq(bt_jget_text(from[i], "absent"), "");
		ck_assert_int_eq(bt_jget_int(from[i], "absent"), 0);
		ck_assert(!bt_jget_bool(from[i], "absent"));
		ck_assert_ptr_null(bt_jget_filled(from[i], "absent"));
	}
}
END_TEST

START_TEST(a_value_of_another_type_is_as_if_it_were_not_there)
{
	static const char *const members[] = { "int", "yes", "null", "list", "object" };

	for (size_t i = 0; i < LENGTH(members); i++)
		ck_assert_str_eq(bt_jget_text(all, members[i]), "");
	ck_assert_int_eq(bt_jget_int(all, "text"), 0);
	ck_assert_int_eq(bt_jget_int(all, "yes"), 0);
	ck_assert(!bt_jget_bool(all, "int"));
	ck_assert(!bt_jget_bool(all, "text"));
	ck_assert_ptr_null(bt_jget_filled(all, "text"));
}
END_TEST

START_TEST(a_member_is_what_it_says)
{
	ck_assert_str_eq(bt_jget_text(all, "text"), "x");
	ck_assert_int_eq(bt_jget_int(all, "int"), -7);
	ck_assert(bt_jget_bool(all, "yes"));
	ck_assert(!bt_jget_bool(all, "no"));
	ck_assert_ptr_eq(bt_jget_filled(all, "list"), json_object_get(all, "list"));
	ck_assert_ptr_eq(bt_jget_filled(all, "object"), json_object_get(all, "object"));
}
END_TEST

START_TEST(what_has_no_elements_is_not_filled)
{
	ck_assert_ptr_null(bt_jget_filled(all, "nothing"));
	ck_assert_ptr_null(bt_jget_filled(all, "hollow"));
}
END_TEST

START_TEST(a_real_is_cut_and_one_beyond_64_bits_is_the_nearest_there_is)
{
	ck_assert_int_eq(bt_jget_int(all, "real"), 2);
	ck_assert_int_eq(bt_jget_int(all, "huge"), INT64_MAX);
	ck_assert_int_eq(bt_jget_int(all, "edge"), INT64_MAX);
	ck_assert_int_eq(bt_jget_int(all, "low"), INT64_MIN);
}
END_TEST

START_TEST(a_change_of_a_copy_changes_nothing_of_the_original)
{
	json_auto_t *copy = bt_jget_copy(all);

	ck_assert(json_equal(copy, all));
	json_object_set_new(json_object_get(copy, "object"), "a", json_integer(2));
	assert_json(json_object_get(all, "object"), "{'a':1}");
}
END_TEST

START_TEST(the_copy_and_the_text_of_nothing_are_null)
{
	json_auto_t *copy = bt_jget_copy(NULL);
	bt_auto_free char *text = bt_jget_dump(NULL);

	ck_assert(json_is_null(copy));
	ck_assert_str_eq(text, "null");
}
END_TEST

START_TEST(what_is_dumped_is_loaded_again_whatever_it_is)
{
	json_auto_t *values = parse("[null,true,3,'a b',[],{'a':{'b':[]}}]");
	const json_t *value;
	size_t i;

	json_array_append_new(values, json_stringn("\0x", 2));
	json_array_foreach (values, i, value) {
		bt_auto_free char *text = bt_jget_dump(value);
		json_auto_t *again = bt_jget_load(text);

		ck_assert_msg(json_equal(value, again), "%s", text);
	}
}
END_TEST

START_TEST(text_that_is_absent_or_broken_loads_as_nothing)
{
	static const char *const broken[] = { "", "{", "{\"a\":}", "{} x", "nul", "\"\xff\"" };

	ck_assert_ptr_null(bt_jget_load(NULL));
	for (size_t i = 0; i < LENGTH(broken); i++)
		ck_assert_msg(bt_jget_load(broken[i]) == NULL, "%s", broken[i]);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_is_not_there_is_the_empty_value_of_each_type);
	tcase_add_test(tests, a_value_of_another_type_is_as_if_it_were_not_there);
	tcase_add_test(tests, a_member_is_what_it_says);
	tcase_add_test(tests, what_has_no_elements_is_not_filled);
	tcase_add_test(tests, a_real_is_cut_and_one_beyond_64_bits_is_the_nearest_there_is);
	tcase_add_test(tests, a_change_of_a_copy_changes_nothing_of_the_original);
	tcase_add_test(tests, the_copy_and_the_text_of_nothing_are_null);
	tcase_add_test(tests, what_is_dumped_is_loaded_again_whatever_it_is);
	tcase_add_test(tests, text_that_is_absent_or_broken_loads_as_nothing);
}

int main(void)
{
	return run_suite("engine/jget", setup, teardown, add);
}
