/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TEST_KILLED_AT_BIRTH_H
#define BT_TEST_KILLED_AT_BIRTH_H

/*
 * A process that is killed in the very moment in which it has cloned another and can have told
 * nobody: by a tracer, so that it is certain.
 */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* What `creator` returns is the exit code of a process of its own. The first child that clones
 * while it runs is killed before clone(2) returns in it, and goes on nowhere; all others do,
 * untraced. Returns that code, and whether somebody was killed; or -1, having said so, where a
 * machine lets nobody trace: then there is nothing to be tested. */
static inline int killed_at_birth(int (*creator)(void), bool *ret_killed)
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	int go[2], status;
	pid_t first, pid;
	char byte;

	*ret_killed = false;
	ck_assert_int_eq(pipe(go), 0);
	first = fork();
	if (first == 0) {
		(void)close(go[1]);
		_exit(read(go[0], &byte, 1) == 1 ? creator() : 99);
	}
	ck_assert_int_gt(first, 0);
	if (ptrace(PTRACE_SEIZE, first, 0, options) < 0) {
		ck_assert_msg(errno == EPERM || errno == ENOSYS, "trace: %s", strerror(errno));
		(void)fprintf(stderr, "skipped: nobody may trace here: %s\n", strerror(errno));
		(void)close(go[0]);
		(void)close(go[1]);
		ck_assert_int_eq(waitpid(first, NULL, 0), first);
		return -1;
	}
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	(void)close(go[0]);
	(void)close(go[1]);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		bool clones = WIFSTOPPED(status) && (status >> 16) != 0 &&
			      (status >> 16) != PTRACE_EVENT_STOP;

		if (pid <= 0)
			continue;
		if (pid == first && !WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (!WIFSTOPPED(status))
			continue;
		if (clones && pid != first && !*ret_killed) {
			*ret_killed = true;
			ck_assert_int_eq(kill(pid, SIGKILL), 0);
		} else if (*ret_killed && pid != first) {
			ck_assert_int_eq(ptrace(PTRACE_DETACH, pid, 0, 0), 0);
		} else {
			/* A signal that it was to get it gets. */
			ck_assert_int_eq(ptrace(PTRACE_CONT, pid, 0,
						(status >> 16) != 0 ? 0 : WSTOPSIG(status)),
					 0);
		}
	}
	ck_abort_msg("the creator has gone unnoticed");
	return -1;
}

#endif
