/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: nothing is released, the program replaces it all. */
static _Noreturn void become(const char *const argv[], const int stdio[3], int report)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const environment[] = { path, NULL };
	int fds[3], errnum;

	/* Above 2 first, so that none is overwritten before it is used. */
	for (int i = 0; i < 3; i++)
		fds[i] = stdio[i] >= 0 ? fcntl(stdio[i], F_DUPFD_CLOEXEC, 3)
				       : open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		if (fds[i] < 0 || dup2(fds[i], i) < 0)
			_exit(127);
	reset_signals();
	(void)setenv("PATH", path + 5, 1);
	execvpe(argv[0], (char *const *)(uintptr_t)argv, environment);
	errnum = errno;
	(void)!write(report, &errnum, sizeof(errnum));
	_exit(127);
}

static int wait_for(pid_t pid)
{
	bt_auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	bool late = pidfd >= 0 && poll(&p, 1, BT_COMMAND_TIMEOUT_MS) == 0;
	int status;

	if (late)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (late)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int bt_command_run(const char *const argv[], const int stdio[3])
{
	bt_auto_close int reader = -EBADF, writer = -EBADF;
	int pipes[2], errnum = 0, r;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	reader = pipes[0];
	writer = pipes[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(argv, stdio, writer);
	bt_close(&writer);
	r = wait_for(pid);
	/* Only a program that was never there has something to say here. */
	if (fcntl(reader, F_SETFL, O_NONBLOCK) == 0 &&
	    read(reader, &errnum, sizeof(errnum)) == sizeof(errnum))
		return -errnum;
	return r;
}
