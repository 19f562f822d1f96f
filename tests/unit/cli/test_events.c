/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define EVENT                                                                               \
	"{'Type':'container','Action':'die','Actor':{'ID':'c1','Attributes':{'name':'web'," \
	"'exitCode':'3','image':'bb'}},'scope':'local','time':86400,'timeNano':86400000000007}\n"

/* What `events` prints with these arguments where the daemon tells this. */
static void check_prints(const char *arguments, const char *told, int code, const char *out,
			 const char *err)
{
	bt_auto_free char *line = bt_str_format("events%s", arguments);

	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /events", told, NULL, NULL } },
				      .code = code,
				      .out = out,
				      .err = err });
}

START_TEST(an_event_is_a_line_of_time_kind_and_attributes_by_name)
{
	check_prints("", EVENT, 0,
		     "1970-01-02T00:00:00.000000007Z container die c1 (exitCode=3, image=bb, "
		     "name=web)\n",
		     NULL);
	check_prints("", "{'Type':'daemon','Action':'reload','Actor':{'ID':'d'},'time':60}\n", 0,
		     "1970-01-01T00:01:00.000000000Z daemon reload d\n", NULL);
}
END_TEST

START_TEST(the_time_is_that_of_the_place)
{
	ck_assert_int_eq(setenv("TZ", "XYZ-5:30", 1), 0);
	check_prints("", "{'Type':'t','Action':'a','Actor':{'ID':'d'},'timeNano':1}\n", 0,
		     "1970-01-01T05:30:00.000000001+05:30 t a d\n", NULL);
}
END_TEST

START_TEST(a_template_makes_a_line_of_each)
{
	check_prints(" --format '{{.Type}} {{.Actor.Attributes.name}}'", EVENT EVENT, 0,
		     "container web\ncontainer web\n", NULL);
	check_prints(" --format json", "{'Type':'t','Action':'a'}\n", 0,
		     "{\"Type\":\"t\",\"Action\":\"a\"}\n", NULL);
	check_prints(" --format '{{json .}}'", "{'Type':'t','Action':'a'}\n", 0,
		     "{\"Type\":\"t\",\"Action\":\"a\"}\n", NULL);
}
END_TEST

START_TEST(a_template_that_is_none_is_refused_before_anybody_is_asked)
{
	cli_forget();
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){ { "GET /events", EVENT, NULL, NULL } });
	cli_run_as("berth", "events --format {{.Type");
	ck_assert_int_eq(cli_code, 64);
	ck_assert_msg(strncmp(cli_err, "Error parsing format: ", 22) == 0, "%s", cli_err);
	ck_assert_uint_eq(web_count("GET /events"), 0);
}
END_TEST

START_TEST(empty_lines_between_events_and_a_last_one_without_an_end_are_fine)
{
	check_prints("",
		     "\n\r\n" EVENT "\n   \n{'Type':'t','Action':'a','Actor':{'ID':'d'},'time':1}",
		     0,
		     "1970-01-02T00:00:00.000000007Z container die c1 (exitCode=3, image=bb, "
		     "name=web)\n1970-01-01T00:00:01.000000000Z t a d\n",
		     NULL);
	check_prints("", "", 0, NULL, NULL);
}
END_TEST

START_TEST(what_is_no_json_ends_it_as_a_failure_behind_what_was_told_before)
{
	check_prints("", EVENT "{'Type':\n" EVENT, 1,
		     "1970-01-02T00:00:00.000000007Z container die c1 (exitCode=3, image=bb, "
		     "name=web)\n",
		     "invalid JSON in response\n");
}
END_TEST

START_TEST(members_of_any_shape_are_no_crash)
{
	check_prints("", "{'Type':7,'Action':null,'Actor':[],'time':'x','timeNano':{}}\n", 0,
		     "1970-01-01T00:00:00.000000000Z   \n", NULL);
	check_prints("", "{'Actor':{'ID':'d','Attributes':{'a':7,'b':null}},'time':1}\n", 0,
		     "1970-01-01T00:00:01.000000000Z   d (a=, b=)\n", NULL);
	/* A time beyond what a calendar has. */
	check_prints("", "{'Actor':{'Attributes':[]},'time':-1}\n", 0,
		     "1969-12-31T23:59:59.000000000Z   \n", NULL);
}
END_TEST

START_TEST(times_and_filters_are_parameters)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "events", "GET /events" },
		{ "events --since 5", "GET /events?since=5.000000000" },
		{ "events --since 1970-01-01T00:00:07Z --until 9.5",
		  "GET /events?since=7.000000000&until=9.500000000" },
		{ "events -f type=network",
		  "GET /events?filters=%7B%22type%22:%7B%22network%22:true%7D%7D" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve(
			(struct cli_answer[CLI_ANSWERS_MAX]){ { "GET /events", "", NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		cli_check_asked("GET /events", cases[i].asked);
	}
	check_prints(" --since yesterday", "", 1, NULL,
		     "failed to parse value as time or duration: \"yesterday\"\n");
}
END_TEST

START_TEST(an_error_of_the_daemon_is_a_failure)
{
	static const struct cli_case c = {
		.line = "events -f type=x",
		.answers = { { "GET /events", "{'message':'no such filter'}", "400 Bad Request",
			       NULL } },
		.code = 1,
		.err = "Error response from daemon: no such filter\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_event_is_a_line_of_time_kind_and_attributes_by_name);
	tcase_add_test(tests, the_time_is_that_of_the_place);
	tcase_add_test(tests, a_template_makes_a_line_of_each);
	tcase_add_test(tests, a_template_that_is_none_is_refused_before_anybody_is_asked);
	tcase_add_test(tests, empty_lines_between_events_and_a_last_one_without_an_end_are_fine);
	tcase_add_test(tests, what_is_no_json_ends_it_as_a_failure_behind_what_was_told_before);
	tcase_add_test(tests, members_of_any_shape_are_no_crash);
	tcase_add_test(tests, times_and_filters_are_parameters);
	tcase_add_test(tests, an_error_of_the_daemon_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/events", add);
}
