/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t clone_old(const struct bt_clone *args, int *ret_pidfd)
{
	/* CLONE_NEWTIME lies where clone(2) takes the exit signal. */
	if (args->cgroup_fd >= 0 || (args->flags & CSIGNAL) != 0)
		return -ENOSYS;
#if defined(__s390x__)
	long pid =
		syscall(SYS_clone, NULL, args->flags | CLONE_PIDFD | SIGCHLD, ret_pidfd, NULL, 0);
#else
	long pid =
		syscall(SYS_clone, args->flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, 0);
#endif
	return pid < 0 ? -errno : (pid_t)pid;
}

pid_t bt_clone(const struct bt_clone *args, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args how = {
		.flags = args->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* With CLONE_PARENT the kernel takes the caller's and wants 0 here. */
		.exit_signal = (args->flags & CLONE_PARENT) ? 0 : SIGCHLD,
	};
	long pid;

	if (args->cgroup_fd >= 0) {
		how.flags |= CLONE_INTO_CGROUP;
		how.cgroup = (unsigned)args->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &how, sizeof(how));
	if (pid < 0 && (errno == ENOSYS || (errno == EPERM && args->cgroup_fd < 0)))
		pid = clone_old(args, &pidfd);
	else if (pid < 0)
		pid = -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

const char *bt_clone_namespace_name(int type)
{
	static const struct {
		int type;
		const char *name;
	} names[] = {
		{ CLONE_NEWUSER, "user" },     { CLONE_NEWNS, "mnt" },    { CLONE_NEWPID, "pid" },
		{ CLONE_NEWNET, "net" },       { CLONE_NEWIPC, "ipc" },   { CLONE_NEWUTS, "uts" },
		{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWTIME, "time" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return "?";
}
