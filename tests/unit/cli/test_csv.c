/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/csv.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* All fields with '|' behind each, or the error's text. */
static char *fields_of(const char *text)
{
	bt_auto_str struct bt_str field = { 0 };
	bt_auto_str struct bt_str all = { 0 };
	struct bt_err err = { 0 };
	char *ret = NULL;
	int r;

	while ((r = bt_csv_next(&text, &field, &err)) > 0) {
		ck_assert_ptr_nonnull(field.p);
		bt_str_printf(&all, "%s|", field.p);
	}
	ck_assert_int_eq(bt_str_steal(&all, &ret), 0);
	if (r < 0) {
		ck_assert_int_eq(r, -EINVAL);
		free(ret);
		return strdup(err.msg);
	}
	return ret;
}

static void assert_fields(const char *text, const char *want)
{
	bt_auto_free char *got = fields_of(text);

	ck_assert_msg(strcmp(got, want) == 0, "%s gives %s, not %s", text, got, want);
}

START_TEST(fields_are_between_commas)
{
	assert_fields("", "|");
	assert_fields("a", "a|");
	assert_fields("a,b=c,d", "a|b=c|d|");
	assert_fields("a,,b", "a||b|");
	assert_fields(",a", "|a|");
	assert_fields(" a , b ", " a | b |");
}
END_TEST

START_TEST(quotes_hold_commas_and_doubled_quotes)
{
	assert_fields("\"a,b\",c", "a,b|c|");
	assert_fields("\"a\"\"b\"", "a\"b|");
	assert_fields("\"\"\"\"", "\"|");
	assert_fields("x,\"a\n b\"", "x|a\n b|");
}
END_TEST

START_TEST(a_comma_at_the_end_has_an_empty_field_behind_it)
{
	assert_fields("a,", "a||");
	assert_fields(",", "||");
	assert_fields("a,,", "a|||");
	assert_fields("\"a\",", "a||");
	assert_fields("\"a\",\"\"", "a||");
}
END_TEST

START_TEST(an_empty_field_in_quotes_is_a_string)
{
	assert_fields("\"\"", "|");
	assert_fields("\"\",a", "|a|");
}
END_TEST

START_TEST(quotes_that_do_not_stand_around_a_field_are_refused_with_their_column)
{
	assert_fields("\"abc", "parse error on line 1, column 5: extraneous or missing \" in "
			       "quoted-field");
	assert_fields("\"", "parse error on line 1, column 2: extraneous or missing \" in "
			    "quoted-field");
	assert_fields("\"a\"b,c", "parse error on line 1, column 3: extraneous or missing \" in "
				  "quoted-field");
	assert_fields("\"a\"\"", "parse error on line 1, column 5: extraneous or missing \" in "
				 "quoted-field");
	assert_fields("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field");
}
END_TEST

START_TEST(a_pair_is_cut_at_its_first_equals_sign_and_its_key_is_lower_case)
{
	char pair[] = "KeY=Va=L", plain[] = "KEY", empty[] = "", bare[] = "=x";
	const char *value = bt_csv_pair(pair);

	ck_assert_str_eq(pair, "key");
	ck_assert_str_eq(value, "Va=L");
	ck_assert_ptr_null(bt_csv_pair(plain));
	ck_assert_str_eq(plain, "key");
	ck_assert_ptr_null(bt_csv_pair(empty));
	ck_assert_str_eq(bt_csv_pair(bare), "x");
	ck_assert_str_eq(bare, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/csv");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, fields_are_between_commas);
	tcase_add_test(tc, quotes_hold_commas_and_doubled_quotes);
	tcase_add_test(tc, a_comma_at_the_end_has_an_empty_field_behind_it);
	tcase_add_test(tc, an_empty_field_in_quotes_is_a_string);
	tcase_add_test(tc, quotes_that_do_not_stand_around_a_field_are_refused_with_their_column);
	tcase_add_test(tc, a_pair_is_cut_at_its_first_equals_sign_and_its_key_is_lower_case);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
