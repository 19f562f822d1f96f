/* SPDX-License-Identifier: Apache-2.0 */

#include "go_template_fixture.h"

/* printf of one value with one format. */
static void assert_prints(const char *format, const char *value, const char *want)
{
	bt_auto_free char *text = bt_str_format("{{printf `%s` .}}", format);

	assert_renders(text, value, want);
}

START_TEST(whole_numbers_are_shown_to_each_base)
{
	assert_prints("%d", "42", "42");
	assert_prints("%x %%", "255", "ff %");
	assert_prints("%X", "255", "FF");
	assert_prints("%o", "8", "10");
	assert_prints("%b", "10", "1010");
	assert_prints("%b", "0", "0");
	assert_prints("%#x", "255", "0xff");
	assert_prints("%#X", "255", "0XFF");
	assert_prints("%#o", "8", "010");
	assert_prints("%#b", "5", "0b101");
}
END_TEST

START_TEST(signs_stand_before_everything_else)
{
	assert_prints("%d", "-42", "-42");
	assert_prints("%x", "-255", "-ff");
	assert_prints("%+d", "42", "+42");
	assert_prints("% d", "42", " 42");
	assert_prints("%05d", "-42", "-0042");
	assert_prints("%+05d", "42", "+0042");
	assert_prints("% 05d", "42", " 0042");
	assert_prints("%d", "-9223372036854775808", "-9223372036854775808");
}
END_TEST

START_TEST(a_precision_of_a_whole_number_is_its_least_digits)
{
	assert_prints("%.3d", "7", "007");
	assert_prints("%.3d", "-7", "-007");
	assert_prints("%6.3d", "7", "   007");
	assert_prints("%06.3d", "7", "   007");
	assert_prints("%.1d", "1234", "1234");
}
END_TEST

START_TEST(a_width_counts_characters_and_not_bytes)
{
	assert_prints("%5s|", "'ab'", "   ab|");
	assert_prints("%-5s|", "'ab'", "ab   |");
	assert_prints("%4s|", "'\\u00e4\\u00f6'", "  \u00e4\u00f6|");
	assert_prints("%-4s|", "'\\u00e4\\u00f6'", "\u00e4\u00f6  |");
	assert_prints("%1s|", "'abc'", "abc|");
	assert_prints("%-05d|", "42", "42   |");
}
END_TEST

START_TEST(a_precision_of_a_string_cuts_between_characters)
{
	assert_prints("%.2s", "'abc'", "ab");
	assert_prints("%.2v", "'abc'", "ab");
	assert_prints("%.1s", "'\\u00e4\\u00f6'", "\u00e4");
	assert_prints("%.0s|", "'abc'", "|");
	assert_prints("%.s|", "'abc'", "|");
	assert_prints("%.9s", "'abc'", "abc");
	assert_prints("%5.1s|", "'\\u20ac\\u20ac'", "    \u20ac|");
}
END_TEST

START_TEST(real_numbers_have_the_shortest_form_or_the_one_asked_for)
{
	assert_prints("%g", "0.1", "0.1");
	assert_prints("%v", "0.1", "0.1");
	assert_prints("%.3g", "1234567.0", "1.23e+06");
	assert_prints("%f", "0.5", "0.500000");
	assert_prints("%.2f", "2.345", "2.35");
	assert_prints("%.0f", "2.6", "3");
	assert_prints("%e", "1500000.0", "1.500000e+06");
	assert_prints("%08.2f", "-1.5", "-0001.50");
	assert_prints("%+.1f", "1.5", "+1.5");
	assert_prints("% .1f", "1.5", " 1.5");
	assert_prints("%.1f", "3", "3.0");
}
END_TEST

START_TEST(a_character_is_written_as_utf8_and_what_is_none_as_a_replacement)
{
	assert_prints("%c", "97", "a");
	assert_prints("%c", "228", "\u00e4");
	assert_prints("%c", "8364", "\u20ac");
	assert_prints("%c", "128512", "\U0001F600");
	assert_prints("%c|", "0", "\uFFFD|");
	assert_prints("%c", "-1", "\uFFFD");
	assert_prints("%c", "55296", "\uFFFD");
	assert_prints("%c", "1114112", "\uFFFD");
	assert_prints("%c", "4294967393", "\uFFFD");
}
END_TEST

START_TEST(strings_are_quoted_as_go_quotes_them)
{
	assert_prints("%q", "'web'", "\"web\"");
	assert_prints("%q", "'a\\\"b\\\\c'", "\"a\\\"b\\\\c\"");
	assert_prints("%q", "'\\n\\t\\r'", "\"\\n\\t\\r\"");
	assert_prints("%q", "'\\u0001\\u001b\\u007f'", "\"\\x01\\x1b\\x7f\"");
	assert_prints("%q", "'\\u00e4/'", "\"\u00e4/\"");
	assert_prints("%.1q", "'\\u00e4b'", "\"\u00e4\"");
	assert_prints("%7q|", "'web'", "  \"web\"|");
}
END_TEST

START_TEST(strings_are_shown_in_hexadecimal_byte_by_byte)
{
	assert_prints("%x", "'az'", "617a");
	assert_prints("%X", "'\\u00e4'", "C3A4");
}
END_TEST

START_TEST(of_a_list_each_element_is_formatted)
{
	assert_prints("%d", "[1,2]", "[1 2]");
	assert_prints("%q", "['a','b']", "[\"a\" \"b\"]");
	assert_prints("%3d", "[1,[2]]", "[  1 [  2]]");
	assert_prints("%s", "[]", "[]");
	assert_prints("%v", "[1,null,'a']", "[1 <nil> a]");
}
END_TEST

START_TEST(a_verb_that_does_not_fit_names_the_operands_type)
{
	assert_prints("%d", "'hi'", "%!d(string=hi)");
	assert_prints("%s", "42", "%!s(int=42)");
	assert_prints("%t", "'x'", "%!t(string=x)");
	assert_prints("%s", "true", "%!s(bool=true)");
	assert_prints("%d", "0.5", "%!d(float64=0.5)");
	assert_prints("%d", "null", "%!d(<nil>)");
	assert_prints("%z", "1", "%!z(int=1)");
	assert_prints("%t", "false", "false");
	assert_prints("%v", "null", "<nil>");
}
END_TEST

START_TEST(missing_and_superfluous_operands_are_shown_in_the_text)
{
	assert_renders("{{printf `%d %d` 1}}", "{}", "1 %!d(MISSING)");
	assert_renders("{{printf `%d` 1 `x` 2}}", "{}", "1%!(EXTRA string=x, int=2)");
	assert_renders("{{printf `100%`}}", "{}", "100%!(NOVERB)");
	assert_renders("{{printf `%-5`}}", "{}", "%!(NOVERB)");
	assert_renders("{{printf `%%`}}", "{}", "%");
}
END_TEST

START_TEST(widths_are_bounded_whatever_is_asked_for)
{
	struct bt_err err = { 0 };
	bt_auto_free char *got = render("{{printf `%99999999999999999999d` 1}}", "{}", false, &err);
	bt_auto_free char *real =
		render("{{printf `%.99999999999999999999f` 0.5}}", "{}", false, &err);

	ck_assert_uint_eq(strlen(got), 4096);
	ck_assert_uint_eq(strlen(real), 4096 + 2);
}
END_TEST

START_TEST(a_format_that_is_no_string_is_refused)
{
	assert_fails("{{printf 1}}", "{}",
		     "template: :1:2: executing \"\" at <printf>: wrong type for value; expected "
		     "string");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, whole_numbers_are_shown_to_each_base);
	tcase_add_test(tc, signs_stand_before_everything_else);
	tcase_add_test(tc, a_precision_of_a_whole_number_is_its_least_digits);
	tcase_add_test(tc, a_width_counts_characters_and_not_bytes);
	tcase_add_test(tc, a_precision_of_a_string_cuts_between_characters);
	tcase_add_test(tc, real_numbers_have_the_shortest_form_or_the_one_asked_for);
	tcase_add_test(tc, a_character_is_written_as_utf8_and_what_is_none_as_a_replacement);
	tcase_add_test(tc, strings_are_quoted_as_go_quotes_them);
	tcase_add_test(tc, strings_are_shown_in_hexadecimal_byte_by_byte);
	tcase_add_test(tc, of_a_list_each_element_is_formatted);
	tcase_add_test(tc, a_verb_that_does_not_fit_names_the_operands_type);
	tcase_add_test(tc, missing_and_superfluous_operands_are_shown_in_the_text);
	tcase_add_test(tc, widths_are_bounded_whatever_is_asked_for);
	tcase_add_test(tc, a_format_that_is_no_string_is_refused);
}

int main(void)
{
	return run_tests("codec/go_template_printf", add);
}
