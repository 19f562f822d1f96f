/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

static pid_t clone_old(uint64_t flags, int *ret_pidfd)
{
	/* CLONE_NEWTIME lies where clone(2) takes the exit signal. */
	if ((flags & CSIGNAL) != 0)
		return -ENOSYS;
	flags |= CLONE_PIDFD | SIGCHLD;
#if defined(__s390x__)
	long pid = syscall(SYS_clone, NULL, flags, ret_pidfd, NULL, 0);
#else
	long pid = syscall(SYS_clone, flags, NULL, ret_pidfd, NULL, 0);
#endif
	return pid < 0 ? -errno : (pid_t)pid;
}

/* A child that is not born in the group goes there before it does anything else, and only then
 * makes its namespace of groups, whose root is where it is made. */
static pid_t clone_and_move(const struct bt_clone *args, int *ret_pidfd)
{
	bt_auto_close int procs = openat(args->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	if (procs < 0)
		return -errno;
	pid = clone_old(args->flags & ~(uint64_t)CLONE_NEWCGROUP, ret_pidfd);
	if (pid != 0)
		return pid;
	if (write(procs, "0", 1) != 1 ||
	    ((args->flags & CLONE_NEWCGROUP) != 0 && unshare(CLONE_NEWCGROUP) < 0))
		_exit(127);
	return 0;
}

static pid_t without_clone3(const struct bt_clone *args, int *ret_pidfd)
{
	return args->cgroup_fd >= 0 ? clone_and_move(args, ret_pidfd)
				    : clone_old(args->flags, ret_pidfd);
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
	/* Linux before 5.7 says E2BIG to a group. */
	if (pid < 0 && (errno == ENOSYS || errno == EPERM || errno == E2BIG))
		pid = without_clone3(args, &pidfd);
	else if (pid < 0)
		pid = -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

void bt_clone_end_group(pid_t leader)
{
	/* By its own number as well: it may be killed before it has made the group. After that it
	 * clones nobody. */
	(void)kill(leader, SIGKILL);
	(void)kill(-leader, SIGKILL);
	while (waitpid(-leader, NULL, 0) > 0 || errno == EINTR)
		continue;
	while (waitpid(leader, NULL, 0) < 0 && errno == EINTR)
		continue;
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
