/* SPDX-License-Identifier: Apache-2.0 */

#include "image/words.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* The words with bars between them. */
static void expect(const char *text, const char *want)
{
	json_auto_t *env = json_pack("[ssss]", "A=one", "EMPTY=", "B_2=two words", "AB=x");
	json_auto_t *words = NULL;
	struct bt_err err = { 0 };
	char got[256] = "";
	json_t *word;
	size_t i;

	ck_assert_msg(bt_words_split(text, env, &words, &err) == 0, "%s: %s", text, err.msg);
	json_array_foreach (words, i, word) {
		if (i > 0)
			(void)strcat(got, "|");
		(void)strcat(got, json_string_value(word));
	}
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", text, got);
}

static void refuse(const char *text)
{
	struct bt_err err = { 0 };
	json_t *words = NULL;

	ck_assert_msg(bt_words_split(text, NULL, &words, &err) == -EINVAL, "%s", text);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}

START_TEST(blanks_separate_and_quotes_protect)
{
	expect("", "");
	expect("  a\t b  ", "a|b");
	expect("'a b' \"c d\"", "a b|c d");
	expect("a'b c'd", "ab cd");
	expect("a\\ b", "a b");
	expect("'' x", "|x");
	expect("\"a\\\"b\"", "a\"b");
}
END_TEST

START_TEST(variables_are_replaced_but_in_single_quotes)
{
	expect("$A ${A} \"$A\" '$A'", "one|one|one|$A");
	expect("x${A}y", "xoney");
	expect("$AB", "x");
	expect("$NONE.", ".");
	expect("\\$A", "$A");
	expect("$B_2", "two words");
	expect("a$ b", "a$|b");
}
END_TEST

START_TEST(substitutes_are_for_what_is_not_set_or_is)
{
	expect("${A:-else} ${NONE:-else} ${EMPTY:-else}", "one|else|else");
	expect("x${A:+then} x${NONE:+then}", "xthen|x");
}
END_TEST

START_TEST(what_is_not_finished_or_not_known_is_refused)
{
	refuse("'a");
	refuse("\"a");
	refuse("${A");
	refuse("${}");
	refuse("${A:?x}");
}
END_TEST

START_TEST(a_variable_is_found_by_its_whole_name)
{
	json_auto_t *env = json_pack("[sss]", "PATH_X=1", "PATH=2", "X");

	ck_assert_str_eq(bt_words_env(env, "PATH", 4), "2");
	ck_assert_str_eq(bt_words_env(env, "PATH_X=", 6), "1");
	ck_assert_ptr_null(bt_words_env(env, "PAT", 3));
	ck_assert_ptr_null(bt_words_env(env, "X", 1));
	ck_assert_ptr_null(bt_words_env(NULL, "X", 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/words");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, blanks_separate_and_quotes_protect);
	tcase_add_test(tests, variables_are_replaced_but_in_single_quotes);
	tcase_add_test(tests, substitutes_are_for_what_is_not_set_or_is);
	tcase_add_test(tests, what_is_not_finished_or_not_known_is_refused);
	tcase_add_test(tests, a_variable_is_found_by_its_whole_name);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
