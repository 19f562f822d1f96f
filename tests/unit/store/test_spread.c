/* SPDX-License-Identifier: Apache-2.0 */

#include "store/spread.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char path[] = "/tmp/test_spread.XXXXXX";
static struct bt_spread spread;

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(path));
	bt_spread_init(&spread);
}

static void remove_dir(void)
{
	bt_spread_done(&spread);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
}

static int open_dir(void)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int count_entries(void)
{
	DIR *dir = opendir(path);
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n - 2;
}

START_TEST(a_directory_has_its_name_and_mode_and_nothing_else_is_left)
{
	bt_auto_close int dir = open_dir(), fd = -EBADF;
	struct stat opened, named;

	(void)umask(077);
	fd = bt_spread_mkdir(&spread, dir, "diff", 0755);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &opened), 0);
	ck_assert_int_eq(fstatat(dir, "diff", &named, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_uint_eq(opened.st_ino, named.st_ino);
	ck_assert_uint_eq(named.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(count_entries(), 1);
}
END_TEST

START_TEST(a_name_that_is_taken_by_a_file_is_an_error_and_stays)
{
	bt_auto_close int dir = open_dir();
	bt_auto_close int file = openat(dir, "diff", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	int r = bt_spread_mkdir(&spread, dir, "diff", 0755);

	ck_assert_int_ge(file, 0);
	ck_assert_msg(r == -EEXIST || r == -ENOTDIR, "%d", r);
	ck_assert_int_eq(fstatat(dir, "diff", &st, 0), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(count_entries(), 1);
}
END_TEST

START_TEST(many_directories_are_made_when_none_is_far_from_all)
{
	bt_auto_close int dir = open_dir();
	char name[] = "a";

	for (ino_t i = 0; i < BT_SPREAD_KEPT; i++)
		bt_spread_note(&spread, 1 + i * 100000);
	for (; *name <= 'z'; (*name)++) {
		bt_auto_close int fd = bt_spread_mkdir(&spread, dir, name, 0700);

		ck_assert_int_ge(fd, 0);
	}
	ck_assert_int_eq(count_entries(), 26);
}
END_TEST

START_TEST(near_is_what_lies_beside_one_of_the_last)
{
	ck_assert(!bt_spread_is_near(&spread, 1));
	bt_spread_note(&spread, 1000000);
	ck_assert(bt_spread_is_near(&spread, 1000000));
	ck_assert(bt_spread_is_near(&spread, 1000000 + 65535));
	ck_assert(bt_spread_is_near(&spread, 1000000 - 65535));
	ck_assert(!bt_spread_is_near(&spread, 1000000 + 65536));
	ck_assert(!bt_spread_is_near(&spread, 1000000 - 65536));
	for (ino_t i = 0; i < BT_SPREAD_KEPT; i++)
		bt_spread_note(&spread, 5000000);
	ck_assert(!bt_spread_is_near(&spread, 1000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/spread");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, a_directory_has_its_name_and_mode_and_nothing_else_is_left);
	tcase_add_test(tests, a_name_that_is_taken_by_a_file_is_an_error_and_stays);
	tcase_add_test(tests, many_directories_are_made_when_none_is_far_from_all);
	tcase_add_test(tests, near_is_what_lies_beside_one_of_the_last);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
