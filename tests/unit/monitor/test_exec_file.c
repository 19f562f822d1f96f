/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/exec_file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_exec_file.XXXXXX";

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

START_TEST(a_life_is_read_as_it_was_written)
{
	bt_auto_exec_file struct bt_exec_file file = { 0 };

	ck_assert_int_eq(bt_exec_file_create(dir, "abc", "{\"Cmd\":[\"a b\"]}"), 0);
	ck_assert_int_eq(bt_exec_file_read(dir, "abc", &file), 0);
	ck_assert_str_eq(file.config, "{\"Cmd\":[\"a b\"]}");
	ck_assert(!file.started && !file.ended && !file.told);
	bt_exec_file_done(&file);
	ck_assert_int_eq(bt_exec_file_started(dir, "abc", 1700000001000000000, 42), 0);
	ck_assert_int_eq(bt_exec_file_ended(dir, "abc", 1700000002000000000, 137), 0);
	ck_assert_int_eq(bt_exec_file_told(dir, "abc"), 0);
	ck_assert_int_eq(bt_exec_file_read(dir, "abc", &file), 0);
	ck_assert(file.started && file.ended && file.told);
	ck_assert_int_eq(file.started_ns, 1700000001000000000);
	ck_assert_int_eq(file.ended_ns, 1700000002000000000);
	ck_assert_int_eq(file.pid, 42);
	ck_assert_int_eq(file.code, 137);
}
END_TEST

START_TEST(nothing_is_recorded_of_an_exec_without_a_file)
{
	struct bt_exec_file file;

	ck_assert_int_eq(bt_exec_file_started(dir, "abc", 1, 2), 0);
	ck_assert_int_eq(bt_exec_file_ended(dir, "abc", 1, 2), 0);
	ck_assert_int_eq(bt_exec_file_told(dir, "abc"), 0);
	ck_assert_int_eq(bt_exec_file_read(dir, "abc", &file), -ENOENT);
	bt_exec_file_remove(dir, "abc");
}
END_TEST

START_TEST(an_id_that_leads_elsewhere_is_refused)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "/etc/x", ".hidden" };
	char longest[200];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(bt_exec_file_create(dir, bad[i], "{}"), -EINVAL);
	ck_assert_int_eq(bt_exec_file_create(dir, longest, "{}"), -EINVAL);
	ck_assert_int_eq(bt_exec_file_ended(dir, "../x", 1, 2), -EINVAL);
}
END_TEST

START_TEST(an_id_is_used_once)
{
	ck_assert_int_eq(bt_exec_file_create(dir, "abc", "{}"), 0);
	ck_assert_int_eq(bt_exec_file_ended(dir, "abc", 1, 2), 0);
	ck_assert_int_eq(bt_exec_file_create(dir, "abc", "{}"), -EEXIST);
	bt_exec_file_remove(dir, "abc");
	ck_assert_int_eq(bt_exec_file_create(dir, "abc", "{}"), 0);
}
END_TEST

START_TEST(a_file_cut_at_any_byte_says_what_its_whole_lines_say)
{
	static const char whole[] = "1 {\"a\":1}\nstarted 10 42\nended 20 3\ntold\n";

	for (size_t len = 0; len < sizeof(whole); len++) {
		char text[sizeof(whole)] = { 0 };
		bt_auto_exec_file struct bt_exec_file file = { 0 };

		memcpy(text, whole, len);
		ck_assert_int_eq(bt_exec_file_parse(text, &file), len < 10 ? -EBADMSG : 0);
		ck_assert_int_eq(file.started, len >= 24);
		ck_assert_int_eq(file.ended, len >= 35);
		ck_assert_int_eq(file.told, len >= 40);
	}
}
END_TEST

START_TEST(other_versions_and_unknown_lines)
{
	char other[] = "2 {}\n",
	     unknown[] = "1 {}\nvanished 1 2\nstarted x\nended 1 2 3\nended 5 6\n";
	bt_auto_exec_file struct bt_exec_file file = { 0 };

	ck_assert_int_eq(bt_exec_file_parse(other, &file), -EBADMSG);
	ck_assert_int_eq(bt_exec_file_parse(unknown, &file), 0);
	ck_assert(!file.started && file.ended);
	ck_assert_int_eq(file.code, 6);
}
END_TEST

static int count(void *data, const char *id)
{
	ck_assert(strcmp(id, "one") == 0 || strcmp(id, "two") == 0);
	return ++*(int *)data == 5 ? 7 : 0;
}

START_TEST(each_file_is_listed)
{
	int n = 0;

	ck_assert_int_eq(bt_exec_file_each(dir, count, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(bt_exec_file_create(dir, "one", "{}"), 0);
	ck_assert_int_eq(bt_exec_file_create(dir, "two", "{}"), 0);
	ck_assert_int_eq(bt_exec_file_each(dir, count, &n), 0);
	ck_assert_int_eq(n, 2);
	n = 4;
	ck_assert_int_eq(bt_exec_file_each(dir, count, &n), 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/exec_file");
	TCase *tc = tcase_create("exec_file");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_life_is_read_as_it_was_written);
	tcase_add_test(tc, nothing_is_recorded_of_an_exec_without_a_file);
	tcase_add_test(tc, an_id_that_leads_elsewhere_is_refused);
	tcase_add_test(tc, an_id_is_used_once);
	tcase_add_test(tc, a_file_cut_at_any_byte_says_what_its_whole_lines_say);
	tcase_add_test(tc, other_versions_and_unknown_lines);
	tcase_add_test(tc, each_file_is_listed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
