/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

static void check_prints(const char *answer, const char *out)
{
	cli_check(&(struct cli_case){
		.line = "top web",
		.answers = { { "GET /containers/web/top", answer, NULL, NULL } },
		.out = out });
}

START_TEST(columns_are_as_wide_as_docker_has_them)
{
	check_prints("{'Titles':['UID','PID','CMD'],"
		     "'Processes':[['root','1','sh -c top'],['nobody','4242','x']]}",
		     "UID                 PID                 CMD\n"
		     "root                1                   sh -c top\n"
		     "nobody              4242                x\n");
}
END_TEST

START_TEST(what_follows_the_name_is_one_parameter_for_ps)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "top web", "GET /containers/web/top" },
		{ "top web aux", "GET /containers/web/top?ps_args=aux" },
		{ "top web -o pid,comm", "GET /containers/web/top?ps_args=-o%20pid%2Ccomm" },
		{ "top a/b", "GET /containers/a%2Fb/top" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "GET /containers/", "{'Titles':['PID'],'Processes':[]}", NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		cli_check_asked("GET /containers/", cases[i].asked);
	}
}
END_TEST

START_TEST(answers_of_any_shape_are_no_crash)
{
	check_prints("{}", "\n");
	check_prints("{'Titles':7,'Processes':{}}", "\n");
	check_prints("{'Titles':['A'],'Processes':[[7,null],'x',[]]}",
		     "A\n                    \n\n\n");
}
END_TEST

START_TEST(a_container_that_does_not_run_is_a_failure)
{
	static const struct cli_case c = {
		.line = "top web",
		.answers = { { "GET /containers/", "{'message':'container web is not running'}",
			       "409 Conflict", NULL } },
		.code = 1,
		.err = "Error response from daemon: container web is not running\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, columns_are_as_wide_as_docker_has_them);
	tcase_add_test(tests, what_follows_the_name_is_one_parameter_for_ps);
	tcase_add_test(tests, answers_of_any_shape_are_no_crash);
	tcase_add_test(tests, a_container_that_does_not_run_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/top", add);
}
