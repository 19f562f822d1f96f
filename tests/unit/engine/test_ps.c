/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/ps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"

#define CHILDREN 4

static pid_t children[CHILDREN];
static size_t nchildren;
static char *text;
static struct bt_err err;

/* A program that waits, with an argument of `len` bytes: until the write end of its standard input
 * is closed, which is when the test has ended. */
static pid_t begin(size_t len)
{
	static int hold[2] = { -1, -1 };
	bt_auto_str struct bt_str word = { 0 };
	int ready[2];
	char byte;
	pid_t pid;

	bt_str_fill(&word, 'w', len);
	if (hold[0] < 0)
		ck_assert_int_eq(pipe2(hold, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)dup2(hold[0], STDIN_FILENO);
		(void)execl("/bin/sh", "sh", "-c", "read x", bt_str_get(&word), (char *)NULL);
		_exit(127);
	}
	/* Its arguments are there once the execution has closed this. */
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 0);
	(void)close(ready[0]);
	children[nchildren++] = pid;
	return pid;
}

static void teardown(void)
{
	for (size_t i = 0; i < nchildren; i++) {
		(void)kill(children[i], SIGKILL);
		(void)waitpid(children[i], NULL, 0);
	}
	free(text);
}

/* How many lines there are. */
static int lines(void)
{
	int n = 0;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* Is there a line that begins with this number? */
static bool has_pid(pid_t pid)
{
	const char *line = text;

	while (line) {
		if (strtol(line, NULL, 10) == pid)
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

START_TEST(only_the_processes_that_were_asked_for_are_told)
{
	begin(1);
	begin(1);
	begin(1);
	ck_well(bt_ps_run("-o pid", &children[1], 2, &text, &err), &err);
	ck_assert_int_eq(lines(), 3);
	ck_assert(!has_pid(children[0]));
	ck_assert(has_pid(children[1]));
	ck_assert(has_pid(children[2]));
}
END_TEST

START_TEST(without_arguments_it_is_the_full_form)
{
	static const char *const nothing[] = { NULL, "" };

	begin(1);
	for (size_t i = 0; i < LENGTH(nothing); i++) {
		ck_well(bt_ps_run(nothing[i], children, 1, &text, &err), &err);
		ck_assert_ptr_nonnull(strstr(text, "UID"));
		ck_assert_ptr_nonnull(strstr(text, "PPID"));
		ck_assert_int_eq(lines(), 2);
		free(bt_take(text));
	}
}
END_TEST

START_TEST(arguments_are_cut_at_blanks_of_any_kind)
{
	begin(1);
	ck_well(bt_ps_run("  -o\tpid \n -o  comm ", children, 1, &text, &err), &err);
	ck_assert_ptr_nonnull(strstr(text, "COMMAND"));
	ck_assert(has_pid(children[0]));
}
END_TEST

START_TEST(arguments_are_no_line_for_a_shell)
{
	begin(1);
	ck_assert_int_lt(bt_ps_run("-o pid; echo hello", children, 1, &text, &err), 0);
	ck_assert_ptr_null(text);
	check_err(&err, BT_ERR_SYSTEM, "ps: ");
}
END_TEST

START_TEST(what_ps_does_not_understand_is_told_in_its_words)
{
	begin(1);
	ck_assert_int_lt(bt_ps_run("-o nosuchcolumn", children, 1, &text, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "nosuchcolumn");
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_process_that_has_gone_is_left_out_and_none_at_all_is_an_error)
{
	pid_t both[] = { begin(1), begin(1) };

	ck_assert_int_eq(kill(both[1], SIGKILL), 0);
	ck_assert_int_eq(waitpid(both[1], NULL, 0), both[1]);
	nchildren = 1;
	ck_well(bt_ps_run("-o pid", both, 2, &text, &err), &err);
	ck_assert(has_pid(both[0]));
	ck_assert(!has_pid(both[1]));
	free(bt_take(text));
	ck_assert_int_lt(bt_ps_run("-o pid", &both[1], 1, &text, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "ps: ");
}
END_TEST

START_TEST(more_arguments_than_fit_are_refused_and_as_many_as_fit_are_not)
{
	bt_auto_str struct bt_str args = { 0 };

	begin(1);
	for (int i = 0; i < 30; i++)
		bt_str_puts(&args, "-o pid ");
	ck_well(bt_ps_run(bt_str_get(&args), children, 1, &text, &err), &err);
	free(bt_take(text));
	bt_str_puts(&args, "-o ");
	ck_assert_int_lt(bt_ps_run(bt_str_get(&args), children, 1, &text, &err), 0);
	check_err(&err, BT_ERR_INVALID, "too many arguments for ps");
}
END_TEST

START_TEST(more_than_is_read_ends_in_an_error_and_not_in_a_wait_for_ever)
{
	bt_auto_str struct bt_str args = { 0 };

	for (int i = 0; i < CHILDREN; i++)
		begin(100000);
	bt_str_puts(&args, "-o pid");
	for (int i = 0; i < 60; i++)
		bt_str_puts(&args, ",args:100000");
	ck_assert_int_eq(bt_ps_run(bt_str_get(&args), children, CHILDREN, &text, &err), -EFBIG);
	check_err(&err, BT_ERR_SYSTEM, "read from ps");
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(without_a_ps_the_error_says_what_could_not_be_run)
{
	begin(1);
	ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0);
	ck_assert_int_eq(bt_ps_run("-ef", children, 1, &text, &err), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "run ps");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, only_the_processes_that_were_asked_for_are_told);
	tcase_add_test(tests, without_arguments_it_is_the_full_form);
	tcase_add_test(tests, arguments_are_cut_at_blanks_of_any_kind);
	tcase_add_test(tests, arguments_are_no_line_for_a_shell);
	tcase_add_test(tests, what_ps_does_not_understand_is_told_in_its_words);
	tcase_add_test(tests, a_process_that_has_gone_is_left_out_and_none_at_all_is_an_error);
	tcase_add_test(tests, more_arguments_than_fit_are_refused_and_as_many_as_fit_are_not);
	tcase_add_test(tests, more_than_is_read_ends_in_an_error_and_not_in_a_wait_for_ever);
	tcase_add_test(tests, without_a_ps_the_error_says_what_could_not_be_run);
}

int main(void)
{
	return run_suite("engine/ps", NULL, teardown, add);
}
