/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The kernel's floor: what a container's start costs when nobody does more than
 * the kernel itself demands. Each round clones a process into all namespaces,
 * mounts an overlay, proc, sysfs and a tmpfs on /dev, pivots into it, execs a
 * static program, and waits for its exit.
 *
 * usage: floor ROUNDS LOWER UPPER WORK MOUNTPOINT PROGRAM [exec]
 * prints the microseconds of each round, one a line. With "exec", a round is
 * only vfork, exec and wait: the floor of a further process in a container.
 */

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

struct place {
	const char *options, *mountpoint, *program;
};

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

_Noreturn static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

_Noreturn static void contained(const struct place *place)
{
	char *argv[] = { (char *)(uintptr_t)place->program, NULL };
	char *envp[] = { NULL };

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail("private");
	if (mount("overlay", place->mountpoint, "overlay", 0, place->options) < 0)
		fail("overlay");
	if (chdir(place->mountpoint) < 0 || mount("proc", "proc", "proc", 0, NULL) < 0 ||
	    mount("sysfs", "sys", "sysfs", MS_RDONLY, NULL) < 0 ||
	    mount("tmpfs", "dev", "tmpfs", 0, NULL) < 0)
		fail("mounts");
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		fail("pivot_root");
	execve(place->program, argv, envp);
	fail("exec");
}

static int64_t round_us(const struct place *place)
{
	struct clone_args args = { .flags = NAMESPACES, .exit_signal = SIGCHLD };
	int64_t start = now_us();
	int status = 0;
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		fail("clone3");
	if (pid == 0)
		contained(place);
	if (waitpid((pid_t)pid, &status, 0) < 0 || status != 0)
		fail("the program did not exit with 0");
	return now_us() - start;
}

static int64_t exec_us(const char *program)
{
	int64_t start = now_us();
	int status = 0;
	pid_t pid = vfork();

	if (pid < 0)
		fail("vfork");
	if (pid == 0) {
		(void)execl(program, program, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		fail("the program did not exit with 0");
	return now_us() - start;
}

int main(int argc, char **argv)
{
	char options[4096];
	struct place place = { .options = options };

	if (argc < 7)
		return EXIT_FAILURE;
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", argv[2], argv[3],
		 argv[4]);
	place.mountpoint = argv[5];
	place.program = argv[6];
	for (int i = 0; i < atoi(argv[1]); i++)
		printf("%lld\n", (long long)(argc > 7 ? exec_us(place.program) : round_us(&place)));
	return EXIT_SUCCESS;
}
