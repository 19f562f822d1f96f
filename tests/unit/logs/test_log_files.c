/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/log_files.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_log_files.XXXXXX";
static char path[64];
static struct bt_log_files files;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/log", dir);
}

static void tear_down(void)
{
	bt_log_files_done(&files);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

/* Append to the file of this number. */
static void put(unsigned number, const char *text)
{
	bt_auto_free char *name = number ? bt_str_format("%s.%u", path, number) : strdup(path);
	FILE *f = fopen(name, "ae");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* As the writer does with this many rotated files. */
static void rotate(unsigned kept)
{
	for (unsigned i = kept; i > 0; i--) {
		bt_auto_free char *to = bt_str_format("%s.%u", path, i);
		bt_auto_free char *from =
			i > 1 ? bt_str_format("%s.%u", path, i - 1) : strdup(path);

		ck_assert(rename(from, to) == 0 || errno == ENOENT);
	}
}

/* All that is left, as one text. */
static const char *rest(void)
{
	static char text[1 << 20];
	size_t n = 0;

	do {
		ssize_t got;

		while ((got = bt_log_files_read(&files, text + n, 7)) > 0)
			n += (size_t)got;
		ck_assert_int_eq(got, 0);
	} while (bt_log_files_next(&files));
	text[n] = '\0';
	return text;
}

static void open_files(void)
{
	bt_log_files_done(&files);
	ck_assert_int_eq(bt_log_files_open(path, &files), 0);
}

START_TEST(they_are_read_from_the_oldest_on)
{
	put(2, "a\nb\n");
	put(1, "c\n");
	put(0, "d\n");
	open_files();
	ck_assert_str_eq(rest(), "a\nb\nc\nd\n");
	/* The last one stays open: what is appended is read. */
	put(0, "e\n");
	ck_assert_str_eq(rest(), "e\n");
}
END_TEST

START_TEST(no_file_is_fine_until_there_is_one)
{
	open_files();
	ck_assert_str_eq(rest(), "");
	ck_assert_int_eq(bt_log_files_tail(&files, 5), 0);
	ck_assert_int_eq(bt_log_files_refresh(&files), 0);
	ck_assert(!bt_log_files_truncated(&files));
	put(0, "a\n");
	ck_assert_int_eq(bt_log_files_refresh(&files), 1);
	ck_assert_str_eq(rest(), "a\n");
}
END_TEST

START_TEST(the_last_lines_are_found_over_files)
{
	static const struct {
		int64_t lines;
		const char *want;
	} rows[] = {
		{ 0, "" },
		{ 1, "f\n" },
		{ 2, "e\nf\n" },
		{ 3, "d\ne\nf\n" },
		{ 5, "b\nc\nd\ne\nf\n" },
		{ 6, "a\nb\nc\nd\ne\nf\n" },
		{ 7, "a\nb\nc\nd\ne\nf\n" },
		{ INT64_MAX, "a\nb\nc\nd\ne\nf\n" },
	};

	put(2, "a\nb\n");
	put(1, "c\nd\n");
	put(0, "e\nf\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_files();
		ck_assert_int_eq(bt_log_files_tail(&files, rows[i].lines), 0);
		ck_assert_str_eq(rest(), rows[i].want);
	}
}
END_TEST

START_TEST(the_last_lines_are_found_over_blocks)
{
	char line[1000];

	/* Three blocks of 64 KiB, so that ends of lines fall on both sides of their borders. */
	for (int i = 0; i < 200; i++) {
		(void)snprintf(line, sizeof(line), "%03d%*s\n", i, 995, "x");
		put(0, line);
	}
	for (int i = 1; i <= 200; i++) {
		char buf[4] = "";

		open_files();
		ck_assert_int_eq(bt_log_files_tail(&files, i), 0);
		ck_assert_int_eq(bt_log_files_read(&files, buf, 3), 3);
		ck_assert_int_eq(atoi(buf), 200 - i);
	}
}
END_TEST

START_TEST(a_rotation_in_between_loses_and_repeats_nothing)
{
	char buf[8] = "";

	put(1, "a\n");
	put(0, "b\nc\n");
	open_files();
	ck_assert_int_eq(bt_log_files_read(&files, buf, 1), 1);
	put(0, "d\n");
	rotate(2);
	put(0, "e\n");
	ck_assert_int_eq(bt_log_files_refresh(&files), 1);
	ck_assert_str_eq(rest(), "\nb\nc\nd\ne\n");
	ck_assert_int_eq(bt_log_files_refresh(&files), 0);
}
END_TEST

START_TEST(several_rotations_at_once_are_all_found)
{
	put(0, "a\n");
	open_files();
	ck_assert_str_eq(rest(), "a\n");
	for (char c = 'b'; c < 'e'; c++) {
		rotate(5);
		put(0, (char[]){ c, '\n', '\0' });
	}
	ck_assert_int_eq(bt_log_files_refresh(&files), 3);
	ck_assert_str_eq(rest(), "b\nc\nd\n");
}
END_TEST

START_TEST(between_the_rename_and_the_new_file_nothing_is_missed)
{
	put(0, "a\n");
	open_files();
	rotate(2);
	ck_assert_int_eq(bt_log_files_refresh(&files), 0);
	ck_assert_str_eq(rest(), "a\n");
	/* Opened in that instant. */
	open_files();
	ck_assert_str_eq(rest(), "a\n");
}
END_TEST

START_TEST(a_file_cut_short_is_read_anew)
{
	put(0, "a\nb\n");
	open_files();
	ck_assert_str_eq(rest(), "a\nb\n");
	ck_assert(!bt_log_files_truncated(&files));
	ck_assert_int_eq(truncate(path, 0), 0);
	put(0, "c\n");
	ck_assert(bt_log_files_truncated(&files));
	ck_assert_str_eq(rest(), "c\n");
}
END_TEST

START_TEST(a_link_in_its_place_is_not_followed)
{
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(bt_log_files_open(path, &files), -ELOOP);
	ck_assert_ptr_null(files.fds);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs/log_files");
	TCase *tc = tcase_create("log_files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, they_are_read_from_the_oldest_on);
	tcase_add_test(tc, no_file_is_fine_until_there_is_one);
	tcase_add_test(tc, the_last_lines_are_found_over_files);
	tcase_add_test(tc, the_last_lines_are_found_over_blocks);
	tcase_add_test(tc, a_rotation_in_between_loses_and_repeats_nothing);
	tcase_add_test(tc, several_rotations_at_once_are_all_found);
	tcase_add_test(tc, between_the_rename_and_the_new_file_nothing_is_missed);
	tcase_add_test(tc, a_file_cut_short_is_read_anew);
	tcase_add_test(tc, a_link_in_its_place_is_not_followed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
