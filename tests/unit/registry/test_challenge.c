/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/challenge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static int parse(const char *text, struct bt_challenge *ret)
{
	struct bt_err err = { 0 };
	int r = bt_challenge_parse(text, ret, &err);

	ck_assert(r == 0 || err.kind == BT_ERR_UNAUTHORIZED);
	return r;
}

START_TEST(a_bearers_parameters_are_read_in_any_order_and_case)
{
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };

	ck_assert_int_eq(parse(" bEaReR Scope=\"repository:a/b:pull,push\" , SERVICE=reg,"
			       "realm=\"https://auth/x?y=1,2\", error=\"insufficient_scope\"",
			       &c),
			 0);
	ck_assert(c.bearer && !c.basic);
	ck_assert_str_eq(c.realm, "https://auth/x?y=1,2");
	ck_assert_str_eq(c.service, "reg");
	ck_assert_str_eq(c.scope, "repository:a/b:pull,push");
}
END_TEST

START_TEST(quoted_values_may_have_escapes)
{
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };

	ck_assert_int_eq(parse("Basic realm=\"a \\\"b\\\" c\"", &c), 0);
	ck_assert(c.basic && !c.bearer);
	ck_assert_str_eq(c.realm, "a \"b\" c");
}
END_TEST

START_TEST(of_a_parameter_given_twice_the_first_counts)
{
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };

	ck_assert_int_eq(parse("Bearer realm=\"https://first\",realm=\"https://second\"", &c), 0);
	ck_assert_str_eq(c.realm, "https://first");
}
END_TEST

START_TEST(what_is_none_is_refused)
{
	static const char *const texts[] = { "",
					     "Digest realm=\"x\"",
					     "Bearer",
					     "Bearer service=\"x\"",
					     "Bearer realm=\"https://x",
					     "Bearer =x",
					     "Bear realm=x" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_challenge c = { 0 };

		ck_assert_msg(parse(texts[i], &c) < 0, "%s", texts[i]);
		ck_assert_ptr_null(c.realm);
	}
}
END_TEST

START_TEST(values_are_bounded)
{
	struct bt_challenge c = { 0 };
	char text[6000] = "Bearer realm=\"";

	memset(text + strlen(text), 'x', 5000);
	text[5990] = '\0';
	(void)strcat(text, "\"");
	ck_assert_int_lt(parse(text, &c), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/challenge");
	TCase *tests = tcase_create("challenge");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_bearers_parameters_are_read_in_any_order_and_case);
	tcase_add_test(tests, quoted_values_may_have_escapes);
	tcase_add_test(tests, of_a_parameter_given_twice_the_first_counts);
	tcase_add_test(tests, what_is_none_is_refused);
	tcase_add_test(tests, values_are_bounded);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
