/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/duration.h"

#include <check.h>
#include <stdlib.h>

static const char *text_of(int64_t seconds)
{
	static char text[BT_DURATION_TEXT_MAX];

	bt_duration_text(seconds, text);
	return text;
}

START_TEST(spans_are_said_as_docker_says_them)
{
	ck_assert_str_eq(text_of(-5), "Less than a second");
	ck_assert_str_eq(text_of(0), "Less than a second");
	ck_assert_str_eq(text_of(1), "1 second");
	ck_assert_str_eq(text_of(59), "59 seconds");
	ck_assert_str_eq(text_of(60), "About a minute");
	ck_assert_str_eq(text_of(119), "About a minute");
	ck_assert_str_eq(text_of(120), "2 minutes");
	ck_assert_str_eq(text_of(3599), "59 minutes");
	ck_assert_str_eq(text_of(3600), "About an hour");
	ck_assert_str_eq(text_of(3540), "59 minutes");
	ck_assert_str_eq(text_of(2 * 3600), "2 hours");
	ck_assert_str_eq(text_of(72 * 3600), "3 days");
	ck_assert_str_eq(text_of(15 * 86400), "2 weeks");
	ck_assert_str_eq(text_of(90 * 86400), "3 months");
	ck_assert_str_eq(text_of(800 * 86400ll), "2 years");
	ck_assert_str_eq(text_of(47 * 3600), "47 hours");
	ck_assert_str_eq(text_of(48 * 3600), "2 days");
	ck_assert_str_eq(text_of(14 * 24 * 3600), "2 weeks");
	ck_assert_str_eq(text_of(60ll * 24 * 3600), "2 months");
	ck_assert_str_eq(text_of(730ll * 24 * 3600), "2 years");
}
END_TEST

START_TEST(hours_are_rounded_and_the_rest_is_cut)
{
	ck_assert_str_eq(text_of(3600 + 1799), "About an hour");
	ck_assert_str_eq(text_of(3600 + 1800), "2 hours");
	ck_assert_str_eq(text_of(71 * 3600), "2 days");
	/* Half an hour before two years it is not two years yet, nor 24 months. */
	ck_assert_str_eq(text_of(730ll * 24 * 3600 - 1800), "1 years");
	ck_assert_str_eq(text_of(INT64_MAX / 4), "73117802169 years");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/duration");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, spans_are_said_as_docker_says_them);
	tcase_add_test(tests, hours_are_rounded_and_the_rest_is_cut);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
