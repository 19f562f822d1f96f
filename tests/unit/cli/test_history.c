/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define ROWS                                                                                \
	"[{'Id':'sha256:0123456789abcdef','Created':1700000000,'CreatedBy':'RUN apk\\tadd " \
	"something-very-long-indeed-that-does-not-fit','Size':1234567,'Comment':'why'},"    \
	"{'Id':'<missing>','Created':0,'Size':0}]"

static void check_history(const char *line, const char *want)
{
	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /images/i/history", ROWS, NULL, NULL } },
				      .out = want });
}

START_TEST(layers_of_others_are_missing)
{
	check_history("history -q i", "0123456789ab\n<missing>\n");
	check_history("history -q --no-trunc i", "sha256:0123456789abcdef\n<missing>\n");
}
END_TEST

START_TEST(numbers_are_for_people_unless_they_are_not_wanted_so)
{
	check_history("history --format '{{.Size}} {{.Comment}}' i", "1.23MB why\n0B \n");
	check_history("history -H=false --format '{{.Size}} {{.CreatedSince}}' i",
		      "1234567 2023-11-14T22:13:20Z\n0 1970-01-01T00:00:00Z\n");
	check_history("history --format '{{.CreatedAt}}' i",
		      "2023-11-14T22:13:20Z\n1970-01-01T00:00:00Z\n");
}
END_TEST

START_TEST(times_have_the_offset_of_their_place)
{
	ck_assert_int_eq(setenv("TZ", "XXX-5:30", 1), 0);
	check_history("history --format '{{.CreatedAt}}' i",
		      "2023-11-15T03:43:20+05:30\n1970-01-01T05:30:00+05:30\n");
}
END_TEST

START_TEST(a_command_is_one_line_of_a_width)
{
	check_history("history --format '{{.CreatedBy}}' i",
		      "RUN apk add something-very-long-indeed-that-\xe2\x80\xa6\n\n");
	check_history("history --no-trunc --format '{{.CreatedBy}}' i",
		      "RUN apk add something-very-long-indeed-that-does-not-fit\n\n");
}
END_TEST

START_TEST(an_image_keeps_the_slashes_of_its_name_and_nothing_else)
{
	cli_check(&(struct cli_case){ .line = "history -q 'reg:5000/a/b@sha256:ab'",
				      .answers = { { "GET /images/", "[]", NULL, NULL } } });
	cli_check_asked("GET /images/", "GET /images/reg:5000/a/b@sha256:ab/history");
	cli_check(&(struct cli_case){ .line = "history -q 'a?b#c'",
				      .answers = { { "GET /images/", "[]", NULL, NULL } } });
	cli_check_asked("GET /images/", "GET /images/a%3Fb%23c/history");
}
END_TEST

START_TEST(a_platform_is_asked_for_as_json_and_checked_before)
{
	cli_check(&(struct cli_case){ .line = "history -q --platform linux/arm/v7 i",
				      .answers = { { "GET /images/", "[]", NULL, NULL } } });
	ck_assert_msg(strstr(web_last("GET /images/")->line, "platform=%7B") != NULL, "%s",
		      web_last("GET /images/")->line);
	cli_forget();
	cli_run_as("berth", "history --platform a/b/c/d/e i");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_uint_eq(web_count("GET /images/"), 1);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, layers_of_others_are_missing);
	tcase_add_test(tests, numbers_are_for_people_unless_they_are_not_wanted_so);
	tcase_add_test(tests, times_have_the_offset_of_their_place);
	tcase_add_test(tests, a_command_is_one_line_of_a_width);
	tcase_add_test(tests, an_image_keeps_the_slashes_of_its_name_and_nothing_else);
	tcase_add_test(tests, a_platform_is_asked_for_as_json_and_checked_before);
}

int main(void)
{
	return cli_run_suite("cli/history", add);
}
