/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

static void check_says(const char *prog, const char *line, int code, const char *out,
		       const char *err)
{
	cli_check_as(prog,
		     &(struct cli_case){ .line = line, .code = code, .out = out, .err = err });
}

/* It ends with `code`, and what it printed has these words in it (NULL: nothing is printed). */
static void check_has(const char *line, int code, const char *out, const char *err)
{
	cli_forget();
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "GET /containers/json", "[]", NULL, NULL } });
	cli_run_as("berth", line);
	ck_assert_msg(cli_code == code, "'%s' ends with %d: %s", line, cli_code, cli_err);
	ck_assert_msg(out ? strstr(cli_out, out) != NULL : *cli_out == '\0', "'%s' prints %s", line,
		      cli_out);
	ck_assert_msg(err ? strstr(cli_err, err) != NULL : *cli_err == '\0', "'%s' says %s", line,
		      cli_err);
}

START_TEST(the_version_is_told_under_the_name_it_was_called_by)
{
	check_says("berth", "--version", 0, "berth version " BT_VERSION "\n", NULL);
	check_says("/usr/bin/docker", "-v", 0, "Docker version " BT_VERSION "\n", NULL);
	/* It wins over a command behind it. */
	check_says("berth", "-v ps", 0, "berth version " BT_VERSION "\n", NULL);
}
END_TEST

START_TEST(nothing_at_all_and_help_print_the_same)
{
	bt_auto_free char *help = NULL;

	check_has("", 0, "Usage:", NULL);
	help = strdup(cli_out);
	check_has("--help", 0, "Usage:", NULL);
	ck_assert_str_eq(cli_out, help);
	check_has("help", 0, "Usage:", NULL);
	ck_assert_str_eq(cli_out, help);
	check_has("--help ps", 0, "Usage:", NULL);
	ck_assert_str_eq(cli_out, help);
}
END_TEST

START_TEST(a_commands_help_is_the_same_however_it_is_asked_for)
{
	bt_auto_free char *help = NULL;

	check_has("ps --help", 0, "Usage:  berth ps [OPTIONS]", NULL);
	help = strdup(cli_out);
	check_has("help ps", 0, "Usage:  berth ps [OPTIONS]", NULL);
	ck_assert_str_eq(cli_out, help);
	check_has("ps -a --help", 0, "Usage:  berth ps [OPTIONS]", NULL);
	ck_assert_str_eq(cli_out, help);
	check_has("ps -h", 0, "Usage:  berth ps [OPTIONS]",
		  "Flag shorthand -h has been deprecated, use --help\n");
}
END_TEST

START_TEST(help_wins_over_arguments_that_are_missing_or_too_many)
{
	check_has("rm --help", 0, "Usage:  berth rm [OPTIONS] CONTAINER [CONTAINER...]", NULL);
	check_has("wait --help", 0, "Usage:  berth wait", NULL);
	check_has("ps a b --help", 0, "Usage:  berth ps", NULL);
}
END_TEST

START_TEST(a_groups_help_names_its_commands)
{
	check_has("volume", 0, "Usage:  berth volume COMMAND", NULL);
	check_has("volume --help", 0, "  create ", NULL);
	check_has("volume help", 0, "  create ", NULL);
	check_has("volume -h", 0, "  create ", NULL);
	check_has("help volume", 0, "  create ", NULL);
	check_has("help volume create", 0, "Usage:  berth volume create", NULL);
}
END_TEST

START_TEST(what_nobody_knows_is_unknown_by_its_name)
{
	check_says("berth", "frobnicate", 1, NULL,
		   "berth: unknown command: berth frobnicate\n\n"
		   "Run 'berth --help' for more information\n");
	check_says("docker", "volume frobnicate", 1, NULL,
		   "docker: unknown command: docker volume frobnicate\n\n"
		   "Usage:  docker volume\n\n"
		   "Run 'docker volume --help' for more information\n");
	check_has("help frobnicate", 1, NULL, "unknown command: berth frobnicate");
	check_has("help volume frobnicate", 1, NULL, "unknown command: berth volume frobnicate");
	/* A command's name is written as it is. */
	check_has("PS", 1, NULL, "unknown command");
	check_has("p", 1, NULL, "unknown command");
	check_has("'container ls'", 1, NULL, "unknown command: berth container ls");
	check_has("'container ls' -a", 1, NULL, "unknown command");
}
END_TEST

START_TEST(what_docker_has_and_berth_has_not_is_refused_with_a_reason)
{
	check_has("swarm init", 1, NULL, "berth: 'berth swarm init' is not supported: ");
	check_has("service ls", 1, NULL, "is not supported: ");
	check_has("help swarm", 1, NULL, "is not supported: ");
}
END_TEST

START_TEST(a_flag_nobody_knows_is_an_error_of_usage)
{
	check_has("--frobnicate ps", 125, NULL, "unknown flag: --frobnicate");
	check_has("ps --frobnicate", 125, NULL, "unknown flag: --frobnicate");
	check_has("ps -Z", 125, NULL, "unknown shorthand flag: 'Z' in -Z");
	check_has("ps -n", 125, NULL, "flag needs an argument");
	check_has("ps -n x", 125, NULL, "invalid argument \"x\" for \"-n, --last\" flag");
	check_has("ps -n 99999999999999999999", 125, NULL, "invalid argument");
	check_has("ps --all=maybe", 125, NULL, "invalid argument \"maybe\"");
}
END_TEST

START_TEST(a_wrong_number_of_arguments_is_a_failure_with_the_usage)
{
	check_has("ps a", 1, NULL, "berth: 'berth ps' accepts no arguments\n\nUsage:  berth ps");
	check_has("rm", 1, NULL,
		  "berth: 'berth rm' requires at least 1 argument\n\nUsage:  berth rm");
	check_has("rename a", 1, NULL, "'berth rename' requires 2 arguments");
	check_has("rename a b c", 1, NULL, "'berth rename' requires 2 arguments");
	check_has("port", 1, NULL, "See 'berth port --help' for more information");
	check_has("diff a b", 1, NULL, "Run 'berth diff --help' for more information");
}
END_TEST

START_TEST(signed_images_are_refused_where_the_environment_wants_them)
{
	static const struct {
		const char *value, *line;
		bool refused;
	} cases[] = {
		{ "1", "pull a", true },
		{ "true", "pull a", true },
		{ "yes", "pull a", true },
		{ "0", "pull a", false },
		{ "False", "pull a", false },
		{ "", "pull a", false },
		{ "1", "pull --disable-content-trust a", false },
		/* A command that takes no images. */
		{ "1", "ps", false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(setenv("DOCKER_CONTENT_TRUST", cases[i].value, 1), 0);
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "GET /containers/json", "[]", NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg((strstr(cli_err, "DOCKER_CONTENT_TRUST is set") != NULL) ==
				      cases[i].refused,
			      "%s %s: %s", cases[i].value, cases[i].line, cli_err);
	}
}
END_TEST

START_TEST(a_configuration_that_is_no_json_stops_every_command)
{
	cli_write("config.json", "{'a':");
	check_has("ps", 1, NULL, "config.json");
	ck_assert_uint_eq(web_count("GET /"), 0);
}
END_TEST

START_TEST(the_directory_of_the_configuration_can_be_given)
{
	bt_auto_free char *other = bt_str_format("%s/other", cli_dir);
	bt_auto_free char *line = bt_str_format("--config %s ps --format '{{.ID}}'", other);

	ck_assert_int_eq(mkdir(other, 0700), 0);
	cli_write("config.json", "{'a':");
	cli_write("other/config.json", "{}");
	cli_check(&(struct cli_case){
		.line = line,
		.answers = { { "GET /containers/json", "[{'Id':'ab'}]", NULL, NULL } },
		.out = "ab\n" });
}
END_TEST

START_TEST(a_flag_of_the_program_stands_before_the_command_alone)
{
	check_has("ps -D", 125, NULL, "unknown shorthand flag: 'D' in -D");
	check_has("-D -l debug ps", 0, "CONTAINER ID", NULL);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_a_failure)
{
	char name[] = "berth", word[] = "--version", *words[] = { name, word, NULL };
	FILE *out = stdout, *err = stderr;
	size_t len;

	stdout = fopen("/dev/full", "we");
	stderr = open_memstream(&cli_err, &len);
	cli_code = bt_dispatch_main(2, words);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = out;
	stderr = err;
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "write to standard output: No space left on device\n");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_version_is_told_under_the_name_it_was_called_by);
	tcase_add_test(tests, nothing_at_all_and_help_print_the_same);
	tcase_add_test(tests, a_commands_help_is_the_same_however_it_is_asked_for);
	tcase_add_test(tests, help_wins_over_arguments_that_are_missing_or_too_many);
	tcase_add_test(tests, a_groups_help_names_its_commands);
	tcase_add_test(tests, what_nobody_knows_is_unknown_by_its_name);
	tcase_add_test(tests, what_docker_has_and_berth_has_not_is_refused_with_a_reason);
	tcase_add_test(tests, a_flag_nobody_knows_is_an_error_of_usage);
	tcase_add_test(tests, a_wrong_number_of_arguments_is_a_failure_with_the_usage);
	tcase_add_test(tests, signed_images_are_refused_where_the_environment_wants_them);
	tcase_add_test(tests, a_configuration_that_is_no_json_stops_every_command);
	tcase_add_test(tests, the_directory_of_the_configuration_can_be_given);
	tcase_add_test(tests, a_flag_of_the_program_stands_before_the_command_alone);
	tcase_add_test(tests, output_that_cannot_be_written_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/dispatch", add);
}
