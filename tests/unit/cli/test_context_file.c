/* SPDX-License-Identifier: Apache-2.0 */

#include <unistd.h>

#include "cli_fixture.h"

static void check_run(const char *line, int code, const char *out, const char *err)
{
	cli_check(&(struct cli_case){ .line = line, .code = code, .out = out, .err = err });
}

static void make(const char *name)
{
	bt_auto_free char *line = bt_str_format(
		"context create --docker host=tcp://h:1 --description 'over there' %s", name);

	cli_run_as("berth", line);
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_forget();
}

/* In the directory of the configuration, so that files of no path are there. */
static void go_there(void)
{
	ck_assert_int_eq(chdir(cli_dir), 0);
}

START_TEST(what_was_written_becomes_the_same_context_under_another_name)
{
	go_there();
	make("cc");
	check_run("context export cc", 0, NULL, "Written file \"cc.dockercontext\"\n");
	check_run("context import dd cc.dockercontext", 0, "dd\n",
		  "Successfully imported context \"dd\"\n");
	check_run("context inspect --format '{{.Name}} {{.Metadata.Description}} "
		  "{{.Endpoints.docker.Host}}' dd",
		  0, "dd over there tcp://h:1\n", NULL);
}
END_TEST

START_TEST(a_file_that_is_there_is_not_written_over)
{
	bt_auto_free char *text = NULL;

	go_there();
	make("cc");
	cli_write("mine", "precious");
	check_run("context export cc mine", 1, NULL, "open mine: file exists\n");
	text = cli_read("mine");
	ck_assert_str_eq(text, "precious");
}
END_TEST

/* There are keys in it. */
START_TEST(the_file_is_its_owners_alone)
{
	struct stat st;

	go_there();
	make("cc");
	(void)umask(0);
	check_run("context export cc file", 0, NULL, "Written file \"file\"\n");
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(the_environments_context_can_be_written_and_not_made)
{
	go_there();
	check_run("context export default file", 0, NULL, "Written file \"file\"\n");
	check_run("context import dd file", 0, "dd\n", "Successfully imported context \"dd\"\n");
	cli_forget();
	cli_run_as("berth", "context import default file");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(strstr(cli_err, "default") != NULL, "%s", cli_err);
}
END_TEST

START_TEST(what_is_not_there_is_named_and_makes_nothing)
{
	go_there();
	cli_run_as("berth", "context export nobody");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(strstr(cli_err, "nobody") != NULL, "%s", cli_err);
	ck_assert_int_ne(access("nobody.dockercontext", F_OK), 0);
	check_run("context import dd nowhere", 1, NULL,
		  "open nowhere: no such file or directory\n");
	cli_forget();
	make("cc");
	check_run("context import cc nowhere", 1, NULL, "context \"cc\" already exists\n");
	cli_forget();
	cli_run_as("berth", "context inspect dd");
	ck_assert_int_eq(cli_code, 1);
}
END_TEST

START_TEST(a_name_is_no_path)
{
	static const char *const lines[] = { "context export ../x", "context import ../x file",
					     "context import '' file", "context export ''" };

	go_there();
	cli_write("file", "x");
	for (size_t i = 0; i < LENGTH(lines); i++) {
		cli_forget();
		cli_run_as("berth", lines[i]);
		ck_assert_msg(cli_code == 1 && *cli_err, "%s: %s", lines[i], cli_out);
		ck_assert_str_eq(cli_out, "");
	}
}
END_TEST

START_TEST(a_file_that_is_no_archive_makes_no_context)
{
	go_there();
	cli_write("file", "this is no archive");
	cli_run_as("berth", "context import dd file");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_ne(cli_err, "");
	cli_forget();
	cli_run_as("berth", "context inspect dd");
	ck_assert_int_eq(cli_code, 1);
}
END_TEST

START_TEST(standard_input_is_a_file_as_well)
{
	int fd;

	go_there();
	make("cc");
	check_run("context export cc file", 0, NULL, "Written file \"file\"\n");
	fd = open("file", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(close(fd), 0);
	check_run("context import dd -", 0, "dd\n", "Successfully imported context \"dd\"\n");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_was_written_becomes_the_same_context_under_another_name);
	tcase_add_test(tests, a_file_that_is_there_is_not_written_over);
	tcase_add_test(tests, the_file_is_its_owners_alone);
	tcase_add_test(tests, the_environments_context_can_be_written_and_not_made);
	tcase_add_test(tests, what_is_not_there_is_named_and_makes_nothing);
	tcase_add_test(tests, a_name_is_no_path);
	tcase_add_test(tests, a_file_that_is_no_archive_makes_no_context);
	tcase_add_test(tests, standard_input_is_a_file_as_well);
}

int main(void)
{
	return cli_run_suite("cli/context_file", add);
}
