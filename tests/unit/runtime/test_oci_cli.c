/* SPDX-License-Identifier: Apache-2.0 */

/* Each case is a process of its own, so what it does to the standard streams stays there. */

#include "runtime/oci_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"

static char dir[] = "/tmp/test_oci_cli.XXXXXX";
static struct bt_err err;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	err = (struct bt_err){ 0 };
	optind = 0;
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

static char *content(const char *name)
{
	char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, name, 64 << 10, &text, NULL), 0);
	return text;
}

/* ---- arguments ----------------------------------------------------------------- */

START_TEST(too_few_and_too_many_arguments_are_told_by_the_commands_name)
{
	ck_assert_int_eq(bt_oci_cli_count("kill", 1, 1, 2, &err), 0);
	ck_assert_int_eq(bt_oci_cli_count("kill", 2, 1, 2, &err), 0);
	ck_assert_int_eq(bt_oci_cli_count("kill", 0, 1, 2, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "kill: requires at least 1 argument, 0 given");
	ck_assert_int_eq(bt_oci_cli_count("state", 0, 1, 1, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "state: requires exactly 1 argument, 0 given");
	ck_assert_int_eq(bt_oci_cli_count("ps", 1, 2, 2, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "ps: requires exactly 2 arguments, 1 given");
	ck_assert_int_eq(bt_oci_cli_count("state", 2, 1, 1, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "state: too many arguments");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

static const struct {
	const char *text;
	long long min, max, value;
	bool good;
} numbers[] = {
	{ "0", 0, 10, 0, true },
	{ "10", 0, 10, 10, true },
	{ "-1", -1, 10, -1, true },
	{ "11", 0, 10, 0, false },
	{ "-1", 0, 10, 0, false },
	{ "", 0, 10, 0, false },
	{ "1x", 0, 10, 0, false },
	{ " 1", 0, 10, 0, false },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
};

START_TEST(number_is_within_its_bounds_or_refused_by_the_flags_name)
{
	long long value = 4711;
	int r = bt_oci_cli_number("--n", numbers[_i].text, numbers[_i].min, numbers[_i].max, &value,
				  &err);

	ck_assert_int_eq(r, numbers[_i].good ? 0 : -EINVAL);
	ck_assert_int_eq(value, numbers[_i].good ? numbers[_i].value : 4711);
	if (!numbers[_i].good)
		ck_assert_ptr_nonnull(strstr(err.msg, "--n: \""));
}
END_TEST

/* ---- flags ----------------------------------------------------------------------- */

static const struct option longs[] = { { "tty", no_argument, NULL, 't' },
				       { "user", required_argument, NULL, 'u' },
				       { 0 } };

/* What the flags of a command line are, each with its value, and the first argument. */
static const char *parse(int argc, const char *const *argv)
{
	static char text[256];
	size_t used = 0;
	int flag;

	optind = 0;
	while ((flag = bt_oci_cli_flag(argc, (char **)(uintptr_t)argv, "+tu:", longs, &err)) !=
	       -1) {
		if (flag == '?')
			return err.msg;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%c%s ", flag,
					 flag == 'u' ? optarg : "");
	}
	(void)snprintf(text + used, sizeof(text) - used, "| %s", optind < argc ? argv[optind] : "");
	return text;
}

#define PARSE(...)                                                                    \
	parse(sizeof((const char *[]){ "exec", __VA_ARGS__ }) / sizeof(const char *), \
	      (const char *[]){ "exec", __VA_ARGS__, NULL })

START_TEST(flag_has_its_value_behind_it_or_behind_an_equals_sign)
{
	ck_assert_str_eq(PARSE("-t", "-u", "a", "id"), "t ua | id");
	ck_assert_str_eq(PARSE("--tty", "--user", "a", "id"), "t ua | id");
	ck_assert_str_eq(PARSE("--user=a", "-ub", "id"), "ua ub | id");
	ck_assert_str_eq(PARSE("--user=", "id"), "u | id");
}
END_TEST

START_TEST(switch_may_say_yes_or_no)
{
	ck_assert_str_eq(PARSE("--tty=true", "--tty=1", "--tty=T", "id"), "t t t | id");
	ck_assert_str_eq(PARSE("--tty=false", "--tty=0", "--user=x", "id"), "ux | id");
	ck_assert_str_eq(PARSE("--tty=maybe", "id"),
			 "flag is not known or lacks its value: --tty=maybe");
}
END_TEST

START_TEST(what_follows_the_first_argument_is_no_flag)
{
	ck_assert_str_eq(PARSE("id", "-t"), "| id");
	ck_assert_str_eq(PARSE("-t", "--", "-t"), "t | -t");
}
END_TEST

START_TEST(unknown_flag_and_one_without_its_value_are_named)
{
	ck_assert_str_eq(PARSE("--nosuch", "id"), "flag is not known or lacks its value: --nosuch");
	ck_assert_str_eq(PARSE("--user"), "flag is not known or lacks its value: --user");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

/* ---- pid file ---------------------------------------------------------------------- */

START_TEST(pid_file_has_the_number_and_nothing_else)
{
	bt_auto_free char *text = NULL;

	ck_assert_int_eq(bt_oci_cli_write_pid("pid", 1234567, &err), 0);
	ck_assert_int_eq(bt_oci_cli_write_pid("pid", 42, &err), 0);
	text = content("pid");
	ck_assert_str_eq(text, "42");
	ck_assert_int_lt(access("pid.new", F_OK), 0);
	ck_assert_int_eq(bt_oci_cli_write_pid(NULL, 42, &err), 0);
}
END_TEST

START_TEST(pid_file_that_cannot_be_written_is_named)
{
	ck_assert_int_eq(bt_oci_cli_write_pid("nosuch/pid", 42, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "write nosuch/pid"));
}
END_TEST

/* ---- the whole ---------------------------------------------------------------------- */

static int run_main(const char *const *argv)
{
	int argc = 0, out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int errors = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int code;

	while (argv[argc] != NULL)
		argc++;
	ck_assert_int_eq(dup2(out, 1), 1);
	ck_assert_int_eq(dup2(errors, 2), 2);
	optind = 0;
	code = bt_oci_cli_main(argc, (char **)(uintptr_t)argv);
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_eq(fflush(stderr), 0);
	return code;
}

#define MAIN(...) run_main((const char *[]){ "berth-runtime", __VA_ARGS__, NULL })

START_TEST(error_is_one_line_of_json_in_the_log_and_bare_on_standard_error)
{
	bt_auto_free char *log = NULL, *errors = NULL;
	json_auto_t *json = NULL;

	ck_assert_int_eq(
		MAIN("--root", "r", "--log", "log", "--log-format", "json", "state", "a\"b"), 1);
	log = content("log");
	errors = content("err");
	json = json_loads(log, 0, NULL);
	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(bt_json_str(json, "level", ""), "error");
	ck_assert_ptr_nonnull(strstr(bt_json_str(json, "msg", ""), "a\"b"));
	ck_assert_ptr_nonnull(strchr(log, '\n'));
	ck_assert_ptr_eq(strchr(log, '\n')[1] == '\0' ? NULL : log, NULL);
	ck_assert_str_eq(bt_json_str(json, "time", "")[0] == '2' ? "a year" : "none", "a year");
	ck_assert_int_eq(
		strncmp(errors, bt_json_str(json, "msg", ""), strlen(bt_json_str(json, "msg", ""))),
		0);
}
END_TEST

START_TEST(without_a_log_the_line_is_on_standard_error)
{
	bt_auto_free char *errors = NULL;

	ck_assert_int_eq(MAIN("bogus"), 1);
	errors = content("err");
	ck_assert_int_eq(strncmp(errors, "time=\"", 6), 0);
	ck_assert_ptr_nonnull(strstr(errors, " level=error msg=\"no such command: bogus\"\n"));
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_standard_error)
{
	bt_auto_free char *errors = NULL;

	ck_assert_int_eq(MAIN("--log", "nosuch/log", "bogus"), 1);
	errors = content("err");
	ck_assert_ptr_nonnull(strstr(errors, "level=error msg=\"no such command: bogus\""));
}
END_TEST

START_TEST(unknown_format_of_the_log_is_refused)
{
	bt_auto_free char *errors = NULL;

	ck_assert_int_eq(MAIN("--log-format", "yaml", "list"), 1);
	errors = content("err");
	ck_assert_ptr_nonnull(strstr(errors, "invalid log format: yaml"));
}
END_TEST

START_TEST(version_names_program_and_specification_in_lines_of_their_own)
{
	bt_auto_free char *out = NULL;
	const char *line;

	ck_assert_int_eq(MAIN("--version"), 0);
	out = content("out");
	ck_assert_int_eq(strncmp(out, "berth-runtime version ", 22), 0);
	line = strchr(out, '\n');
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_nonnull(strstr(line, "\nspec: 1."));
}
END_TEST

START_TEST(without_a_command_all_of_them_are_listed)
{
	bt_auto_free char *out = NULL;

	ck_assert_int_eq(MAIN("--root", "r"), 0);
	out = content("out");
	ck_assert_ptr_nonnull(strstr(out, "\n  create "));
	ck_assert_ptr_nonnull(strstr(out, "\n  update "));
}
END_TEST

/* ---- spec ------------------------------------------------------------------------------ */

START_TEST(example_is_a_specification_that_is_understood)
{
	bt_auto_free char *text = NULL, *errors = NULL;
	struct bt_arena arena = { 0 };
	struct bt_oci_spec spec;

	ck_assert_int_eq(_i == 0 ? MAIN("spec") : MAIN("spec", "--rootless"), 0);
	text = content("config.json");
	ck_assert_msg(bt_oci_spec_parse(text, strlen(text), &arena, &spec, &err) == 0, "%s",
		      err.msg);
	ck_assert_str_eq(spec.root_path, "rootfs");
	ck_assert_uint_eq(spec.linux_.nuid_mappings, (size_t)_i);
	ck_assert(spec.process.no_new_privileges);
	bt_arena_done(&arena);
	/* One that is there is somebody's work. */
	ck_assert_int_eq(MAIN("spec"), 1);
	errors = content("err");
	ck_assert_ptr_nonnull(strstr(errors, "file config.json exists: remove it first"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, too_few_and_too_many_arguments_are_told_by_the_commands_name);
	tcase_add_loop_test(tests, number_is_within_its_bounds_or_refused_by_the_flags_name, 0,
			    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tests, flag_has_its_value_behind_it_or_behind_an_equals_sign);
	tcase_add_test(tests, switch_may_say_yes_or_no);
	tcase_add_test(tests, what_follows_the_first_argument_is_no_flag);
	tcase_add_test(tests, unknown_flag_and_one_without_its_value_are_named);
	tcase_add_test(tests, pid_file_has_the_number_and_nothing_else);
	tcase_add_test(tests, pid_file_that_cannot_be_written_is_named);
	tcase_add_test(tests, error_is_one_line_of_json_in_the_log_and_bare_on_standard_error);
	tcase_add_test(tests, without_a_log_the_line_is_on_standard_error);
	tcase_add_test(tests, a_log_that_cannot_be_opened_is_standard_error);
	tcase_add_test(tests, unknown_format_of_the_log_is_refused);
	tcase_add_test(tests, version_names_program_and_specification_in_lines_of_their_own);
	tcase_add_test(tests, without_a_command_all_of_them_are_listed);
	tcase_add_loop_test(tests, example_is_a_specification_that_is_understood, 0, 2);
}

int main(void)
{
	return run_tests("runtime/oci_cli", add);
}
