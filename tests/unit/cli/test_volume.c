/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define NONE "{'message':'get v: no such volume'}", "404 Not Found", NULL

START_TEST(a_volume_is_asked_for_by_what_the_flags_say)
{
	static const struct {
		const char *line, *body;
	} cases[] = {
		{ "volume create", "{'Driver':'local'}" },
		{ "volume create v", "{'Name':'v','Driver':'local'}" },
		{ "volume create -d nfs -o a=b -o c= --label x=y --label z v",
		  "{'Name':'v','Driver':'nfs','DriverOpts':{'a':'b','c':''},'Labels':{'x':'y','z':"
		  "''}}" },
		{ "volume create -o a=1=2 v",
		  "{'Name':'v','Driver':'local','DriverOpts':{'a':'1=2'}}" },
		{ "volume create --label a=1 --label a=2 v",
		  "{'Name':'v','Driver':'local','Labels':{'a':'2'}}" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_check(&(struct cli_case){
			.line = cases[i].line,
			.answers = { { "POST /volumes/create", "{'Name':'made'}", "201 Created",
				       NULL } },
			.out = "made\n" });
		cli_check_body("POST /volumes/create", cases[i].body);
	}
}
END_TEST

START_TEST(flags_of_cluster_volumes_are_refused_by_name)
{
	static const char *const flags[] = { "availability=drain", "group=g",      "limit-bytes=1",
					     "required-bytes=1",   "scope=single", "secret=a=b",
					     "sharing=none",       "type=block" };

	for (size_t i = 0; i < LENGTH(flags); i++) {
		bt_auto_free char *line = bt_str_format("volume create --%s v", flags[i]);
		bt_auto_free char *err =
			bt_str_format("--%.*s is for cluster volumes, which are not supported\n",
				      (int)strcspn(flags[i], "="), flags[i]);

		cli_check(&(struct cli_case){ .line = line, .code = 1, .err = err });
	}
	cli_check(&(struct cli_case){
		.line = "volume ls --cluster",
		.code = 1,
		.err = "--cluster is for cluster volumes, which are not supported\n" });
	ck_assert_uint_eq(web_count("POST ") + web_count("GET "), 0);
}
END_TEST

static void check_list(const char *line, const char *answer, const char *want)
{
	cli_check(&(struct cli_case){
		.line = line, .answers = { { "GET /volumes", answer, NULL, NULL } }, .out = want });
}

START_TEST(volumes_are_listed_by_their_names)
{
	static const char answer[] = "{'Volumes':[{'Name':'b10','Driver':'local'},{'Name':'a',"
				     "'Driver':'nfs'},{'Name':'b2','Driver':'local'}]}";

	check_list("volume ls -q", answer, "a\nb2\nb10\n");
	check_list("volume ls", answer,
		   "DRIVER    VOLUME NAME\nnfs       a\nlocal     b2\nlocal     b10\n");
}
END_TEST

START_TEST(no_volumes_are_no_rows_however_the_daemon_says_it)
{
	static const char *const answers[] = { "{'Volumes':[]}", "{'Volumes':null}", "{}",
					       "{'Volumes':null,'Warnings':['x']}" };

	for (size_t i = 0; i < LENGTH(answers); i++) {
		check_list("volume ls -q", answers[i], "");
		check_list("volume ls", answers[i], "DRIVER    VOLUME NAME\n");
	}
}
END_TEST

START_TEST(sizes_that_were_not_counted_are_not_available)
{
	check_list("volume ls --format '{{.Name}}|{{.Size}}|{{.Links}}|{{.Scope}}|{{.Status}}'",
		   "{'Volumes':[{'Name':'a','Scope':'local'},{'Name':'b','UsageData':null},"
		   "{'Name':'c','UsageData':{'Size':1234567,'RefCount':2}}]}",
		   "a|N/A|N/A|local|N/A\nb|N/A|N/A||N/A\nc|1.235MB|2||N/A\n");
}
END_TEST

START_TEST(a_filter_is_a_parameter_of_the_request)
{
	check_list("volume ls -q -f dangling=true", "{'Volumes':[]}", "");
	cli_check_asked("GET /volumes",
			"GET /volumes?filters=%7B%22dangling%22:%7B%22true%22:true%7D%7D");
	cli_forget();
	cli_run_as("berth", "volume ls -f dangling");
	ck_assert_int_eq(cli_code, 125);
}
END_TEST

START_TEST(a_name_is_one_segment_of_the_path)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "DELETE /volumes/", NULL, "204 No Content", NULL },
		{ "POST /volumes/", NULL, "204 No Content", NULL } });
	cli_run_as("berth", "volume rm 'a/b?c'");
	cli_check_asked("DELETE /", "DELETE /volumes/a%2Fb%3Fc");
	cli_forget();
	cli_run_as("berth", "volume rename 'a/b' 'c&d'");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("POST /", "POST /volumes/a%2Fb/rename?name=c%26d");
}
END_TEST

START_TEST(by_force_the_daemon_decides_about_what_is_not_there)
{
	static const struct cli_case cases[] = {
		{ .line = "volume rm v",
		  .answers = { { "DELETE /volumes/v ", NONE } },
		  .code = 1,
		  .err = "Error response from daemon: get v: no such volume\n" },
		{ .line = "volume rm -f v",
		  .answers = { { "DELETE /volumes/v?force=1 ", NULL, "204 No Content", NULL } },
		  .out = "v\n" },
		{ .line = "volume rm v w",
		  .answers = { { "DELETE /volumes/v ", "{'message':'in use'}", "409 Conflict",
				 NULL },
			       { "DELETE /volumes/w ", NULL, "204 No Content", NULL } },
		  .code = 1,
		  .out = "w\n",
		  .err = "Error response from daemon: in use\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(inspect_prints_all_that_are_there_and_misses_the_rest)
{
	static const struct cli_case cases[] = {
		{ .line = "volume inspect --format {{.Name}} v w",
		  .answers = { { "GET /volumes/v", NONE },
			       { "GET /volumes/w", "{'Name':'w'}", NULL, NULL } },
		  .code = 1,
		  .out = "w\n",
		  .err = "Error response from daemon: get v: no such volume\n" },
		{ .line = "volume inspect v",
		  .answers = { { "GET /volumes/v", NONE } },
		  .code = 1,
		  .out = "[]\n",
		  .err = "Error response from daemon: get v: no such volume\n" },
	};

	cli_check_all(cases);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_volume_is_asked_for_by_what_the_flags_say);
	tcase_add_test(tests, flags_of_cluster_volumes_are_refused_by_name);
	tcase_add_test(tests, volumes_are_listed_by_their_names);
	tcase_add_test(tests, no_volumes_are_no_rows_however_the_daemon_says_it);
	tcase_add_test(tests, sizes_that_were_not_counted_are_not_available);
	tcase_add_test(tests, a_filter_is_a_parameter_of_the_request);
	tcase_add_test(tests, a_name_is_one_segment_of_the_path);
	tcase_add_test(tests, by_force_the_daemon_decides_about_what_is_not_there);
	tcase_add_test(tests, inspect_prints_all_that_are_there_and_misses_the_rest);
}

int main(void)
{
	return cli_run_suite("cli/volume", add);
}
