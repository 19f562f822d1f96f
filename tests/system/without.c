/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command on a kernel that lacks some system calls, as far as the command
 * and its children can tell.
 *
 *   without ENOSYS|EPERM NAME[,NAME...] COMMAND...
 *
 * ENOSYS is what an older kernel says, EPERM what an older engine's filter does.
 */

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, char *names, int error)
{
	for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
		int nr = seccomp_syscall_resolve_name(name);

		if (nr < 0 ||
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)error), nr, 0) < 0) {
			fprintf(stderr, "without: no system call %s\n", name);
			return -1;
		}
	}
	return 0;
}

int main(int argc, char *argv[])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 4 || filter == NULL) {
		fprintf(stderr, "usage: without ENOSYS|EPERM NAME[,NAME...] COMMAND...\n");
		return 99;
	}
	if (forbid(filter, argv[2], strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS) < 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0 || seccomp_load(filter) < 0) {
		fprintf(stderr, "without: cannot load the filter\n");
		return 99;
	}
	seccomp_release(filter);
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 99;
}
