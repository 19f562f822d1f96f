/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/top_table.h"

#include <errno.h>

#include "common.h"

static void assert_table(const char *text, const pid_t *pids, size_t n, const char *want)
{
	struct bt_err err = { 0 };
	json_t *table = NULL;

	ck_assert_msg(bt_top_table_parse(text, pids, n, &table, &err) == 0, "%s", err.msg);
	assert_json(table, want);
	json_decref(table);
}

START_TEST(the_last_column_keeps_its_blanks)
{
	const pid_t pids[] = { 7 };

	assert_table(
		"  PID TTY  CMD\n    7 ?    sh -c  'a  b' \n", pids, 1,
		"{'Titles':['PID','TTY','CMD'],'Processes':[['7','?','sh -c  \\u0027a  b\\u0027 ']]}");
}
END_TEST

START_TEST(processes_of_others_are_left_out)
{
	const pid_t pids[] = { 7, 9 };

	assert_table("PID CMD\n1 init\n7 a\n70 b\n9 c\n-7 d\n", pids, 2,
		     "{'Titles':['PID','CMD'],'Processes':[['7','a'],['9','c']]}");
	assert_table("PID CMD\n7 a\n", pids, 0, "{'Titles':['PID','CMD'],'Processes':[]}");
}
END_TEST

START_TEST(the_pid_may_stand_in_any_column)
{
	const pid_t pids[] = { 7 };

	assert_table("CMD PID\na 7\n7 8\n", pids, 1,
		     "{'Titles':['CMD','PID'],'Processes':[['a','7']]}");
}
END_TEST

START_TEST(a_name_that_is_no_utf8_is_shown_and_moves_no_column)
{
	const pid_t pids[] = { 7 };

	assert_table("CMD PID X\n\xff\xe4 7 y\n", pids, 1,
		     "{'Titles':['CMD','PID','X'],'Processes':[['\uFFFD\uFFFD','7','y']]}");
	assert_table("PID CMD\n7 a\xff z\n", pids, 1,
		     "{'Titles':['PID','CMD'],'Processes':[['7','a\uFFFD z']]}");
}
END_TEST

START_TEST(a_line_without_all_columns_is_short_and_an_empty_one_is_none)
{
	const pid_t pids[] = { 7 };

	assert_table("PID TTY CMD\n\n7\n   \n7 ?", pids, 1,
		     "{'Titles':['PID','TTY','CMD'],'Processes':[['7'],['7','?']]}");
}
END_TEST

START_TEST(without_a_pid_there_is_no_table)
{
	static const char *const texts[] = { "", "\n", "CMD TTY\na b\n", "PIDS\n7\n", "pid\n7\n" };
	const pid_t pids[] = { 7 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_err err = { 0 };
		json_t *table = NULL;

		ck_assert_int_eq(bt_top_table_parse(texts[i], pids, 1, &table, &err), -EINVAL);
		ck_assert_str_eq(err.msg, "Couldn't find PID field in ps output");
		ck_assert_ptr_null(table);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, the_last_column_keeps_its_blanks);
	tcase_add_test(tc, processes_of_others_are_left_out);
	tcase_add_test(tc, the_pid_may_stand_in_any_column);
	tcase_add_test(tc, a_name_that_is_no_utf8_is_shown_and_moves_no_column);
	tcase_add_test(tc, a_line_without_all_columns_is_short_and_an_empty_one_is_none);
	tcase_add_test(tc, without_a_pid_there_is_no_table);
}

int main(void)
{
	return run_tests("engine/top_table", add);
}
