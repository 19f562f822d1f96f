/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/usher.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "runtime/outside.h"
#include "sys/clone.h"

/* What the usher reports, with the init's pidfd where it was born. */
struct report {
	pid_t pid; /* or -1 */
	struct bt_err err;
};

bool bt_usher_needed(const struct bt_plan *plan)
{
	bool joins_user = false;

	for (size_t i = 0; i < plan->njoins; i++)
		joins_user |= plan->joins[i].type == CLONE_NEWUSER;
	return joins_user || (plan->njoins > 0 && (plan->clone_flags & CLONE_NEWUSER) != 0);
}

static int join(const struct bt_plan *plan, bool user, struct bt_err *err)
{
	for (size_t i = 0; i < plan->njoins; i++) {
		const struct bt_plan_join *j = &plan->joins[i];

		if ((j->type == CLONE_NEWUSER) == user && setns(j->fd, j->type) < 0)
			return bt_err_sys(err, -errno, "linux.namespaces: join the %s namespace",
					  bt_clone_namespace_name(j->type));
	}
	return 0;
}

static int cgroup_fd(const struct bt_plan *plan)
{
	return plan->cgroup.host != NULL ? bt_cgroup_clone_fd(&plan->cgroup) : -EBADF;
}

/* Whom the creator does not know of must not go on: it could not be ended, nor reaped. */
static void wait_until_known(int sock)
{
	char byte;
	ssize_t n;

	do {
		n = read(sock, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(1);
}

/* Returns only as the init. */
static void usher(const struct bt_plan *plan, int sock)
{
	const struct bt_clone how = { .flags = plan->clone_flags | CLONE_PARENT,
				      .cgroup_fd = cgroup_fd(plan) };
	struct report report = { .pid = -1 };
	int pidfd = -EBADF, r;

	r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setpgid(0, 0) < 0
		    ? bt_err_sys(&report.err, -errno, "become untraceable, and a group")
		    : join(plan, false, &report.err);
	bt_outside_raise_limits(&plan->spec->process);
	if (r == 0)
		r = join(plan, true, &report.err);
	if (r == 0) {
		report.pid = bt_clone(&how, &pidfd);
		if (report.pid == 0) {
			wait_until_known(sock);
			return;
		}
		if (report.pid < 0)
			(void)bt_err_sys(&report.err, report.pid, "clone the container's init");
	}
	bt_ignore(bt_sock_send(sock, &report, sizeof(report), &pidfd, pidfd >= 0 ? 1 : 0));
	_exit(0);
}

/* The init, which may have been born already, keeps the usher's end of the conversation. */
static pid_t listen_to(int sock, int pidfd, int *ret_pidfd, struct bt_err *err)
{
	int fds[BT_SOCK_FDS_MAX];
	struct report report;
	size_t nfds;
	ssize_t n = bt_sync_hear(sock, pidfd);

	if (n > 0)
		n = bt_sock_recv(sock, &report, sizeof(report), fds, &nfds, 0);
	if (n != (ssize_t)sizeof(report) && n != 0)
		return bt_err_sys(err, n < 0 ? (int)n : -EPROTO, "clone the container's init");
	if (n == 0)
		return bt_err_set(err, BT_ERR_SYSTEM, ECHILD,
				  "the process that clones the container's init ended without a "
				  "word: it was killed, perhaps for want of memory");
	if (report.pid < 0 || nfds != 1) {
		*err = report.err;
		return -report.err.errnum;
	}
	*ret_pidfd = fds[0];
	return report.pid;
}

pid_t bt_usher_clone(const struct bt_plan *plan, int *ret_pidfd, struct bt_err *err)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto_close int near = -EBADF, far = -EBADF, pidfd = -EBADF;
	int pair[2];
	pid_t pid, init;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a socket pair");
	near = pair[0];
	far = pair[1];
	pid = bt_clone(&how, &pidfd);
	if (pid < 0)
		return bt_err_sys(err, pid, "clone");
	if (pid == 0) {
		/* Neither this one nor the init keeps the creator's end: its death is seen. */
		bt_close(&near);
		usher(plan, far);
		return 0;
	}
	bt_close(&far);
	init = listen_to(near, pidfd, ret_pidfd, err);
	if (init > 0 && bt_sock_send(near, "", 1, NULL, 0) < 0)
		/* It has ended meanwhile, or ends now: see wait_until_known(). */
		(void)kill(init, SIGKILL);
	bt_close(&near);
	if (init < 0) {
		bt_clone_end_group(pid);
		return init;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return init;
}
