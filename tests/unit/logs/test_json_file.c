/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/json_file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define NOON 1700000000000000000ll /* 2023-11-14T22:13:20Z */

static char dir[] = "/tmp/test_json_file.XXXXXX";
static char path[64];

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

static struct bt_json_file *open_log(int64_t max_size, int max_file, const char *attrs)
{
	struct bt_json_file_options opt = { path, max_size, max_file, attrs };
	struct bt_json_file *log;

	ck_assert_int_eq(bt_json_file_open(&opt, &log), 0);
	return log;
}

static void put(struct bt_json_file *log, enum bt_log_stream stream, const char *text)
{
	ck_assert_int_eq(bt_json_file_write(log, stream, text, strlen(text), NOON), 0);
}

static char *content(const char *suffix)
{
	bt_auto_free char *name = bt_str_format("%s%s", path, suffix);
	char *got;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, name, 1u << 24, &got, NULL), 0);
	return got;
}

START_TEST(lines_have_dockers_form_and_a_time_each)
{
	struct bt_json_file *log = open_log(0, 1, NULL);
	bt_auto_free char *got = NULL;

	put(log, BT_LOG_STDOUT, "one\ntwo <2>\n");
	put(log, BT_LOG_STDERR, "three\n");
	ck_assert_int_eq(bt_json_file_flush(log), 0);
	got = content("");
	ck_assert_str_eq(
		got,
		"{\"log\":\"one\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z\"}\n"
		"{\"log\":\"two \\u003c2\\u003e\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000001Z\"}\n"
		"{\"log\":\"three\\n\",\"stream\":\"stderr\",\"time\":\"2023-11-14T22:13:20.000000002Z\"}\n");
	bt_json_file_close(log);
}
END_TEST

START_TEST(times_carry_into_the_next_second_and_follow_the_clock)
{
	struct bt_json_file *log = open_log(0, 1, NULL);
	bt_auto_free char *got = NULL;

	ck_assert_int_eq(bt_json_file_write(log, BT_LOG_STDOUT, "a\nb\n", 4, NOON - 1), 0);
	ck_assert_int_eq(bt_json_file_write(log, BT_LOG_STDOUT, "c\n", 2, NOON + 123456789), 0);
	ck_assert_int_eq(bt_json_file_write(log, BT_LOG_STDOUT, "d\n", 2, NOON - 3600000000000), 0);
	bt_json_file_close(log);
	got = content("");
	ck_assert_ptr_nonnull(strstr(
		got, "\"a\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:19.999999999Z"));
	ck_assert_ptr_nonnull(strstr(
		got, "\"b\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z"));
	ck_assert_ptr_nonnull(strstr(
		got, "\"c\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.123456789Z"));
	ck_assert_ptr_nonnull(strstr(
		got, "\"d\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T21:13:20.000000000Z"));
}
END_TEST

START_TEST(an_unfinished_line_waits_for_its_end_or_the_close)
{
	struct bt_json_file *log = open_log(0, 1, "{\"k\":\"v\"}");
	bt_auto_free char *got = NULL, *last = NULL;

	put(log, BT_LOG_STDOUT, "he");
	put(log, BT_LOG_STDERR, "other\n");
	ck_assert_int_eq(bt_json_file_flush(log), 0);
	got = content("");
	ck_assert_ptr_null(strstr(got, "he\""));
	put(log, BT_LOG_STDOUT, "llo\nbye");
	bt_json_file_close(log);
	last = content("");
	ck_assert_ptr_nonnull(strstr(
		last,
		"{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"attrs\":{\"k\":\"v\"},\"time\":"));
	ck_assert_ptr_nonnull(strstr(last, "{\"log\":\"bye\",\"stream\":\"stdout\""));
}
END_TEST

/* The texts of all lines, put together; *ret_pieces counts them. */
static size_t log_texts(const char *json, char *ret, size_t *ret_pieces)
{
	size_t len = 0;

	*ret_pieces = 0;
	for (const char *p = json; (p = strstr(p, "{\"log\":\"")); (*ret_pieces)++) {
		const char *end = strstr(p, "\",\"stream\"");

		p += 8;
		memcpy(ret + len, p, (size_t)(end - p));
		len += (size_t)(end - p);
	}
	ret[len] = '\0';
	return len;
}

START_TEST(a_long_line_is_split_at_16_kib_however_it_arrives)
{
	static const size_t steps[] = { 40000, 16384, 16383, 16385, 5000, 77 };
	static char line[40001], text[50000];

	memset(line, 'x', 39999);
	line[39999] = '\n';
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct bt_json_file *log = open_log(0, 1, NULL);
		bt_auto_free char *got = NULL;
		size_t pieces;

		for (size_t at = 0; at < 40000; at += steps[i]) {
			size_t len = 40000 - at < steps[i] ? 40000 - at : steps[i];

			ck_assert_int_eq(
				bt_json_file_write(log, BT_LOG_STDOUT, line + at, len, NOON), 0);
		}
		bt_json_file_close(log);
		got = content("");
		ck_assert_uint_eq(log_texts(got, text, &pieces), 39999 + 2);
		ck_assert_uint_eq(pieces, 3);
		ck_assert_uint_eq(strspn(strstr(got, "xxx"), "x"), BT_JSON_FILE_LINE_MAX);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

START_TEST(a_split_never_tears_a_character)
{
	static char line[20000], text[30000];

	for (size_t shift = 0; shift < 4; shift++) {
		struct bt_json_file *log = open_log(0, 1, NULL);
		bt_auto_free char *got = NULL;
		size_t pieces;

		memset(line, 'x', shift);
		for (size_t at = shift; at + 4 < 17000; at += 4)
			memcpy(line + at, "\xf0\x9f\x98\x80", 5);
		put(log, BT_LOG_STDOUT, line);
		bt_json_file_close(log);
		got = content("");
		log_texts(got, text, &pieces);
		ck_assert_str_eq(text, line);
		ck_assert_uint_eq(pieces, 2);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

START_TEST(rotation_keeps_max_file_files_and_every_line_whole)
{
	struct bt_json_file *log = open_log(2000, 3, NULL);
	char line[80];
	static const char *const files[] = { ".2", ".1", "" };
	int expect = -1;

	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		put(log, BT_LOG_STDOUT, line);
	}
	bt_json_file_close(log);
	for (size_t i = 0; i < 3; i++) {
		bt_auto_free char *got = content(files[i]);

		ck_assert_uint_lt(strlen(got), 2200);
		for (const char *p = got; (p = strstr(p, "line ")); p++) {
			if (expect < 0)
				expect = atoi(p + 5);
			ck_assert_int_eq(atoi(p + 5), expect);
			expect++;
		}
	}
	ck_assert_int_eq(expect, 100);
	snprintf(line, sizeof(line), "%s.3", path);
	ck_assert_int_eq(access(line, F_OK), -1);
}
END_TEST

START_TEST(one_file_is_truncated)
{
	struct bt_json_file *log = open_log(1000, 1, NULL);
	bt_auto_free char *got = NULL;

	for (int i = 0; i < 100; i++)
		put(log, BT_LOG_STDOUT, "some line\n");
	bt_json_file_close(log);
	got = content("");
	ck_assert_uint_lt(strlen(got), 1200);
	ck_assert_uint_gt(strlen(got), 0);
}
END_TEST

START_TEST(a_torn_last_line_is_ended_before_the_next)
{
	struct bt_json_file *log;
	bt_auto_free char *got = NULL;

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0640, "{\"log\":\"to", 10), 0);
	log = open_log(0, 1, NULL);
	put(log, BT_LOG_STDOUT, "next\n");
	bt_json_file_close(log);
	got = content("");
	ck_assert_ptr_nonnull(strstr(got, "{\"log\":\"to\n{\"log\":\"next\\n\""));
}
END_TEST

START_TEST(a_full_disk_loses_lines_whole_and_says_how_many)
{
	struct bt_json_file *log;
	bt_auto_free char *filler = NULL, *got = NULL;
	int r = 0, lines = 0, kept = 0;
	long lost;

	ck_assert_int_eq(mount("none", dir, "tmpfs", 0, "size=64k"), 0);
	log = open_log(0, 1, NULL);
	for (; r == 0 && lines < 2000; lines++) {
		put(log, BT_LOG_STDOUT, "0123456789012345678901234567890123456789\n");
		r = bt_json_file_flush(log);
	}
	ck_assert_int_eq(r, -ENOSPC);
	put(log, BT_LOG_STDOUT, "lost too\n");
	lines++;
	ck_assert_int_eq(bt_json_file_flush(log), -ENOSPC);
	got = content("");
	ck_assert_int_eq(got[strlen(got) - 1], '\n');
	for (const char *p = got; (p = strchr(p, '\n')); p++)
		kept++;
	ck_assert_int_eq(truncate(path, 0), 0);
	put(log, BT_LOG_STDOUT, "room\n");
	ck_assert_int_eq(bt_json_file_flush(log), 0);
	free(bt_take(got));
	got = content("");
	ck_assert_ptr_nonnull(bt_str_after(got, "{\"log\":\"berth: "));
	lost = atol(got + strlen("{\"log\":\"berth: "));
	ck_assert_int_eq(lost, lines - kept);
	ck_assert_ptr_nonnull(strstr(got, "{\"log\":\"room\\n\""));
	bt_json_file_close(log);
	ck_assert_int_eq(umount(dir), 0);
}
END_TEST

/* Not a limit, for a machine may be busy: a number to look at. */
int main(void)
{
	Suite *suite = suite_create("logs/json_file");
	TCase *tc = tcase_create("json_file");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, lines_have_dockers_form_and_a_time_each);
	tcase_add_test(tc, times_carry_into_the_next_second_and_follow_the_clock);
	tcase_add_test(tc, an_unfinished_line_waits_for_its_end_or_the_close);
	tcase_add_test(tc, a_long_line_is_split_at_16_kib_however_it_arrives);
	tcase_add_test(tc, a_split_never_tears_a_character);
	tcase_add_test(tc, rotation_keeps_max_file_files_and_every_line_whole);
	tcase_add_test(tc, one_file_is_truncated);
	tcase_add_test(tc, a_torn_last_line_is_ended_before_the_next);
	tcase_add_test(tc, a_full_disk_loses_lines_whole_and_says_how_many);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
