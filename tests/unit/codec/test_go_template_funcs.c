/* SPDX-License-Identifier: Apache-2.0 */

#include "go_template_fixture.h"

START_TEST(split_by_nothing_is_split_by_character)
{
	assert_renders("{{json (split . ``)}}", "'a\\u00e4b'", "[\"a\",\"\u00e4\",\"b\"]");
	assert_renders("{{json (split . ``)}}", "''", "[\"\"]");
}
END_TEST

START_TEST(split_gives_what_is_between_even_where_it_is_empty)
{
	assert_renders("{{json (split . `,`)}}", "',a,,b,'", "[\"\",\"a\",\"\",\"b\",\"\"]");
	assert_renders("{{json (split . `::`)}}", "'a::b:c'", "[\"a\",\"b:c\"]");
	assert_renders("{{json (split . `x`)}}", "'abc'", "[\"abc\"]");
}
END_TEST

START_TEST(join_prints_each_element_as_it_is)
{
	assert_renders("{{join . `, `}}", "['a',1,true]", "a, 1, true");
	assert_renders("{{join . `, `}}", "[]", "");
	assert_renders("{{join . `, `}}", "null", "");
	assert_fails("{{join . 1}}", "[]",
		     "template: :1:2: executing \"\" at <join>: expected a list and a string");
}
END_TEST

START_TEST(upper_and_lower_leave_what_is_not_ascii)
{
	assert_renders("{{upper .}}", "'a\\u00e4z9'", "A\u00e4Z9");
	assert_renders("{{lower .}}", "'A\\u00c4Z'", "a\u00c4z");
	assert_fails("{{upper .}}", "1",
		     "template: :1:2: executing \"\" at <upper>: expected a string");
}
END_TEST

START_TEST(title_raises_the_first_letter_of_each_word)
{
	assert_renders("{{title .}}", "'one two-three a_b \\u00e4b'", "One Two-Three A_b \u00e4b");
	assert_renders("{{title `it's`}}", "{}", "It's");
}
END_TEST

START_TEST(pad_leaves_what_is_empty_and_refuses_what_is_too_wide)
{
	assert_renders("{{pad . 1 2}}|", "'x'", " x  |");
	assert_renders("{{pad . 1 2}}|", "''", "|");
	assert_renders("{{len (pad . 4096 0)}}", "'x'", "4097");
	assert_fails("{{pad . 4097 0}}", "'x'",
		     "template: :1:2: executing \"\" at <pad>: padding is out of range");
	assert_fails("{{pad . -1 0}}", "'x'",
		     "template: :1:2: executing \"\" at <pad>: padding is out of range");
}
END_TEST

START_TEST(index_goes_down_through_lists_and_maps)
{
	assert_renders("{{index . `a` 1 `b`}}", "{'a':[0,{'b':'deep'}]}", "deep");
	assert_renders("{{index . `none`}}", "{}", "<no value>");
	assert_fails("{{index . 2}}", "[1,2]",
		     "template: :1:2: executing \"\" at <index>: error calling index: index out "
		     "of range: 2");
	assert_fails("{{index . -1}}", "[1,2]",
		     "template: :1:2: executing \"\" at <index>: error calling index: index out "
		     "of range: -1");
	assert_fails("{{index . `a`}}", "[1,2]",
		     "template: :1:2: executing \"\" at <index>: error calling index: can't index "
		     "item with this key");
	assert_fails("{{index . 0}}", "null",
		     "template: :1:2: executing \"\" at <index>: error calling index: index of "
		     "untyped nil");
}
END_TEST

START_TEST(slice_takes_from_one_place_to_another_of_strings_and_lists)
{
	assert_renders("{{slice . 1 3}}", "'abcd'", "bc");
	assert_renders("{{slice . 4}}|", "'abcd'", "|");
	assert_renders("{{json (slice . 1 2)}}", "[1,2,3]", "[2]");
	assert_renders("{{json (slice .)}}", "[1,2]", "[1,2]");
	assert_fails("{{slice . 5}}", "'abcd'",
		     "template: :1:2: executing \"\" at <slice>: error calling slice: index out "
		     "of range");
	assert_fails("{{slice . 2 1}}", "'abcd'",
		     "template: :1:2: executing \"\" at <slice>: error calling slice: can't slice "
		     "item");
	assert_fails("{{slice .}}", "{}",
		     "template: :1:2: executing \"\" at <slice>: error calling slice: can't slice "
		     "item");
}
END_TEST

START_TEST(print_parts_only_what_are_no_strings)
{
	assert_renders("{{print 1 2}}", "{}", "1 2");
	assert_renders("{{print 1 `a` 2}}", "{}", "1a2");
	assert_renders("{{print `a` `b`}}", "{}", "ab");
	assert_renders("{{print}}|{{println}}|", "{}", "|\n|");
}
END_TEST

START_TEST(values_are_compared_by_what_they_are)
{
	assert_renders("{{lt `a` `b`}} {{lt `b` `a`}} {{le 1 1}} {{gt 2 1}} {{ge 1 2}}", "{}",
		       "true false true true false");
	assert_renders("{{eq 1 1.0}} {{ne `a` `b`}} {{eq true true}} {{eq true false}}", "{}",
		       "true true true false");
	assert_renders("{{eq . nil}}", "null", "true");
	assert_fails("{{eq 1 `a`}}", "{}",
		     "template: :1:2: executing \"\" at <eq>: error calling eq: incompatible "
		     "types for comparison");
	assert_fails("{{lt 1 `a`}}", "{}",
		     "template: :1:2: executing \"\" at <lt>: incompatible types for comparison");
}
END_TEST

START_TEST(len_counts_bytes_elements_and_members)
{
	assert_renders("{{len .}}", "'a\\u00e4'", "3");
	assert_renders("{{len .}}", "[1,2]", "2");
	assert_renders("{{len .}}", "{'a':1}", "1");
	assert_fails("{{len .}}", "null",
		     "template: :1:2: executing \"\" at <len>: len of nil pointer");
	assert_fails("{{len .}}", "true",
		     "template: :1:2: executing \"\" at <len>: len of a value that has no length");
}
END_TEST

START_TEST(real_numbers_print_in_the_shortest_form)
{
	static const char *const same[] = { "0.1", "1.5", "1e+21", "1e-07", "-2.25", "100.125" };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_renders("{{.}}", same[i], same[i]);
	assert_renders("{{.}}", "1000000.0", "1000000");
	assert_renders("{{.}}", "12345678.0", "12345678");
}
END_TEST

START_TEST(the_wrong_number_of_arguments_says_how_many_are_wanted)
{
	assert_fails("{{len}}", "{}",
		     "template: :1:2: executing \"\" at <len>: wrong number of args for len: want "
		     "1 got 0");
	assert_fails("{{eq 1}}", "{}",
		     "template: :1:2: executing \"\" at <eq>: wrong number of args for eq: want "
		     "at least 2 got 1");
	assert_fails("{{not 1 2}}", "{}",
		     "template: :1:2: executing \"\" at <not>: wrong number of args for not: want "
		     "1 got 2");
}
END_TEST

START_TEST(html_and_urlquery_escape_what_they_must)
{
	assert_renders("{{html .}}", "'<a href=\\\"x\\\">&'", "&lt;a href=&#34;x&#34;&gt;&amp;");
	assert_renders("{{urlquery .}}", "'a b/\\u00e4-_.~'", "a+b%2F%C3%A4-_.~");
	assert_renders("{{urlquery 1 `a` true}}", "{}", "1atrue");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, split_by_nothing_is_split_by_character);
	tcase_add_test(tc, split_gives_what_is_between_even_where_it_is_empty);
	tcase_add_test(tc, join_prints_each_element_as_it_is);
	tcase_add_test(tc, upper_and_lower_leave_what_is_not_ascii);
	tcase_add_test(tc, title_raises_the_first_letter_of_each_word);
	tcase_add_test(tc, pad_leaves_what_is_empty_and_refuses_what_is_too_wide);
	tcase_add_test(tc, index_goes_down_through_lists_and_maps);
	tcase_add_test(tc, slice_takes_from_one_place_to_another_of_strings_and_lists);
	tcase_add_test(tc, print_parts_only_what_are_no_strings);
	tcase_add_test(tc, values_are_compared_by_what_they_are);
	tcase_add_test(tc, len_counts_bytes_elements_and_members);
	tcase_add_test(tc, real_numbers_print_in_the_shortest_form);
	tcase_add_test(tc, the_wrong_number_of_arguments_says_how_many_are_wanted);
	tcase_add_test(tc, html_and_urlquery_escape_what_they_must);
}

int main(void)
{
	return run_tests("codec/go_template_funcs", add);
}
