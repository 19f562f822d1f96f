/* SPDX-License-Identifier: Apache-2.0 */

/*
 * berth-init [--] PROGRAM [ARGUMENT…]: the first process of a container that was
 * asked for with --init. It starts the program, passes every signal on to it,
 * reaps whatever is orphaned, and ends as the program ends. The kernel drops what a
 * first process has no handler for (pid_namespaces(7)), and few programs reap
 * children that are not theirs: that is all it is for.
 *
 * It takes no memory from a heap and opens no file.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As shells report them. */
#define CODE_USAGE     2
#define CODE_FAILED    125
#define CODE_NO_EXEC   126
#define CODE_NOT_FOUND 127
#define CODE_BY_SIGNAL 128

static int complain(const char *what, const char *name)
{
	int errnum = errno;

	dprintf(STDERR_FILENO, "berth-init: %s %s: %s\n", what, name, strerror(errnum));
	return errnum;
}

/* All that can be passed on: not what the init's own mistakes would raise. */
static void passed_on(sigset_t *ret)
{
	static const int own[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS };

	(void)sigfillset(ret);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(ret, own[i]);
}

/* A group of its own and the terminal, if there is one: what is typed there reaches the
 * program alone, and not by way of the init a second time. */
static _Noreturn void become_program(char *argv[], const sigset_t *mask)
{
	if (setpgid(0, 0) < 0 || (tcsetpgrp(STDIN_FILENO, getpgrp()) < 0 && errno != ENOTTY &&
				  errno != ENXIO && errno != EBADF)) {
		(void)complain("give the terminal to", argv[0]);
		_exit(CODE_FAILED);
	}
	(void)signal(SIGTTIN, SIG_DFL);
	(void)signal(SIGTTOU, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)execvp(argv[0], argv);
	_exit(complain("execute", argv[0]) == ENOENT ? CODE_NOT_FOUND : CODE_NO_EXEC);
}

/* Reap all that have ended. Returns the program's code if it is among them, else -1. */
static int reap(pid_t program)
{
	int status, code = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != program)
			continue;
		code = WIFSIGNALED(status) ? CODE_BY_SIGNAL + WTERMSIG(status)
					   : WEXITSTATUS(status);
	}
	return code;
}

static int attend(pid_t program, const sigset_t *signals)
{
	int code = -1;

	while (code < 0) {
		int number = sigwaitinfo(signals, NULL);

		if (number == SIGCHLD)
			code = reap(program);
		else if (number > 0)
			/* That it has just ended is told by SIGCHLD. */
			(void)kill(program, number);
	}
	return code;
}

int main(int argc, char *argv[])
{
	sigset_t signals, before;
	pid_t program;
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;

	if (first >= argc) {
		dprintf(STDERR_FILENO, "usage: berth-init [--] PROGRAM [ARGUMENT...]\n");
		return CODE_USAGE;
	}
	passed_on(&signals);
	/* An ignored SIGCHLD would reap by itself; giving the terminal away must not stop us. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGTTIN, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	(void)sigprocmask(SIG_BLOCK, &signals, &before);
	/* Orphans come here also where it is not the first process. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	program = fork();
	if (program < 0) {
		(void)complain("fork for", argv[first]);
		return CODE_FAILED;
	}
	if (program == 0)
		become_program(argv + first, &before);
	return attend(program, &signals);
}
