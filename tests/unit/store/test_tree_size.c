/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tree_size.h"

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
#include "store/dir_names.h"

static char path[] = "/tmp/test_tree_size.XXXXXX";
static int dir;

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

static void remove_dir(void)
{
	bt_close(&dir);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
}

static void file(const char *name, size_t size)
{
	static const char bytes[10000];

	ck_assert_int_eq(bt_io_create_file(dir, name, 0600, bytes, size), 0);
}

static int64_t size_of(const char *name)
{
	int64_t size = -1;

	ck_assert_int_eq(bt_tree_size(dir, name, &size), 0);
	return size;
}

START_TEST(files_and_links_count_and_directories_do_not)
{
	ck_assert_int_eq(mkdirat(dir, "t", 0700), 0);
	ck_assert_int_eq(size_of("t"), 0);
	ck_assert_int_eq(mkdirat(dir, "t/sub", 0700), 0);
	file("t/a", 100);
	file("t/sub/b", 2345);
	ck_assert_int_eq(symlinkat("12345", dir, "t/l"), 0);
	ck_assert_int_eq(size_of("t"), 100 + 2345 + 5);
}
END_TEST

START_TEST(a_file_with_several_names_counts_once)
{
	ck_assert_int_eq(mkdirat(dir, "t", 0700), 0);
	file("t/a", 1000);
	ck_assert_int_eq(linkat(dir, "t/a", dir, "t/b", 0), 0);
	ck_assert_int_eq(linkat(dir, "t/a", dir, "t/c", 0), 0);
	ck_assert_int_eq(size_of("t"), 1000);
}
END_TEST

START_TEST(symlinks_are_not_followed)
{
	ck_assert_int_eq(mkdirat(dir, "t", 0700), 0);
	ck_assert_int_eq(symlinkat("/usr", dir, "t/out"), 0);
	ck_assert_int_eq(size_of("t"), 4);
}
END_TEST

START_TEST(what_is_nested_too_deeply_ends_the_walk_and_not_the_program)
{
	bt_auto_str struct bt_str name = { 0 };

	bt_str_puts(&name, "t");
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(mkdirat(dir, bt_str_get(&name), 0700), 0);
		bt_str_puts(&name, "/d");
	}
	file("t/f", 7);
	ck_assert_int_eq(size_of("t"), 7);
}
END_TEST

START_TEST(names_come_sorted_by_their_bytes)
{
	bt_auto(bt_dir_names_done) struct bt_dir_names names = { 0 };

	file("b", 0);
	file("a", 0);
	file("B", 0);
	file(".hidden", 0);
	file("\xc3\xa4", 0);
	ck_assert_int_eq(bt_dir_names_read(dir, &names), 0);
	ck_assert_uint_eq(names.len, 5);
	ck_assert_str_eq(names.names[0], ".hidden");
	ck_assert_str_eq(names.names[1], "B");
	ck_assert_str_eq(names.names[2], "a");
	ck_assert_str_eq(names.names[3], "b");
	ck_assert_str_eq(names.names[4], "\xc3\xa4");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/tree_size");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, files_and_links_count_and_directories_do_not);
	tcase_add_test(tests, a_file_with_several_names_counts_once);
	tcase_add_test(tests, symlinks_are_not_followed);
	tcase_add_test(tests, what_is_nested_too_deeply_ends_the_walk_and_not_the_program);
	tcase_add_test(tests, names_come_sorted_by_their_bytes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
