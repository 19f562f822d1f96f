/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "create_fixture.h"

static char path[64];

static void write_file(const char *text)
{
	snprintf(path, sizeof(path), "/tmp/test_create_config.%d", (int)getpid());
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
}

static void remove_file(void)
{
	if (path[0])
		unlink(path);
}

START_TEST(what_follows_the_image_is_the_command)
{
	static const char *const words[] = { "--rm", "image", "sh", "-c", "--rm", "", NULL };

	assert_member(words, "Cmd", "['sh','-c','--rm','']");
	assert_member(words, "Image", "'image'");
	GIVES("Cmd", NULL, "--rm");
	GIVES("Entrypoint", "['/bin/x y']", "--entrypoint", "/bin/x y");
}
END_TEST

START_TEST(a_variable_without_a_value_takes_ours_or_takes_the_images_away)
{
	setenv("BT_TEST_SET", "from us", 1);
	unsetenv("BT_TEST_UNSET");
	GIVES("Env", "['A=1','BT_TEST_SET=from us','BT_TEST_UNSET','E=']", "-e", "A=1", "-e",
	      "BT_TEST_SET", "-e", "BT_TEST_UNSET", "-e", "E=");
}
END_TEST

START_TEST(of_a_variable_given_twice_the_last_stands_where_the_first_was)
{
	GIVES("Env", "['A=3','AB=2']", "-e", "A=1", "-e", "AB=2", "-e", "A=3");
	GIVES("Env", "['A=']", "-e", "A=1", "-e", "A=");
}
END_TEST

START_TEST(a_variable_whose_value_is_no_utf8_is_still_sent)
{
	GIVES("Env", "['A=\uFFFDx']", "-e", "A=\xe4x");
}
END_TEST

START_TEST(a_variable_without_a_name_is_refused)
{
	REFUSES("invalid argument \"=x\" for \"-e, --env\" flag: invalid environment variable: =x",
		"-e", "=x");
	REFUSES("invalid argument \"\" for \"-e, --env\" flag: invalid environment variable: ",
		"-e", "");
}
END_TEST

START_TEST(a_file_of_variables_may_have_comments_blanks_and_lines_of_windows)
{
	setenv("BT_TEST_SET", "from us", 1);
	unsetenv("BT_TEST_UNSET");
	write_file(
		"# comment\n\n  A=1 # no comment\r\n\tB= x \nBT_TEST_SET\nBT_TEST_UNSET\nC=a\rb\n"
		"D=last");
	GIVES("Env", "['A=1 # no comment','B= x ','BT_TEST_SET=from us','C=a\\rb','D=last']",
	      "--env-file", path);
}
END_TEST

START_TEST(flags_come_behind_the_file_so_that_they_win)
{
	write_file("A=file\n");
	GIVES("Env", "['A=file','A=flag']", "-e", "A=flag", "--env-file", path);
}
END_TEST

START_TEST(a_malformed_line_of_a_file_is_refused_with_the_files_name)
{
	char want[160];

	write_file("ok=1\n=x\n");
	snprintf(want, sizeof(want), "invalid env file (%s): no variable name on line '=x'", path);
	REFUSES(want, "--env-file", path);
	write_file("a b=x\n");
	snprintf(want, sizeof(want), "invalid env file (%s): variable 'a b' contains whitespaces",
		 path);
	REFUSES(want, "--env-file", path);
	REFUSES("open /nowhere/env: no such file or directory", "--env-file", "/nowhere/env");
}
END_TEST

START_TEST(labels_of_flags_stand_over_those_of_a_file)
{
	write_file("a=file\nb=file\n# c=1\nalone\n");
	GIVES("Labels", "{'a':'flag=x','b':'file','alone':'','empty':''}", "--label-file", path,
	      "-l", "a=flag=x", "-l", "empty");
	REFUSES("invalid argument \"=x\" for \"-l, --label\" flag: invalid label '=x': empty name",
		"-l", "=x");
}
END_TEST

START_TEST(the_clients_proxies_become_variables_in_both_spellings)
{
	const char *const words[] = { "-e", "A=1", "image", NULL };
	json_auto_t *config = json_of("{'proxies':{'default':{'httpProxy':'http://p:1','noProxy':"
				      "'a,b','httpsProxy':''},'other':{'ftpProxy':'x'}}}");
	json_auto_t *want = json_of("['HTTP_PROXY=http://p:1','http_proxy=http://p:1',"
				    "'NO_PROXY=a,b','no_proxy=a,b','A=1']");
	struct bt_err err = { 0 };
	json_auto_t *body = body_of(words, config, &err);

	ck_assert_msg(body != NULL, "%s", err.msg);
	ck_assert(json_equal(json_object_get(body, "Env"), want));
}
END_TEST

START_TEST(a_health_check_is_sent_in_nanoseconds_and_only_what_was_given)
{
	GIVES("Healthcheck", "{'Test':['CMD-SHELL','exit 1']}", "--health-cmd", "exit 1");
	GIVES("Healthcheck", "{'Interval':1500000000,'Retries':3,'StartInterval':1000000}",
	      "--health-interval", "1.5s", "--health-retries", "3", "--health-start-interval",
	      "1ms");
	GIVES("Healthcheck", "{'Test':['NONE']}", "--no-healthcheck");
	GIVES("Healthcheck", NULL, "--rm");
}
END_TEST

START_TEST(a_health_check_that_contradicts_itself_is_refused)
{
	REFUSES("--no-healthcheck conflicts with --health-* options", "--no-healthcheck",
		"--health-retries", "1");
	REFUSES("--health-interval cannot be negative", "--health-interval", "-1s");
	REFUSES("--health-retries cannot be negative", "--health-retries", "-1");
}
END_TEST

START_TEST(streams_are_attached_as_asked_for)
{
	GIVES("AttachStdout", "true", "--rm");
	GIVES("AttachStdin", "false", "--rm");
	GIVES("AttachStdin", "true", "-i");
	GIVES("StdinOnce", "true", "-i");
	GIVES("AttachStdout", "false", "-a", "stderr");
	GIVES("AttachStderr", "true", "-a", "STDERR");
	GIVES("OpenStdin", "false", "-a", "stdin");
	GIVES("Tty", "true", "-t");
}
END_TEST

START_TEST(texts_and_numbers_go_to_the_members_of_their_names)
{
	GIVES("Hostname", "'h'", "-h", "h");
	GIVES("Domainname", "'d'", "--domainname", "d");
	GIVES("User", "'1:2'", "-u", "1:2");
	GIVES("WorkingDir", "'/w'", "-w", "/w");
	GIVES("StopSignal", "'SIGINT'", "--stop-signal", "SIGINT");
	GIVES("StopTimeout", "0", "--stop-timeout", "0");
	GIVES("StopTimeout", NULL, "--rm");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, remove_file);
	tcase_add_test(tc, what_follows_the_image_is_the_command);
	tcase_add_test(tc, a_variable_without_a_value_takes_ours_or_takes_the_images_away);
	tcase_add_test(tc, of_a_variable_given_twice_the_last_stands_where_the_first_was);
	tcase_add_test(tc, a_variable_whose_value_is_no_utf8_is_still_sent);
	tcase_add_test(tc, a_variable_without_a_name_is_refused);
	tcase_add_test(tc, a_file_of_variables_may_have_comments_blanks_and_lines_of_windows);
	tcase_add_test(tc, flags_come_behind_the_file_so_that_they_win);
	tcase_add_test(tc, a_malformed_line_of_a_file_is_refused_with_the_files_name);
	tcase_add_test(tc, labels_of_flags_stand_over_those_of_a_file);
	tcase_add_test(tc, the_clients_proxies_become_variables_in_both_spellings);
	tcase_add_test(tc, a_health_check_is_sent_in_nanoseconds_and_only_what_was_given);
	tcase_add_test(tc, a_health_check_that_contradicts_itself_is_refused);
	tcase_add_test(tc, streams_are_attached_as_asked_for);
	tcase_add_test(tc, texts_and_numbers_go_to_the_members_of_their_names);
}

int main(void)
{
	return run_tests("cli/create_config", add);
}
