/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/reader.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sys/without_call.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "logs/json_file.h"

#define NOON     1700000000000000000ll /* 2023-11-14T22:13:20Z */
#define BUF_SIZE ((64u << 10) + 64)
static char dir[] = "/tmp/test_reader.XXXXXX";
static char path[64];
static char buf[BUF_SIZE];

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

static void put(struct bt_json_file *log, enum bt_log_stream stream, const char *text, int64_t ns)
{
	ck_assert_int_eq(bt_json_file_write(log, stream, text, strlen(text), ns), 0);
	ck_assert_int_eq(bt_json_file_flush(log), 0);
}

static void put_file(const char *text)
{
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0640, text, strlen(text)), 0);
}

static struct bt_reader *open_reader(struct bt_reader_options opt)
{
	struct bt_reader *reader;
	struct bt_err err;

	ck_assert_msg(bt_reader_open(&opt, &reader, &err) == 0, "%s", err.msg);
	return reader;
}

/* Everything that a reader gives up to its end, as a new string. */
static char *read_reader(struct bt_reader *reader, size_t size, size_t *ret_len)
{
	struct bt_str s = { 0 };
	ssize_t n;
	char *text;

	while ((n = bt_reader_read(reader, buf, size)) > 0)
		bt_str_add(&s, buf, (size_t)n);
	ck_assert_int_eq(n, 0);
	*ret_len = s.len;
	ck_assert_int_eq(bt_str_steal(&s, &text), 0);
	return text;
}

static char *read_log(struct bt_reader_options opt)
{
	struct bt_reader *reader = open_reader(opt);
	size_t len;
	char *text = read_reader(reader, BUF_SIZE, &len);

	bt_reader_close(reader);
	return text;
}

#define check_log(expected, ...)                                                            \
	do {                                                                                \
		bt_auto_free char *got_ = read_log((struct bt_reader_options){              \
			.path = path, .out = true, .err = true, .tail = -1, __VA_ARGS__ }); \
		ck_assert_str_eq(got_, expected);                                           \
	} while (0)

#pragma GCC diagnostic ignored "-Woverride-init"

static void write_some(void)
{
	struct bt_json_file *log = open_log(0, 1, NULL);

	put(log, BT_LOG_STDOUT, "one\n", NOON);
	put(log, BT_LOG_STDERR, "two\n", NOON + 1000000000);
	put(log, BT_LOG_STDOUT, "three \"<\xff\n", NOON + 2000000000);
	bt_json_file_close(log);
}

START_TEST(what_was_written_is_read)
{
	write_some();
	check_log("one\ntwo\nthree \"<\xef\xbf\xbd\n", .mux = false);
	check_log("one\nthree \"<\xef\xbf\xbd\n", .err = false);
	check_log("two\n", .out = false);
	check_log("", .out = false, .err = false);
}
END_TEST

START_TEST(frames_and_times_have_dockers_form)
{
	struct bt_reader *reader;
	bt_auto_free char *got = NULL;
	size_t len;

	write_some();
	reader = open_reader((struct bt_reader_options){
		.path = path, .out = true, .err = true, .tail = 2, .mux = true });
	got = read_reader(reader, BUF_SIZE, &len);
	bt_reader_close(reader);
	ck_assert_uint_eq(len, 8 + 4 + 8 + 12);
	ck_assert_mem_eq(got, "\2\0\0\0\0\0\0\4two\n\1\0\0\0\0\0\0\x0cthree \"<\xef\xbf\xbd\n",
			 len);
	check_log("2023-11-14T22:13:21.000000000Z two\n", .timestamps = true, .out = false);
}
END_TEST

START_TEST(since_and_until_include_their_instants)
{
	write_some();
	check_log("two\nthree \"<\xef\xbf\xbd\n", .since_ns = NOON + 1000000000);
	check_log("three \"<\xef\xbf\xbd\n", .since_ns = NOON + 1000000001);
	check_log("one\ntwo\n", .until_ns = NOON + 1000000000);
	check_log("one\n", .until_ns = NOON + 999999999);
	check_log("two\n", .since_ns = NOON + 1, .until_ns = NOON + 1999999999);
}
END_TEST

START_TEST(tail_counts_lines_from_the_end_through_rotated_files)
{
	struct bt_json_file *log = open_log(1500, 10, NULL);
	char line[32];

	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%d\n", i);
		put(log, BT_LOG_STDOUT, line, NOON + i);
	}
	bt_json_file_close(log);
	for (int tail = 0; tail <= 110; tail++) {
		bt_auto_str struct bt_str expected = { 0 };

		for (int i = tail < 100 ? 100 - tail : 0; i < 100; i++)
			bt_str_printf(&expected, "%d\n", i);
		check_log(bt_str_get(&expected), .tail = tail);
	}
}
END_TEST

START_TEST(details_are_sorted_and_escaped_as_dockers)
{
	struct bt_json_file *log = open_log(0, 1, "{\"b\":\"x y\",\"a\":\"1,2\"}");

	put(log, BT_LOG_STDOUT, "one\ntwo\nthree\n", NOON);
	bt_json_file_close(log);
	log = open_log(0, 1, NULL);
	put(log, BT_LOG_STDOUT, "four\n", NOON);
	bt_json_file_close(log);
	check_log("one\ntwo\nthree\nfour\n", .details = false);
	check_log("a=1%2C2,b=x+y one\na=1%2C2,b=x+y two\na=1%2C2,b=x+y three\n four\n",
		  .details = true);
	check_log("2023-11-14T22:13:20.000000002Z a=1%2C2,b=x+y three\n"
		  "2023-11-14T22:13:20.000000000Z  four\n",
		  .details = true, .timestamps = true, .tail = 2);
}
END_TEST

START_TEST(lines_of_other_writers_are_read_too)
{
	put_file(
		"{ \"time\" : \"2023-11-14T22:13:20.5+01:00\", \"stream\":\"stderr\", \"log\":\"spaced\\n\" }\n"
		"{\"log\":\"short time\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.12Z\"}\n"
		"{\"log\":\"\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20Z\"}\n");
	check_log("2023-11-14T21:13:20.500000000Z spaced\n"
		  "2023-11-14T22:13:20.120000000Z short time\n"
		  "2023-11-14T22:13:20.000000000Z \xf0\x9f\x98\x80\n",
		  .timestamps = true);
	check_log("spaced\n", .out = false);
}
END_TEST

START_TEST(rubbish_is_skipped_and_what_follows_is_read)
{
	bt_auto_free char *huge = malloc((3u << 20) + 200);

	put_file(
		"garbage\n{\"log\":\"x\n[1]\n{}\n\n{\"log\":1,\"stream\":\"stdout\",\"time\":7}\n"
		"{\"log\":\"no time\",\"stream\":\"stdout\",\"time\":\"yesterday\"}\n"
		"{\"log\":\"good\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z\"}\n"
		"{\"log\":\"torn\\n\",\"stream\":\"std");
	check_log("good\n", .timestamps = false);
	memset(huge, '[', 3u << 20);
	strcpy(huge + (3u << 20),
	       "\n{\"log\":\"after\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z\"}\n");
	put_file(huge);
	check_log("after\n", .timestamps = false);
}
END_TEST

START_TEST(a_text_larger_than_the_buffer_comes_in_several_frames)
{
	bt_auto_free char *line = malloc(300000), *got = NULL;
	struct bt_reader *reader;
	size_t len, at = 0, total = 0;

	strcpy(line, "{\"log\":\"");
	memset(line + 8, 'y', 200000);
	strcpy(line + 200008,
	       "\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z\"}\n");
	put_file(line);
	reader = open_reader(
		(struct bt_reader_options){ .path = path, .out = true, .tail = -1, .mux = true });
	got = read_reader(reader, BUF_SIZE, &len);
	bt_reader_close(reader);
	while (at < len) {
		size_t n = (size_t)(unsigned char)got[at + 5] << 16 |
			   (size_t)(unsigned char)got[at + 6] << 8 | (unsigned char)got[at + 7];

		ck_assert_int_eq(got[at], 1);
		at += 8 + n;
		total += n;
	}
	ck_assert_uint_eq(at, len);
	ck_assert_uint_eq(total, 200001);
}
END_TEST

START_TEST(a_log_that_does_not_exist_is_empty)
{
	check_log("", .timestamps = true);
}
END_TEST

static void expect_follow(struct bt_reader *reader, const char *expected)
{
	char got[4096] = { 0 };
	size_t n = 0;

	while (n < strlen(expected)) {
		ssize_t r = bt_reader_read(reader, buf, BUF_SIZE);
		struct pollfd p = { .fd = bt_reader_fd(reader), .events = POLLIN };

		if (r == -EAGAIN) {
			ck_assert_msg(poll(&p, 1, 5000) == 1, "nothing came after \"%s\"", got);
			continue;
		}
		ck_assert_int_gt(r, 0);
		ck_assert_uint_lt(n + (size_t)r, sizeof(got));
		memcpy(got + n, buf, (size_t)r);
		n += (size_t)r;
	}
	ck_assert_str_eq(got, expected);
	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), -EAGAIN);
}

START_TEST(following_goes_on_through_rotations_and_ends_when_told)
{
	struct bt_reader *reader = open_reader((struct bt_reader_options){
		.path = path, .out = true, .err = true, .follow = true, .tail = -1 });
	struct bt_json_file *log;
	struct pollfd p = { .fd = bt_reader_fd(reader), .events = POLLIN };

	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), -EAGAIN);
	log = open_log(500, 4, NULL);
	put(log, BT_LOG_STDOUT, "first\n", NOON);
	expect_follow(reader, "first\n");
	for (int i = 0; i < 40; i++) {
		char a[32], b[32], both[80];

		snprintf(a, sizeof(a), "line %d\n", i);
		snprintf(b, sizeof(b), "more %d\n", i);
		snprintf(both, sizeof(both), "%s%s", a, b);
		put(log, BT_LOG_STDOUT, a, NOON);
		put(log, BT_LOG_STDERR, b, NOON);
		expect_follow(reader, both);
	}
	/* Several rotations between two reads; the oldest file read from is still held. */
	for (int i = 0; i < 10; i++)
		put(log, BT_LOG_STDOUT, "burst\n", NOON);
	expect_follow(reader,
		      "burst\nburst\nburst\nburst\nburst\nburst\nburst\nburst\nburst\nburst\n");
	put(log, BT_LOG_STDOUT, "last\n", NOON);
	bt_reader_finish(reader);
	ck_assert_int_eq(poll(&p, 1, 5000), 1);
	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), 5);
	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), 0);
	bt_json_file_close(log);
	bt_reader_close(reader);
}
END_TEST

START_TEST(following_sees_a_truncated_file_begin_anew)
{
	struct bt_json_file *log = open_log(300, 1, NULL);
	struct bt_reader *reader = open_reader((struct bt_reader_options){
		.path = path, .out = true, .err = true, .follow = true, .tail = -1 });

	for (int i = 0; i < 20; i++) {
		char line[32];

		snprintf(line, sizeof(line), "%d\n", i);
		put(log, BT_LOG_STDOUT, line, NOON);
		expect_follow(reader, line);
	}
	bt_json_file_close(log);
	bt_reader_close(reader);
}
END_TEST

/* Those that one user may have are in other programs' hands. */
static void follow_without_watches(int call, int error)
{
	struct bt_json_file *log;
	struct bt_reader *reader;

	without_call(call, error);
	reader = open_reader((struct bt_reader_options){
		.path = path, .out = true, .err = true, .follow = true, .tail = -1 });
	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), -EAGAIN);
	log = open_log(300, 3, NULL);
	for (int i = 0; i < 10; i++) {
		char line[32];

		snprintf(line, sizeof(line), "%d\n", i);
		put(log, BT_LOG_STDOUT, line, NOON);
		expect_follow(reader, line);
	}
	bt_reader_finish(reader);
	ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), 0);
	bt_json_file_close(log);
	bt_reader_close(reader);
}

START_TEST(following_goes_on_where_the_user_may_watch_no_more_directories)
{
	follow_without_watches(SCMP_SYS(inotify_init1), EMFILE);
}
END_TEST

START_TEST(following_goes_on_where_the_user_may_have_no_more_watches)
{
	follow_without_watches(SCMP_SYS(inotify_add_watch), ENOSPC);
}
END_TEST

START_TEST(a_directory_that_cannot_be_watched_for_another_cause_is_an_error)
{
	const struct bt_reader_options opt = { .path = path, .out = true, .follow = true };
	struct bt_reader *reader;
	struct bt_err err;

	without_call(SCMP_SYS(inotify_init1), ENOMEM);
	ck_assert_int_eq(bt_reader_open(&opt, &reader, &err), -ENOMEM);
}
END_TEST

START_TEST(a_line_that_is_still_being_written_waits)
{
	static const char line[] =
		"{\"log\":\"slow\\n\",\"stream\":\"stdout\",\"time\":\"2023-11-14T22:13:20.000000000Z\"}\n";
	struct bt_reader *reader;
	bt_auto_close int fd = -EBADF;

	put_file("");
	reader = open_reader((struct bt_reader_options){
		.path = path, .out = true, .follow = true, .tail = -1 });
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	for (size_t i = 0; i + 1 < sizeof(line) - 1; i++) {
		ck_assert_int_eq(write(fd, line + i, 1), 1);
		ck_assert_int_eq(bt_reader_read(reader, buf, BUF_SIZE), -EAGAIN);
	}
	ck_assert_int_eq(write(fd, "\n", 1), 1);
	expect_follow(reader, "slow\n");
	bt_reader_close(reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs/reader");
	TCase *tc = tcase_create("reader");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, what_was_written_is_read);
	tcase_add_test(tc, frames_and_times_have_dockers_form);
	tcase_add_test(tc, since_and_until_include_their_instants);
	tcase_add_test(tc, tail_counts_lines_from_the_end_through_rotated_files);
	tcase_add_test(tc, details_are_sorted_and_escaped_as_dockers);
	tcase_add_test(tc, lines_of_other_writers_are_read_too);
	tcase_add_test(tc, rubbish_is_skipped_and_what_follows_is_read);
	tcase_add_test(tc, a_text_larger_than_the_buffer_comes_in_several_frames);
	tcase_add_test(tc, a_log_that_does_not_exist_is_empty);
	tcase_add_test(tc, following_goes_on_through_rotations_and_ends_when_told);
	tcase_add_test(tc, following_sees_a_truncated_file_begin_anew);
	tcase_add_test(tc, following_goes_on_where_the_user_may_watch_no_more_directories);
	tcase_add_test(tc, following_goes_on_where_the_user_may_have_no_more_watches);
	tcase_add_test(tc, a_directory_that_cannot_be_watched_for_another_cause_is_an_error);
	tcase_add_test(tc, a_line_that_is_still_being_written_waits);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
