/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/table.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static void expect(const char *text, size_t min, size_t padding, const char *want)
{
	char *got = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&got, &len);

	ck_assert_ptr_nonnull(f);
	bt_table_print(f, text, min, padding);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	expect("A\tB\nlonger\tx\n", 1, 2, "A       B\nlonger  x\n");
	expect("A\tB\n", 10, 3, "A         B\n");
	expect("A\t\n", 4, 1, "A   \n");
	expect("", 4, 1, "");
}
END_TEST

START_TEST(characters_count_not_bytes)
{
	expect("a\xe2\x80\xa6\tx\nabc\ty\n", 1, 1, "a\xe2\x80\xa6  x\nabc y\n");
}
END_TEST

START_TEST(a_line_without_the_cell_parts_the_column)
{
	expect("a\tb\nplain\nlonger\tc\n", 1, 1, "a b\nplain\nlonger c\n");
}
END_TEST

START_TEST(a_table_of_thousands_of_lines_is_printed_whole)
{
	bt_auto_str struct bt_str text = { 0 }, want = { 0 };

	for (int i = 0; i < 5000; i++) {
		bt_str_printf(&text, "%d\t\t%s\n", i, "end");
		bt_str_printf(&want, "%-5d end\n", i);
	}
	expect(bt_str_get(&text), 1, 1, bt_str_get(&want));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/table");
	TCase *tests = tcase_create("table");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tests, characters_count_not_bytes);
	tcase_add_test(tests, a_line_without_the_cell_parts_the_column);
	tcase_add_test(tests, a_table_of_thousands_of_lines_is_printed_whole);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
