/* SPDX-License-Identifier: Apache-2.0 */

#include "go_template_fixture.h"

static void assert_malformed(const char *text, const char *why)
{
	bt_auto_free char *want = bt_str_format("template: :1: %s", why);

	assert_fails(text, "{}", want);
}

START_TEST(strings_know_gos_escapes)
{
	assert_renders("{{\"a\\tb\\n\\\\\\\"\"}}", "{}", "a\tb\n\\\"");
	assert_renders("{{\"\\x41\\u00e4\\U0001F600\\101\"}}", "{}", "A\u00e4\U0001F600A");
	assert_renders("{{`raw \\n \"quoted\"`}}", "{}", "raw \\n \"quoted\"");
}
END_TEST

START_TEST(malformed_escapes_are_refused)
{
	static const char *const bad[] = {
		"{{\"\\q\"}}",     "{{\"\\x4\"}}",        "{{\"\\xzz\"}}", "{{\"\\u12\"}}",
		"{{\"\\ud800\"}}", "{{\"\\U00110000\"}}", "{{\"\\400\"}}", "{{\"\\189\"}}",
		"{{\"\\x00\"}}",   "{{\"\\000\"}}",       "{{\"\\",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bt_err err = { 0 };
		bt_auto_free char *got = render(bad[i], "{}", true, &err);

		ck_assert_msg(!got, "%s gives '%s'", bad[i], got ? got : "");
		ck_assert_msg(strstr(err.msg, "bad escape in quoted string") != NULL, "%s: %s",
			      bad[i], err.msg);
	}
}
END_TEST

START_TEST(a_string_ends_where_it_began)
{
	assert_malformed("{{\"abc}}", "unterminated quoted string");
	assert_malformed("{{\"a\nb\"}}", "unterminated quoted string");
	assert_malformed("{{`abc}}", "unterminated raw quoted string");
	assert_renders("{{`a\nb`}}", "{}", "a\nb");
	assert_renders("{{\"}}\"}}{{`{{`}}", "{}", "}}{{");
}
END_TEST

START_TEST(a_character_is_its_number)
{
	assert_renders("{{'a'}} {{'\\n'}} {{'\\x41'}} {{'\\''}}", "{}", "97 10 65 39");
	assert_malformed("{{'ab'}}", "malformed character constant");
	assert_malformed("{{''}}", "malformed character constant");
	assert_malformed("{{'a}}", "malformed character constant");
}
END_TEST

START_TEST(numbers_are_whole_or_real_and_nothing_else)
{
	assert_renders("{{12}} {{-3}} {{+4}} {{0x1f}} {{010}}", "{}", "12 -3 4 31 8");
	assert_renders("{{1.5}} {{.5}} {{-2.5e1}} {{1e3}}", "{}", "1.5 0.5 -25 1000");
	assert_malformed("{{1x}}", "bad number syntax: \"1x\"");
	assert_malformed("{{1.2.3}}", "bad number syntax: \"1.2.3\"");
	assert_malformed("{{-inf}}", "bad number syntax: \"-inf\"");
	assert_malformed("{{+nan}}", "bad number syntax: \"+nan\"");
	assert_malformed("{{1 | - 1}}", "bad number syntax: \"-\"");
}
END_TEST

START_TEST(a_number_too_great_for_a_whole_one_is_real_and_one_too_great_for_that_is_refused)
{
	assert_renders("{{9223372036854775807}}", "{}", "9223372036854775807");
	assert_renders("{{-9223372036854775808}}", "{}", "-9223372036854775808");
	assert_renders("{{9223372036854775808}}", "{}", "9223372036854775808");
	assert_malformed("{{1e999}}", "bad number syntax: \"1e999\"");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, strings_know_gos_escapes);
	tcase_add_test(tc, malformed_escapes_are_refused);
	tcase_add_test(tc, a_string_ends_where_it_began);
	tcase_add_test(tc, a_character_is_its_number);
	tcase_add_test(tc, numbers_are_whole_or_real_and_nothing_else);
	tcase_add_test(
		tc,
		a_number_too_great_for_a_whole_one_is_real_and_one_too_great_for_that_is_refused);
}

int main(void)
{
	return run_tests("codec/go_template_lex", add);
}
