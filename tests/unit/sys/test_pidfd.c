/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/pidfd.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "without_call.h"

static void remove_calls(int error)
{
	if (error == 0)
		return;
	without_call(SCMP_SYS(pidfd_open), error);
	without_call(SCMP_SYS(pidfd_send_signal), error);
}

/* With both calls, without them, and where a filter refuses them. */
static const int errors[] = { 0, ENOSYS, EPERM };

static pid_t sleeper(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	return pid;
}

START_TEST(signal_reaches_the_process)
{
	pid_t pid = sleeper();
	bt_auto_close int fd = -EBADF;
	int status;

	remove_calls(errors[_i]);
	fd = bt_pidfd_open(pid);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_pidfd_signal(fd, pid, 0), 0);
	ck_assert_int_eq(bt_pidfd_signal(fd, pid, SIGUSR1), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGUSR1);
	ck_assert_int_eq(bt_pidfd_signal(fd, pid, SIGUSR1), -ESRCH);
	ck_assert_int_eq(bt_pidfd_open(pid), -ESRCH);
}
END_TEST

/* 0 means the own process group to kill(2). */
START_TEST(nobody_is_signalled_for_a_process_without_number)
{
	pid_t pid = sleeper();
	bt_auto_close int fd = bt_pidfd_open(pid);

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	remove_calls(errors[_i]);
	ck_assert_int_eq(bt_pidfd_signal(fd, 0, SIGKILL), -ESRCH);
}
END_TEST

static ino_t namespace_of(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

START_TEST(namespaces_are_entered)
{
	int ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		c = unshare(CLONE_NEWUTS | CLONE_NEWIPC) == 0 ? 'y' : 'n';
		(void)!write(ready[1], &c, 1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	if (c == 'y') {
		bt_auto_close int fd = -EBADF;

		remove_calls(errors[_i]);
		fd = bt_pidfd_open(pid);
		ck_assert_uint_ne(namespace_of(getpid(), "uts"), namespace_of(pid, "uts"));
		ck_assert_int_eq(bt_pidfd_setns(fd, pid, CLONE_NEWUTS | CLONE_NEWIPC), 0);
		ck_assert_uint_eq(namespace_of(getpid(), "uts"), namespace_of(pid, "uts"));
		ck_assert_uint_eq(namespace_of(getpid(), "ipc"), namespace_of(pid, "ipc"));
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/pidfd");
	TCase *processes = tcase_create("processes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(processes, signal_reaches_the_process, 0, 3);
	tcase_add_loop_test(processes, nobody_is_signalled_for_a_process_without_number, 0, 3);
	tcase_add_loop_test(processes, namespaces_are_entered, 0, 3);
	suite_add_tcase(suite, processes);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
