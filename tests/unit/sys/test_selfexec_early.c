/* SPDX-License-Identifier: Apache-2.0 */

/* This program executes itself: with AGAIN in its environment it only tells how it runs. */

#include "sys/selfexec_early.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "without_call.h"

#define AGAIN     "BT_TEST_SELFEXEC_EARLY"
#define READ_ONLY 42
#define WRITABLE  43
#define RETURNED  44

/* How a program begins: argc, its arguments, and behind them its environment. */
struct stack {
	long argc;
	const char *words[8];
};

static int how_it_runs(void)
{
	struct statvfs st;

	if (statvfs("/proc/self/exe", &st) < 0)
		return errno;
	return st.f_flag & ST_RDONLY ? READ_ONLY : WRITABLE;
}

/* In a process of its own, since it may not come back. Returns its exit code. */
static int attempt(const struct stack *stack)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int lowest = dup(STDIN_FILENO), after;

		(void)close(lowest);
		bt_selfexec_early((const long *)stack);
		/* Nothing that was opened on the way is open still. */
		after = dup(STDIN_FILENO);
		_exit(after == lowest ? RETURNED : EXIT_FAILURE);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(command_that_enters_runs_from_a_read_only_mount)
{
	static const char *const commands[] = { "run", "create", "exec" };

	for (size_t i = 0; i < 3; i++) {
		const struct stack stack = {
			.argc = 4,
			.words = { "name", "--root", "/x", commands[i], NULL, AGAIN "=4", NULL },
		};

		ck_assert_int_eq(attempt(&stack), READ_ONLY);
	}
}
END_TEST

START_TEST(arguments_and_environment_are_the_same_again)
{
	/* The program says how many arguments it wants to have. */
	const struct stack stack = { .argc = 2,
				     .words = { "name", "run", NULL, AGAIN "=9", NULL } };

	ck_assert_int_eq(attempt(&stack), EXIT_FAILURE);
}
END_TEST

START_TEST(other_commands_stay_where_they_are)
{
	const struct stack stack = {
		.argc = 3, .words = { "run-time", "state", "runner", NULL, AGAIN "=3", NULL }
	};

	ck_assert_int_eq(attempt(&stack), RETURNED);
}
END_TEST

START_TEST(kernel_without_the_calls_leaves_it_to_the_other_way)
{
	const struct stack stack = { .argc = 2,
				     .words = { "name", "run", NULL, AGAIN "=2", NULL } };

	without_call(SCMP_SYS(mount_setattr), ENOSYS);
	ck_assert_int_eq(attempt(&stack), RETURNED);
	without_call(SCMP_SYS(open_tree), EPERM);
	ck_assert_int_eq(attempt(&stack), RETURNED);
}
END_TEST

static Suite *suite_of(void)
{
	Suite *suite = suite_create("sys/selfexec_early");
	TCase *early = tcase_create("early");

	tcase_add_test(early, command_that_enters_runs_from_a_read_only_mount);
	tcase_add_test(early, arguments_and_environment_are_the_same_again);
	tcase_add_test(early, other_commands_stay_where_they_are);
	tcase_add_test(early, kernel_without_the_calls_leaves_it_to_the_other_way);
	suite_add_tcase(suite, early);
	return suite;
}

int main(int argc, char **argv)
{
	const char *again = getenv(AGAIN);
	SRunner *runner;
	int failed;

	(void)argv;
	if (again != NULL)
		return atoi(again) == argc ? how_it_runs() : EXIT_FAILURE;
	runner = srunner_create(suite_of());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
