/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/log_line.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define TIME "\"time\":\"2026-01-02T03:04:05.000000006Z\"}\n"
#define OUT  "\"stream\":\"stdout\","

static char text[256];

static int read_line(const char *line, const char *attrs, struct bt_log_line *ret)
{
	memset(text, 0, sizeof(text));
	return bt_log_line_read(line, line + strlen(line), attrs, attrs ? strlen(attrs) : 0, text,
				text + sizeof(text), ret);
}

START_TEST(a_line_of_our_form)
{
	static const char line[] =
		"{\"log\":\"a\\\"\\u003c\\n\",\"stream\":\"stderr\"," TIME "next";
	struct bt_log_line got;

	ck_assert_int_eq(read_line(line, NULL, &got), 0);
	ck_assert_int_eq(got.stream, BT_LOG_STDERR);
	ck_assert_int_eq(got.text_end - text, 4);
	ck_assert_int_eq(memcmp(text, "a\"<\n", 4), 0);
	ck_assert_int_eq(strncmp(got.time, "2026-01-02T03:04:05.000000006Z\"", 31), 0);
	ck_assert_str_eq(got.end, "next");
	ck_assert_ptr_null(got.attrs);
}
END_TEST

START_TEST(attributes_are_those_that_are_known)
{
	static const char line[] = "{\"log\":\"\"," OUT "\"attrs\":{\"a\":\"b\"}," TIME;
	struct bt_log_line got;

	ck_assert_int_eq(read_line(line, "{\"a\":\"b\"}", &got), 0);
	ck_assert_uint_eq(got.attrs_len, 9);
	ck_assert_int_eq(strncmp(got.attrs, "{\"a\":\"b\"}", 9), 0);
	ck_assert_int_eq(got.text_end - text, 0);
	/* Others, parts of them, or none are for the general parser. */
	ck_assert_int_eq(read_line(line, "{\"a\":\"c\"}", &got), -EINVAL);
	ck_assert_int_eq(read_line(line, "{\"a\":\"b\"", &got), -EINVAL);
	ck_assert_int_eq(read_line(line, NULL, &got), -EINVAL);
	{
		bt_auto_free char *attrs = bt_log_line_attrs(line, strlen(line));

		ck_assert_str_eq(attrs, "{\"a\":\"b\"}");
	}
	ck_assert_ptr_null(bt_log_line_attrs("{}", 2));
}
END_TEST

START_TEST(a_line_that_is_not_there_whole_is_waited_for)
{
	static const char line[] = "{\"log\":\"ab\"," OUT "\"attrs\":{}," TIME;
	struct bt_log_line got;

	for (size_t len = 0; len < strlen(line); len++) {
		bt_auto_free char *part = strndup(line, len);

		ck_assert_int_eq(read_line(part, "{}", &got), -EAGAIN);
	}
	ck_assert_int_eq(read_line(line, "{}", &got), 0);
}
END_TEST

START_TEST(other_forms_are_left_to_the_parser)
{
	static const char *const lines[] = {
		("[\"log\":\"a\"," OUT TIME),
		("{\"log\": \"a\"," OUT TIME),
		("{\"log\":\"a\",\"stream\":\"stdin\"," TIME),
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.00000000Z\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000000000+01:00\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:0:.000000000Z\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000000000Z\"} \n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct bt_log_line got;

		ck_assert_int_eq(read_line(lines[i], NULL, &got), -EINVAL);
	}
}
END_TEST

START_TEST(a_text_without_room_is_refused)
{
	static const char line[] = "{\"log\":\"0123456789\"," OUT TIME;
	struct bt_log_line got;

	ck_assert_int_eq(bt_log_line_read(line, line + strlen(line), NULL, 0, text, text + 5, &got),
			 -ENOSPC);
}
END_TEST

START_TEST(any_valid_object_is_parsed)
{
	static const char line[] =
		"{ \"time\": \"then\", \"attrs\": {\"b\": \"x y\", \"a,\": \"=\"}, "
		"\"log\": \"a\\u0000b\", \"stream\": \"stderr\" }";
	struct bt_log_line_parsed got;

	ck_assert_int_eq(bt_log_line_parse(line, strlen(line), &got), 0);
	ck_assert_int_eq(got.stream, BT_LOG_STDERR);
	ck_assert_uint_eq(got.text_len, 3);
	ck_assert_int_eq(memcmp(got.text, "a\0b", 4), 0);
	ck_assert_str_eq(got.time, "then");
	ck_assert_str_eq(got.details, "a%2C=%3D,b=x+y");
	bt_log_line_parsed_done(&got);
	ck_assert_ptr_null(got.text);
}
END_TEST

/* A thread that reads has a stack of 128 KB. */
START_TEST(line_that_is_nested_deeply_is_none)
{
	struct bt_log_line_parsed parsed = { 0 };
	static char deep[4096];

	memset(deep, '[', sizeof(deep));
	ck_assert_int_eq(bt_log_line_parse(deep, sizeof(deep), &parsed), -EINVAL);
	ck_assert_int_eq(bt_log_line_parse(deep, 2000, &parsed), -EINVAL);
}
END_TEST

START_TEST(what_is_missing_is_empty_but_the_time)
{
	struct bt_log_line_parsed got;

	ck_assert_int_eq(bt_log_line_parse("{\"time\":\"\"}", 11, &got), 0);
	ck_assert_int_eq(got.stream, BT_LOG_STDOUT);
	ck_assert_uint_eq(got.text_len, 0);
	ck_assert_str_eq(got.text, "");
	ck_assert_str_eq(got.details, "");
	bt_log_line_parsed_done(&got);
	ck_assert_int_eq(bt_log_line_parse("{\"log\":\"a\"}", 11, &got), -EINVAL);
	ck_assert_int_eq(bt_log_line_parse("{\"time\":7}", 10, &got), -EINVAL);
	ck_assert_int_eq(bt_log_line_parse("[]", 2, &got), -EINVAL);
	ck_assert_int_eq(bt_log_line_parse("{\"time\":\"\"", 10, &got), -EINVAL);
	ck_assert_int_eq(bt_log_line_parse("", 0, &got), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs/log_line");
	TCase *tc = tcase_create("log_line");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_line_of_our_form);
	tcase_add_test(tc, attributes_are_those_that_are_known);
	tcase_add_test(tc, a_line_that_is_not_there_whole_is_waited_for);
	tcase_add_test(tc, other_forms_are_left_to_the_parser);
	tcase_add_test(tc, a_text_without_room_is_refused);
	tcase_add_test(tc, any_valid_object_is_parsed);
	tcase_add_test(tc, what_is_missing_is_empty_but_the_time);
	tcase_add_test(tc, line_that_is_nested_deeply_is_none);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
