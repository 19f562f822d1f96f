/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "runtime/procfs.h"
#include "sys/clone.h"

/* Returns false where nobody outside has the id. */
static bool map_uid(const struct bt_oci_linux *l, uint32_t uid, uid_t *ret)
{
	for (size_t i = 0; i < l->nuid_mappings; i++) {
		const struct bt_oci_id_map *m = &l->uid_mappings[i];

		if (uid < m->container_id || uid - m->container_id >= m->size)
			continue;
		*ret = m->host_id + (uid - m->container_id);
		return true;
	}
	return false;
}

void bt_outside_own_pipes(const struct bt_oci_linux *l, uint32_t uid, const int stdio[3])
{
	uid_t outside;

	if (!map_uid(l, uid, &outside))
		return;
	for (int i = 0; i < 3; i++) {
		struct stat st;

		if (stdio[i] >= 0 && fstat(stdio[i], &st) == 0 && S_ISFIFO(st.st_mode) &&
		    st.st_uid != outside)
			bt_ignore(fchown(stdio[i], outside, (gid_t)-1));
	}
}

void bt_outside_raise_limits(const struct bt_oci_process *process)
{
	for (size_t i = 0; i < process->nrlimits; i++) {
		__rlimit_resource_t type = (__rlimit_resource_t)process->rlimits[i].type;
		struct rlimit now;

		if (getrlimit(type, &now) < 0 || now.rlim_max >= process->rlimits[i].hard)
			continue;
		now.rlim_max = process->rlimits[i].hard;
		/* Refused, it is reported by who sets the limit in the end. */
		bt_ignore(setrlimit(type, &now));
	}
}

bool bt_outside_is_ours(const struct bt_plan *plan, const char *sysctl)
{
	/* With a point or a slash between its parts (sysctl(8)). */
	static const char *const names[] = { "kernel?shm", "kernel?msg", "kernel?sem",
					     "fs?mqueue?" };

	if (!bt_plan_has_userns(plan) || !bt_oci_spec_namespace(plan->spec, CLONE_NEWIPC))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t k = 0;

		while (names[i][k] != '\0' &&
		       (names[i][k] == sysctl[k] ||
			(names[i][k] == '?' && (sysctl[k] == '.' || sysctl[k] == '/'))))
			k++;
		if (names[i][k] == '\0')
			return true;
	}
	return false;
}

static int write_one(const struct bt_oci_pair *sysctl, int pidfd, struct bt_err *err)
{
	bt_auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0 || setns(pidfd, CLONE_NEWIPC) < 0)
		return bt_err_sys(err, -errno, "linux.sysctl: enter the ipc namespace");
	return bt_procfs_sysctl(proc, &(struct bt_oci_pairs){ .v = sysctl, .n = 1 }, err);
}

static _Noreturn void writer(const struct bt_oci_pair *sysctl, int pidfd, int pipe_fd)
{
	struct bt_err err = { 0 };

	(void)write_one(sysctl, pidfd, &err);
	bt_ignore(write(pipe_fd, &err, sizeof(err)));
	_exit(0);
}

int bt_outside_sysctl(const struct bt_plan *plan, int pidfd, size_t index, struct bt_err *err)
{
	const struct bt_oci_pairs *sysctl = &plan->spec->linux_.sysctl;
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto_close int near = -EBADF, far = -EBADF, child = -EBADF;
	struct bt_err said;
	int pair[2];
	ssize_t n;
	pid_t pid;

	if (index >= sysctl->n || !bt_outside_is_ours(plan, sysctl->v[index].key))
		return bt_err_sys(err, -EPROTO, "linux.sysctl");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "linux.sysctl: make a pipe");
	near = pair[0];
	far = pair[1];
	pid = bt_clone(&how, &child);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "linux.sysctl: clone");
	if (pid == 0)
		writer(&sysctl->v[index], pidfd, far);
	bt_close(&far);
	n = read(near, &said, sizeof(said));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(said))
		return bt_err_sys(err, -ECHILD, "linux.sysctl: write it");
	if (said.errnum == 0)
		return 0;
	*err = said;
	return -err->errnum;
}
