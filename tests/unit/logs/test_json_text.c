/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/json_text.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX 1024

static const char *escaped(const char *src, size_t len)
{
	static char buf[MAX * BT_JSON_TEXT_GROWTH + BT_JSON_TEXT_SLACK + 1];

	*bt_json_text_escape(buf, src, len) = '\0';
	return buf;
}

#define ESCAPED(literal) escaped(literal, sizeof(literal) - 1)

START_TEST(escapes_are_those_of_docker)
{
	ck_assert_str_eq(ESCAPED("plain ~\x7f"), "plain ~\x7f");
	ck_assert_str_eq(ESCAPED("a\"b\\c"), "a\\\"b\\\\c");
	ck_assert_str_eq(ESCAPED("\n\r\t\b\f"), "\\n\\r\\u0009\\u0008\\u000c");
	ck_assert_str_eq(ESCAPED("\0\x1b[0m"), "\\u0000\\u001b[0m");
	ck_assert_str_eq(ESCAPED("<a> & b"), "\\u003ca\\u003e \\u0026 b");
	ck_assert_str_eq(ESCAPED("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
			 "\\u2028\\u2029\xe2\x80\xaa");
}
END_TEST

START_TEST(each_byte_that_is_no_utf8_becomes_the_replacement_character)
{
	ck_assert_str_eq(ESCAPED("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
			 "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	ck_assert_str_eq(ESCAPED("\x80x\xff"), "\\ufffdx\\ufffd");
	ck_assert_str_eq(ESCAPED("\xc0\xaf"), "\\ufffd\\ufffd");            /* overlong */
	ck_assert_str_eq(ESCAPED("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd"); /* surrogate */
	ck_assert_str_eq(ESCAPED("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
	ck_assert_str_eq(ESCAPED("\xe2\x82"), "\\ufffd\\ufffd"); /* cut */
}
END_TEST

/* What is special is found at each place of a text of each length. */
START_TEST(a_special_byte_is_found_wherever_it_stands)
{
	static const char specials[] = "\"\\<>&\n\x01\x80";

	for (size_t len = 1; len < 70; len++)
		for (size_t at = 0; at < len; at++)
			for (const char *c = specials; *c; c++) {
				char text[70];
				const char *got;

				memset(text, 'x', sizeof(text));
				text[at] = *c;
				got = escaped(text, len);
				ck_assert_uint_eq(strspn(got, "x"), at);
				ck_assert_int_eq(got[at], '\\');
				ck_assert_uint_eq(strspn(got + strcspn(got + at, "x") + at, "x"),
						  len - at - 1);
			}
}
END_TEST

static int unescape(const char *src, size_t room, char *ret, size_t *ret_used)
{
	struct bt_json_text t = { src, src + strlen(src), ret, ret + room };
	int r = bt_json_text_unescape(&t);

	*t.dst = '\0';
	*ret_used = (size_t)(t.src - src);
	return r;
}

START_TEST(unescape_reads_back_what_escape_wrote)
{
	char bytes[256], back[MAX], got[MAX * 6 + 2];
	size_t used;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i < 128 ? i : 'z');
	strcpy(got, escaped(bytes, sizeof(bytes)));
	strcat(got, "\"");
	ck_assert_int_eq(unescape(got, sizeof(back) - 1, back, &used), 0);
	ck_assert_uint_eq(used, strlen(got) - 1);
	ck_assert_mem_eq(back, bytes, sizeof(bytes));
}
END_TEST

START_TEST(unescape_says_why_it_stops)
{
	char got[64];
	size_t used;

	ck_assert_int_eq(unescape("abc", 63, got, &used), -EAGAIN);
	ck_assert_int_eq(unescape("abc\\", 63, got, &used), -EAGAIN);
	ck_assert_int_eq(unescape("abc\\u00", 63, got, &used), -EAGAIN);
	ck_assert_int_eq(unescape("abcd\"", 3, got, &used), -ENOSPC);
	ck_assert_int_eq(unescape("abc\\q\"", 63, got, &used), -EINVAL);
	ck_assert_int_eq(unescape("abc\\u00zz\"", 63, got, &used), -EINVAL);
	ck_assert_int_eq(unescape("abc\\ud83d\\ude00\"", 63, got, &used), -EINVAL);
	ck_assert_int_eq(unescape("abc\n\"", 63, got, &used), -EINVAL);
	ck_assert_int_eq(unescape("0123456789abcdef0123456789\001\"", 63, got, &used), -EINVAL);
	ck_assert_int_eq(unescape("\\u20ac\\/\"x", 63, got, &used), 0);
	ck_assert_str_eq(got, "\xe2\x82\xac/");
	ck_assert_uint_eq(used, 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logs/json_text");
	TCase *tc = tcase_create("json_text");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, escapes_are_those_of_docker);
	tcase_add_test(tc, each_byte_that_is_no_utf8_becomes_the_replacement_character);
	tcase_add_test(tc, a_special_byte_is_found_wherever_it_stands);
	tcase_add_test(tc, unescape_reads_back_what_escape_wrote);
	tcase_add_test(tc, unescape_says_why_it_stops);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
