/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/rows.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* The rows of a text, each printed compactly on a line, or "broken". */
static void expect(const char *text, const char *reads, const char *want)
{
	bt_auto_rows struct bt_rows rows = { 0 };
	bt_auto_str struct bt_str got = { 0 };
	struct bt_err err = { 0 };
	const json_t *row;
	int r = bt_rows_of_text(bt_json_raw_of(text), reads, &rows, &err);

	while (r == 0 && (r = bt_rows_next(&rows, &row, &err)) > 0) {
		char *dump = json_dumps(row, JSON_COMPACT | JSON_ENCODE_ANY);

		bt_str_printf(&got, "%s\n", dump);
		free(dump);
		r = 0;
	}
	if (r < 0) {
		ck_assert_int_eq(r, -EPROTO);
		ck_assert_str_eq(err.msg, "invalid JSON in response");
		bt_str_puts(&got, "broken");
	}
	ck_assert_str_eq(bt_str_get(&got), want);
}

START_TEST(rows_of_a_text_are_whole_where_all_is_read)
{
	expect("[{\"a\":1,\"b\":[2]},{}]", NULL, "{\"a\":1,\"b\":[2]}\n{}\n");
}
END_TEST

START_TEST(of_a_row_only_what_is_read_is_decoded)
{
	expect("[{\"Id\":\"x\",\"Idx\":1,\"I\":2,\"b\":{\"Id\":3}},{\"b\":0}]", "Id b",
	       "{\"Id\":\"x\",\"b\":{\"Id\":3}}\n{\"b\":0}\n");
	expect("[{\"a\":1}]", " other ", "{}\n");
}
END_TEST

START_TEST(nothing_and_null_have_no_rows)
{
	expect("", NULL, "");
	expect("null\n", "a", "");
	expect(" [ ] ", "a", "");
}
END_TEST

START_TEST(rows_that_are_no_objects_are_handed_on)
{
	expect("[1,\"x\",[2],null]", "a", "1\n\"x\"\n[2]\nnull\n");
}
END_TEST

START_TEST(sorted_rows_come_in_the_natural_order_of_a_member_that_need_not_be_read)
{
	static const char text[] =
		"[{\"n\":\"v10\",\"x\":1},{\"n\":\"v2\",\"x\":2},{\"x\":3},{\"n\":7,\"x\":4},"
		"{\"x\":5,\"n\":\"a\\u0062\"}]";
	bt_auto_rows struct bt_rows rows = { 0 };
	bt_auto_str struct bt_str got = { 0 };
	struct bt_err err = { 0 };
	const json_t *row;

	ck_assert_int_eq(bt_rows_of_text(bt_json_raw_of(text), "x", &rows, &err), 0);
	ck_assert_int_eq(bt_rows_sort(&rows, "n", &err), 0);
	while (bt_rows_next(&rows, &row, &err) > 0) {
		ck_assert_int_eq((int)json_object_size(row), 1);
		bt_str_printf(&got, "%lld ", json_integer_value(json_object_get(row, "x")));
	}
	/* Those without a text to sort by come first, in any order. */
	ck_assert(strcmp(bt_str_get(&got), "3 4 5 2 1 ") == 0 ||
		  strcmp(bt_str_get(&got), "4 3 5 2 1 ") == 0);
}
END_TEST

START_TEST(sorting_nothing_is_fine_and_what_is_broken_is_refused)
{
	bt_auto_rows struct bt_rows rows = { 0 };
	struct bt_err err = { 0 };
	const json_t *row;

	ck_assert_int_eq(bt_rows_of_text(bt_json_raw_of("null"), NULL, &rows, &err), 0);
	ck_assert_int_eq(bt_rows_sort(&rows, "n", &err), 0);
	ck_assert_int_eq(bt_rows_next(&rows, &row, &err), 0);
	ck_assert_int_eq(bt_rows_of_text(bt_json_raw_of("[]"), NULL, &rows, &err), 0);
	ck_assert_int_eq(bt_rows_sort(&rows, "n", &err), 0);
	ck_assert_int_eq(bt_rows_next(&rows, &row, &err), 0);
	bt_rows_done(&rows);
	ck_assert_int_eq(bt_rows_of_text(bt_json_raw_of("[{\"n\":\"a\"},{"), NULL, &rows, &err), 0);
	ck_assert_int_eq(bt_rows_sort(&rows, "n", &err), -EPROTO);
	ck_assert_str_eq(err.msg, "invalid JSON in response");
}
END_TEST

START_TEST(what_is_no_array_is_refused)
{
	expect("{\"message\":\"x\"}", NULL, "broken");
	expect("7", NULL, "broken");
	expect("<html>", "a", "broken");
}
END_TEST

START_TEST(broken_rows_are_refused_where_they_come)
{
	expect("[{\"a\":1},{\"a\":tru}]", "a", "{\"a\":1}\nbroken");
	expect("[{\"a\":1},{\"b\"", "a", "{\"a\":1}\nbroken");
	expect("[{\"a\":\"\\q\"}]", NULL, "broken");
}
END_TEST

START_TEST(more_names_than_can_be_kept_mean_all)
{
	expect("[{\"z\":1}]", "a b c d e f g h i j k l m n o p q r s t u v w x y", "{\"z\":1}\n");
}
END_TEST

START_TEST(rows_of_a_tree_are_its_elements)
{
	json_t *tree = json_pack("[i,s]", 1, "x");
	bt_auto_rows struct bt_rows rows = { 0 };
	struct bt_err err = { 0 };
	const json_t *row;

	bt_rows_of_tree(tree, &rows);
	ck_assert_int_eq(bt_rows_next(&rows, &row, &err), 1);
	ck_assert_ptr_eq(row, json_array_get(tree, 0));
	ck_assert_int_eq(bt_rows_next(&rows, &row, &err), 1);
	ck_assert_ptr_eq(row, json_array_get(tree, 1));
	ck_assert_int_eq(bt_rows_next(&rows, &row, &err), 0);
	bt_rows_done(&rows);
	ck_assert_uint_eq(json_array_size(tree), 2);
	json_decref(tree);
}
END_TEST

START_TEST(no_tree_has_no_rows)
{
	bt_auto_rows struct bt_rows rows = { 0 };
	const json_t *row;

	bt_rows_of_tree(NULL, &rows);
	ck_assert_int_eq(bt_rows_next(&rows, &row, BT_ERR_IGNORED), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/rows");
	TCase *tests = tcase_create("rows");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, rows_of_a_text_are_whole_where_all_is_read);
	tcase_add_test(tests, of_a_row_only_what_is_read_is_decoded);
	tcase_add_test(tests, nothing_and_null_have_no_rows);
	tcase_add_test(tests, rows_that_are_no_objects_are_handed_on);
	tcase_add_test(tests,
		       sorted_rows_come_in_the_natural_order_of_a_member_that_need_not_be_read);
	tcase_add_test(tests, sorting_nothing_is_fine_and_what_is_broken_is_refused);
	tcase_add_test(tests, what_is_no_array_is_refused);
	tcase_add_test(tests, broken_rows_are_refused_where_they_come);
	tcase_add_test(tests, more_names_than_can_be_kept_mean_all);
	tcase_add_test(tests, rows_of_a_tree_are_its_elements);
	tcase_add_test(tests, no_tree_has_no_rows);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
