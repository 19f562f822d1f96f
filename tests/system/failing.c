/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command, and has one system call of it fail: the N-th that it or any
 * of its children makes, counted over all of them.
 *
 *   failing error N ERRNO REPORT COMMAND...   the call is not made and returns -ERRNO
 *   failing kill N 0 REPORT COMMAND...        who makes it is killed before it is made
 *
 * N = 0 only counts. REPORT gets one line: how many calls were seen, and the
 * name of the one that was hit, if any. Exits as the command does (128 and the
 * signal if it was killed). Children are let go when they execute a program:
 * what counts are the calls of the command itself, after the C library has
 * started it (which ends with mprotect) and without which nothing could be said.
 * What cannot fail in a way that anybody could heed (exit, close, munmap) is not
 * counted.
 */

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
	bool kill;
	long nth;
	int error;
	const char *report;
};

struct state {
	struct plan plan;
	pid_t first;
	long seen;
	long hit;      /* number of the call, or -1 */
	pid_t failing; /* whose call is about to return, or 0 */
	bool begun;    /* the C library has started it */
};

static bool is_counted(unsigned long nr)
{
	switch (nr) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_close:
	case SYS_munmap:
	case SYS_rt_sigreturn:
	case SYS_restart_syscall:
		return false;
	default:
		return true;
	}
}

static void write_report(const struct state *s)
{
	FILE *f = fopen(s->plan.report, "we");
	char *name = s->hit >= 0 ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)s->hit)
				 : NULL;

	if (f == NULL)
		exit(99);
	fprintf(f, "%ld %s\n", s->seen, name != NULL ? name : "-");
	fclose(f);
	free(name);
}

static void entering(struct state *s, pid_t pid, unsigned long nr)
{
	if (!s->begun) {
		s->begun = nr == SYS_mprotect;
		return;
	}
	if (!is_counted(nr) || ++s->seen != s->plan.nth)
		return;
	s->hit = (long)nr;
	if (s->plan.kill) {
		kill(pid, SIGKILL);
		return;
	}
	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L) == 0)
		s->failing = pid;
}

static void leaving(struct state *s, pid_t pid)
{
	if (s->failing != pid)
		return;
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), -(long)s->plan.error);
	s->failing = 0;
}

static void at_call(struct state *s, pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entering(s, pid, info.entry.nr);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leaving(s, pid);
}

/* One stop of one of them. */
static void at_stop(struct state *s, pid_t pid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(s, pid);
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	} else if (event == PTRACE_EVENT_EXEC && pid != s->first) {
		ptrace(PTRACE_DETACH, pid, 0, 0);
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, pid, 0, 0);
	} else {
		s->begun = s->begun && event != PTRACE_EVENT_EXEC;
		ptrace(PTRACE_SYSCALL, pid, 0, event != 0 ? 0 : signal);
	}
}

static int follow(struct state *s)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0)
			return 99;
		if (WIFSTOPPED(status)) {
			at_stop(s, pid, status);
		} else if (pid == s->first) {
			write_report(s);
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	}
}

static pid_t begin(char *argv[])
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int go[2];
	pid_t pid;
	char c;

	if (pipe2(go, O_CLOEXEC) < 0)
		exit(99);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) == 1)
			execvp(argv[0], argv);
		_exit(98);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, options) < 0 || write(go[1], "g", 1) != 1)
		exit(99);
	close(go[0]);
	close(go[1]);
	return pid;
}

int main(int argc, char *argv[])
{
	static struct state s = { .hit = -1 };

	if (argc < 6) {
		fprintf(stderr, "usage: failing error|kill N ERRNO REPORT COMMAND...\n");
		return 99;
	}
	s.plan = (struct plan){ .kill = strcmp(argv[1], "kill") == 0,
				.nth = atol(argv[2]),
				.error = atoi(argv[3]),
				.report = argv[4] };
	s.first = begin(argv + 5);
	return follow(&s);
}
