/* SPDX-License-Identifier: Apache-2.0 */

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/time.h"

#define LINE_MAX_LEN 2048

/* What is written to standard error, a packet for each write(2). */
static int reader = -EBADF;
static int before = -EBADF;

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK), 0);
	reader = ends[0];
	before = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(close(ends[1]), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(dup2(before, STDERR_FILENO), STDERR_FILENO);
	bt_close(&before);
	bt_close(&reader);
}

/* The next write, or "" where there was none; until the next call. */
static const char *written(void)
{
	static char text[2 * LINE_MAX_LEN];
	ssize_t n = read(reader, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The same without its time, whose form is checked. */
static const char *message(void)
{
	const char *text = written(), *rest = text + BT_TIME_RFC3339_LEN - 1;
	char when[BT_TIME_RFC3339_LEN];
	int64_t at;

	if (!*text)
		return text;
	ck_assert_uint_gt(strlen(text), BT_TIME_RFC3339_LEN);
	(void)memcpy(when, text, BT_TIME_RFC3339_LEN - 1);
	when[BT_TIME_RFC3339_LEN - 1] = '\0';
	ck_assert_msg(bt_time_rfc3339_parse(when, &at) == 0, "%s", when);
	ck_assert_int_eq(*rest, ' ');
	return rest + 1;
}

START_TEST(a_message_is_one_line_of_time_level_and_text_in_one_write)
{
	bt_log_warn("disk %s is %d%% full", "sda", 93);
	bt_log_error("and %s", "gone");
	ck_assert_str_eq(message(), "warn disk sda is 93% full\n");
	ck_assert_str_eq(message(), "error and gone\n");
	ck_assert_str_eq(message(), "");
}
END_TEST

START_TEST(what_is_below_the_level_is_dropped)
{
	static const struct {
		enum bt_log_level level;
		const char *first; /* that is written, of the five */
	} cases[] = {
		{ BT_LOG_DEBUG, "debug x\n" }, { BT_LOG_INFO, "info x\n" },
		{ BT_LOG_WARN, "warn x\n" },   { BT_LOG_ERROR, "error x\n" },
		{ BT_LOG_FATAL, "fatal x\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_log_set_level(cases[i].level);
		for (int level = BT_LOG_DEBUG; level <= BT_LOG_FATAL; level++)
			bt_log_write((enum bt_log_level)level, "x");
		ck_assert_str_eq(message(), cases[i].first);
		for (size_t rest = i + 1; rest < LENGTH(cases); rest++)
			ck_assert_str_eq(message(), cases[rest].first);
		ck_assert_str_eq(message(), "");
	}
}
END_TEST

START_TEST(details_are_dropped_unless_they_are_asked_for)
{
	bt_log_debug("nobody asked");
	ck_assert_str_eq(message(), "");
	bt_log_info("said");
	ck_assert_str_eq(message(), "info said\n");
}
END_TEST

START_TEST(nothing_that_is_said_begins_another_line_or_moves_a_terminal)
{
	bt_log_error("%s", "one\n2026-01-01T00:00:00.000000000Z fatal two\r\x1b[2J\x7f\t");
	ck_assert_str_eq(message(), "error one?2026-01-01T00:00:00.000000000Z fatal two??[2J??\n");
	ck_assert_str_eq(message(), "");
}
END_TEST

START_TEST(a_long_line_is_cut_and_still_ends)
{
	static const size_t lengths[] = { LINE_MAX_LEN - 60, LINE_MAX_LEN - 40, LINE_MAX_LEN - 37,
					  LINE_MAX_LEN - 36, LINE_MAX_LEN,      10 * LINE_MAX_LEN };

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		bt_auto_free char *text = calloc(1, lengths[i] + 1);
		const char *line;
		size_t len;

		(void)memset(text, 'a', lengths[i]);
		bt_log_error("%s", text);
		line = written();
		len = strlen(line);
		ck_assert_uint_le(len, LINE_MAX_LEN);
		ck_assert_int_eq(line[len - 1], '\n');
		ck_assert_int_eq(line[len - 2], 'a');
		ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
		ck_assert_str_eq(written(), "");
	}
}
END_TEST

START_TEST(dockerds_names_are_levels_and_no_others)
{
	static const char *const good[] = { "debug", "info", "warn", "error", "fatal" };
	static const char *const bad[] = { "", "Debug", "warning", "info ", "trace", "0" };
	enum bt_log_level level = BT_LOG_FATAL;

	for (size_t i = 0; i < LENGTH(good); i++) {
		ck_assert_int_eq(bt_log_level_parse(good[i], &level), 0);
		ck_assert_int_eq((int)level, (int)i);
	}
	for (size_t i = 0; i < LENGTH(bad); i++)
		ck_assert_msg(bt_log_level_parse(bad[i], &level) == -EINVAL, "\"%s\"", bad[i]);
	ck_assert_int_eq((int)level, BT_LOG_FATAL);
}
END_TEST

/* A full or closed standard error is no reason to stop. */
START_TEST(a_message_that_nobody_takes_is_lost_and_nothing_else)
{
	char kib[1024];

	ck_assert_int_eq(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
	(void)memset(kib, 'a', sizeof(kib) - 1);
	kib[sizeof(kib) - 1] = '\0';
	for (int i = 0; i < 64; i++)
		bt_log_error("%s", kib);
	ck_assert_str_ne(written(), "");
	ck_assert_int_eq(close(STDERR_FILENO), 0);
	bt_log_error("into nothing");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_message_is_one_line_of_time_level_and_text_in_one_write);
	tcase_add_test(tests, what_is_below_the_level_is_dropped);
	tcase_add_test(tests, details_are_dropped_unless_they_are_asked_for);
	tcase_add_test(tests, nothing_that_is_said_begins_another_line_or_moves_a_terminal);
	tcase_add_test(tests, a_long_line_is_cut_and_still_ends);
	tcase_add_test(tests, dockerds_names_are_levels_and_no_others);
	tcase_add_test(tests, a_message_that_nobody_takes_is_lost_and_nothing_else);
}

int main(void)
{
	return run_suite("base/log", setup, teardown, add);
}
