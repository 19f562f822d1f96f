/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/program.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[64];
static struct bt_err err;

static void set_up(void)
{
	strcpy(dir, "/tmp/test_program.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(-100, dir), 0);
}

static const char *in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make(const char *name, mode_t mode)
{
	ck_assert_int_eq(bt_io_create_file(-100, in_dir(name), mode, "x", 1), 0);
	ck_assert_int_eq(chmod(in_dir(name), mode), 0);
}

START_TEST(first_executable_of_the_path_wins)
{
	char found[PATH_MAX], list[256];

	ck_assert_int_eq(mkdir(in_dir("a"), 0755), 0);
	ck_assert_int_eq(mkdir(in_dir("b"), 0755), 0);
	make("a/prog", 0644);
	make("b/prog", 0755);
	(void)snprintf(list, sizeof(list), "/no/such:%s/a:%s/b:/bin", dir, dir);
	ck_assert_int_eq(bt_program_find("prog", list, found, &err), 0);
	ck_assert_str_eq(found, in_dir("b/prog"));
}
END_TEST

START_TEST(what_cannot_be_executed_is_not_found_in_the_path)
{
	char found[PATH_MAX];

	make("prog", 0644);
	ck_assert_int_eq(bt_program_find("prog", dir, found, &err), -ENOENT);
	ck_assert_int_eq(bt_program_find(in_dir("prog"), dir, found, &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.msg, "permission denied"));
	ck_assert_int_eq(mkdir(in_dir("sub"), 0755), 0);
	ck_assert_int_eq(bt_program_find("sub", dir, found, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "exec: \"sub\": executable file not found in $PATH");
}
END_TEST

START_TEST(empty_part_of_the_path_is_the_working_directory)
{
	char found[PATH_MAX];

	make("prog", 0755);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(bt_program_find("prog", "/no/such::/bin", found, &err), 0);
	ck_assert_str_eq(found, "./prog");
	ck_assert_int_eq(bt_program_find("prog", "/no/such", found, &err), -ENOENT);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static void assert_home(const char *text, size_t len, unsigned uid, const char *home)
{
	bt_auto_close int fd = bt_io_memfd("passwd", text, len);
	char found[PATH_MAX];

	ck_assert_int_ge(fd, 0);
	bt_program_home_in(fd, uid, found);
	ck_assert_str_eq(found, home);
}

START_TEST(home_is_that_of_the_number_and_never_of_a_name)
{
	/* R13: a user called by a number. */
	static const char text[] = "1000:x:0:0::/rich:/bin/sh\nbroken\n:x:1000:\n"
				   "u:x:1000:1000::relative:/bin/sh\nv:x:1000:1::/home/v";

	assert_home(text, strlen(text), 1000, "/home/v");
	assert_home(text, strlen(text), 0, "/rich");
	assert_home(text, strlen(text), 7, "/");
}
END_TEST

START_TEST(r15_giant_lines_and_files_are_passed_over)
{
	bt_auto_str struct bt_str text = { 0 };
	static const char entry[] = "\nu:x:5:5::/home/u:\n";

	for (int i = 0; i < 100000; i++)
		bt_str_putc(&text, 'a');
	bt_str_puts(&text, ":x:5:5::/wrong:");
	bt_str_puts(&text, entry);
	assert_home(bt_str_get(&text), text.len, 5, "/home/u");
	/* Behind the first mebibyte nobody looks. */
	bt_str_clear(&text);
	for (int i = 0; i < (1 << 20); i++)
		bt_str_putc(&text, '\n');
	bt_str_puts(&text, entry);
	assert_home(bt_str_get(&text), text.len, 5, "/");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/program");
	TCase *find = tcase_create("find"), *home = tcase_create("home");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(find, set_up, tear_down);
	tcase_add_test(find, first_executable_of_the_path_wins);
	tcase_add_test(find, what_cannot_be_executed_is_not_found_in_the_path);
	tcase_add_test(find, empty_part_of_the_path_is_the_working_directory);
	tcase_add_test(home, home_is_that_of_the_number_and_never_of_a_name);
	tcase_add_test(home, r15_giant_lines_and_files_are_passed_over);
	suite_add_tcase(suite, find);
	suite_add_tcase(suite, home);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
