/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TEST_KILLED_AT_BIRTH_H
#define BT_TEST_KILLED_AT_BIRTH_H

/*
 * A process that is killed in the very moment in which it has cloned another and can have told
 * nobody, or whose creator is: by a tracer, so that it is certain.
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

/* A process of its own that does what `creator` does, and each one that it makes, traced. Returns
 * -1, having said so, where a machine lets nobody trace: then there is nothing to be tested. */
static inline pid_t begin_traced(int (*creator)(void))
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	int go[2], r;
	pid_t first;
	char byte;

	ck_assert_int_eq(pipe(go), 0);
	first = fork();
	if (first == 0) {
		(void)close(go[1]);
		_exit(read(go[0], &byte, 1) == 1 ? creator() : 99);
	}
	ck_assert_int_gt(first, 0);
	r = ptrace(PTRACE_SEIZE, first, 0, options) < 0 ? errno : 0;
	if (r == 0)
		ck_assert_int_eq(write(go[1], "g", 1), 1);
	(void)close(go[0]);
	(void)close(go[1]);
	if (r == 0)
		return first;
	ck_assert_msg(r == EPERM || r == ENOSYS, "trace: %s", strerror(r));
	(void)fprintf(stderr, "skipped: nobody may trace here: %s\n", strerror(r));
	ck_assert_int_eq(waitpid(first, NULL, 0), first);
	return -1;
}

static inline bool has_cloned(int status)
{
	return WIFSTOPPED(status) && (status >> 16) != 0 && (status >> 16) != PTRACE_EVENT_STOP;
}

/* Who has stopped goes on, with the signal that it was to get; it may have been killed meanwhile,
 * by the creator that found out. */
static inline void let_run(pid_t pid, int status)
{
	const int sig = (status >> 16) != 0 ? 0 : WSTOPSIG(status);

	ck_assert(ptrace(PTRACE_CONT, pid, 0, sig) == 0 || errno == ESRCH);
}

/* What `creator` returns is the exit code of a process of its own. The first child that clones
 * while it runs is killed before clone(2) returns in it, and goes on nowhere; all others do,
 * untraced. Returns that code, and whether somebody was killed; or -1 where nobody may trace. */
static inline int killed_at_birth(int (*creator)(void), bool *ret_killed)
{
	pid_t first = begin_traced(creator), pid;
	int status;

	*ret_killed = false;
	if (first < 0)
		return -1;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid <= 0)
			continue;
		if (pid == first && !WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (!WIFSTOPPED(status))
			continue;
		if (has_cloned(status) && pid != first && !*ret_killed) {
			*ret_killed = true;
			ck_assert_int_eq(kill(pid, SIGKILL), 0);
		} else if (*ret_killed && pid != first) {
			ck_assert(ptrace(PTRACE_DETACH, pid, 0, 0) == 0 || errno == ESRCH);
		} else {
			let_run(pid, status);
		}
	}
	ck_abort_msg("the creator has gone unnoticed");
	return -1;
}

/* The other way round: `creator` is killed in that moment. Returns once nobody is left of those
 * that it made, and theirs. */
static inline void creator_killed_at_birth(int (*creator)(void))
{
	pid_t first = begin_traced(creator), pid;
	bool killed = false;
	int status;

	if (first < 0)
		return;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid <= 0 || !WIFSTOPPED(status))
			continue;
		if (has_cloned(status) && pid != first && !killed) {
			killed = true;
			ck_assert_int_eq(kill(first, SIGKILL), 0);
		}
		let_run(pid, status);
	}
	ck_assert_int_eq(errno, ECHILD);
	ck_assert(killed);
}

#endif
