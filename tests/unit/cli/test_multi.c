/* SPDX-License-Identifier: Apache-2.0 */

/* cli/multi.c by the commands that are made of it. */

#include "cli_fixture.h"

#define NONE(name) "{'message':'No such container: " name "'}", "404 Not Found", NULL

START_TEST(each_that_was_done_is_printed_in_the_order_it_was_named)
{
	static const struct cli_case c = { .line = "stop c a b",
					   .answers = { { "POST /containers/", NULL,
							  "204 No Content", NULL } },
					   .out = "c\na\nb\n" };

	cli_check(&c);
	ck_assert_uint_eq(web_count("POST /containers/"), 3);
}
END_TEST

START_TEST(a_failure_leaves_the_others_alone_and_is_said_at_the_end)
{
	static const struct cli_case cases[] = {
		{ .line = "rm a b c",
		  .answers = { { "DELETE /containers/b", NONE("b") },
			       { "DELETE /containers/", NULL, "204 No Content", NULL } },
		  .code = 1,
		  .out = "a\nc\n",
		  .err = "Error response from daemon: No such container: b\n" },
		{ .line = "kill a b",
		  .answers = { { "POST /containers/a", NONE("a") },
			       { "POST /containers/b", NONE("b") } },
		  .code = 1,
		  .err = "Error response from daemon: No such container: a\n"
			 "Error response from daemon: No such container: b\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(a_container_that_is_missing_is_no_failure_of_rm_with_force)
{
	static const struct cli_case cases[] = {
		{ .line = "rm -f a b",
		  .answers = { { "DELETE /containers/a", NONE("a") },
			       { "DELETE /containers/b", NULL, "204 No Content", NULL } },
		  .out = "b\n",
		  .err = "Error response from daemon: No such container: a\n" },
		/* Any other failure is one. */
		{ .line = "rm -f a",
		  .answers = { { "DELETE /containers/a", "{'message':'busy'}", "409 Conflict",
				 NULL } },
		  .code = 1,
		  .err = "Error response from daemon: busy\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(flags_of_rm_are_parameters_of_the_request)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "rm a", "DELETE /containers/a" },
		{ "rm -f a", "DELETE /containers/a?force=1" },
		{ "rm -v a", "DELETE /containers/a?v=1" },
		{ "rm -fv a", "DELETE /containers/a?force=1&v=1" },
		{ "rm -l a/b", "DELETE /containers/a%2Fb?link=1" },
		{ "rm --force=false a", "DELETE /containers/a" },
		{ "kill -s HUP a", "POST /containers/a/kill?signal=HUP" },
		{ "kill a", "POST /containers/a/kill" },
		{ "pause a", "POST /containers/a/pause" },
		{ "unpause a", "POST /containers/a/unpause" },
		{ "stop a", "POST /containers/a/stop" },
		{ "stop -t 0 a", "POST /containers/a/stop?t=0" },
		{ "stop -t -1 a", "POST /containers/a/stop?t=-1" },
		{ "stop -s INT -t 3 a", "POST /containers/a/stop?signal=INT&t=3" },
		{ "restart -t 3 a", "POST /containers/a/restart?t=3" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "DELETE /", NULL, "204 No Content", NULL },
			{ "POST /", NULL, "204 No Content", NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		cli_check_asked(cases[i].asked[0] == 'D' ? "DELETE /" : "POST /", cases[i].asked);
	}
}
END_TEST

START_TEST(a_name_is_one_segment_of_the_path_whatever_is_in_it)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "rm /web", "DELETE /containers/web" },
		{ "rm '..'", "DELETE /containers/.." },
		{ "rm 'a?force=1'", "DELETE /containers/a%3Fforce%3D1" },
		{ "rm 'a b'", "DELETE /containers/a%20b" },
		{ "rm 'a#b'", "DELETE /containers/a%23b" },
		{ "rm '../images/x'", "DELETE /containers/..%2Fimages%2Fx" },
		{ "rm 'a%2fb'", "DELETE /containers/a%252fb" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "DELETE /", NULL, "204 No Content", NULL } });
		cli_run_as("berth", cases[i].line);
		cli_check_asked("DELETE /", cases[i].asked);
	}
}
END_TEST

START_TEST(more_than_are_asked_at_once_are_all_asked)
{
	bt_auto_str struct bt_str line = { 0 };
	bt_auto_str struct bt_str out = { 0 };

	bt_str_puts(&line, "stop");
	for (int i = 0; i < CLI_WORDS_MAX - 3; i++) {
		bt_str_printf(&line, " c%d", i);
		bt_str_printf(&out, "c%d\n", i);
	}
	cli_check(&(struct cli_case){ .line = bt_str_get(&line),
				      .answers = { { "POST /", NULL, "204 No Content", NULL } },
				      .out = bt_str_get(&out) });
	ck_assert_uint_eq(web_count("POST /"), CLI_WORDS_MAX - 3);
}
END_TEST

START_TEST(the_same_container_twice_is_asked_twice)
{
	static const struct cli_case c = {
		.line = "pause a a",
		.answers = { { "POST /", NULL, "204 No Content", NULL } },
		.out = "a\na\n",
	};

	cli_check(&c);
	ck_assert_uint_eq(web_count("POST /"), 2);
}
END_TEST

START_TEST(wait_prints_exit_codes_and_fails_where_a_wait_did)
{
	static const struct cli_case cases[] = {
		{ .line = "wait a b",
		  .answers = { { "POST /containers/a", "{'StatusCode':0}", NULL, NULL },
			       { "POST /containers/b", "{'StatusCode':137}", NULL, NULL } },
		  .out = "0\n137\n" },
		{ .line = "wait a",
		  .answers = { { "POST /", "{'StatusCode':0,'Error':{'Message':'gone'}}", NULL,
				 NULL } },
		  .code = 1,
		  .err = "gone\n" },
		{ .line = "wait a",
		  .answers = { { "POST /", "{'StatusCode':3,'Error':null}", NULL, NULL } },
		  .out = "3\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(an_answer_of_wait_that_is_no_json_is_no_exit_code)
{
	static const struct cli_case c = { .line = "wait a",
					   .answers = { { "POST /", "{'StatusCode':", NULL,
							  NULL } },
					   .code = 1,
					   .err = "wait: the daemon's answer has no exit code\n" };

	cli_check(&c);
}
END_TEST

START_TEST(without_a_daemon_each_is_missed)
{
	static const struct cli_case c = { .line = "stop a" };

	ck_assert_int_eq(setenv("DOCKER_HOST", "unix:///nonexistent.sock", 1), 0);
	cli_run_as("berth", c.line);
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_out, "");
	ck_assert_msg(strstr(cli_err, "unix:///nonexistent.sock") != NULL, "%s", cli_err);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_that_was_done_is_printed_in_the_order_it_was_named);
	tcase_add_test(tests, a_failure_leaves_the_others_alone_and_is_said_at_the_end);
	tcase_add_test(tests, a_container_that_is_missing_is_no_failure_of_rm_with_force);
	tcase_add_test(tests, flags_of_rm_are_parameters_of_the_request);
	tcase_add_test(tests, a_name_is_one_segment_of_the_path_whatever_is_in_it);
	tcase_add_test(tests, more_than_are_asked_at_once_are_all_asked);
	tcase_add_test(tests, the_same_container_twice_is_asked_twice);
	tcase_add_test(tests, wait_prints_exit_codes_and_fails_where_a_wait_did);
	tcase_add_test(tests, an_answer_of_wait_that_is_no_json_is_no_exit_code);
	tcase_add_test(tests, without_a_daemon_each_is_missed);
}

int main(void)
{
	return cli_run_suite("cli/multi", add);
}
