/* SPDX-License-Identifier: Apache-2.0 */

#include "image/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static int keep(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return ((struct bt_str *)arg)->failed;
}

static int refuse(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -EPIPE;
}

static struct archive *open_archive(const struct bt_str *text)
{
	struct archive *a = archive_read_new();

	ck_assert_int_eq(archive_read_support_format_tar(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_open_memory(a, bt_str_get(text), text->len), ARCHIVE_OK);
	return a;
}

START_TEST(what_is_written_is_read_by_others)
{
	bt_auto_str struct bt_str text = { 0 };
	struct bt_tar_writer w = { .fn = keep, .arg = &text, .mtime = 1234567 };
	struct archive_entry *entry;
	struct archive *a;
	char got[2000];

	ck_assert_int_eq(bt_tar_writer_entry(&w, "dir/", -1), 0);
	ck_assert_int_eq(bt_tar_writer_file(&w, "dir/empty", "", 0), 0);
	ck_assert_int_eq(bt_tar_writer_entry(&w, "dir/file", 1025), 0);
	for (int i = 0; i < 1025; i++)
		ck_assert_int_eq(bt_tar_writer_data(&w, "x", 1), 0);
	ck_assert_int_eq(bt_tar_writer_end(&w), 0);
	ck_assert_int_eq(bt_tar_writer_finish(&w), 0);
	ck_assert_uint_eq(text.len % 512, 0);
	a = open_archive(&text);
	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_entry_filetype(entry), AE_IFDIR);
	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_entry_size(entry), 0);
	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_OK);
	ck_assert_str_eq(archive_entry_pathname(entry), "dir/file");
	ck_assert_int_eq(archive_entry_mtime(entry), 1234567);
	ck_assert_int_eq(archive_read_data(a, got, sizeof(got)), 1025);
	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_EOF);
	(void)archive_read_free(a);
}
END_TEST

START_TEST(sizes_beyond_eleven_octal_digits_are_kept)
{
	const int64_t size = ((int64_t)9 << 30) + 1;
	bt_auto_str struct bt_str text = { 0 };
	struct bt_tar_writer w = { .fn = keep, .arg = &text };
	struct archive_entry *entry;
	struct archive *a;

	ck_assert_int_eq(bt_tar_writer_entry(&w, "large", size), 0);
	a = open_archive(&text);
	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_entry_size(entry), size);
	(void)archive_read_free(a);
}
END_TEST

START_TEST(who_takes_nothing_more_ends_it)
{
	struct bt_tar_writer w = { .fn = refuse };

	ck_assert_int_eq(bt_tar_writer_file(&w, "a", "b", 1), -EPIPE);
	ck_assert_int_eq(bt_tar_writer_finish(&w), -EPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/tar_writer");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, what_is_written_is_read_by_others);
	tcase_add_test(tests, sizes_beyond_eleven_octal_digits_are_kept);
	tcase_add_test(tests, who_takes_nothing_more_ends_it);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
