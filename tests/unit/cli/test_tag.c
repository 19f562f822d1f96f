/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

START_TEST(the_new_name_is_sent_in_full_with_its_tag)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "tag bb cc", "POST /images/bb/tag?repo=docker.io/library/cc&tag=latest" },
		{ "tag bb:1 x/cc:2", "POST /images/bb:1/tag?repo=docker.io/x/cc&tag=2" },
		{ "image tag x/bb localhost:5000/cc",
		  "POST /images/x/bb/tag?repo=localhost:5000/cc&tag=latest" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "POST /images/", NULL, "201 Created", NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0 && !*cli_out, "%s: %s", cases[i].line, cli_err);
		cli_check_asked("POST /images/", cases[i].asked);
	}
}
END_TEST

START_TEST(a_name_that_is_none_is_refused_before_anybody_is_asked)
{
	static const char *const names[] = { "CC", "cc:", ":x", "a//b", "''" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		bt_auto_free char *line = bt_str_format("tag bb %s", names[i]);

		cli_forget();
		cli_run_as("berth", line);
		ck_assert_int_eq(cli_code, 1);
		ck_assert_msg(strstr(cli_err, "is not a valid repository/tag") != NULL, "%s: %s",
			      names[i], cli_err);
		ck_assert_uint_eq(web_count("POST "), 0);
	}
}
END_TEST

START_TEST(an_image_that_is_missing_is_a_failure)
{
	static const struct cli_case c = {
		.line = "tag bb cc",
		.answers = { { "POST /images/", "{'message':'No such image: bb:latest'}",
			       "404 Not Found", NULL } },
		.code = 1,
		.err = "Error response from daemon: No such image: bb:latest\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_new_name_is_sent_in_full_with_its_tag);
	tcase_add_test(tests, a_name_that_is_none_is_refused_before_anybody_is_asked);
	tcase_add_test(tests, an_image_that_is_missing_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/tag", add);
}
