/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/backlog.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"

#define NOON 1700000000000000000ll

static char dir[] = "/tmp/test_backlog.XXXXXX";
static char path[64];
static struct bt_json_file *log_file;

static void open_log(int64_t max_size, int max_file)
{
	const struct bt_json_file_options opt = { path, max_size, max_file, NULL };

	ck_assert_int_eq(bt_json_file_open(&opt, &log_file), 0);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	open_log(0, 1);
}

static void tear_down(void)
{
	bt_json_file_close(log_file);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

static void say(enum bt_log_stream stream, const char *text, int64_t ns)
{
	ck_assert_int_eq(bt_json_file_write(log_file, stream, text, strlen(text), ns), 0);
	ck_assert_int_eq(bt_json_file_flush(log_file), 0);
}

/* Lines "0\n", "1\n", … a nanosecond apart. */
static void say_numbers(int n)
{
	char text[16];

	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		ck_assert_int_eq(
			bt_json_file_write(log_file, BT_LOG_STDOUT, text, strlen(text), NOON + i),
			0);
	}
	ck_assert_int_eq(bt_json_file_flush(log_file), 0);
}

static struct bt_spawn_client who(int64_t logged_ns)
{
	return (struct bt_spawn_client){
		.out = true, .err = true, .logs = true, .logged_ns = logged_ns
	};
}

static void check(struct bt_spawn_client how, const char *want, size_t len)
{
	bt_auto_str struct bt_str got = { 0 };

	ck_assert_int_eq(bt_backlog_read(path, log_file, &how, &got), 0);
	ck_assert_uint_eq(got.len, len);
	ck_assert_int_eq(memcmp(bt_str_get(&got), want, len), 0);
}

START_TEST(what_came_behind_the_line_is_read_and_nothing_else)
{
	say(BT_LOG_STDOUT, "a\nb\nc\n", NOON);
	check(who(NOON), "b\nc\n", 4);
	check(who(NOON + 1), "c\n", 2);
	check(who(NOON + 2), "", 0);
}
END_TEST

START_TEST(who_has_had_nothing_gets_it_from_the_beginning)
{
	check(who(0), "", 0);
	say(BT_LOG_STDOUT, "a\nb\n", NOON);
	check(who(0), "a\nb\n", 4);
}
END_TEST

START_TEST(streams_that_are_not_asked_for_are_left_out)
{
	struct bt_spawn_client how = who(NOON);

	say(BT_LOG_STDOUT, "a\n", NOON);
	say(BT_LOG_STDERR, "e\nhalf e", NOON + 5);
	say(BT_LOG_STDOUT, "o\nhalf o", NOON + 10);
	how.out = false;
	check(how, "e\nhalf e", 8);
	how.out = true;
	how.err = false;
	check(how, "o\nhalf o", 8);
}
END_TEST

START_TEST(a_line_that_has_not_ended_yet_is_told_as_far_as_it_goes_in_a_frame_of_its_own)
{
	struct bt_spawn_client how = who(NOON);

	say(BT_LOG_STDOUT, "a\nb\nhalf", NOON);
	how.mux = true;
	check(how, "\1\0\0\0\0\0\0\2b\n\1\0\0\0\0\0\0\4half", 22);
}
END_TEST

START_TEST(more_lines_than_are_looked_for_at_the_end_are_all_found)
{
	bt_auto_str struct bt_str got = { 0 };
	const struct bt_spawn_client how = who(NOON + 4999);

	say_numbers(30000);
	ck_assert_int_eq(bt_backlog_read(path, log_file, &how, &got), 0);
	ck_assert_uint_eq(got.len, 5000 * 5 + 20000 * 6);
	ck_assert_int_eq(memcmp(got.p, "5000\n5001\n", 10), 0);
}
END_TEST

START_TEST(what_is_too_much_is_for_the_daemon)
{
	bt_auto_str struct bt_str got = { 0 };
	const struct bt_spawn_client how = who(NOON);

	say_numbers(200000);
	ck_assert_int_eq(bt_backlog_read(path, log_file, &how, &got), -EAGAIN);
}
END_TEST

START_TEST(lines_are_found_in_files_that_were_rotated)
{
	bt_json_file_close(log_file);
	open_log(1000, 5);
	say_numbers(20);
	check(who(NOON + 8), "9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n", 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/backlog");
	TCase *tc = tcase_create("backlog");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_came_behind_the_line_is_read_and_nothing_else);
	tcase_add_test(tc, who_has_had_nothing_gets_it_from_the_beginning);
	tcase_add_test(tc, streams_that_are_not_asked_for_are_left_out);
	tcase_add_test(
		tc, a_line_that_has_not_ended_yet_is_told_as_far_as_it_goes_in_a_frame_of_its_own);
	tcase_add_test(tc, more_lines_than_are_looked_for_at_the_end_are_all_found);
	tcase_add_test(tc, what_is_too_much_is_for_the_daemon);
	tcase_add_test(tc, lines_are_found_in_files_that_were_rotated);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
