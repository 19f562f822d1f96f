/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define NONE "{'message':'network n not found'}", "404 Not Found", NULL
#define DONE NULL, "204 No Content", NULL

static void check_list(const char *line, const char *answer, const char *want)
{
	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /networks", answer, NULL, NULL } },
				      .out = want });
}

/* ---- the list ---------------------------------------------------------------------------- */

START_TEST(networks_are_listed_by_their_names_with_short_ids)
{
	static const char answer[] =
		"[{'Id':'bbbbbbbbbbbbbbbbbbbb','Name':'net10','Driver':'bridge','Scope':'local'},"
		"{'Id':'aaaaaaaaaaaaaaaaaaaa','Name':'net2','Driver':'macvlan','Scope':'local'},"
		"{'Id':'cc','Name':'host','Driver':'host','Scope':'local'}]";

	check_list("network ls", answer,
		   "NETWORK ID     NAME      DRIVER    SCOPE\n"
		   "cc             host      host      local\n"
		   "aaaaaaaaaaaa   net2      macvlan   local\n"
		   "bbbbbbbbbbbb   net10     bridge    local\n");
	check_list("network ls -q", answer, "cc\naaaaaaaaaaaa\nbbbbbbbbbbbb\n");
	check_list("network ls -q --no-trunc", answer,
		   "cc\naaaaaaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\n");
	check_list("network list --format {{.Name}}", answer, "host\nnet2\nnet10\n");
}
END_TEST

START_TEST(no_networks_are_no_rows)
{
	check_list("network ls", "[]", "NETWORK ID   NAME      DRIVER    SCOPE\n");
	check_list("network ls -q", "[]", "");
}
END_TEST

START_TEST(a_time_is_printed_as_go_prints_it_whatever_its_fraction)
{
	static const struct {
		const char *created, *want;
	} cases[] = {
		{ "2024-05-06T07:08:09.123456789Z", "2024-05-06 07:08:09.123456789 +0000 UTC" },
		{ "2024-05-06T07:08:09.120000000Z", "2024-05-06 07:08:09.12 +0000 UTC" },
		{ "2024-05-06T07:08:09.000000000Z", "2024-05-06 07:08:09 +0000 UTC" },
		{ "2024-05-06T07:08:00Z", "2024-05-06 07:08:00 +0000 UTC" },
		/* Without a zone that we know, as it came. */
		{ "2024-05-06T07:08:09", "2024-05-06 07:08:09" },
		{ "yesterday", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *answer =
			bt_str_format("[{'Name':'n','Created':'%s'}]", cases[i].created);
		bt_auto_free char *want = bt_str_format("%s\n", cases[i].want);

		check_list("network ls --format {{.CreatedAt}}", answer, want);
	}
	check_list("network ls --format {{.CreatedAt}}", "[{'Name':'n','Created':5}]", "\n");
}
END_TEST

START_TEST(what_an_older_daemon_does_not_say_is_as_it_was_then)
{
	check_list("network ls --format {{.IPv4}},{{.IPv6}},{{.Internal}},{{.Labels}}",
		   "[{'Name':'a','EnableIPv6':true,'Internal':true,'Labels':{'x':'y'}},"
		   "{'Name':'b','EnableIPv4':false,'EnableIPv6':false,'Labels':null}]",
		   "true,true,true,x=y\nfalse,false,false,\n");
}
END_TEST

/* ---- removal ------------------------------------------------------------------------------- */

START_TEST(each_that_can_be_removed_is_and_each_that_cannot_is_said)
{
	static const struct cli_case cases[] = {
		{ .line = "network rm n",
		  .answers = { { "DELETE /networks/n ", DONE } },
		  .out = "n\n" },
		{ .line = "network rm n m",
		  .answers = { { "DELETE /networks/n ", "{'message':'has active endpoints'}",
				 "403 Forbidden", NULL },
			       { "DELETE /networks/m ", DONE } },
		  .code = 1,
		  .out = "m\n",
		  .err = "Error response from daemon: has active endpoints\nexit status 1\n" },
		{ .line = "network remove n",
		  .answers = { { "DELETE /networks/n ", NONE } },
		  .code = 1,
		  .err = "Error response from daemon: network n not found\nexit status 1\n" },
		/* Force is for what is not there, and for nothing else. */
		{ .line = "network rm -f n m",
		  .answers = { { "DELETE /networks/n ", NONE }, { "DELETE /networks/m ", DONE } },
		  .out = "m\n" },
		{ .line = "network rm -f n",
		  .answers = { { "DELETE /networks/n ", "{'message':'in use'}", "409 Conflict",
				 NULL } },
		  .code = 1,
		  .err = "Error response from daemon: in use\nexit status 1\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(a_name_is_one_segment_of_the_path)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){ { "DELETE /networks/", DONE } });
	cli_run_as("berth", "network rm 'a/../b?c'");
	cli_check_asked("DELETE /", "DELETE /networks/a%2F..%2Fb%3Fc");
}
END_TEST

/* ---- connections ----------------------------------------------------------------------------- */

START_TEST(a_connection_is_asked_for_by_what_the_flags_say)
{
	static const struct {
		const char *line, *body;
	} cases[] = {
		{ "network connect n web",
		  "{'Container':'web','EndpointConfig':{'IPAMConfig':{}}}" },
		{ "network connect --ip 10.0.0.5 --ip6 fd00::5 --link-local-ip 169.254.1.1 n web",
		  "{'Container':'web','EndpointConfig':{'IPAMConfig':{'IPv4Address':'10.0.0.5',"
		  "'IPv6Address':'fd00::5','LinkLocalIPs':['169.254.1.1']}}}" },
		{ "network connect --alias a --alias b --link x:y --driver-opt k=v n web",
		  "{'Container':'web','EndpointConfig':{'IPAMConfig':{},'Aliases':['a','b'],'Links':"
		  "['x:y'],'DriverOpts':{'k':'v'}}}" },
		{ "network connect --gw-priority -7 n web",
		  "{'Container':'web','EndpointConfig':{'IPAMConfig':{},'GwPriority':-7}}" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_check(&(struct cli_case){
			.line = cases[i].line,
			.answers = { { "POST /networks/n/connect ", NULL, "200 OK", NULL } } });
		cli_check_body("POST /networks/n/connect", cases[i].body);
	}
}
END_TEST

START_TEST(what_is_no_address_or_number_never_reaches_the_daemon)
{
	static const char *const lines[] = { "network connect --ip here n web",
					     "network connect --ip6 10.0 n web",
					     "network connect --gw-priority much n web",
					     "network connect n",
					     "network connect n web more",
					     "network disconnect n",
					     "network rm" };

	for (size_t i = 0; i < LENGTH(lines); i++) {
		cli_forget();
		cli_run_as("berth", lines[i]);
		ck_assert_msg(cli_code != 0, "%s", lines[i]);
		ck_assert_str_eq(cli_out, "");
		ck_assert_str_ne(cli_err, "");
	}
	ck_assert_uint_eq(web_count("POST ") + web_count("DELETE "), 0);
}
END_TEST

START_TEST(a_disconnection_says_whether_it_is_by_force)
{
	cli_check(&(struct cli_case){
		.line = "network disconnect n web",
		.answers = { { "POST /networks/n/disconnect ", NULL, "200 OK", NULL } } });
	cli_check_body("POST /networks/n/disconnect", "{'Container':'web','Force':false}");
	cli_check(&(struct cli_case){
		.line = "network disconnect -f n web",
		.answers = { { "POST /networks/n/disconnect ", NULL, "200 OK", NULL } } });
	cli_check_body("POST /networks/n/disconnect", "{'Container':'web','Force':true}");
	cli_check(&(struct cli_case){ .line = "network disconnect n web",
				      .answers = { { "POST /networks/n/disconnect ", NONE } },
				      .code = 1,
				      .err = "Error response from daemon: network n not found\n" });
}
END_TEST

/* ---- inspect --------------------------------------------------------------------------------- */

START_TEST(inspect_prints_all_that_are_there_and_misses_the_rest)
{
	static const struct cli_case cases[] = {
		{ .line = "network inspect --format {{.Name}} n m",
		  .answers = { { "GET /networks/n", NONE },
			       { "GET /networks/m", "{'Name':'m'}", NULL, NULL } },
		  .code = 1,
		  .out = "m\n",
		  .err = "Error response from daemon: network n not found\n" },
		{ .line = "network inspect n",
		  .answers = { { "GET /networks/n", NONE } },
		  .code = 1,
		  .out = "[]\n",
		  .err = "Error response from daemon: network n not found\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(more_is_asked_for_where_more_is_wanted)
{
	cli_check(&(struct cli_case){
		.line = "network inspect -v --format {{.Name}} m",
		.answers = { { "GET /networks/m", "{'Name':'m'}", NULL, NULL } },
		.out = "m\n" });
	cli_check_asked("GET /networks/m", "GET /networks/m?verbose=1");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, networks_are_listed_by_their_names_with_short_ids);
	tcase_add_test(tests, no_networks_are_no_rows);
	tcase_add_test(tests, a_time_is_printed_as_go_prints_it_whatever_its_fraction);
	tcase_add_test(tests, what_an_older_daemon_does_not_say_is_as_it_was_then);
	tcase_add_test(tests, each_that_can_be_removed_is_and_each_that_cannot_is_said);
	tcase_add_test(tests, a_name_is_one_segment_of_the_path);
	tcase_add_test(tests, a_connection_is_asked_for_by_what_the_flags_say);
	tcase_add_test(tests, what_is_no_address_or_number_never_reaches_the_daemon);
	tcase_add_test(tests, a_disconnection_says_whether_it_is_by_force);
	tcase_add_test(tests, inspect_prints_all_that_are_there_and_misses_the_rest);
	tcase_add_test(tests, more_is_asked_for_where_more_is_wanted);
}

int main(void)
{
	return cli_run_suite("cli/network", add);
}
