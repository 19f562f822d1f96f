/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

/* `info` where the daemon answers so prints all of these lines. */
static void check_has(const char *answer, const char *const *lines)
{
	cli_forget();
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){ { "GET /info", answer, NULL, NULL } });
	cli_run_as("berth", "info");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	for (; *lines; lines++)
		ck_assert_msg(strstr(cli_out, *lines) != NULL, "no '%s' in\n%s", *lines, cli_out);
}

START_TEST(what_the_daemon_says_is_shown_under_dockers_labels)
{
	static const char *const lines[] = {
		"Client:\n Version:    " BT_VERSION "\n Context:    default\n",
		"\nServer:\n Containers: 3\n  Running: 1\n  Paused: 0\n  Stopped: 2\n Images: 7\n",
		" Server Version: 1.2\n",
		" Storage Driver: overlay2\n  Backing Filesystem: extfs\n",
		" Kernel Version: 6.1\n",
		" CPUs: 4\n Total Memory: 1.5GiB\n",
		" Labels:\n  a=b\n",
		" Insecure Registries:\n  reg:5000\n  127.0.0.0/8\n Registry Mirrors:\n  https://m/\n",
		" Live Restore Enabled: true\n",
		NULL
	};

	check_has("{'Containers':3,'ContainersRunning':1,'ContainersPaused':0,"
		  "'ContainersStopped':2,'Images':7,'ServerVersion':'1.2','Driver':'overlay2',"
		  "'DriverStatus':[['Backing Filesystem','extfs']],'KernelVersion':'6.1','NCPU':4,"
		  "'MemTotal':1610612736,'Labels':['a=b'],'LiveRestoreEnabled':true,"
		  "'RegistryConfig':{'IndexConfigs':{'docker.io':{'Secure':true},"
		  "'reg:5000':{'Secure':false}},'InsecureRegistryCIDRs':['127.0.0.0/8'],"
		  "'Mirrors':['https://m/']}}",
		  lines);
}
END_TEST

START_TEST(warnings_are_told_apart_from_the_rest)
{
	static const char *const none[] = { NULL };

	check_has("{'Warnings':['no swap limit','no blkio']}", none);
	ck_assert_str_eq(cli_err, "no swap limit\nno blkio\n");
	ck_assert_ptr_null(strstr(cli_out, "no swap limit"));
}
END_TEST

START_TEST(members_of_any_shape_are_no_crash)
{
	static const char *const none[] = { NULL };
	static const char *const answers[] = {
		"{}",
		"{'Containers':'x','Driver':7,'DriverStatus':[7,[],['a'],[7,8]],'Plugins':[]}",
		"{'Labels':[7,null],'RegistryConfig':[],'SecurityOptions':[7],'Runtimes':[]}",
		"{'RegistryConfig':{'IndexConfigs':[],'Mirrors':[7],'InsecureRegistryCIDRs':{}}}",
		"{'Warnings':[7,null],'MemTotal':'x'}",
	};

	for (size_t i = 0; i < LENGTH(answers); i++)
		check_has(answers[i], none);
}
END_TEST

START_TEST(a_template_is_of_the_daemons_members_and_the_clients)
{
	static const struct cli_case cases[] = {
		{ .line = "info -f '{{.Images}} {{.ClientInfo.Context}}'",
		  .answers = { { "GET /info", "{'Images':7}", NULL, NULL } },
		  .out = "7 default\n" },
		{ .line = "system info --format {{.Images",
		  .answers = { { "GET /info", "{'Images':7}", NULL, NULL } },
		  .code = 64 },
	};

	cli_check(&cases[0]);
	cli_forget();
	cli_serve(cases[1].answers);
	cli_run_as("berth", cases[1].line);
	ck_assert_int_eq(cli_code, 64);
	ck_assert_str_ne(cli_err, "");
}
END_TEST

START_TEST(without_a_daemon_the_client_is_shown_and_it_is_a_failure)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "GET /info", "{'message':'not now'}", "503 Service Unavailable", NULL } });
	cli_run_as("berth", "info");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_ptr_nonnull(strstr(cli_out, "Client:\n Version:"));
	ck_assert_ptr_nonnull(strstr(cli_err, "not now"));
	/* A template is carried out all the same. */
	cli_forget();
	cli_run_as("berth", "info -f {{.ClientInfo.Context}}");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_out, "default\n");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_the_daemon_says_is_shown_under_dockers_labels);
	tcase_add_test(tests, warnings_are_told_apart_from_the_rest);
	tcase_add_test(tests, members_of_any_shape_are_no_crash);
	tcase_add_test(tests, a_template_is_of_the_daemons_members_and_the_clients);
	tcase_add_test(tests, without_a_daemon_the_client_is_shown_and_it_is_a_failure);
}

int main(void)
{
	return cli_run_suite("cli/info", add);
}
