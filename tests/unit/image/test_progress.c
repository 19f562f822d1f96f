/* SPDX-License-Identifier: Apache-2.0 */

#include "image/progress.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static char *said;
static int answer;

static int take(void *arg, const json_t *message)
{
	free(said);
	said = json_dumps(message, JSON_COMPACT | JSON_SORT_KEYS);
	return arg ? answer : 0;
}

static void nothing(void)
{
	said = NULL;
	answer = 0;
}

static void release(void)
{
	free(said);
}

START_TEST(messages_are_those_that_dockers_command_line_turns_into_bars)
{
	const struct bt_progress p = { .fn = take };

	ck_assert_int_eq(bt_progress_status(&p, "abc", "Waiting"), 0);
	ck_assert_str_eq(said, "{\"id\":\"abc\",\"progressDetail\":{},\"status\":\"Waiting\"}");
	ck_assert_int_eq(bt_progress_status(&p, NULL, "Status: x"), 0);
	ck_assert_str_eq(said, "{\"status\":\"Status: x\"}");
	ck_assert_int_eq(bt_progress_bar(&p, "abc", "Downloading", 5, 1ll << 40), 0);
	ck_assert_str_eq(
		said, "{\"id\":\"abc\",\"progressDetail\":{\"current\":5,\"total\":1099511627776},"
		      "\"status\":\"Downloading\"}");
	ck_assert_int_eq(bt_progress_stream(&p, "Loaded image: a\n"), 0);
	ck_assert_str_eq(said, "{\"stream\":\"Loaded image: a\\n\"}");
	ck_assert_int_eq(bt_progress_aux(&p, json_pack("{ss}", "Tag", "1")), 0);
	ck_assert_str_eq(said, "{\"aux\":{\"Tag\":\"1\"},\"progressDetail\":{}}");
}
END_TEST

START_TEST(a_bar_without_a_total_or_an_id_says_nothing_of_them)
{
	const struct bt_progress p = { .fn = take };

	ck_assert_int_eq(bt_progress_bar(&p, NULL, "Importing", 7, -1), 0);
	ck_assert_str_eq(said, "{\"progressDetail\":{\"current\":7},\"status\":\"Importing\"}");
	ck_assert_int_eq(bt_progress_bar(&p, "a", "Importing", 0, 0), 0);
	ck_assert_ptr_nonnull(strstr(said, "\"total\":0"));
}
END_TEST

START_TEST(who_has_gone_cancels_whatever_is_told)
{
	const struct bt_progress p = { .fn = take, .arg = &answer };

	answer = -EPIPE;
	ck_assert_int_eq(bt_progress_status(&p, NULL, "x"), -EPIPE);
	ck_assert_int_eq(bt_progress_bar(&p, NULL, "x", 1, 2), -EPIPE);
	ck_assert_int_eq(bt_progress_stream(&p, "x"), -EPIPE);
	ck_assert_int_eq(bt_progress_aux(&p, json_object()), -EPIPE);
}
END_TEST

START_TEST(nobody_has_to_listen)
{
	const struct bt_progress p = { .fn = NULL };

	ck_assert_int_eq(bt_progress_status(&p, NULL, "x"), 0);
	ck_assert_int_eq(bt_progress_bar(&p, NULL, "x", 1, 2), 0);
	ck_assert_int_eq(bt_progress_stream(&p, "x"), 0);
	ck_assert_int_eq(bt_progress_aux(&p, json_object()), 0);
}
END_TEST

START_TEST(a_text_that_is_no_utf8_is_an_error_and_no_message)
{
	const struct bt_progress p = { .fn = take };

	ck_assert_int_lt(bt_progress_stream(&p, "\xff"), 0);
	ck_assert_ptr_null(said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/progress");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, nothing, release);
	tcase_add_test(tests, messages_are_those_that_dockers_command_line_turns_into_bars);
	tcase_add_test(tests, a_bar_without_a_total_or_an_id_says_nothing_of_them);
	tcase_add_test(tests, who_has_gone_cancels_whatever_is_told);
	tcase_add_test(tests, nobody_has_to_listen);
	tcase_add_test(tests, a_text_that_is_no_utf8_is_an_error_and_no_message);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
