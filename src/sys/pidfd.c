/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/kernel.h"

static int open_directory(pid_t pid)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

int bt_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return (int)fd;
	return bt_kernel_lacks(SYS_pidfd_open, errno) ? open_directory(pid) : -errno;
}

int bt_pidfd_signal(int pidfd, pid_t pid, int signal)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
		return 0;
	if (!bt_kernel_lacks(SYS_pidfd_send_signal, errno))
		return -errno;
	return pid <= 0 ? -ESRCH : kill(pid, signal) < 0 ? -errno : 0;
}

/* In the order in which they are entered. */
static const struct {
	int type;
	const char *file;
} namespaces[] = {
	{ CLONE_NEWUSER, "ns/user" }, { CLONE_NEWPID, "ns/pid" }, { CLONE_NEWNET, "ns/net" },
	{ CLONE_NEWIPC, "ns/ipc" },   { CLONE_NEWUTS, "ns/uts" }, { CLONE_NEWCGROUP, "ns/cgroup" },
	{ CLONE_NEWTIME, "ns/time" }, { CLONE_NEWNS, "ns/mnt" },
};

#define NAMESPACES_N (sizeof(namespaces) / sizeof(namespaces[0]))

struct files {
	int fd[NAMESPACES_N];
};

static void files_done(struct files *files)
{
	for (size_t i = 0; i < NAMESPACES_N; i++)
		bt_close(&files->fd[i]);
}

/* All are opened before the first is entered: afterwards the caller may not look at the process. */
static int open_files(int dir, int types, struct files *files)
{
	for (size_t i = 0; i < NAMESPACES_N; i++) {
		if ((types & namespaces[i].type) == 0)
			continue;
		files->fd[i] = openat(dir, namespaces[i].file, O_RDONLY | O_CLOEXEC);
		if (files->fd[i] < 0)
			return errno == ENOENT ? -ESRCH : -errno;
	}
	return 0;
}

static int enter_by_files(int pidfd, pid_t pid, int types)
{
	bt_auto(files_done) struct files files;
	bt_auto_close int dir = open_directory(pid);
	int r;

	for (size_t i = 0; i < NAMESPACES_N; i++)
		files.fd[i] = -EBADF;
	if (dir < 0)
		return dir;
	r = open_files(dir, types, &files);
	/* Asked afterwards: what was opened is of the process that is held. */
	if (r == 0)
		r = bt_pidfd_signal(pidfd, pid, 0);
	for (size_t i = 0; i < NAMESPACES_N && r == 0; i++) {
		if (files.fd[i] >= 0 && setns(files.fd[i], namespaces[i].type) < 0)
			r = -errno;
	}
	return r;
}

int bt_pidfd_setns(int pidfd, pid_t pid, int types)
{
	if (setns(pidfd, types) == 0)
		return 0;
	/* Before Linux 5.8 only files of namespaces are taken, and a directory never. */
	return errno == EINVAL ? enter_by_files(pidfd, pid, types) : -errno;
}
