/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

START_TEST(the_new_name_is_a_parameter_and_nothing_is_printed)
{
	static const struct cli_case c = {
		.line = "rename web 'a&b'",
		.answers = { { "POST /containers/", NULL, "204 No Content", NULL } },
	};

	cli_check(&c);
	cli_check_asked("POST /containers/", "POST /containers/web/rename?name=a%26b");
}
END_TEST

START_TEST(an_empty_name_is_refused_before_anybody_is_asked)
{
	static const struct cli_case cases[] = {
		{ .line = "rename '' x",
		  .code = 1,
		  .err = "Error: Neither old nor new names may be empty\n" },
		{ .line = "rename x ''",
		  .code = 1,
		  .err = "Error: Neither old nor new names may be empty\n" },
	};

	cli_check_all(cases);
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(what_the_daemon_refuses_is_told_with_the_name)
{
	static const struct cli_case c = {
		.line = "rename web db",
		.answers = { { "POST /containers/", "{'message':'the name db is in use'}",
			       "409 Conflict", NULL } },
		.code = 1,
		.err = "Error response from daemon: the name db is in use\n"
		       "Error: failed to rename container named web\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_new_name_is_a_parameter_and_nothing_is_printed);
	tcase_add_test(tests, an_empty_name_is_refused_before_anybody_is_asked);
	tcase_add_test(tests, what_the_daemon_refuses_is_told_with_the_name);
}

int main(void)
{
	return cli_run_suite("cli/rename", add);
}
