/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a program with its output thrown away and prints the microseconds from
 * vfork to its exit: a harness in an interpreter adds a millisecond of its own
 * to each start, more than some of what is measured takes.
 *
 * usage: spent PROGRAM [ARG...]
 * fails with 1 where the program does not end with 0.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = 0;
	int64_t start = now_us();
	pid_t pid;

	if (argc < 2 || null < 0)
		return EXIT_FAILURE;
	pid = vfork();
	if (pid == 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		(void)execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return EXIT_FAILURE;
	printf("%lld\n", (long long)(now_us() - start));
	return EXIT_SUCCESS;
}
