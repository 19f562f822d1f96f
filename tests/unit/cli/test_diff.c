/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

START_TEST(each_change_has_its_letter)
{
	static const struct cli_case cases[] = {
		{ .line = "diff web",
		  .answers = { { "GET /containers/web/changes",
				 "[{'Path':'/etc','Kind':0},{'Path':'/etc/x','Kind':1},"
				 "{'Path':'/bin/sh','Kind':2}]",
				 NULL, NULL } },
		  .out = "C /etc\nA /etc/x\nD /bin/sh\n" },
		/* Nothing has changed. */
		{ .line = "container diff web",
		  .answers = { { "GET /containers/web/changes", "null", NULL, NULL } } },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(what_is_no_kind_of_change_is_shown_as_unknown)
{
	static const struct cli_case c = {
		.line = "diff web",
		.answers = { { "GET /containers/",
			       "[{'Path':'/a','Kind':3},{'Path':'/b','Kind':-1},{}]", NULL,
			       NULL } },
		.out = "? /a\n? /b\nC \n",
	};

	cli_check(&c);
}
END_TEST

START_TEST(a_container_that_is_missing_is_a_failure)
{
	static const struct cli_case c = {
		.line = "diff web",
		.answers = { { "GET /containers/", "{'message':'No such container: web'}",
			       "404 Not Found", NULL } },
		.code = 1,
		.err = "Error response from daemon: No such container: web\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_change_has_its_letter);
	tcase_add_test(tests, what_is_no_kind_of_change_is_shown_as_unknown);
	tcase_add_test(tests, a_container_that_is_missing_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/diff", add);
}
