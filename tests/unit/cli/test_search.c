/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define TITLES "NAME      DESCRIPTION   STARS     OFFICIAL\n"

static void check_prints(const char *arguments, const char *answer, const char *out)
{
	bt_auto_free char *line = bt_str_format("search %s bb", arguments);

	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /images/search", answer, NULL, NULL } },
				      .out = out });
}

START_TEST(each_image_is_a_line_of_the_table)
{
	check_prints("",
		     "[{'name':'bb','description':'small','star_count':7,'is_official':true},"
		     "{'name':'x/bb','description':'','star_count':0,'is_official':false}]",
		     TITLES "bb        small         7         [OK]\n"
			    "x/bb                    0         \n");
	check_prints("", "[]", TITLES);
}
END_TEST

START_TEST(a_description_is_one_line_and_cut_unless_it_is_wanted_whole)
{
	static const char answer[] =
		"[{'name':'bb','description':'a\\nb\\rc 3456789 123456789 123456789 123456789 "
		"123456789'}]";

	check_prints("--format {{.Description}}", answer,
		     "a b c 3456789 123456789 123456789 123456789 …\n");
	check_prints("--no-trunc --format {{.Description}}", answer,
		     "a b c 3456789 123456789 123456789 123456789 123456789\n");
}
END_TEST

START_TEST(what_is_wanted_is_asked_for)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "search bb", "GET /images/search?term=bb" },
		{ "search 'a&b c'", "GET /images/search?term=a%26b%20c" },
		{ "search --limit 5 bb", "GET /images/search?term=bb&limit=5" },
		{ "search --limit 0 bb", "GET /images/search?term=bb" },
		{ "search -f stars=3 bb",
		  "GET /images/search?term=bb&filters=%7B%22stars%22:%7B%223%22:true%7D%7D" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "GET /images/search", "[]", NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		cli_check_asked("GET /images/search", cases[i].asked);
	}
}
END_TEST

START_TEST(results_of_any_shape_are_no_crash)
{
	check_prints("--format '{{.Name}}|{{.Description}}|{{.StarCount}}|{{.IsOfficial}}'",
		     "[{},{'name':7,'description':[],'star_count':'x','is_official':1}]",
		     "||0|\n||0|\n");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_image_is_a_line_of_the_table);
	tcase_add_test(tests, a_description_is_one_line_and_cut_unless_it_is_wanted_whole);
	tcase_add_test(tests, what_is_wanted_is_asked_for);
	tcase_add_test(tests, results_of_any_shape_are_no_crash);
}

int main(void)
{
	return cli_run_suite("cli/search", add);
}
